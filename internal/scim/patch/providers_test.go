package patch

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What identity providers send to /Users, as they send it.
func TestUsersOfProviders(t *testing.T) {
	tests := map[string]struct{ current, operations, want string }{
		"Entra ID deactivates": {
			`{"userName":"x","active":true}`,
			`[{"op":"Replace","path":"active","value":"False"}]`,
			`{"userName":"x","active":false}`,
		},
		"Entra ID, one path each": {
			`{"userName":"x","emails":[{"type":"work","value":"old@example.com","primary":true}]}`,
			`[{"op":"Replace","path":"emails[type eq \"work\"].value","value":"new@example.com"},
			  {"op":"Add","path":"name.familyName","value":"F"},
			  {"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber","value":"A1"}]`,
			`{"userName":"x","emails":[{"type":"work","value":"new@example.com","primary":true}],"name":{"familyName":"F"},
			  "` + enterprise + `":{"employeeNumber":"A1"}}`,
		},
		"Entra ID wraps values": {
			`{"userName":"x"}`,
			`[{"op":"Replace","path":"displayName","value":[{"$ref":null,"value":"D"}]},{"op":"Replace","path":"title","value":["T"]}]`,
			`{"userName":"x","displayName":"D","title":"T"}`,
		},
		"Entra ID with aadOptscim062020": {
			`{"userName":"x","displayName":"A","name":{"familyName":"F"}}`,
			`[{"op":"replace","value":{"displayName":"B","name.givenName":"K","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber":"A",
			  "active":false,"urn:ietf:params:scim:schemas:core:2.0:User:title":"T"}}]`,
			`{"userName":"x","displayName":"B","name":{"familyName":"F","givenName":"K"},"active":false,"title":"T","` + enterprise + `":{"employeeNumber":"A"}}`,
		},
		"Entra ID, a path as a key": {
			`{"userName":"x"}`,
			`[{"op":"add","value":{"emails[type eq \"work\"].value":"e","emails[type eq \"work\"].primary":true}}]`,
			`{"userName":"x","emails":[{"type":"work","value":"e","primary":true}]}`,
		},
		"Entra ID adds what was never there": {
			`{"userName":"x"}`,
			`[{"op":"Add","path":"emails[type eq \"work\"].value","value":"e"},{"op":"Add","path":"emails[type eq \"work\"].primary","value":true},
			  {"op":"Add","path":"addresses[type eq \"work\"].country","value":"NL"},{"op":"Add","path":"addresses[type eq \"work\"].formatted","value":"F"},
			  {"op":"Add","path":"phoneNumbers[type eq \"mobile\"].value","value":"+1"},{"op":"Add","path":"phoneNumbers[type eq \"fax\"].value","value":"+2"},
			  {"op":"Add","path":"roles[primary eq \"True\"].display","value":"D"},{"op":"Add","path":"roles[primary eq \"True\"].value","value":"V"},
			  {"op":"Add","path":"roles[primary eq \"True\"].type","value":"T"}]`,
			`{"userName":"x","emails":[{"type":"work","value":"e","primary":true}],"addresses":[{"type":"work","country":"NL","formatted":"F"}],
			  "phoneNumbers":[{"type":"mobile","value":"+1"},{"type":"fax","value":"+2"}],
			  "roles":[{"primary":true,"display":"D","value":"V","type":"T"}]}`,
		},
		"Entra ID replaces what was never there": {
			`{"userName":"x"}`,
			`[{"op":"Replace","path":"emails[type eq \"WORK\"].value","value":"e"},{"op":"Replace","path":"roles[primary eq \"True\"].value","value":"r"},
			  {"op":"Replace","path":"phoneNumbers[type eq \"mobile\"]","value":{"value":"+1"}}]`,
			`{"userName":"x","emails":[{"type":"WORK","value":"e"}],"roles":[{"primary":true,"value":"r"}],"phoneNumbers":[{"type":"mobile","value":"+1"}]}`,
		},
		"Entra ID, one attribute twice": {
			`{"userName":"x"}`,
			`[{"op":"Add","path":"title","value":"A"},{"op":"Replace","path":"title","value":"B"}]`,
			`{"userName":"x","title":"B"}`,
		},
		"manager as text":                {`{"userName":"x"}`, `[{"op":"Add","path":"manager","value":"random text"}]`, `{"userName":"x","` + enterprise + `":{"manager":{"value":"random text"}}}`},
		"manager with the URN":           {`{"userName":"x"}`, `[{"op":"Replace","path":"` + enterprise + `:manager","value":{"value":"m"}}]`, `{"userName":"x","` + enterprise + `":{"manager":{"value":"m"}}}`},
		"manager in a list":              {`{"userName":"x","` + enterprise + `":{"manager":{"value":"old"}}}`, `[{"op":"Add","path":"manager","value":[{"$ref":"http://x/m","value":"m"}]}]`, `{"userName":"x","` + enterprise + `":{"manager":{"value":"m"}}}`},
		"manager's value":                {`{"userName":"x","` + enterprise + `":{"manager":{"$ref":"old"}}}`, `[{"op":"Add","path":"manager.value","value":"m"}]`, `{"userName":"x","` + enterprise + `":{"manager":{"value":"m"}}}`},
		"manager's reference":            {`{"userName":"x","` + enterprise + `":{"manager":{"value":"m"}}}`, `[{"op":"Add","path":"manager.$ref","value":"../Users/m"}]`, `{"userName":"x","` + enterprise + `":{"manager":{"value":"m"}}}`},
		"manager without a path":         {`{"userName":"x"}`, `[{"op":"replace","value":{"` + enterprise + `:manager":"m"}}]`, `{"userName":"x","` + enterprise + `":{"manager":{"value":"m"}}}`},
		"manager cleared by text":        {`{"userName":"x","` + enterprise + `":{"manager":{"value":"m"}}}`, `[{"op":"Replace","path":"manager","value":""}]`, `{"userName":"x"}`},
		"manager cleared by an object":   {`{"userName":"x","` + enterprise + `":{"manager":{"value":"m"}}}`, `[{"op":"Replace","path":"manager","value":{"value":""}}]`, `{"userName":"x"}`},
		"manager cleared by null":        {`{"userName":"x","` + enterprise + `":{"manager":{"value":"m"},"department":"D"}}`, `[{"op":"Add","path":"manager","value":null}]`, `{"userName":"x","` + enterprise + `":{"department":"D"}}`},
		"manager cleared in a list":      {`{"userName":"x","` + enterprise + `":{"manager":{"value":"m"}}}`, `[{"op":"Replace","path":"` + enterprise + `:manager","value":[{"value":null}]}]`, `{"userName":"x"}`},
		"manager removed":                {`{"userName":"x","` + enterprise + `":{"manager":{"value":"m"}}}`, `[{"op":"Remove","path":"manager"}]`, `{"userName":"x"}`},
		"manager removed with a value":   {`{"userName":"x","` + enterprise + `":{"manager":{"value":"m"}}}`, `[{"op":"Remove","path":"manager","value":"m"}]`, `{"userName":"x"}`},
		"manager removed though not set": {`{"userName":"x"}`, `[{"op":"Remove","path":"manager"}]`, `{"userName":"x"}`},
		"Okta deactivates":               {`{"userName":"x","active":true}`, `[{"op":"replace","value":{"active":false}}]`, `{"userName":"x","active":false}`},
		"Okta sends what it has read": {
			`{"userName":"x"}`,
			`[{"op":"replace","value":{"id":"another","schemas":[],"meta":{"version":"1"},"groups":[{"value":"g"}],"password":"p","shoeSize":1,"title":"T"}}]`,
			`{"userName":"x","title":"T"}`,
		},
		"JumpCloud empties lists": {
			`{"userName":"x","photos":[{"value":"p"}],"emails":[{"value":"e"}]}`,
			`[{"op":"replace","value":{"photos":[],"emails":null}}]`,
			`{"userName":"x"}`,
		},
		"OneLogin": {
			`{"userName":"x","active":false}`,
			`[{"op":"replace","value":{"active":"true","emails":{"value":"e","type":"work"}}}]`,
			`{"userName":"x","active":true,"emails":[{"value":"e","type":"work"}]}`,
		},
		"an extension as a path": {
			`{"userName":"x","` + enterprise + `":{"department":"D","division":"V"}}`,
			`[{"op":"add","path":"` + enterprise + `","value":{"department":"E","manager":"m","shoeSize":1}}]`,
			`{"userName":"x","` + enterprise + `":{"department":"E","division":"V","manager":{"value":"m"}}}`,
		},
		"an extension as a key": {
			`{"userName":"x"}`,
			`[{"op":"add","value":{"` + enterprise + `":{"Department":"E"}}}]`,
			`{"userName":"x","` + enterprise + `":{"department":"E"}}`,
		},
		"the core schema as a path": {
			`{"userName":"x"}`,
			`[{"op":"add","path":"urn:ietf:params:scim:schemas:core:2.0:User","value":{"title":"T"}}]`,
			`{"userName":"x","title":"T"}`,
		},
		"an extension removed":          {`{"userName":"x","` + enterprise + `":{"department":"D"}}`, `[{"op":"remove","path":"` + enterprise + `"}]`, `{"userName":"x"}`},
		"an extension replaced by null": {`{"userName":"x","` + enterprise + `":{"department":"D"}}`, `[{"op":"replace","value":{"` + enterprise + `":null}}]`, `{"userName":"x"}`},
		"schemas by path":               {`{"userName":"x"}`, `[{"op":"add","path":"schemas","value":["urn:x:y"]}]`, `{"userName":"x"}`},
		"password by path":              {`{"userName":"x"}`, `[{"op":"replace","path":"password","value":"secret"}]`, `{"userName":"x"}`},
		"the same id by path":           {`{"userName":"x"}`, `[{"op":"replace","path":"id","value":"id-1"}]`, `{"userName":"x"}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := apply(t, tt.current, tt.operations)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(fromJSON(t, tt.want), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
