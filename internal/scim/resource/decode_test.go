package resource

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

const enterprise = schema.EnterpriseUserURN

func fromJSON(t *testing.T, text string) scim.Object {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var object scim.Object
	if err := decoder.Decode(&object); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return object
}

// wantError checks for a 400 invalidValue with a detail that has the text.
func wantError(t *testing.T, err error, detail string) {
	t.Helper()
	var failed *scim.Error
	if !errors.As(err, &failed) {
		t.Fatalf("got error %v, want an invalidValue", err)
	}
	if failed.Status != http.StatusBadRequest || failed.Type != scim.TypeInvalidValue || !strings.Contains(failed.Detail, detail) {
		t.Errorf("got %d %s %q, want 400 invalidValue with %q", failed.Status, failed.Type, failed.Detail, detail)
	}
}

func TestDecodeUser(t *testing.T) {
	tests := map[string]struct{ body, want string }{
		"as RFC 7643 §8.2 has it": {
			`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"1","externalId":"701984","userName":"bjensen",
			  "name":{"formatted":"Ms. Barbara J Jensen, III","givenName":"Barbara"},"emails":[{"value":"b@example.com","type":"work","primary":true}],
			  "active":true,"password":"t1meMa$heen","groups":[{"value":"g"}],"x509Certificates":[{"value":"MIIDQz=="}],"meta":{"resourceType":"User"}}`,
			`{"externalId":"701984","userName":"bjensen","name":{"formatted":"Ms. Barbara J Jensen, III","givenName":"Barbara"},
			  "emails":[{"value":"b@example.com","type":"work","primary":true}],"active":true,"x509Certificates":[{"value":"MIIDQz=="}]}`,
		},
		"Entra ID": {
			`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0User"],
			  "externalId":"0a21f0f2","userName":"k@contoso.com","active":true,"emails":[{"primary":true,"type":"work","value":"k@contoso.com"}],
			  "meta":{"resourceType":"User"},"name":{"formatted":"K A","familyName":null,"givenName":"K"},"roles":[],"title":null,"displayName":null}`,
			`{"externalId":"0a21f0f2","userName":"k@contoso.com","active":true,"emails":[{"primary":true,"type":"work","value":"k@contoso.com"}],
			  "name":{"formatted":"K A","givenName":"K"}}`,
		},
		"Okta": {
			`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"o@okta.local","name":{"givenName":"O","familyName":"K"},
			  "emails":[{"primary":true,"value":"o@okta.local","type":"work"}],"displayName":"O K","locale":"en-US","externalId":"00ujl29u0le5T6Aj10h7",
			  "groups":[],"password":"1mz050nq","active":true}`,
			`{"userName":"o@okta.local","name":{"givenName":"O","familyName":"K"},"emails":[{"primary":true,"value":"o@okta.local","type":"work"}],
			  "displayName":"O K","locale":"en-US","externalId":"00ujl29u0le5T6Aj10h7","active":true}`,
		},
		"JumpCloud": {
			`{"schemas":["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","urn:ietf:params:scim:schemas:core:2.0:User"],
			  "externalId":"5f3c2a1b9d8e7f6a5b4c3d2e","userName":"j","addresses":[{"type":"work","country":"US","streetAddress":""}],
			  "phoneNumbers":[{"type":"mobile","value":"tel:+1-555-0100"}],"photos":[],"ims":[],
			  "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"7","costCenter":"","manager":{"value":""}}}`,
			`{"externalId":"5f3c2a1b9d8e7f6a5b4c3d2e","userName":"j","addresses":[{"type":"work","country":"US"}],
			  "phoneNumbers":[{"type":"mobile","value":"tel:+1-555-0100"}],
			  "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"7"}}`,
		},
		"OneLogin": {
			`{"schemas":["urn:scim:schemas:core:1.0"],"id":null,"userName":"ol","active":"true","emails":{"value":"ol@example.com","type":"work","primary":"True"}}`,
			`{"userName":"ol","active":true,"emails":[{"value":"ol@example.com","type":"work","primary":true}]}`,
		},
		"keys in another case":      {`{"USERNAME":"x","Name":{"GIVENNAME":"G"},"Emails":[{"VALUE":"e"}]}`, `{"userName":"x","name":{"givenName":"G"},"emails":[{"value":"e"}]}`},
		"dotted keys":               {`{"name.givenName":"G","name.familyName":"F"}`, `{"name":{"givenName":"G","familyName":"F"}}`},
		"dotted and nested":         {`{"name":{"givenName":"G"},"name.familyName":"F"}`, `{"name":{"givenName":"G","familyName":"F"}}`},
		"dotted multi-valued":       {`{"emails.value":"e"}`, `{"emails":[{"value":"e"}]}`},
		"core URN as a prefix":      {`{"urn:ietf:params:scim:schemas:core:2.0:User:userName":"x"}`, `{"userName":"x"}`},
		"core URN as an object":     {`{"urn:ietf:params:scim:schemas:core:2.0:User":{"userName":"x"}}`, `{"userName":"x"}`},
		"extension as a prefix":     {`{"` + enterprise + `:employeeNumber":"7"}`, `{"` + enterprise + `":{"employeeNumber":"7"}}`},
		"extension in another case": {`{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:USER":{"Department":"D"}}`, `{"` + enterprise + `":{"department":"D"}}`},
		"extension, unknown inside": {`{"` + enterprise + `":{"shoeSize":1,"a b":2,"":3}}`, `{}`},
		"extension null":            {`{"` + enterprise + `":null}`, `{}`},
		"undeclared extension":      {`{"urn:example:2.0:User":{"n":12345678901234567890,"gone":null,"list":[]}}`, `{"urn:example:2.0:User":{"n":12345678901234567890,"gone":null,"list":[]}}`},
		"undeclared null":           {`{"urn:example:2.0:User":null}`, `{}`},
		"undeclared without values": {`{"urn:example:2.0:User":{},"urn:example:list":[]}`, `{}`},
		"unknown attributes":        {`{"shoeSize":42,"a b":1,"emails[type eq \"work\"].value":"x","":1}`, `{}`},
		"unknown sub-attribute":     {`{"name":{"nick":"x"}}`, `{}`},
		"empty values":              {`{"emails":[],"name":{},"title":"","phoneNumbers":[{}],"roles":[null],"ims":null,"photos":""}`, `{}`},
		"plain strings for values":  {`{"roles":["admin","dev"]}`, `{"roles":[{"value":"admin"},{"value":"dev"}]}`},
		"one string for values":     {`{"roles":"admin"}`, `{"roles":[{"value":"admin"}]}`},
		"number for text":           {`{"title":42,"emails":[{"value":1.50}]}`, `{"title":"42","emails":[{"value":"1.50"}]}`},
		"scalar in a list":          {`{"title":["t"],"active":["False"],"name":[{"givenName":"G"}]}`, `{"title":"t","active":false,"name":{"givenName":"G"}}`},
		"scalar in an object":       {`{"title":[{"$ref":null,"value":"t"}],"active":{"value":"true"}}`, `{"title":"t","active":true}`},
		"manager as text":           {`{"` + enterprise + `":{"manager":"m"}}`, `{"` + enterprise + `":{"manager":{"value":"m"}}}`},
		"manager as an object":      {`{"` + enterprise + `":{"manager":{"value":"m"}}}`, `{"` + enterprise + `":{"manager":{"value":"m"}}}`},
		"manager in a list":         {`{"` + enterprise + `":{"manager":[{"$ref":"../Users/m","value":"m","displayName":"M"}]}}`, `{"` + enterprise + `":{"manager":{"value":"m"}}}`},
		"manager by reference only": {`{"` + enterprise + `":{"manager":{"$ref":"../Users/m"}}}`, `{"` + enterprise + `":{"manager":{"$ref":"../Users/m"}}}`},
		"manager bare":              {`{"manager":"m"}`, `{"` + enterprise + `":{"manager":{"value":"m"}}}`},
		"manager cleared":           {`{"` + enterprise + `":{"manager":""}}`, `{}`},
		"manager cleared by null":   {`{"` + enterprise + `":{"manager":[null]}}`, `{}`},
		"the same value twice":      {`{"emails":[{"value":"a","type":"work"},{"value":"a","type":"work","primary":true},{"value":"a","type":"home"}]}`, `{"emails":[{"value":"a","type":"work","primary":true},{"value":"a","type":"home"}]}`},
		"in another letter case":    {`{"emails":[{"value":"A","type":"Work"},{"value":"a","type":"work"}],"roles":["Ä","ä"],"x509Certificates":["QQ==","qq=="]}`, `{"emails":[{"value":"a","type":"work"}],"roles":[{"value":"ä"}],"x509Certificates":[{"value":"QQ=="},{"value":"qq=="}]}`},
		"an address in other case":  {`{"addresses":[{"country":"CH"},{"country":"ch"}]}`, `{"addresses":[{"country":"ch"}]}`},
		"the same address twice":    {`{"addresses":[{"country":"CH"},{"country":"CH"}]}`, `{"addresses":[{"country":"CH"}]}`},
		"values as sent":            {`{"userName":" Ü ","locale":"yx#!","profileUrl":"not a url"}`, `{"userName":" Ü ","locale":"yx#!","profileUrl":"not a url"}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Decode(schema.UserType(), fromJSON(t, tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(fromJSON(t, tt.want), got.Attributes); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodePresent(t *testing.T) {
	body := `{"schemas":[],"id":"x","USERNAME":"x","emails":[],"title":null,"name.givenName":"G","password":"p","shoeSize":1,
		"` + enterprise + `:department":"D","urn:example:x":{}}`
	got, err := Decode(schema.UserType(), fromJSON(t, body))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{"userName": true, "emails": true, "title": true, "name": true, enterprise: true, "urn:example:x": true}
	if diff := cmp.Diff(want, got.Present); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDecodeGroup(t *testing.T) {
	long := strings.Repeat("x", 256)
	tests := map[string]struct{ body, want string }{
		"Entra ID": {
			`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
			  "externalId":"8aa1a0c0","displayName":"k8s-admins","meta":{"resourceType":"Group"}}`,
			`{"externalId":"8aa1a0c0","displayName":"k8s-admins"}`,
		},
		"members":            {`{"members":[{"value":"u1","display":"U","$ref":null,"type":"User","x":1}]}`, `{"members":[{"value":"u1","display":"U","type":"User"}]}`},
		"members as strings": {`{"members":["u1","u2"]}`, `{"members":[{"value":"u1"},{"value":"u2"}]}`},
		"one member":         {`{"members":{"VALUE":"u1"}}`, `{"members":[{"value":"u1"}]}`},
		"repeated members":   {`{"members":[{"value":"u1"},{"value":"u1"}]}`, `{"members":[{"value":"u1"}]}`},
		"no members":         {`{"members":[]}`, `{}`},
		"null members":       {`{"members":null}`, `{}`},
		"odd display":        {`{"members":[{"value":"u1","display":7,"type":""}]}`, `{"members":[{"value":"u1"}]}`},
		"the longest id":     {`{"members":["` + long + `"]}`, `{"members":[{"value":"` + long + `"}]}`},
		"ids are case-exact": {`{"members":["u1","U1"]}`, `{"members":[{"value":"u1"},{"value":"U1"}]}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Decode(schema.GroupType(), fromJSON(t, tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(fromJSON(t, tt.want), got.Attributes); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeErrors(t *testing.T) {
	user, group := schema.UserType(), schema.GroupType()
	tests := map[string]struct {
		rt         *schema.ResourceType
		body, want string
	}{
		"boolean for text":     {user, `{"title":true}`, "title: must be a string, not a boolean"},
		"object for text":      {user, `{"title":{"a":1}}`, "title: must be a string, not an object"},
		"objects in objects":   {user, `{"title":{"value":{"value":"x"}}}`, "title: must be a string, not an object"},
		"list for text":        {user, `{"title":["a","b"]}`, "title: takes one value, not a list of 2"},
		"lists in lists":       {user, `{"title":[["a"]]}`, "title: must be a string, not a list"},
		"word for a boolean":   {user, `{"active":"yes"}`, "active: must be true or false"},
		"number for a boolean": {user, `{"active":1}`, "active: must be true or false"},
		"text for a complex":   {user, `{"name":"Barbara"}`, "name: must be an object"},
		"sub-attribute":        {user, `{"emails":[{"primary":"yes"}]}`, "emails.primary: must be true or false"},
		"boolean for a value":  {user, `{"emails":[true]}`, "emails.value: must be a string, not a boolean"},
		"list in a list":       {user, `{"emails":[["a","b"]]}`, "emails: takes one value"},
		"extension as text":    {user, `{"` + enterprise + `":"x"}`, enterprise + ": must be an object"},
		"in an extension":      {user, `{"` + enterprise + `":{"department":false}}`, enterprise + ":department: must be a string"},
		"member number":        {group, `{"members":[{"value":7}]}`, "members.value: must be a string"},
		"member null":          {group, `{"members":[{"value":null}]}`, "members.value: must be a string"},
		"member missing":       {group, `{"members":[{"display":"x"}]}`, "members.value: must be a string"},
		"member that is null":  {group, `{"members":[null]}`, "members.value: must be a string"},
		"member empty":         {group, `{"members":[{"value":""}]}`, "members.value: must be the id of a user or group, but is empty"},
		"members empty text":   {group, `{"members":""}`, "members.value: must be the id of a user or group, but is empty"},
		"member too long":      {group, `{"members":[{"value":"` + strings.Repeat("é", 257) + `"}]}`, "members.value: has 257 characters; at most 256"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Decode(tt.rt, fromJSON(t, tt.body))
			wantError(t, err, tt.want)
		})
	}
}
