package resource

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

const hrURN = "urn:example:hr:2.0:User"

// hr declares attributes a to h, of random types and characteristics.
func hr(t *rapid.T) *schema.ResourceType {
	kinds := []schema.Type{schema.String, schema.Boolean, schema.Integer, schema.Decimal, schema.DateTime, schema.Binary, schema.Reference}
	characteristics := func(name string) *schema.Attribute {
		a := &schema.Attribute{
			Name: name, Type: rapid.SampledFrom(kinds).Draw(t, "type"), Required: rapid.Bool().Draw(t, "required"),
			Mutability: rapid.SampledFrom([]schema.Mutability{schema.ReadWrite, schema.ReadWrite, schema.Immutable, schema.ReadOnly, schema.WriteOnly}).Draw(t, "mutability"),
			Returned:   schema.Default, Uniqueness: schema.None,
		}
		if a.Mutability == schema.WriteOnly {
			a.Returned = schema.Never
		}
		a.Required = a.Required && a.Mutability != schema.ReadOnly
		return a
	}
	var attributes []*schema.Attribute
	for _, name := range names[:rapid.IntRange(1, len(names)).Draw(t, "declared")] {
		a := characteristics(name)
		a.MultiValued = rapid.Bool().Draw(t, "multiValued")
		if rapid.IntRange(0, 2).Draw(t, "complex") == 0 {
			a.Type = schema.Complex
			for _, sub := range []string{"value", "type", "primary"} {
				a.SubAttributes = append(a.SubAttributes, characteristics(sub))
			}
		}
		attributes = append(attributes, a)
	}
	rt, errs := schema.Extend(schema.UserType(), schema.Extension{
		Schema: &schema.Schema{ID: hrURN, Attributes: attributes}, Required: rapid.Bool().Draw(t, "extension required"),
	})
	if errs[0] != nil {
		t.Fatal(errs[0])
	}
	return rt
}

var names = []string{"a", "b", "c", "d", "e", "f"}

// stored is what a user may have under the URN, whoever declared what then.
func stored(t *rapid.T) scim.Object {
	scalar := rapid.OneOf(
		rapid.SampledFrom([]any{"", "x", "7", "true", "2026-01-31T08:00:00Z", "AQI=", "ht tp", json.Number("7"), json.Number("1.5"), json.Number("12345678901234567890"), true, false}),
	)
	object := rapid.Custom(func(t *rapid.T) any {
		o := scim.Object{}
		for _, name := range []string{"value", "type", "primary", "shoe"} {
			if rapid.Bool().Draw(t, name) {
				o[name] = scalar.Draw(t, "part")
			}
		}
		return o
	})
	value := rapid.OneOf(scalar, object, rapid.Map(rapid.SliceOfN(rapid.OneOf(scalar, object), 0, 3), func(list []any) any { return list }))
	extension := scim.Object{}
	for _, name := range names {
		if rapid.Bool().Draw(t, name) {
			spelled := rapid.SampledFrom([]string{name, strings.ToUpper(name)}).Draw(t, "spelled")
			extension[spelled] = value.Draw(t, "value")
		}
	}
	key := rapid.SampledFrom([]string{hrURN, strings.ToUpper(hrURN)}).Draw(t, "URN")
	attributes := scim.Object{"userName": "ada", "active": true, key: extension}
	name := rapid.SampledFrom(names).Draw(t, "name")
	if _, found := Field(extension, name); !found && rapid.Bool().Draw(t, "by its whole name") {
		attributes[hrURN+":"+name] = value.Draw(t, "value")
	}
	return attributes
}

// leaves are the simple values in a value, sorted.
func leaves(value any) []string {
	var found []string
	switch value := value.(type) {
	case scim.Object:
		for _, inner := range value {
			found = append(found, leaves(inner)...)
		}
	case []any:
		for _, inner := range value {
			found = append(found, leaves(inner)...)
		}
	default:
		encoded, _ := json.Marshal(value)
		found = []string{string(encoded)}
	}
	slices.Sort(found)
	return found
}

// Whatever is stored and whatever is declared later, no value is lost by
// reading, and a second look sees the same.
func TestConformLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rt, attributes := hr(t), stored(t)
		seen := Clone(attributes)
		Conform(rt, seen)
		if !slices.Equal(leaves(attributes), leaves(seen)) {
			t.Fatalf("%v became %v", attributes, seen)
		}
		again := Clone(seen)
		Conform(rt, again)
		if !reflect.DeepEqual(seen, again) {
			t.Fatalf("%v became %v when seen again", seen, again)
		}
	})
}

// Whatever is stored and whatever is declared later, the user can be disabled,
// by a PATCH, by a PUT that says only that, and by one that puts back what was read.
func TestAnyUserCanBeDisabled(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rt, attributes := hr(t), stored(t)
		Conform(rt, attributes)
		disabled := Clone(attributes)
		disabled["active"] = false
		if err := ValidateChange(rt, attributes, disabled); err != nil {
			t.Fatalf("PATCH: %v", err)
		}
		shown := Clone(disabled)
		if object, ok := shown[hrURN].(scim.Object); ok {
			for _, a := range rt.Extension(hrURN).Attributes {
				if a.Returned == schema.Never {
					delete(object, a.Name)
				}
			}
		}
		for what, body := range map[string]scim.Object{"PUT": {"userName": "ada", "active": false}, "PUT of what was read": shown} {
			change, err := Replace(rt, body)
			if err != nil {
				t.Fatalf("%s of %v: %v", what, body, err)
			}
			next, err := change.Apply(Clone(attributes))
			if err != nil {
				t.Fatalf("%s of %v on %v: %v", what, body, attributes, err)
			}
			if next["active"] != false {
				t.Fatalf("%s: %v", what, next)
			}
			known := maps.Clone(next)
			Conform(rt, known)
			if !reflect.DeepEqual(known, next) {
				t.Fatalf("%s: %v is not spelled as declared", what, next)
			}
		}
	})
}
