package main

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// value is one entry of values.yaml.
type value struct {
	name        string
	path        string // names with dots between
	section     string // title of the section it begins, or empty
	description string
	schema      map[string]any // what @schema adds
	node        *yaml.Node
	children    []*value
}

// structured says whether its keys are fixed: one of them is described.
func (v *value) structured() bool {
	for _, child := range v.children {
		if child.description != "" || child.structured() {
			return true
		}
	}
	return false
}

// parse reads values.yaml with the comments right above each key. A line
// `# --- title` begins a section; `# @schema {…}` adds to the schema.
func parse(source []byte) (*value, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(source, &document); err != nil {
		return nil, err
	}
	if len(document.Content) != 1 || document.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf("it is no mapping")
	}
	root := &value{node: document.Content[0]}
	return root, root.read(strings.Split(string(source), "\n"))
}

func (v *value) read(lines []string) error {
	if v.node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i < len(v.node.Content); i += 2 {
		key := v.node.Content[i]
		child := &value{name: key.Value, path: strings.TrimPrefix(v.path+"."+key.Value, "."), node: v.node.Content[i+1], schema: map[string]any{}}
		if err := child.comment(lines, key.Line-1); err != nil {
			return fmt.Errorf("%s: %w", child.path, err)
		}
		if err := child.read(lines); err != nil {
			return err
		}
		if v.path == "" && child.description == "" && !child.structured() {
			return fmt.Errorf("%s has no comment", child.path)
		}
		v.children = append(v.children, child)
	}
	if v.structured() {
		for _, child := range v.children {
			if child.description == "" && !child.structured() {
				return fmt.Errorf("%s has no comment", child.path)
			}
		}
	}
	return nil
}

// comment takes the comment that ends above a line, counted from zero.
func (v *value) comment(lines []string, line int) error {
	const section, schema = "--- ", "@schema "
	begin := line
	for begin > 0 && strings.HasPrefix(strings.TrimSpace(lines[begin-1]), "#") {
		begin--
	}
	var description []string
	for _, text := range lines[begin:line] {
		text = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), "#"))
		rest, isSchema := strings.CutPrefix(text, schema)
		if !isSchema {
			description = append(description, text)
			continue
		}
		if err := yaml.Unmarshal([]byte(rest), &v.schema); err != nil {
			return fmt.Errorf("@schema: %w", err)
		}
	}
	v.description = strings.TrimSpace(strings.Join(description, " "))
	// The title stands alone, with a blank line between.
	if begin > 1 && lines[begin-1] == "" {
		if title, ok := strings.CutPrefix(strings.TrimPrefix(lines[begin-2], "# "), section); ok {
			v.section = title
		}
	}
	return nil
}
