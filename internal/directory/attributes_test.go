package directory

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// anyAttributes draws a resource from its schema, so that an attribute that is
// declared and not stored is found.
func anyAttributes(rt *schema.ResourceType) *rapid.Generator[scim.Object] {
	return rapid.Custom(func(t *rapid.T) scim.Object {
		o := scim.Object{}
		for _, a := range append(schema.Common(), rt.Schema.Attributes...) {
			switch a.Name {
			case "schemas", "id", "meta", "groups", "members", "password":
				continue
			}
			draw(t, o, a)
		}
		for _, e := range rt.Extensions {
			extension := scim.Object{}
			for _, a := range e.Schema.Attributes {
				draw(t, extension, a)
			}
			putObject(o, e.Schema.ID, extension)
		}
		for _, urn := range []string{"urn:example:a", "urn:example:b:2.0:User"} {
			if rapid.Bool().Draw(t, urn) {
				o[urn] = anyJSON(2).Draw(t, urn)
			}
		}
		return o
	})
}

func draw(t *rapid.T, o scim.Object, a *schema.Attribute) {
	if !rapid.Bool().Draw(t, "has "+a.Name) {
		return
	}
	if !a.MultiValued {
		o[a.Name] = drawOne(t, a)
		if child, ok := o[a.Name].(scim.Object); ok && len(child) == 0 {
			delete(o, a.Name)
		}
		return
	}
	values := make([]any, rapid.IntRange(1, 3).Draw(t, "values of "+a.Name))
	for i := range values {
		values[i] = drawOne(t, a)
	}
	o[a.Name] = values
}

func drawOne(t *rapid.T, a *schema.Attribute) any {
	switch a.Type {
	case schema.Complex:
		o := scim.Object{}
		for _, sub := range a.SubAttributes {
			draw(t, o, sub)
		}
		return o
	case schema.Boolean:
		return rapid.Bool().Draw(t, a.Name)
	default:
		return rapid.StringN(1, 8, -1).Draw(t, a.Name)
	}
}

func anyJSON(depth int) *rapid.Generator[any] {
	scalars := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Just[any](true), rapid.Just[any](""),
		rapid.Just[any](json.Number("12345678901234567890")), rapid.Just[any](json.Number("1.50")),
		rapid.Map(rapid.String(), func(s string) any { return s }),
	}
	if depth == 0 {
		return rapid.OneOf(scalars...)
	}
	inner := anyJSON(depth - 1)
	return rapid.OneOf(append(scalars,
		rapid.Map(rapid.SliceOfN(inner, 0, 3), func(v []any) any { return v }),
		rapid.Map(rapid.MapOfN(rapid.StringN(0, 5, -1), inner, 0, 3), func(v map[string]any) any { return v }),
	)...)
}

func TestAttributesSurviveTheSpec(t *testing.T) {
	for _, rt := range []*schema.ResourceType{schema.UserType(), schema.GroupType()} {
		t.Run(rt.Name, rapid.MakeCheck(func(t *rapid.T) {
			want := anyAttributes(rt).Draw(t, "attributes")
			o := newObject(rt.Name)
			if err := setAttributes(o, want); err != nil {
				t.Fatal(err)
			}
			// Over JSON too, as the API server stores it.
			text, err := json.Marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			stored := newObject(rt.Name)
			if err := json.Unmarshal(text, stored); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, attributesOf(stored)); diff != "" {
				t.Fatalf("attributes changed (-sent +stored):\n%s", diff)
			}
			again := newObject(rt.Name)
			if err := setAttributes(again, attributesOf(stored)); err != nil || !sameSpec(stored, again) {
				t.Fatalf("the spec changed, error %v:\n%s", err, cmp.Diff(stored, again))
			}
		}))
	}
}

func TestAttributesThatCannotBeStored(t *testing.T) {
	tests := map[string]struct {
		attributes scim.Object
		want       string
	}{
		"a number for a string":  {scim.Object{"userName": json.Number("1")}, `attribute "userName" must be a string`},
		"a string for a boolean": {scim.Object{"active": "yes"}, `attribute "active" must be true or false`},
		"no array":               {scim.Object{"emails": "a@example.com"}, `attribute "emails" must be an array`},
		"an array of strings":    {scim.Object{"emails": []any{"a@example.com"}}, `attribute "emails" must be an array of objects`},
		"deeper": {scim.Object{"emails": []any{scim.Object{"primary": "x"}}},
			`attribute "emails.primary" must be true or false`},
		"an unknown sub-attribute": {scim.Object{"name": scim.Object{"nick": "x"}},
			`"name" has an attribute that the schema does not know`},
		"an unknown attribute": {scim.Object{"favorite": "x"}, `the resource has an attribute that the schema does not know`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := setUserAttributes(&v1alpha1.UserSpec{}, test.attributes)
			if err == nil || err.Error() != test.want {
				t.Errorf("got error %v, want %s", err, test.want)
			}
		})
	}
}

func TestEmptyAndAbsentAreTheSame(t *testing.T) {
	var got v1alpha1.UserSpec
	err := setUserAttributes(&got, scim.Object{
		"userName": "a", "title": "", "emails": []any{}, "name": scim.Object{}, schema.EnterpriseUserURN: scim.Object{},
	})
	if diff := cmp.Diff(v1alpha1.UserSpec{UserName: "a"}, got); err != nil || diff != "" {
		t.Errorf("error %v, diff %s", err, diff)
	}
}
