package filter

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// The keys of values of each type order as the values do.
func TestKeysOrderAsValuesDo(t *testing.T) {
	for kind, ascending := range map[schema.Type][]any{
		schema.Integer:  {json.Number("-10"), json.Number("-9"), json.Number("0"), json.Number("9"), json.Number("10"), nil},
		schema.Decimal:  {json.Number("-1e9"), json.Number("-0.5"), json.Number("-0"), json.Number("0.25"), json.Number("1e3"), "no number"},
		schema.Boolean:  {false, true, nil},
		schema.DateTime: {"2025-12-31T23:59:59+01:00", "2025-12-31T23:00:00Z", "2025-12-31T23:00:00.5Z", "soon"},
		schema.String:   {"A", "b", []any{"z", "a"}, "É", strings.Repeat("é", maxKey), ""},
	} {
		attribute := &schema.Attribute{Name: "a", Type: kind}
		key := keyOf(attribute)
		var keys []string
		for _, value := range ascending {
			keys = append(keys, key(chosen(value)))
		}
		if !slices.IsSortedFunc(keys, CompareKeys) {
			t.Errorf("%s: %q", kind, keys)
		}
		if last := keys[len(keys)-1]; last != "" {
			t.Errorf("%s: the key of no value is %q", kind, last)
		}
		for _, k := range keys {
			if len(k) > maxKey {
				t.Errorf("%s: a key of %d bytes", kind, len(k))
			}
		}
	}
}
