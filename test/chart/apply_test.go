package chart

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/rollcall-scim/rollcall/test/controlplane"
)

// foreign are the modules whose CustomResourceDefinitions the chart's optional
// objects belong to, each with its checksum, as `go mod download` gives it.
var foreign = []struct{ module, sum, folder string }{
	{"sigs.k8s.io/gateway-api@v1.6.1", "h1:mock6phZbI6rvZerwrVNk7hVNymQgHo+6sJ81Ia7ftY=", "config/crd/standard"},
	{"github.com/cert-manager/cert-manager@v1.21.2", "h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68=", "deploy/crds"},
	{"github.com/prometheus-operator/prometheus-operator@v0.85.0", "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=", "example/prometheus-operator-crd"},
}

// wanted are the resources of them that the chart makes.
var wanted = []string{"httproutes", "backendtlspolicies", "certificates", "servicemonitors", "prometheusrules"}

// TestAnAPIServerTakesTheChart lints the chart with each file of values, and has
// a real API server check, and store nothing of, what it makes.
func TestAnAPIServerTakesTheChart(t *testing.T) {
	cluster, err := controlplane.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Stop(); err != nil {
			t.Error(err)
		}
	})
	kubeconfig := filepath.Join(t.TempDir(), "admin.conf")
	if err := os.WriteFile(kubeconfig, cluster.Env.KubeConfig, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, crd := range foreignCRDs(t) {
		kubectl(t, kubeconfig, "", "apply", "--server-side", "--filename", crd)
	}
	for _, name := range []string{namespace, "identity", "platform"} {
		kubectl(t, kubeconfig, "", "create", "namespace", name)
	}
	for _, example := range artifactHub(t, "artifacthub.io/crdsExamples") {
		text, err := json.Marshal(example)
		if err != nil {
			t.Fatal(err)
		}
		kubectl(t, kubeconfig, string(text), "apply", "--server-side", "--dry-run=server", "--validate=strict", "--filename", "-")
	}
	files, err := filepath.Glob(filepath.Join(directory(), "ci", "*-values.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no values: %v", err)
	}
	for _, values := range files {
		t.Run(strings.TrimSuffix(filepath.Base(values), "-values.yaml"), func(t *testing.T) {
			if _, err := helm(t, "lint", "--strict", "--quiet", directory(), "--values", values); err != nil {
				t.Error(err)
			}
			manifests, err := template(t, "--values", values)
			if err != nil {
				t.Fatal(err)
			}
			kubectl(t, kubeconfig, string(manifests), "apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "--filename", "-")
		})
	}
}

// TestArtifactHubKnowsEveryKind reads what Chart.yaml tells Artifact Hub.
func TestArtifactHubKnowsEveryKind(t *testing.T) {
	stream, err := template(t)
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, o := range decode(t, stream) {
		if o.GetKind() == "CustomResourceDefinition" {
			want = append(want, o.GetName())
		}
	}
	for _, listed := range artifactHub(t, "artifacthub.io/crds") {
		got = append(got, fmt.Sprint(listed["name"]))
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the chart has (-) and tells of (+):\n%s", diff)
	}
}

// artifactHub reads a list in an annotation of Chart.yaml.
func artifactHub(t *testing.T, annotation string) []map[string]any {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(directory(), "Chart.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var chart struct{ Annotations map[string]string }
	if err := yaml.Unmarshal(source, &chart); err != nil {
		t.Fatal(err)
	}
	var list []map[string]any
	if err := yaml.Unmarshal([]byte(chart.Annotations[annotation]), &list); err != nil || len(list) == 0 {
		t.Fatalf("%s has %d entries: %v", annotation, len(list), err)
	}
	return list
}

// kubectl allows no warning.
func kubectl(t *testing.T, kubeconfig, stdin string, args ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), filepath.Join(controlplane.Assets(), "kubectl"), append([]string{"--kubeconfig", kubeconfig}, args...)...)
	var stderr strings.Builder
	command.Stdin, command.Stderr = strings.NewReader(stdin), &stderr
	if err := command.Run(); err != nil || stderr.Len() > 0 {
		t.Errorf("kubectl %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
}

// foreignCRDs are files in Go's module cache, which takes them from the module
// proxy when they are not there yet.
func foreignCRDs(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, f := range foreign {
		folder := filepath.Join(download(t, f.module, f.sum), f.folder)
		for _, resource := range wanted {
			found, err := filepath.Glob(filepath.Join(folder, fmt.Sprintf("*_%s.yaml", resource)))
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, found...)
		}
	}
	if len(files) != len(wanted) {
		t.Fatalf("%d of the definitions of %v were found: %v", len(files), wanted, files)
	}
	return files
}

func download(t *testing.T, module, sum string) (folder string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", module)
	command.Dir = t.TempDir() // outside of this module
	command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	output, err := command.Output()
	var downloaded struct{ Dir, Sum, Error string }
	if decodeErr := json.Unmarshal(output, &downloaded); decodeErr != nil || downloaded.Error != "" {
		t.Fatalf("%s: %v %v %s", module, err, decodeErr, downloaded.Error)
	}
	if downloaded.Sum != sum {
		t.Fatalf("%s has the checksum %s", module, downloaded.Sum)
	}
	return downloaded.Dir
}
