package patch

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/resource"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// fuzzSeeds are the operations of the conformance suite and of identity
// providers, as they send them.
var fuzzSeeds = []string{
	`{"op":"Replace","path":"emails[type eq \"work\"].value","value":"x"}`,
	`{"op":"Add","path":"emails[type eq \"other\"].value","value":"x"},{"op":"Replace","path":"emails[type eq \"other\"].primary","value":"True"}`,
	`{"op":"Add","path":"roles[primary eq \"True\"].value","value":"admin"}`,
	`{"op":"Add","path":"addresses[type eq \"work\"].formatted","value":"F"},{"op":"remove","path":"addresses[type eq \"home\" or not (country pr)]"}`,
	`{"op":"replace","value":{"displayName":"B","name.givenName":"K","` + enterprise + `:employeeNumber":"A","active":false}}`,
	`{"op":"add","value":{"emails[type eq \"work\"].value":"e","emails[type eq \"work\"].primary":true}}`,
	`{"op":"Add","path":"manager","value":[{"$ref":null,"value":"m"}]},{"op":"Replace","path":"` + enterprise + `:manager","value":""}`,
	`{"op":"replace","value":{"id":"id-1","displayName":"D"}}`,
	`{"value":{"active":false}}`,
	`{"op":"replace","path":"name","value":{"givenName":null,"familyName":"F"}},{"op":"remove","path":"name.familyName"}`,
	`{"op":"add","path":"emails","value":{"value":"x","type":"work"}},{"op":"remove","path":"emails","value":[{"value":"x"}]}`,
	`{"op":"replace","path":"phoneNumbers","value":[{"value":"1","primary":true},{"value":"1","type":"fax"},"2"]}`,
	`{"op":"replace","path":"emails.type","value":"home"},{"op":"add","path":"emails.primary","value":true}`,
	`{"op":"add","value":{"name.givenName":"K","urn:x:y":{"a":1},"members":["u"],"active":"True"}}`,
	`{"op":"remove","path":"members","value":[{"value":"u1"}]},{"path":"` + enterprise + `","value":{"":1}}`,
	`{"op":"remove","path":"members[value eq \"u1\"]"},{"op":"add","path":"members","value":[{"value":"u1","display":"U"}]}`,
	`{"op":"replace","value":{"members":[],"id":"id-1","displayName":"g"}},{"op":"replace","path":"members[display sw \"a\"].display","value":"b"}`,
	`{"op":"add","path":"urn:x:y:z","value":{"a":[]}},{"op":"remove","path":"urn:x:y"},{"op":"add","path":"urn:x:y.z","value":1}`,
	`{"op":"add","path":"id","value":{}},{"op":"add","path":"manager","value":[[{"value":{}}]]}`,
	`{"op":"remove","path":"userName"},{"op":"remove"},{"op":"add","path":"schemas","value":[]}`,
	`{"op":"replace","path":"active","value":null},{"op":"add","path":"title","value":12345678901234567890}`,
	`{"op":"add","path":"` + fuzzURN + `:level","value":"7"},{"op":"replace","path":"` + fuzzURN + `:serial","value":"1"}`,
	`{"op":"add","path":"` + fuzzURN + `:skills[value eq \"go\"].years","value":1.0},{"op":"remove","path":"` + fuzzURN + `:levels","value":[1]}`,
	`{"op":"add","path":"` + fuzzURN + `:skills[grade eq \"a\"].years","value":1},{"op":"add","path":"` + fuzzURN + `:skills[value eq \"go\"].since","value":"s"}`,
	`{"op":"replace","path":"` + fuzzURN + `:skills[value eq \"go\" and value eq \"c\"].years","value":1},{"op":"remove","path":"` + fuzzURN + `:skills.since"}`,
	`{"op":"replace","value":{"` + fuzzURN + `":{"levels":[1,1.0,"2"],"since":"2026-01-31T08:00:00+02:00","skills":{"value":"go","years":10e-1}}}}`,
}

const fuzzURN = "urn:example:fuzz:2.0:User"

// declaring is a user with an extension that an administrator declared.
func declaring(f *testing.F) *schema.ResourceType {
	f.Helper()
	attribute := func(name string, kind schema.Type, mutability schema.Mutability, several bool, parts ...*schema.Attribute) *schema.Attribute {
		return &schema.Attribute{Name: name, Type: kind, Mutability: mutability, MultiValued: several, SubAttributes: parts,
			Returned: schema.Default, Uniqueness: schema.None}
	}
	rt, errs := schema.Extend(schema.UserType(), schema.Extension{Schema: &schema.Schema{ID: fuzzURN, Name: "Fuzz", Attributes: []*schema.Attribute{
		attribute("serial", schema.String, schema.Immutable, false), attribute("level", schema.Integer, schema.ReadWrite, false),
		attribute("levels", schema.Decimal, schema.ReadWrite, true), attribute("since", schema.DateTime, schema.ReadWrite, false),
		attribute("remote", schema.Boolean, schema.ReadWrite, false), attribute("issuer", schema.String, schema.ReadOnly, false),
		attribute("skills", schema.Complex, schema.ReadWrite, true, attribute("value", schema.String, schema.ReadWrite, false), attribute("years", schema.Integer, schema.ReadWrite, false),
			attribute("since", schema.String, schema.Immutable, false), attribute("grade", schema.String, schema.ReadOnly, false)),
		attribute("office", schema.Complex, schema.ReadWrite, false, attribute("city", schema.String, schema.ReadWrite, false), attribute("key", schema.String, schema.Immutable, false)),
	}}})
	if errs[0] != nil {
		f.Fatal(errs[0])
	}
	return rt
}

// FuzzPatch: a request is refused, or gives what may be stored; storing it, or
// what it is applied to, makes no difference; and repeating it changes nothing
// where RFC 7644 §3.5.2 has it so.
func FuzzPatch(f *testing.F) {
	for _, seed := range fuzzSeeds {
		f.Add(`{"schemas":["` + URN + `"],"Operations":[` + seed + `]}`)
	}
	types := []*schema.ResourceType{schema.UserType(), schema.GroupType(), declaring(f)}
	f.Fuzz(func(t *testing.T, text string) {
		body, err := decoded([]byte(text))
		if err != nil {
			return
		}
		for _, rt := range types {
			request, err := Parse(rt, "id-1", body)
			if err != nil {
				wantSCIMError(t, err)
				continue
			}
			for _, member := range request.Change().Members {
				if member.Match != nil {
					member.Match(roster[0])
				}
			}
			if request.Change().Apply != nil {
				checkApplied(t, rt, request, isIdempotent(body))
			}
		}
	})
}

func checkApplied(t *testing.T, rt *schema.ResourceType, request *Request, idempotent bool) {
	t.Helper()
	current := scim.Object{"displayName": "g", "externalId": "e", "urn:x:y": scim.Object{"z": "1"}}
	if rt.Name == "User" {
		current = stored(t, rt, fromJSON(t, barbara))
		current[fuzzURN] = scim.Object{"serial": "1", "levels": []any{json.Number("1")}, "office": scim.Object{"city": "x", "key": "y"}}
	}
	next, err := applied(request, current)
	same, sameErr := applied(request, stored(t, rt, current))
	if !reflect.DeepEqual(next, same) || (err == nil) != (sameErr == nil) {
		t.Fatalf("applied to what was stored, the outcome is %v (%v), not %v (%v)", same, sameErr, next, err)
	}
	if err != nil {
		wantSCIMError(t, err)
		return
	}
	if err := resource.Validate(rt, next); err != nil {
		t.Fatalf("%v is not valid: %v", next, err)
	}
	if read := stored(t, rt, next); !reflect.DeepEqual(next, read) {
		t.Fatalf("%v is stored and read as %v", next, read)
	}
	if again, err := applied(request, next); idempotent && (err != nil || !reflect.DeepEqual(next, again)) {
		t.Fatalf("repeated, %v becomes %v (%v)", next, again, err)
	}
}

// stored is a resource as it is read after it was written.
func stored(t *testing.T, rt *schema.ResourceType, attributes scim.Object) scim.Object {
	t.Helper()
	text, err := json.Marshal(attributes)
	if err != nil {
		t.Fatal(err)
	}
	object, err := decoded(text)
	if err != nil {
		t.Fatal(err)
	}
	read, err := resource.Decode(rt, object)
	if err != nil {
		t.Fatal(err)
	}
	return read.Attributes
}

func decoded(text []byte) (object scim.Object, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	err = decoder.Decode(&object)
	return object, err
}

// isIdempotent tells whether repeating a request has to change nothing: it has
// one operation, about one attribute, whose path does not ask for values that
// the operation itself may change.
func isIdempotent(body scim.Object) bool {
	operations, _ := resource.Field(body, "Operations")
	list, _ := operations.([]any)
	if len(list) != 1 {
		return false
	}
	op, _ := list[0].(scim.Object)
	path, _ := resource.Field(op, "path")
	text, _ := path.(string)
	return text != "" && !strings.Contains(text, "[") && !schema.IsURN(text)
}

func wantSCIMError(t *testing.T, err error) {
	t.Helper()
	failed := (*scim.Error)(nil)
	if !errors.As(err, &failed) || failed.Status != 400 || failed.Type == "" {
		t.Fatalf("an error that is no 400 with a scimType: %v", err)
	}
}
