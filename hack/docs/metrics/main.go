// Metrics writes docs/metrics.md from the metrics that the program declares:
//
//	go run ./hack/docs/metrics docs/metrics.md
package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/internal/metrics"
	_ "github.com/rollcall-scim/rollcall/internal/operator" // declares all of them
)

//go:embed frame.md
var frame string

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: metrics FILE")
		os.Exit(2)
	}
	if err := os.WriteFile(os.Args[1], page(metrics.All()), 0o644); err != nil { //nolint:gosec // a document
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// page puts the tables into the frame.
func page(all []metrics.Metric) []byte {
	var table, labels bytes.Buffer
	used := map[string]bool{}
	for _, m := range all {
		var names []string
		for _, label := range m.Labels {
			used[label] = true
			names = append(names, "`"+label+"`")
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", m.Name, m.Type, strings.Join(names, ", "), m.Help)
	}
	var names []string
	for label := range used {
		names = append(names, label)
	}
	slices.Sort(names)
	for _, label := range names {
		fmt.Fprintf(&labels, "| `%s` | %s |\n", label, metrics.Labels[label])
	}
	replaced := strings.NewReplacer("{{metrics}}\n", table.String(), "{{labels}}\n", labels.String()).Replace(frame)
	return []byte(replaced)
}
