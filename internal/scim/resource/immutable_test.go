package resource

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

const badgeURN = "urn:example:badge:2.0:User"

// badged is a user with an extension that has attributes of every mutability.
func badged() *schema.ResourceType {
	text := func(name string, mutability schema.Mutability) *schema.Attribute {
		return &schema.Attribute{Name: name, Type: schema.String, Mutability: mutability, Returned: schema.Default}
	}
	numbers := text("numbers", schema.Immutable)
	numbers.MultiValued = true
	rt := *schema.UserType()
	rt.Extensions = append(rt.Extensions[:len(rt.Extensions):len(rt.Extensions)], schema.Extension{Schema: &schema.Schema{
		ID: badgeURN, Name: "Badge",
		Attributes: []*schema.Attribute{
			text("serial", schema.Immutable), numbers, text("color", schema.ReadWrite), text("issuer", schema.ReadOnly),
			{Name: "chip", Type: schema.Complex, Mutability: schema.ReadWrite, Returned: schema.Default,
				SubAttributes: []*schema.Attribute{text("key", schema.Immutable), text("label", schema.ReadWrite)}},
		},
	}})
	return &rt
}

// RFC 7644 §3.5.1: what a PUT says of attributes that are not readWrite.
func TestReplaceByMutability(t *testing.T) {
	const stored = `{"serial":"1","numbers":["a","b"],"color":"red","chip":{"key":"k","label":"l"}}`
	for name, test := range map[string]struct {
		stored, sent, want string // of the extension; want empty: 400 mutability
	}{
		"as it is":                           {stored, stored, stored},
		"readWrite is replaced":              {stored, `{"serial":"1","color":"blue"}`, `{"serial":"1","numbers":["a","b"],"color":"blue","chip":{"key":"k"}}`},
		"immutable is kept where it is out":  {stored, `{}`, `{"serial":"1","numbers":["a","b"],"chip":{"key":"k"}}`},
		"immutable is set where it is not":   {`{"color":"red"}`, `{"serial":"2","numbers":["c"],"chip":{"key":"k"}}`, `{"serial":"2","numbers":["c"],"chip":{"key":"k"}}`},
		"immutable is not changed":           {stored, `{"serial":"2"}`, ``},
		"a list that is immutable":           {stored, `{"numbers":["a"]}`, ``},
		"part of a complex one":              {stored, `{"chip":{"key":"x"}}`, ``},
		"the other part of it":               {stored, `{"chip":{"key":"k","label":"new"}}`, `{"serial":"1","numbers":["a","b"],"chip":{"key":"k","label":"new"}}`},
		"readOnly is ignored":                {stored, `{"serial":"1","issuer":"me"}`, `{"serial":"1","numbers":["a","b"],"chip":{"key":"k"}}`},
		"nothing is there, nothing is added": {`{}`, `{"color":"red"}`, `{"color":"red"}`},
	} {
		t.Run(name, func(t *testing.T) {
			change, err := Replace(badged(), scim.Object{"userName": "x", badgeURN: fromJSON(t, test.sent)})
			if err != nil {
				t.Fatal(err)
			}
			current := scim.Object{"userName": "x", "active": true, badgeURN: fromJSON(t, test.stored)}
			got, err := change.Apply(current)
			if test.want == "" {
				failed := (*scim.Error)(nil)
				if !errors.As(err, &failed) || failed.Status != 400 || failed.Type != scim.TypeMutability {
					t.Fatalf("%v: %v", got, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(any(fromJSON(t, test.want)), got[badgeURN]); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff(any(fromJSON(t, test.stored)), current[badgeURN]); diff != "" {
				t.Errorf("the current attributes were changed (-want +got):\n%s", diff)
			}
		})
	}
}

// What is written only was never shown to the client that now replaces all.
func TestReplaceKeepsWhatClientsCannotRead(t *testing.T) {
	rt := badged()
	rt.Extensions[1].Schema.Attributes[2].Mutability = schema.WriteOnly
	change, err := Replace(rt, fromJSON(t, `{"userName":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := change.Apply(scim.Object{"userName": "x", badgeURN: scim.Object{"color": "red"}})
	if diff := cmp.Diff(any(scim.Object{"color": "red"}), got[badgeURN]); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
}
