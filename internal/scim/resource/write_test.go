package resource

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

func TestCreate(t *testing.T) {
	user, group := schema.UserType(), schema.GroupType()
	tests := map[string]struct {
		rt         *schema.ResourceType
		body, want string
	}{
		"active by default": {user, `{"userName":"x"}`, `{"userName":"x","active":true}`},
		"active null":       {user, `{"userName":"x","active":null}`, `{"userName":"x","active":true}`},
		"inactive":          {user, `{"userName":"x","active":"False"}`, `{"userName":"x","active":false}`},
		"group":             {group, `{"displayName":"g","active":true,"members":["u"]}`, `{"displayName":"g","members":[{"value":"u"}]}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Create(tt.rt, fromJSON(t, tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(fromJSON(t, tt.want), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCreateErrors(t *testing.T) {
	user, group := schema.UserType(), schema.GroupType()
	many := func(n int) string {
		return `[` + strings.TrimSuffix(strings.Repeat(`{"value":"%d"},`, n), ",") + `]`
	}
	numbers := make([]any, 65)
	for i := range numbers {
		numbers[i] = i
	}
	extensions := `"urn:example:0":{"n":0}`
	for i := 1; i <= MaxExtensions; i++ {
		extensions += fmt.Sprintf(`,"urn:example:%d":{"n":0}`, i)
	}
	tests := map[string]struct {
		rt         *schema.ResourceType
		body, want string
	}{
		"no userName":        {user, `{"displayName":"x"}`, "userName: is required"},
		"blank userName":     {user, `{"userName":" \t"}`, "userName: is required"},
		"empty userName":     {user, `{"userName":""}`, "userName: is required"},
		"no displayName":     {group, `{"members":[]}`, "displayName: is required"},
		"blank displayName":  {group, `{"displayName":"  "}`, "displayName: is required"},
		"long userName":      {user, `{"userName":"` + strings.Repeat("é", 257) + `"}`, "userName: has 257 characters; at most 256 are accepted"},
		"long sub-attribute": {user, `{"userName":"x","name":{"givenName":"` + strings.Repeat("x", 1025) + `"}}`, "name.givenName: has 1025 characters"},
		"long externalId":    {user, `{"userName":"x","externalId":"` + strings.Repeat("x", 1025) + `"}`, "externalId: has 1025 characters"},
		"long in extension":  {user, `{"userName":"x","manager":"` + strings.Repeat("x", 1025) + `"}`, enterprise + ":manager.value: has 1025 characters"},
		"too many values":    {user, `{"userName":"x","emails":` + fmt.Sprintf(many(65), numbers...) + `}`, "emails: has 65 values; at most 64 are accepted"},
		"one value, often":   {user, `{"userName":"x","emails":[` + strings.Repeat(`"a",`, 1024) + `"a"]}`, "emails: has 1025 values; at most 64 are accepted"},
		"two primary values": {user, `{"userName":"x","emails":[{"value":"a","primary":true},{"value":"b","primary":"true"}]}`, "emails: 2 values are primary"},
		"many extensions":    {user, `{"userName":"x",` + extensions + `}`, "more than 16 extensions"},
		"a large extension":  {user, `{"userName":"x","urn:example:x":"` + strings.Repeat("x", MaxExtensionLength) + `"}`, "urn:example:x: has 16386 characters of JSON"},
		"a long URN":         {user, `{"userName":"x","urn:` + strings.Repeat("x", 256) + `":1}`, "the URN of an extension has 260 characters"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Create(tt.rt, fromJSON(t, tt.body))
			wantError(t, err, tt.want)
		})
	}
}

func TestCreateAtTheBounds(t *testing.T) {
	body := `{"userName":"` + strings.Repeat("é", 256) + `","photos":[{"value":"` + strings.Repeat("x", 16384) + `"}],
		"urn:example:x":"` + strings.Repeat("x", MaxExtensionLength-2) + `"}`
	if _, err := Create(schema.UserType(), fromJSON(t, body)); err != nil {
		t.Error(err)
	}
}

// What a store might hand over if it were wrong is refused, too.
func TestValidateTypes(t *testing.T) {
	tests := map[string]scim.Object{
		"list":      {"userName": "x", "emails": "a"},
		"complex":   {"userName": "x", "name": "a"},
		"boolean":   {"userName": "x", "active": "true"},
		"text":      {"userName": "x", "title": 7},
		"extension": {"userName": "x", enterprise: "a"},
	}
	for name, attributes := range tests {
		t.Run(name, func(t *testing.T) {
			wantError(t, Validate(schema.UserType(), attributes), "must be ")
		})
	}
}

func TestReplaceUser(t *testing.T) {
	current := `{"userName":"x","active":false,"title":"T","externalId":"e","urn:example:x":{"a":1},"` + enterprise + `":{"department":"D"}}`
	tests := map[string]struct{ body, want string }{
		"whole, read-only and unknown attributes included": {
			`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"1","userName":"y","active":true,"groups":[{"value":"g"}],
			  "meta":{"resourceType":"User"},"shoeSize":1,"title":"U"}`,
			`{"userName":"y","active":true,"title":"U"}`,
		},
		"JumpCloud, minimal": {
			`{"active":true,"emails":null,"id":"1","name":{"givenName":"G","familyName":"F"},"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"x"}`,
			`{"active":true,"name":{"givenName":"G","familyName":"F"},"userName":"x"}`,
		},
		"active absent": {`{"userName":"x"}`, `{"userName":"x","active":false}`},
		"active null":   {`{"userName":"x","active":null}`, `{"userName":"x","active":false}`},
		"deactivate":    {`{"userName":"x","active":"false"}`, `{"userName":"x","active":false}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			change, err := Replace(schema.UserType(), fromJSON(t, tt.body))
			if err != nil {
				t.Fatal(err)
			}
			stored := fromJSON(t, current)
			for range 2 { // a store may have to try again
				got, err := change.Apply(stored)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(fromJSON(t, tt.want), got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				got["userName"] = "changed by the caller"
			}
			if diff := cmp.Diff(fromJSON(t, current), stored); diff != "" {
				t.Errorf("the current attributes were changed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReplaceGroup(t *testing.T) {
	tests := map[string]struct {
		body string
		want []scim.MemberChange
	}{
		"members absent are kept": {`{"displayName":"g"}`, nil},
		"no members":              {`{"displayName":"g","members":[]}`, []scim.MemberChange{{Op: scim.ReplaceMembers, Values: []string{}}}},
		"members null":            {`{"displayName":"g","members":null}`, []scim.MemberChange{{Op: scim.ReplaceMembers, Values: []string{}}}},
		"members":                 {`{"displayName":"g","Members":[{"value":"u1","display":"U"},"u2"]}`, []scim.MemberChange{{Op: scim.ReplaceMembers, Values: []string{"u1", "u2"}}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			change, err := Replace(schema.GroupType(), fromJSON(t, tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, change.Members); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			got, err := change.Apply(scim.Object{"displayName": "f"})
			if diff := cmp.Diff(scim.Object{"displayName": "g"}, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestReplaceErrors(t *testing.T) {
	tests := map[string]struct{ body, want string }{
		"no userName": {`{"active":true}`, "userName: is required"},
		"wrong type":  {`{"userName":"x","title":true}`, "title: must be a string"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Replace(schema.UserType(), fromJSON(t, tt.body))
			wantError(t, err, tt.want)
		})
	}
}
