package patch

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// RFC 7644 §3.5.2: a value may be added to an immutable attribute that has
// none; after that it stays.
func TestImmutableAttributes(t *testing.T) {
	const urn = "urn:example:badge:2.0:User"
	text := func(name string, mutability schema.Mutability) *schema.Attribute {
		return &schema.Attribute{Name: name, Type: schema.String, Mutability: mutability, Returned: schema.Default}
	}
	rt := *schema.UserType()
	rt.Extensions = append(rt.Extensions[:len(rt.Extensions):len(rt.Extensions)], schema.Extension{Schema: &schema.Schema{
		ID: urn, Attributes: []*schema.Attribute{text("serial", schema.Immutable), text("color", schema.ReadWrite)},
	}})
	for name, test := range map[string]struct {
		stored, operation, want string // want empty: 400 mutability
	}{
		"add a first value":     {`{"color":"red"}`, `{"op":"add","path":"` + urn + `:serial","value":"1"}`, `{"serial":"1","color":"red"}`},
		"replace no value":      {`{"color":"red"}`, `{"op":"replace","path":"` + urn + `:serial","value":"1"}`, `{"serial":"1","color":"red"}`},
		"add the same":          {`{"serial":"1"}`, `{"op":"add","path":"` + urn + `:serial","value":"1"}`, `{"serial":"1"}`},
		"add another":           {`{"serial":"1"}`, `{"op":"add","path":"` + urn + `:serial","value":"2"}`, ``},
		"replace":               {`{"serial":"1"}`, `{"op":"replace","path":"` + urn + `:serial","value":"2"}`, ``},
		"replace without path":  {`{"serial":"1"}`, `{"op":"replace","value":{"` + urn + `:serial":"2"}}`, ``},
		"remove":                {`{"serial":"1"}`, `{"op":"remove","path":"` + urn + `:serial"}`, ``},
		"remove the extension":  {`{"serial":"1","color":"red"}`, `{"op":"remove","path":"` + urn + `"}`, ``},
		"change what is beside": {`{"serial":"1"}`, `{"op":"add","path":"` + urn + `:color","value":"blue"}`, `{"serial":"1","color":"blue"}`},
	} {
		t.Run(name, func(t *testing.T) {
			request, err := Parse(&rt, "id-1", fromJSON(t, `{"Operations":[`+test.operation+`]}`))
			if err != nil {
				t.Fatal(err)
			}
			got, err := applied(request, scim.Object{"userName": "x", urn: fromJSON(t, test.stored)})
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
			if diff := cmp.Diff(any(fromJSON(t, test.want)), got[urn]); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
