package handler

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/resource"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// bodySeeds are resources as identity providers send them, and JSON that is
// odd, wrong or costly.
var bodySeeds = []string{
	`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"x","active":"True","emails":{"value":"a","primary":"true"}}`,
	`{"userName":"x","title":null,"roles":[],"name":{},"name.givenName":"K","meta":{"resourceType":"User"},"groups":[],"password":"p"}`,
	`{"userName":"x","emails":[{"value":"a","type":"work"},{"value":"a","type":"work","primary":true},"b",null]}`,
	`{"userName":"x","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":[{"$ref":null,"value":"m"}],"department":["D"]}}`,
	`{"userName":"x","manager":"m","urn:example:2.0:User":{"n":12345678901234567890,"e":1e-400,"z":-0,"list":[null,{"a":null}]}}`,
	`{"displayName":"g","members":[{"value":"u","type":"User","$ref":"../Users/u"},"v",{"VALUE":"w","display":"W"}]}`,
	`{"userName":"x","USERNAME":"y","userName":"z","Active":false,"active":true}`,
	`{"userName":"` + strings.Repeat(`\u00e9`, 300) + `"}`, `{"userName":"\ud83d\ude00\ud800 \"<>&\u2028"}`, "\uFEFF" + `{"userName":"bom"}`,
	`{"a":1e999999999,"b":0.1e-1,"c":-1,"d":1E+2}`, `{"a":01}`, `{"a":.5}`, `{"a":+1}`, `{"a":NaN}`, "{\"a\":\"\xff\"}", "{\"a\":\"\x00\"}",
	`{}`, `[]`, `null`, `"x"`, ``, ` `, `{`, `}`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{"a":1}{}`, `{"a":[1,]}`, `{"a":tru}`, `{'a':1}`,
	`{"a":` + strings.Repeat("[", 63) + strings.Repeat("]", 63) + `}`, `{"a":` + strings.Repeat(`{"a":`, 64) + `1` + strings.Repeat("}", 65),
	`{"a":[` + strings.Repeat("{},", 500) + `{}]}`, `{"a":"` + strings.Repeat(`\\`, 500) + `"}`,
}

const declaredURN = "urn:example:fuzz:2.0:User"

// declaredSeeds are values of the extension of declaring.
var declaredSeeds = []string{
	`{"string":"s","boolean":"true","decimal":1.50,"integer":12345678901234567890,"dateTime":"2026-01-31T08:00:00+02:00","binary":"AAEC","reference":"https://example.com/"}`,
	`{"strings":["a","a",null,""],"integers":[1,1.0,10e-1],"booleans":true,"complex":{"string":"s","integer":"7"},"complexes":[{"value":"v","primary":true},"w"]}`,
	`{"integer":1.5,"decimal":"x","dateTime":"now","boolean":3,"binary":"!","complex":[]}`, `{"STRING":1,"decimal":1e400,"integer":-0,"dateTime":"2026-02-30T25:00:00"}`,
}

// declaring is a user with an extension that has an attribute of every type.
func declaring(f *testing.F) *schema.ResourceType {
	f.Helper()
	attribute := func(name string, kind schema.Type, several bool, parts ...*schema.Attribute) *schema.Attribute {
		return &schema.Attribute{Name: name, Type: kind, MultiValued: several, SubAttributes: parts,
			Mutability: schema.ReadWrite, Returned: schema.Default, Uniqueness: schema.None}
	}
	var attributes []*schema.Attribute
	for _, kind := range []schema.Type{schema.String, schema.Boolean, schema.Decimal, schema.Integer, schema.DateTime, schema.Binary, schema.Reference} {
		attributes = append(attributes, attribute(string(kind), kind, false), attribute(string(kind)+"s", kind, true))
	}
	attributes = append(attributes,
		attribute("complex", schema.Complex, false, attribute("string", schema.String, false), attribute("integer", schema.Integer, false)),
		attribute("complexes", schema.Complex, true, attribute("value", schema.String, false), attribute("type", schema.String, false), attribute("primary", schema.Boolean, false)))
	rt, errs := schema.Extend(schema.UserType(), schema.Extension{Schema: &schema.Schema{ID: declaredURN, Name: "Fuzz", Attributes: attributes}})
	if errs[0] != nil {
		f.Fatal(errs[0])
	}
	return rt
}

// FuzzBody: a body is refused with a 400 or 413, or decoded to what
// encoding/json decodes it to, within bounds; and a resource that was made of
// it, written and read again is written the same.
func FuzzBody(f *testing.F) {
	for _, seed := range bodySeeds {
		f.Add([]byte(seed))
	}
	for _, value := range declaredSeeds {
		f.Add([]byte(`{"userName":"x","` + declaredURN + `":` + value + `}`))
	}
	var types []*resourceType
	all := []*schema.ResourceType{schema.UserType(), schema.GroupType(), declaring(f)}
	for _, t := range all {
		types = append(types, newResourceType(t, all, Limits{}.withDefaults()))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		object, err := decodeObject(body)
		if err != nil {
			wantRefusal(t, err)
			return
		}
		if !utf8.Valid(body) {
			t.Fatal("a body that is not UTF-8 was taken")
		}
		if depth := depthOf(object); depth > maxDepth {
			t.Fatalf("a body of %d levels was taken", depth)
		}
		written := appendValue(nil, object)
		// Not by cmp, whose time is exponential in the depth.
		if again := decoded(t, written); !reflect.DeepEqual(object, again) {
			t.Fatalf("written and read it is another: %s", written)
		}
		if !json.Valid(written) {
			t.Fatalf("it is written as %q", written)
		}
		for _, rt := range types {
			checkResource(t, rt, object)
		}
	})
}

func checkResource(t *testing.T, rt *resourceType, body scim.Object) {
	t.Helper()
	show := func(body scim.Object) ([]byte, error) {
		attributes, err := resource.Create(rt.ResourceType, body)
		if err != nil {
			return nil, err
		}
		v := &view{resourceType: rt, base: "http://example.com"}
		return v.appendResource(nil, &scim.Resource{ID: "id-1", Attributes: attributes}), nil
	}
	first, err := show(body)
	if err != nil {
		wantRefusal(t, err)
		return
	}
	second, err := show(decoded(t, first))
	if err != nil {
		t.Fatalf("what was shown is not taken back: %v\n%s", err, first)
	}
	if string(second) != string(first) {
		t.Fatalf("shown\n%s\nand taken back it is shown as\n%s", first, second)
	}
}

func decoded(t *testing.T, text []byte) scim.Object {
	t.Helper()
	object, err := decodeObject(text)
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return object
}

func depthOf(value any) int {
	deepest := 0
	switch value := value.(type) {
	case scim.Object:
		for _, one := range value {
			deepest = max(deepest, depthOf(one))
		}
	case []any:
		for _, one := range value {
			deepest = max(deepest, depthOf(one))
		}
	default:
		return 0
	}
	return deepest + 1
}

func wantRefusal(t *testing.T, err error) {
	t.Helper()
	refused := (*scim.Error)(nil)
	if !errors.As(err, &refused) || refused.Detail == "" || (refused.Status != 400 || refused.Type == "") && refused.Status != 413 {
		t.Fatalf("an error that is no refusal: %#v", err)
	}
}

// What costs much more memory than its text has bytes is refused before it is
// decoded.
func TestCostlyBodies(t *testing.T) {
	for name, test := range map[string]struct {
		body    string
		refused bool
	}{
		"many objects":          {`{"a":[` + strings.Repeat(`{},`, maxObjects) + `{}]}`, true},
		"many lists":            {`{"a":[` + strings.Repeat(`[],`, maxObjects) + `[]]}`, true},
		"many values":           {`{"a":[` + strings.Repeat(`1,`, maxValues+1) + `1]}`, true},
		"as many as may be":     {`{"a":[` + strings.Repeat(`{},`, maxObjects-3) + `{}]}`, false},
		"a group of 100,000":    {`{"members":[` + strings.Repeat(`{"value":"u","type":"User","display":"d"},`, 99_999) + `{"value":"u"}]}`, false},
		"brackets within texts": {`{"a":"` + strings.Repeat(`[{,`, maxValues) + `"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := decodeObject([]byte(test.body))
			refused := (*scim.Error)(nil)
			if errors.As(err, &refused) != test.refused || test.refused && refused.Status != 413 {
				t.Errorf("error %v", err)
			}
		})
	}
}
