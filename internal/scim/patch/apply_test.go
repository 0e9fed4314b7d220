package patch

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// RFC 7644 §3.5.2.1 to §3.5.2.3, on a user with these attributes.
const barbara = `{"userName":"x","title":"T","active":true,"name":{"givenName":"G","familyName":"F"},
	"emails":[{"type":"work","value":"w","primary":true},{"type":"home","value":"h"}],
	"urn:example:2.0:User":{"badge":7,"inner":{"a":1}}}`

func TestApply(t *testing.T) {
	tests := map[string]struct{ operation, attribute, want string }{
		"add replaces a single value":        {`{"op":"add","path":"title","value":"U"}`, "title", `"U"`},
		"add to a complex leaves the rest":   {`{"op":"add","path":"name","value":{"givenName":"H"}}`, "name", `{"givenName":"H","familyName":"F"}`},
		"add a sub-attribute":                {`{"op":"add","path":"name.middleName","value":"M"}`, "name", `{"givenName":"G","familyName":"F","middleName":"M"}`},
		"add appends":                        {`{"op":"add","path":"emails","value":[{"value":"o","type":"other"}]}`, "emails", `[{"type":"work","value":"w","primary":true},{"type":"home","value":"h"},{"value":"o","type":"other"}]`},
		"add one value without a list":       {`{"op":"add","path":"emails","value":{"value":"o"}}`, "emails", `[{"type":"work","value":"w","primary":true},{"type":"home","value":"h"},{"value":"o"}]`},
		"add a known value":                  {`{"op":"add","path":"emails","value":[{"value":"h","type":"home"}]}`, "emails", `[{"type":"work","value":"w","primary":true},{"type":"home","value":"h"}]`},
		"add in another letter case":         {`{"op":"add","path":"emails","value":[{"value":"H","type":"Home"}]}`, "emails", `[{"type":"work","value":"w","primary":true},{"type":"Home","value":"H"}]`},
		"a known value in other case":        {`{"op":"replace","path":"emails[type eq \"home\"]","value":{"type":"Work","value":"W"}}`, "emails", `[{"type":"Work","value":"W","primary":true}]`},
		"add to a known value":               {`{"op":"add","path":"emails","value":[{"value":"h","type":"home","display":"H"}]}`, "emails", `[{"type":"work","value":"w","primary":true},{"type":"home","value":"h","display":"H"}]`},
		"add a new primary":                  {`{"op":"add","path":"emails","value":[{"value":"o","primary":true}]}`, "emails", `[{"type":"work","value":"w","primary":false},{"type":"home","value":"h"},{"value":"o","primary":true}]`},
		"add makes a known value primary":    {`{"op":"add","path":"emails[type eq \"home\"].primary","value":"True"}`, "emails", `[{"type":"work","value":"w","primary":false},{"type":"home","value":"h","primary":true}]`},
		"add nothing":                        {`{"op":"add","path":"emails","value":[]}`, "emails", `[{"type":"work","value":"w","primary":true},{"type":"home","value":"h"}]`},
		"add to a chosen value":              {`{"op":"add","path":"emails[value eq \"h\"]","value":{"display":"H"}}`, "emails", `[{"type":"work","value":"w","primary":true},{"type":"home","value":"h","display":"H"}]`},
		"add where nothing matches":          {`{"op":"add","path":"emails[type eq \"other\" and display eq \"O\"].value","value":"o"}`, "emails", `[{"type":"work","value":"w","primary":true},{"type":"home","value":"h"},{"type":"other","display":"O","value":"o"}]`},
		"add a sub-attribute to all":         {`{"op":"add","path":"emails.display","value":"D"}`, "emails", `[{"type":"work","value":"w","primary":true,"display":"D"},{"type":"home","value":"h","display":"D"}]`},
		"add a sub-attribute to none":        {`{"op":"add","path":"ims.value","value":"i"}`, "ims", `[{"value":"i"}]`},
		"add an empty value to none":         {`{"op":"add","path":"ims[type eq \"aim\"].value","value":""}`, "ims", `null`},
		"replace a list":                     {`{"op":"replace","path":"emails","value":[{"value":"n"}]}`, "emails", `[{"value":"n"}]`},
		"replace by nothing":                 {`{"op":"replace","path":"emails","value":[]}`, "emails", `null`},
		"replace by null":                    {`{"op":"replace","path":"title","value":null}`, "title", `null`},
		"replace by empty text":              {`{"op":"replace","path":"title","value":""}`, "title", `null`},
		"replace a complex by null":          {`{"op":"replace","path":"name","value":null}`, "name", `null`},
		"replace parts of a complex":         {`{"op":"replace","path":"name","value":{"familyName":"E"}}`, "name", `{"givenName":"G","familyName":"E"}`},
		"replace a part by null":             {`{"op":"replace","path":"name","value":{"givenName":null,"middleName":"M"}}`, "name", `{"familyName":"F","middleName":"M"}`},
		"replace a part by empty text":       {`{"op":"replace","value":{"name":[{"GIVENNAME":""}]}}`, "name", `{"familyName":"F"}`},
		"replace all parts by null":          {`{"op":"replace","path":"name","value":{"givenName":null,"familyName":null}}`, "name", `null`},
		"replace parts nobody knows":         {`{"op":"replace","path":"name","value":{"nick":"N"}}`, "name", `{"givenName":"G","familyName":"F"}`},
		"replace what is not there":          {`{"op":"replace","path":"nickName","value":"N"}`, "nickName", `"N"`},
		"replace a chosen value":             {`{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"n"}}`, "emails", `[{"type":"work","value":"n"},{"type":"home","value":"h"}]`},
		"replace a chosen value in a list":   {`{"op":"replace","path":"emails[type eq \"work\"]","value":[{"value":"n","type":"other"}]}`, "emails", `[{"type":"other","value":"n"},{"type":"home","value":"h"}]`},
		"replace a chosen sub-attribute":     {`{"op":"replace","path":"emails[type eq \"home\"].value","value":"n"}`, "emails", `[{"type":"work","value":"w","primary":true},{"type":"home","value":"n"}]`},
		"replace, chosen by not":             {`{"op":"replace","path":"emails[not (type eq \"work\")].value","value":"n"}`, "emails", `[{"type":"work","value":"w","primary":true},{"type":"home","value":"n"}]`},
		"replace, several become the same":   {`{"op":"replace","path":"emails[value pr]","value":{"value":"n"}}`, "emails", `[{"value":"n"}]`},
		"remove a value":                     {`{"op":"remove","path":"title"}`, "title", `null`},
		"remove what is not there":           {`{"op":"remove","path":"nickName"}`, "nickName", `null`},
		"remove a sub-attribute":             {`{"op":"remove","path":"name.givenName"}`, "name", `{"familyName":"F"}`},
		"remove a complex":                   {`{"op":"remove","path":"name"}`, "name", `null`},
		"remove a list":                      {`{"op":"remove","path":"emails"}`, "emails", `null`},
		"remove chosen values":               {`{"op":"remove","path":"emails[type eq \"work\"]"}`, "emails", `[{"type":"home","value":"h"}]`},
		"remove all chosen values":           {`{"op":"remove","path":"emails[value pr]"}`, "emails", `null`},
		"remove where nothing matches":       {`{"op":"remove","path":"emails[type eq \"other\"]"}`, "emails", `[{"type":"work","value":"w","primary":true},{"type":"home","value":"h"}]`},
		"remove a chosen sub-attribute":      {`{"op":"remove","path":"emails[type eq \"work\"].primary"}`, "emails", `[{"type":"work","value":"w"},{"type":"home","value":"h"}]`},
		"remove the value's value only":      {`{"op":"remove","path":"emails","value":[{"value":"h"}]}`, "emails", `[{"type":"work","value":"w","primary":true}]`},
		"remove a caseExact value":           {`{"op":"add","path":"photos","value":["a"]},{"op":"remove","path":"photos","value":["A"]}`, "photos", `[{"value":"a"}]`},
		"remove in another letter case":      {`{"op":"remove","path":"emails","value":[{"value":"H","type":"Home"}]}`, "emails", `[{"type":"work","value":"w","primary":true}]`},
		"remove another type's value":        {`{"op":"remove","path":"emails","value":[{"value":"h","type":"work"}]}`, "emails", `[{"type":"work","value":"w","primary":true},{"type":"home","value":"h"}]`},
		"remove no value":                    {`{"op":"remove","path":"emails","value":[]}`, "emails", `[{"type":"work","value":"w","primary":true},{"type":"home","value":"h"}]`},
		"remove active means no access":      {`{"op":"remove","path":"active"}`, "active", `false`},
		"replace active by null":             {`{"op":"replace","path":"active","value":null}`, "active", `false`},
		"undeclared extension":               {`{"op":"add","path":"urn:example:2.0:user","value":{"level":12345678901234567890}}`, "urn:example:2.0:User", `{"badge":7,"inner":{"a":1},"level":12345678901234567890}`},
		"undeclared extension, attribute":    {`{"op":"replace","path":"urn:example:2.0:User:badge","value":"8"}`, "urn:example:2.0:User", `{"badge":"8","inner":{"a":1}}`},
		"undeclared extension, as a key":     {`{"op":"replace","value":{"urn:example:2.0:User:badge":[8]}}`, "urn:example:2.0:User", `{"badge":[8],"inner":{"a":1}}`},
		"undeclared, remove an attribute":    {`{"op":"remove","path":"urn:example:2.0:User:badge"}`, "urn:example:2.0:User", `{"inner":{"a":1}}`},
		"undeclared, replace by null":        {`{"op":"replace","path":"urn:example:2.0:User:badge","value":null}`, "urn:example:2.0:User", `{"inner":{"a":1}}`},
		"undeclared, an object in it":        {`{"op":"replace","path":"urn:example:2.0:User:badge","value":{"a":1}}`, "urn:example:2.0:User", `{"badge":{"a":1},"inner":{"a":1}}`},
		"undeclared, into an object in it":   {`{"op":"add","path":"urn:example:2.0:User:inner","value":{"b":2}}`, "urn:example:2.0:User", `{"badge":7,"inner":{"a":1,"b":2}}`},
		"undeclared, a sub-attribute":        {`{"op":"add","path":"urn:example:2.0:User:Inner.b","value":[2]}`, "urn:example:2.0:User", `{"badge":7,"inner":{"a":1,"b":[2]}}`},
		"undeclared, remove a sub-attribute": {`{"op":"remove","path":"urn:example:2.0:User:inner.a"}`, "urn:example:2.0:User", `{"badge":7}`},
		"undeclared, remove":                 {`{"op":"remove","path":"urn:example:2.0:User"}`, "urn:example:2.0:User", `null`},
		"undeclared, new":                    {`{"op":"add","path":"urn:other:1.0","value":{"a":null}}`, "urn:other:1.0", `{"a":null}`},
		"undeclared, new attribute":          {`{"op":"add","path":"urn:other:2.0:User:a","value":1}`, "urn:other:2.0:User", `{"a":1}`},
		"undeclared, remove from none":       {`{"op":"remove","path":"urn:other:2.0:User:a"}`, "urn:other:2.0:User", `null`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := apply(t, barbara, "["+tt.operation+"]")
			if err != nil {
				t.Fatal(err)
			}
			want := fromJSON(t, barbara)
			if tt.want == "null" {
				delete(want, tt.attribute)
			} else {
				want[tt.attribute] = fromJSON(t, `{"":`+tt.want+`}`)[""]
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestApplyInOrder(t *testing.T) {
	got, err := apply(t, `{"userName":"x"}`, `[
		{"op":"add","path":"emails","value":[{"value":"a","type":"work"},{"value":"b","type":"home"}]},
		{"op":"add","path":"emails[type eq \"work\"].primary","value":true},
		{"op":"replace","path":"emails[primary eq true].value","value":"c"},
		{"op":"remove","path":"emails[value eq \"b\"]"},
		{"op":"replace","path":"userName","value":"y"}]`)
	want := fromJSON(t, `{"userName":"y","emails":[{"value":"c","type":"work","primary":true}]}`)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestErrors(t *testing.T) {
	var values []string
	for i := range 65 {
		values = append(values, fmt.Sprintf(`{"value":"%d"}`, i))
	}
	tests := map[string]struct{ operation, scimType, want string }{
		"malformed path":                       {`{"op":"add","path":"emails[","value":"x"}`, scim.TypeInvalidPath, `operation 1: path "emails["`},
		"unknown attribute":                    {`{"op":"add","path":"shoeSize","value":"x"}`, scim.TypeInvalidPath, "a User has no such attribute"},
		"unknown sub-attribute":                {`{"op":"add","path":"name.nick","value":"x"}`, scim.TypeInvalidPath, "no such attribute"},
		"unknown in the extension":             {`{"op":"add","path":"` + enterprise + `:shoeSize","value":"x"}`, scim.TypeInvalidPath, "no such attribute"},
		"filter on a single value":             {`{"op":"add","path":"name[givenName eq \"G\"]","value":"x"}`, scim.TypeInvalidPath, "takes no filter"},
		"filter on an undeclared":              {`{"op":"add","path":"urn:x:y:z[a eq 1]","value":"x"}`, scim.TypeInvalidPath, "cannot be filtered"},
		"into a number of undeclared":          {`{"op":"add","path":"urn:example:2.0:User:badge.a","value":1}`, scim.TypeInvalidPath, "badge is not an object"},
		"filter of the wrong type":             {`{"op":"remove","path":"emails[primary gt 3]"}`, scim.TypeInvalidFilter, "emails.primary is a boolean"},
		"another id":                           {`{"op":"replace","path":"id","value":"other"}`, scim.TypeMutability, "id is read-only"},
		"remove the id":                        {`{"op":"remove","path":"id","value":"id-1"}`, scim.TypeMutability, "id is read-only"},
		"metadata":                             {`{"op":"replace","path":"meta.created","value":"x"}`, scim.TypeMutability, "meta.created is read-only"},
		"groups of a user":                     {`{"op":"add","path":"groups","value":[{"value":"g"}]}`, scim.TypeMutability, "groups is read-only"},
		"manager's name":                       {`{"op":"add","path":"manager.displayName","value":"M"}`, scim.TypeMutability, "manager.displayName is read-only"},
		"remove userName":                      {`{"op":"remove","path":"userName"}`, scim.TypeMutability, "userName is required"},
		"empty userName":                       {`{"op":"replace","path":"userName","value":""}`, scim.TypeInvalidValue, "userName: is required"},
		"null userName":                        {`{"op":"replace","value":{"userName":null}}`, scim.TypeInvalidValue, "userName: is required"},
		"wrong type":                           {`{"op":"replace","path":"active","value":"maybe"}`, scim.TypeInvalidValue, "operation 1: active: must be true or false"},
		"wrong type without a path":            {`{"op":"replace","value":{"name":{"givenName":true}}}`, scim.TypeInvalidValue, "name.givenName: must be a string"},
		"value that is no object":              {`{"op":"add","value":"x"}`, scim.TypeInvalidValue, "value must be an object"},
		"extension that is no object":          {`{"op":"add","path":"` + enterprise + `","value":"x"}`, scim.TypeInvalidValue, "must be an object"},
		"too long":                             {`{"op":"add","path":"title","value":"` + strings.Repeat("x", 1025) + `"}`, scim.TypeInvalidValue, "title: has 1025 characters"},
		"too many values":                      {`{"op":"add","path":"emails","value":[` + strings.Join(values, ",") + `]}`, scim.TypeInvalidValue, "emails has 67 values"},
		"two primary values":                   {`{"op":"add","path":"emails","value":[{"value":"1","primary":true},{"value":"2","primary":true}]}`, scim.TypeInvalidValue, "2 values are primary"},
		"all values primary":                   {`{"op":"replace","path":"emails.primary","value":true}`, scim.TypeInvalidValue, "2 values are primary"},
		"replace where nothing matches":        {`{"op":"replace","path":"emails[value eq \"n\"].display","value":"D"}`, scim.TypeNoTarget, "no value matches"},
		"replace of a type that is unknown":    {`{"op":"replace","path":"emails[type eq \"private\"].value","value":"n"}`, scim.TypeNoTarget, "no value matches"},
		"replace, primary eq false":            {`{"op":"replace","path":"ims[primary eq false].value","value":"n"}`, scim.TypeNoTarget, "no value matches"},
		"replace, two conditions":              {`{"op":"replace","path":"ims[type eq \"aim\" and primary eq true].value","value":"n"}`, scim.TypeNoTarget, "no value matches"},
		"add by a filter that implies nothing": {`{"op":"add","path":"ims[type ne \"aim\"].value","value":"n"}`, scim.TypeNoTarget, "no value matches"},
		"add by an alternative":                {`{"op":"add","path":"ims[type eq \"aim\" or type eq \"icq\"].value","value":"n"}`, scim.TypeNoTarget, "no value matches"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := apply(t, barbara, "["+tt.operation+"]")
			wantError(t, err, tt.scimType, tt.want)
		})
	}
}

// A request is applied as a whole or not at all.
func TestApplyFailsAsAWhole(t *testing.T) {
	request, err := parse(t, schema.UserType(), `[{"op":"replace","path":"title","value":"U"},{"op":"replace","path":"ims[value eq \"n\"].display","value":"D"}]`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := request.Change().Apply(fromJSON(t, barbara))
	wantError(t, err, scim.TypeNoTarget, "operation 2: ")
	if got != nil {
		t.Errorf("got %v with an error", got)
	}
}
