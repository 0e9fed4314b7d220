// Command chart writes what of charts/rollcall follows from other files: the
// custom resource definitions, the admission policies and the operator's rules
// from config/; the schema of the values and their table in the README from
// the comments in values.yaml. From the chart's alerts and dashboard it writes
// config/monitoring.
//
//	go run ./hack/chart [REPOSITORY]
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	if err := generate(root); err != nil {
		fmt.Fprintln(os.Stderr, "chart:", err)
		os.Exit(1)
	}
}

// generate writes all generated files of the chart in the repository at root.
func generate(root string) error {
	config, chart := filepath.Join(root, "config"), filepath.Join(root, "charts", "rollcall")
	if err := writeManifests(config, chart); err != nil {
		return err
	}
	if err := writeMonitoring(config, chart); err != nil {
		return err
	}
	source, err := os.ReadFile(filepath.Join(chart, "values.yaml"))
	if err != nil {
		return err
	}
	values, err := parse(source)
	if err != nil {
		return fmt.Errorf("values.yaml: %w", err)
	}
	schema, err := schemaOf(values)
	if err != nil {
		return err
	}
	if err := write(filepath.Join(chart, "values.schema.json"), schema); err != nil {
		return err
	}
	return writeTable(filepath.Join(chart, "README.md"), values)
}

func write(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644) //nolint:gosec // part of the repository
}
