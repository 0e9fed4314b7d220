package schema_test

import (
	"testing"

	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

func TestKeyOf(t *testing.T) {
	for name, test := range map[string]struct {
		object map[string]any
		want   string
		found  bool
	}{
		"as it is":           {map[string]any{"VALUE": 1, "value": nil}, "value", true},
		"other letter case":  {map[string]any{"Value": 1, "type": 2}, "Value", true},
		"first of several":   {map[string]any{"vALUE": 1, "VALUE": 2, "Value": 3}, "VALUE", true},
		"none":               {map[string]any{"values": 1}, "", false},
		"nothing at all":     {nil, "", false},
		"a longer beginning": {map[string]any{"val": 1}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			if key, found := schema.KeyOf(test.object, "value"); key != test.want || found != test.found {
				t.Errorf("%q, %v; want %q, %v", key, found, test.want, test.found)
			}
		})
	}
}
