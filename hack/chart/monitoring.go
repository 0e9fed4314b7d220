package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// writeMonitoring makes the objects of config/monitoring from the same files
// that the chart has: kustomize reads nothing outside of its folder.
func writeMonitoring(config, chart string) error {
	const from = "# Generated from charts/rollcall/files/%s by `make chart`.\n"
	for _, o := range []struct {
		file, object, apiVersion, kind, name, labels, before string
		indent                                               string
	}{
		{
			file: "alerts.yaml", object: "prometheus_rule.yaml", apiVersion: "monitoring.coreos.com/v1", kind: "PrometheusRule", name: "rollcall",
			before: "spec:\n", indent: "  ",
		},
		{
			file: "dashboard.json", object: "dashboard.yaml", apiVersion: "v1", kind: "ConfigMap", name: "rollcall-dashboard",
			labels: "    grafana_dashboard: \"1\"\n", before: "data:\n  rollcall.json: |\n", indent: "    ",
		},
	} {
		content, err := os.ReadFile(filepath.Join(chart, "files", o.file))
		if err != nil {
			return err
		}
		object := fmt.Sprintf(from+"apiVersion: %s\nkind: %s\nmetadata:\n  name: %s\n  labels:\n    app.kubernetes.io/name: rollcall\n%s%s",
			o.file, o.apiVersion, o.kind, o.name, o.labels, o.before)
		for line := range strings.Lines(string(content)) {
			if strings.TrimSpace(line) != "" {
				object += o.indent
			}
			object += line
		}
		if err := write(filepath.Join(config, "monitoring", o.object), []byte(object)); err != nil {
			return err
		}
	}
	return nil
}
