package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

const generated = "<!-- Generated from the custom resource definitions by `make manifests`. -->\n\n"

// schema is the part of a JSON schema that a page shows.
type schema struct {
	Type                 string
	Format               string
	Description          string
	Default              any
	Enum                 []any
	Required             []string
	Properties           map[string]schema
	Items                *schema
	AdditionalProperties *schema
	MinLength, MaxLength *int64
	MinItems, MaxItems   *int64
	Minimum, Maximum     *float64
	Pattern              string
	Validations          []struct{ Rule, Message string } `json:"x-kubernetes-validations"`
}

// page is the text about one kind.
func page(d definition, examples []string) string {
	var b strings.Builder
	version := d.Spec.Versions[0]
	root := version.Schema.OpenAPIV3Schema
	names := append([]string{d.Spec.Names.Plural}, d.Spec.Names.ShortNames...)
	fmt.Fprintf(&b, "%s# %s\n\n%s\n\n", generated, d.Spec.Names.Kind, paragraph(root.Description))
	fmt.Fprintf(&b, "`apiVersion: %s/%s`, %s; for kubectl `%s`.\n\n", d.Spec.Group, version.Name, strings.ToLower(d.Spec.Scope), strings.Join(names, "`, `"))
	for _, rule := range root.Validations {
		fmt.Fprintf(&b, "- %s\n", rule.Message)
	}
	if len(root.Validations) > 0 {
		b.WriteString("\n")
	}
	if len(examples) > 0 {
		b.WriteString("## Examples\n\n")
		for _, example := range examples {
			fmt.Fprintf(&b, "```yaml\n%s\n```\n\n", example)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(root.Properties)) {
		if name == "apiVersion" || name == "kind" || name == "metadata" {
			continue
		}
		field := root.Properties[name]
		fmt.Fprintf(&b, "## %s\n\n%s\n\n| field | type | |\n| --- | --- | --- |\n", name, paragraph(field.Description))
		rows(&b, name, field)
		b.WriteString("\n")
	}
	b.WriteString("`*`: required, where its parent is set.\n\n")
	columns(&b, version.AdditionalPrinterColumns)
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// rows writes a row for each field below one.
func rows(b *strings.Builder, path string, s schema) {
	if s.Items != nil {
		path, s = path+"[]", *s.Items
	}
	required := map[string]bool{}
	for _, name := range s.Required {
		required[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		field := s.Properties[name]
		below := path + "." + name
		_, shown, _ := strings.Cut(below, ".")
		fmt.Fprintf(b, "| `%s`%s | %s | %s |\n", shown, mark(required[name]), typeOf(field), cell(about(field)))
		rows(b, below, field)
	}
}

func mark(required bool) string {
	if required {
		return " *"
	}
	return ""
}

// typeOf is a field's type with its bounds.
func typeOf(s schema) string {
	switch {
	case s.Items != nil:
		return "list of " + typeOf(*s.Items) + bounds(s.MinItems, s.MaxItems, "items")
	case s.AdditionalProperties != nil:
		return "map of " + typeOf(*s.AdditionalProperties)
	case len(s.Enum) > 0:
		values := make([]string, len(s.Enum))
		for i, value := range s.Enum {
			values[i] = fmt.Sprintf("`%v`", value)
		}
		return strings.Join(values, ", ")
	case s.Type == "string" && s.Format != "":
		return s.Format
	case s.Type == "string":
		return "string" + bounds(s.MinLength, s.MaxLength, "characters")
	case s.Type == "integer" || s.Type == "number":
		return s.Type + limits(s.Minimum, s.Maximum)
	case s.Type == "":
		return "any"
	}
	return s.Type
}

func bounds(least, most *int64, unit string) string {
	switch {
	case most == nil:
		return ""
	case least != nil && *least > 0:
		return fmt.Sprintf(", %d to %d %s", *least, *most, unit)
	}
	return fmt.Sprintf(", at most %d %s", *most, unit)
}

func limits(least, most *float64) string {
	switch {
	case least != nil && most != nil:
		return fmt.Sprintf(", %v to %v", int64(*least), int64(*most))
	case least != nil:
		return fmt.Sprintf(", at least %v", int64(*least))
	}
	return ""
}

// about is a field's description, its default and its rules.
func about(s schema) string {
	text := paragraph(s.Description)
	if s.Default != nil {
		value, err := json.Marshal(s.Default)
		if err == nil {
			text += fmt.Sprintf(" Default: `%s`.", value)
		}
	}
	for _, rules := range [][]struct{ Rule, Message string }{s.Validations, itemRules(s)} {
		for _, rule := range rules {
			text += " *" + strings.TrimSuffix(rule.Message, ".") + ".*"
		}
	}
	return text
}

func itemRules(s schema) []struct{ Rule, Message string } {
	if s.Items == nil {
		return nil
	}
	return s.Items.Validations
}

func columns(b *strings.Builder, columns []column) {
	if len(columns) == 0 {
		return
	}
	b.WriteString("## Columns of kubectl get\n\n| column | shows | |\n| --- | --- | --- |\n")
	for _, c := range columns {
		wide := ""
		if c.Priority > 0 {
			wide = "with `-o wide`"
		}
		fmt.Fprintf(b, "| %s | `%s` | %s |\n", c.Name, c.JSONPath, wide)
	}
}

func paragraph(text string) string { return strings.Join(strings.Fields(text), " ") }

// cell is text that stays in its cell of a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;").Replace(text)
}
