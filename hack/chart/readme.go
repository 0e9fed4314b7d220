package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// The table stands between these lines of the README.
const (
	begin = "<!-- values -->\n"
	end   = "<!-- end of values -->\n"
)

// writeTable replaces the table of values in a README.
func writeTable(path string, values *value) error {
	readme, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, hasBegin := strings.Cut(string(readme), begin)
	_, after, hasEnd := strings.Cut(rest, end)
	if !hasBegin || !hasEnd {
		return fmt.Errorf("%s has no lines %q and %q", path, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	var table bytes.Buffer
	titles(&table, "In general")
	for _, child := range values.children {
		if child.section != "" {
			titles(&table, child.section)
		}
		if err := child.rows(&table); err != nil {
			return err
		}
	}
	return write(path, []byte(before+begin+table.String()+"\n"+end+after))
}

func titles(table *bytes.Buffer, section string) {
	fmt.Fprintf(table, "\n### %s\n\n| value | what it is | default |\n| --- | --- | --- |\n", section)
}

// rows writes one row for the value, or one for each of its parts.
func (v *value) rows(table *bytes.Buffer) error {
	if v.structured() {
		for _, child := range v.children {
			if err := child.rows(table); err != nil {
				return err
			}
		}
		return nil
	}
	var decoded any
	if err := v.node.Decode(&decoded); err != nil {
		return fmt.Errorf("%s: %w", v.path, err)
	}
	standard := ""
	if decoded != nil {
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(decoded); err != nil {
			return fmt.Errorf("%s: %w", v.path, err)
		}
		standard = "`" + strings.TrimSpace(text.String()) + "`"
	}
	escape := strings.NewReplacer("|", `\|`)
	fmt.Fprintf(table, "| `%s` | %s | %s |\n", v.path, escape.Replace(v.description), escape.Replace(standard))
	return nil
}
