package patch

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// What the schema says of the sub-attributes of a multi-valued attribute holds
// for each value of it (RFC 7644 §3.5.2), and what is required stays (§3.5.2.2).
func TestPartsOfValues(t *testing.T) {
	const urn = "urn:example:desk:2.0:User"
	text := func(name string, mutability schema.Mutability, required bool) *schema.Attribute {
		return &schema.Attribute{Name: name, Type: schema.String, Mutability: mutability, Returned: schema.Default, Uniqueness: schema.None, Required: required}
	}
	rt, errs := schema.Extend(schema.UserType(), schema.Extension{Schema: &schema.Schema{ID: urn, Attributes: []*schema.Attribute{
		{Name: "desks", Type: schema.Complex, Mutability: schema.ReadWrite, Returned: schema.Default, Uniqueness: schema.None, MultiValued: true, SubAttributes: []*schema.Attribute{
			text("value", schema.ReadWrite, true), text("type", schema.ReadWrite, false), text("serial", schema.Immutable, false), text("issuer", schema.ReadOnly, false),
		}},
		{Name: "sites", Type: schema.String, Mutability: schema.ReadWrite, Returned: schema.Default, Uniqueness: schema.None, MultiValued: true, Required: true},
	}}})
	if errs[0] != nil {
		t.Fatal(errs[0])
	}
	rt.Extensions = append(rt.Extensions, schema.Extension{Required: true, Schema: &schema.Schema{
		ID: "urn:example:seat:2.0:User", Declared: true, Attributes: []*schema.Attribute{text("seat", schema.ReadWrite, false)},
	}})
	const stored = `{"desks":[{"value":"1","type":"work","serial":"a"},{"value":"2"}],"sites":["north","south"]}`
	for name, test := range map[string]struct {
		operation string // D and S stand for the paths of the attributes
		scimType  string // or
		want      string
	}{
		"first value of an immutable part": {`{"op":"add","path":"D[value eq \"2\"].serial","value":"b"}`, "", `{"desks":[{"value":"1","type":"work","serial":"a"},{"value":"2","serial":"b"}],"sites":["north","south"]}`},
		"the same":                         {`{"op":"replace","path":"D[value eq \"1\"].serial","value":"a"}`, "", stored},
		"another":                          {`{"op":"replace","path":"D[value eq \"1\"].serial","value":"b"}`, scim.TypeMutability, ""},
		"another, of all":                  {`{"op":"replace","path":"D.serial","value":"b"}`, scim.TypeMutability, ""},
		"none":                             {`{"op":"remove","path":"D[value eq \"1\"].serial"}`, scim.TypeMutability, ""},
		"another, merged by a filter":      {`{"op":"add","path":"D[value eq \"1\"]","value":{"serial":"b"}}`, scim.TypeMutability, ""},
		"another, merged by identity":      {`{"op":"add","path":"D","value":[{"value":"1","type":"work","serial":"b"}]}`, scim.TypeMutability, ""},
		"beside it":                        {`{"op":"add","path":"D[value eq \"1\"].type","value":"home"}`, "", `{"desks":[{"value":"1","type":"home","serial":"a"},{"value":"2"}],"sites":["north","south"]}`},
		"another value in its place":       {`{"op":"replace","path":"D[value eq \"1\"]","value":{"value":"3","serial":"c"}}`, "", `{"desks":[{"value":"3","serial":"c"},{"value":"2"}],"sites":["north","south"]}`},
		"other values":                     {`{"op":"replace","path":"D","value":[{"value":"3","serial":"c"}]}`, "", `{"desks":[{"value":"3","serial":"c"}],"sites":["north","south"]}`},
		"with it removed":                  {`{"op":"remove","path":"D[value eq \"1\"]"}`, "", `{"desks":[{"value":"2"}],"sites":["north","south"]}`},
		"a read-only part in a filter":     {`{"op":"add","path":"D[issuer eq \"x\"].value","value":"3"}`, scim.TypeNoTarget, ""},
		"a filter that cannot hold":        {`{"op":"add","path":"D[type eq \"a\" and type eq \"b\"].value","value":"3"}`, scim.TypeNoTarget, ""},
		"a required part":                  {`{"op":"remove","path":"D[value eq \"2\"].value"}`, scim.TypeMutability, ""},
		"all that is required":             {`{"op":"remove","path":"S"}`, scim.TypeMutability, ""},
		"each that is required":            {`{"op":"remove","path":"S","value":["south","north"]}`, scim.TypeMutability, ""},
		"one in another letter case":       {`{"op":"remove","path":"S","value":["sOUTH"]}`, "", `{"desks":[{"value":"1","type":"work","serial":"a"},{"value":"2"}],"sites":["north"]}`},
		"one of those required":            {`{"op":"remove","path":"S","value":["south"]}`, "", `{"desks":[{"value":"1","type":"work","serial":"a"},{"value":"2"}],"sites":["north"]}`},
		"the extension of those required":  {`{"op":"remove","path":"` + urn + `"}`, scim.TypeMutability, ""},
		"an extension that is required":    {`{"op":"remove","path":"urn:example:seat:2.0:User"}`, scim.TypeMutability, ""},
		"required, by no value":            {`{"op":"replace","path":"S","value":[]}`, scim.TypeInvalidValue, ""},
	} {
		t.Run(name, func(t *testing.T) {
			operation := strings.NewReplacer(`"D`, `"`+urn+`:desks`, `"S`, `"`+urn+`:sites`).Replace(test.operation)
			var got scim.Object
			request, err := Parse(rt, "id-1", fromJSON(t, `{"Operations":[`+operation+`]}`))
			if err == nil {
				got, err = applied(request, scim.Object{"userName": "x", urn: fromJSON(t, stored), "urn:example:seat:2.0:User": scim.Object{"seat": "a"}})
			}
			if test.scimType != "" {
				wantError(t, err, test.scimType, "")
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
