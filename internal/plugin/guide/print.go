package guide

import (
	"cmp"
	"strings"

	"github.com/rollcall-scim/rollcall/internal/plugin/output"
)

// Write adds the steps to a text. The token replaces TokenPlaceholder; if it is
// empty the placeholder stays.
func (g Guide) Write(t *output.Text, token string) {
	for i, step := range g.Steps {
		t.Title("Step %d: %s", i+1, step.Title)
		for _, line := range step.Lines {
			t.Line("  %s", line)
		}
		if len(step.Fields) > 0 {
			width := 0
			for _, field := range step.Fields {
				width = max(width, len(field.Name))
			}
			for _, field := range step.Fields {
				value := field.Value
				if token != "" && value == TokenPlaceholder {
					value = token
				}
				t.Line("    %s%s  %s", field.Name+":", strings.Repeat(" ", width-len(field.Name)), output.Strong(value))
			}
		}
		if len(step.Mapping) > 0 {
			table := output.NewGrid("ATTRIBUTE HERE", "ATTRIBUTE THERE", "NOTE").Indented("    ")
			for _, m := range step.Mapping {
				table.Row(m.Target, m.Source, cmp.Or(m.Note, " "))
			}
			t.Grid(table)
		}
		if step.Block != "" {
			for line := range strings.Lines(step.Block) {
				t.Line("    %s", strings.TrimRight(line, "\n"))
			}
		}
	}
}
