// Reference writes a page of docs/reference for each custom resource, from its
// CustomResourceDefinition and the samples.
//
//	go run ./hack/docs/reference config/crd/bases config/samples docs/reference
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: reference CRDS SAMPLES OUTPUT")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(1)
	}
}

// definition is what a page needs of a CustomResourceDefinition.
type definition struct {
	Spec struct {
		Group string
		Names struct {
			Kind       string
			Plural     string
			ShortNames []string
		}
		Scope    string
		Versions []struct {
			Name                     string
			AdditionalPrinterColumns []column
			Schema                   struct{ OpenAPIV3Schema schema }
		}
	}
}

type column struct {
	Name, Type, JSONPath string
	Priority             int
}

func run(crds, samples, output string) error {
	files, err := filepath.Glob(filepath.Join(crds, "*.yaml"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no definitions in %s", crds)
	}
	examples, err := readSamples(samples)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(output, 0o755); err != nil {
		return err
	}
	var index []string
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var d definition
		if err := yaml.Unmarshal(content, &d); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		kind := d.Spec.Names.Kind
		name := strings.ToLower(kind) + ".md"
		if err := os.WriteFile(filepath.Join(output, name), []byte(page(d, examples[kind])), 0o644); err != nil {
			return err
		}
		index = append(index, fmt.Sprintf("- [%s](%s): %s\n", kind, name, sentence(d.Spec.Versions[0].Schema.OpenAPIV3Schema.Description)))
	}
	slices.Sort(index)
	text := generated + "# The custom resources\n\n`kubectl explain` shows the same in a terminal.\n\n" + strings.Join(index, "")
	return os.WriteFile(filepath.Join(output, "README.md"), []byte(text), 0o644)
}

// readSamples gives the sample objects by kind, comments included.
func readSamples(folder string) (map[string][]string, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return nil, err
	}
	byKind := map[string][]string{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, document := range strings.Split(string(content), "\n---\n") {
			var object struct{ APIVersion, Kind string }
			if err := yaml.Unmarshal([]byte(document), &object); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			if strings.HasPrefix(object.APIVersion, "scim.rollcall.dev/") {
				byKind[object.Kind] = append(byKind[object.Kind], strings.TrimSpace(document))
			}
		}
	}
	return byKind, nil
}

// sentence is the first one of a text.
func sentence(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if end := strings.Index(text, ". "); end >= 0 {
		text = text[:end]
	}
	return strings.TrimSuffix(text, ".")
}
