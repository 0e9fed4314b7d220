package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"

	"go.yaml.in/yaml/v3"
)

// types are the JSON types of YAML's scalars.
var types = map[string]string{"!!str": "string", "!!bool": "boolean", "!!int": "integer", "!!float": "number"}

// schemaOf is the JSON schema of all values.
func schemaOf(values *value) ([]byte, error) {
	schema, err := values.jsonSchema()
	if err != nil {
		return nil, err
	}
	schema["$schema"] = "http://json-schema.org/draft-07/schema#"
	schema["title"] = "Values of the chart rollcall"
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err = encoder.Encode(schema)
	return out.Bytes(), err
}

// jsonSchema is the type of the default, as far as @schema says nothing else.
func (v *value) jsonSchema() (map[string]any, error) {
	schema := map[string]any{}
	switch v.node.Kind {
	case yaml.MappingNode:
		schema["type"] = "object"
		if v.structured() {
			schema["additionalProperties"] = false
			properties := map[string]any{}
			for _, child := range v.children {
				property, err := child.jsonSchema()
				if err != nil {
					return nil, err
				}
				properties[child.name] = property
			}
			schema["properties"] = properties
		}
	case yaml.SequenceNode:
		schema["type"] = "array"
		if _, ok := v.schema["items"]; !ok {
			return nil, fmt.Errorf("%s: say in @schema what its items are", v.path)
		}
	default:
		if t, ok := types[v.node.Tag]; ok {
			schema["type"] = t
		} else if _, ok := v.schema["type"]; !ok {
			return nil, fmt.Errorf("%s: say in @schema what type it has", v.path)
		}
	}
	if v.description != "" {
		schema["description"] = v.description
	}
	maps.Copy(schema, v.schema)
	return schema, nil
}
