package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// header begins every generated template.
const header = "{{- /* Generated from %s by `make chart`. */ -}}\n"

// writeManifests makes templates of what config has, as text: a number that
// Helm reads and writes again would lose its form.
func writeManifests(config, chart string) error {
	templates := filepath.Join(chart, "templates")
	if err := writeAll(filepath.Join(config, "crd", "bases"), filepath.Join(templates, "crds"), crd); err != nil {
		return err
	}
	if err := writeAll(filepath.Join(config, "admission"), filepath.Join(templates, "admission"), policy); err != nil {
		return err
	}
	role, err := os.ReadFile(filepath.Join(config, "rbac", "role.yaml"))
	if err != nil {
		return err
	}
	rules, err := managerRules(string(role))
	if err != nil {
		return fmt.Errorf("config/rbac/role.yaml: %w", err)
	}
	return write(filepath.Join(templates, "_manager_rules.tpl"), []byte(fmt.Sprintf(header, "config/rbac/role.yaml")+rules))
}

// writeAll makes a template of each manifest in from; what was in to is gone.
func writeAll(from, to string, template func(string) (string, error)) error {
	files, err := filepath.Glob(filepath.Join(from, "*.yaml"))
	if err != nil {
		return err
	}
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	for _, file := range files {
		name := filepath.Base(file)
		if name == "kustomization.yaml" {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		text, err := template(escape(string(source)))
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		origin := filepath.Join("config", filepath.Base(filepath.Dir(from)), filepath.Base(from), name)
		if filepath.Base(filepath.Dir(from)) == "config" {
			origin = filepath.Join("config", filepath.Base(from), name)
		}
		if err := write(filepath.Join(to, name), []byte(fmt.Sprintf(header, origin)+text)); err != nil {
			return err
		}
	}
	return nil
}

// escape keeps Helm from taking anything for an action.
func escape(source string) string {
	return strings.ReplaceAll(source, "{{", "{{ `{{` }}")
}

func crd(source string) (string, error) {
	const annotations, name = "metadata:\n  annotations:\n", "\n  name: "
	if strings.Count(source, annotations) != 1 || !strings.Contains(source, name) {
		return "", fmt.Errorf("it has no metadata of the form that controller-gen writes")
	}
	source = strings.Replace(source, annotations, annotations+`    {{- if .Values.crds.keep }}
    helm.sh/resource-policy: keep
    {{- end }}
`, 1)
	source = strings.Replace(source, name, `
  labels:
    app.kubernetes.io/name: rollcall
    {{- include "rollcall.releaseLabels" . | nindent 4 }}`+name, 1)
	return "{{- if .Values.crds.enabled }}\n" + source + "{{- end }}\n", nil
}

// policy keeps the name and the label by which the operator finds its policies,
// whatever the release is called.
func policy(source string) (string, error) {
	const label = "\n  labels:\n    app.kubernetes.io/name: rollcall\n"
	if objects := strings.Count("\n"+source, "\nkind: "); objects == 0 || strings.Count(source, label) != objects {
		return "", fmt.Errorf("not every object has the label by which the operator finds it")
	}
	source = strings.ReplaceAll(source, label, label+`    {{- include "rollcall.releaseLabels" . | nindent 4 }}`+"\n")
	return "{{- if .Values.admissionPolicies.enabled }}\n" + source + "{{- end }}\n", nil
}

// managerRules defines the rules of the ClusterRole and those of the Role. The
// Role's rule about Secrets holds only while the release's own namespace has
// syncs.
func managerRules(role string) (string, error) {
	_, role, _ = strings.Cut(role, "---\n")
	clusterRole, namespaced, found := strings.Cut(role, "---\n")
	_, clusterRules, hasClusterRules := strings.Cut(clusterRole, "\nrules:\n")
	_, rules, hasRules := strings.Cut(namespaced, "\nrules:\n")
	if !found || !hasClusterRules || !hasRules || strings.Contains(rules, "---") {
		return "", fmt.Errorf("it is not one ClusterRole and one Role")
	}
	const begin = "- apiGroups:\n"
	var own strings.Builder
	secrets := 0
	for _, rule := range strings.Split(rules, begin)[1:] {
		rule = begin + rule
		if strings.Contains(rule, "  - secrets\n") {
			secrets++
			rule = "{{- if has .Release.Namespace (splitList \",\" (include \"rollcall.syncNamespaces\" .)) }}\n" + rule + "{{- end }}\n"
		}
		own.WriteString(rule)
	}
	if secrets != 1 {
		return "", fmt.Errorf("%d rules of the Role are about Secrets, want one", secrets)
	}
	return "{{- define \"rollcall.managerClusterRules\" -}}\n" + clusterRules + "{{- end -}}\n" +
		"{{- define \"rollcall.managerRules\" -}}\n" + own.String() + "{{- end -}}\n", nil
}
