package patch

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// a group's members to try Match on.
var roster = []scim.Member{
	{Value: "u1", Type: "User", Display: "Ann"},
	{Value: "u2", Type: "User", Display: "Bob"},
	{Value: "g1", Type: "Group", Display: "Ops"},
	{Value: "gone"},
}

// memberChange is a scim.MemberChange as data: Match is the ids in the roster
// that it holds for.
type memberChange struct {
	Op     scim.MemberOp
	Values []string
	Match  []string
}

func adding(ids ...string) memberChange    { return memberChange{Op: scim.AddMembers, Values: ids} }
func removing(ids ...string) memberChange  { return memberChange{Op: scim.RemoveMembers, Values: ids} }
func requiring(ids ...string) memberChange { return memberChange{Op: scim.RequireMatch, Values: ids} }
func set(ids ...string) memberChange {
	return memberChange{Op: scim.ReplaceMembers, Values: append([]string{}, ids...)}
}

func asData(changes []scim.MemberChange) []memberChange {
	var data []memberChange
	for _, change := range changes {
		one := memberChange{Op: change.Op, Values: change.Values}
		for _, member := range roster {
			if change.Match != nil && change.Match(member) {
				one.Match = append(one.Match, member.Value)
			}
		}
		data = append(data, one)
	}
	return data
}

func TestMembers(t *testing.T) {
	matching := func(op scim.MemberOp, ids ...string) memberChange { return memberChange{Op: op, Match: ids} }
	tests := map[string]struct {
		operations string
		want       []memberChange
	}{
		"Entra ID adds":             {`[{"op":"Add","path":"members","value":[{"$ref":null,"value":"u1"}]}]`, []memberChange{adding("u1")}},
		"Entra ID removes":          {`[{"op":"Remove","path":"members","value":[{"value":"u1"}]}]`, []memberChange{removing("u1")}},
		"Entra ID with the flag":    {`[{"op":"remove","path":"members[value eq \"u1\"]"}]`, []memberChange{removing("u1")}},
		"Entra ID's validator":      {`[{"op":"add","path":"members","value":[{"value":"u1"}]},{"op":"remove","path":"members","value":[{"value":"u1"}]}]`, []memberChange{adding("u1"), removing("u1")}},
		"replace by one":            {`[{"op":"replace","path":"members","value":{"value":"u1"}}]`, []memberChange{set("u1")}},
		"Okta replaces all":         {`[{"op":"replace","path":"members","value":[{"value":"u1","display":"A"},{"value":"u2","display":"B"}]}]`, []memberChange{set("u1", "u2")}},
		"Okta empties":              {`[{"op":"replace","path":"members","value":[]}]`, []memberChange{set()}},
		"Okta without a path":       {`[{"op":"replace","value":{"members":[],"id":"id-1","displayName":"G"}}]`, []memberChange{set()}},
		"Okta moves":                {`[{"op":"remove","path":"members[value eq \"u1\"]"},{"op":"add","path":"members","value":[{"value":"u2","display":"B"}]}]`, []memberChange{removing("u1"), adding("u2")}},
		"Okta renames":              {`[{"op":"replace","value":{"id":"id-1","displayName":"G"}}]`, nil},
		"JumpCloud removes":         {`[{"op":"remove","path":"members","value":[{"value":"u1"}]}]`, []memberChange{removing("u1")}},
		"add without a path":        {`[{"op":"add","value":{"members":["u1"]}}]`, []memberChange{adding("u1")}},
		"add nobody":                {`[{"op":"add","path":"members","value":[]}]`, nil},
		"with the core URN":         {`[{"op":"add","path":"` + schema.GroupURN + `:members","value":"u1"}]`, []memberChange{adding("u1")}},
		"a member twice":            {`[{"op":"add","path":"members","value":["u1","u1"]}]`, []memberChange{adding("u1")}},
		"one operation each":        {`[{"op":"add","path":"members","value":"u1"},{"op":"add","path":"members","value":"u2"}]`, []memberChange{adding("u1", "u2")}},
		"order is kept":             {`[{"op":"add","path":"members","value":"u1"},{"op":"replace","path":"members","value":"u2"},{"op":"add","path":"members","value":"u3"}]`, []memberChange{adding("u1"), set("u2"), adding("u3")}},
		"remove all":                {`[{"op":"remove","path":"members"}]`, []memberChange{set()}},
		"remove nobody":             {`[{"op":"remove","path":"members","value":[]}]`, nil},
		"remove one of two":         {`[{"op":"remove","path":"members[value eq \"u1\" or Value eq u2]"}]`, []memberChange{removing("u1", "u2")}},
		"remove by a number":        {`[{"op":"remove","path":"members[value eq 42]"}]`, []memberChange{removing("42")}},
		"remove by type":            {`[{"op":"remove","path":"members[type eq \"group\"]"}]`, []memberChange{matching(scim.RemoveMatching, "g1")}},
		"remove by not":             {`[{"op":"remove","path":"members[not (value eq \"u1\")]"}]`, []memberChange{matching(scim.RemoveMatching, "u2", "g1", "gone")}},
		"remove by two conditions":  {`[{"op":"remove","path":"members[value eq \"u1\" and type eq \"User\"]"}]`, []memberChange{matching(scim.RemoveMatching, "u1")}},
		"remove those without type": {`[{"op":"remove","path":"members[not (type pr)]"}]`, []memberChange{matching(scim.RemoveMatching, "gone")}},
		"remove by value or type":   {`[{"op":"remove","path":"members[value eq \"u1\" or type eq \"Group\"]"}]`, []memberChange{matching(scim.RemoveMatching, "u1", "g1")}},
		"add by a filter":           {`[{"op":"add","path":"members[value eq \"u1\"]","value":{"display":"A"}}]`, []memberChange{adding("u1")}},
		"add by another filter":     {`[{"op":"add","path":"members[type eq \"Group\"]","value":{"display":"A"}}]`, []memberChange{matching(scim.RequireMatch, "g1")}},
		"add by two values":         {`[{"op":"add","path":"members[value eq \"u1\" or value eq \"u2\"]","value":{"display":"A"}}]`, []memberChange{requiring("u1", "u2")}},
		"replace by another filter": {`[{"op":"replace","path":"members[type eq \"Group\"]","value":{"value":"u9"}}]`, []memberChange{matching(scim.RequireMatch, "g1"), matching(scim.RemoveMatching, "g1"), adding("u9")}},
		"add by value or type":      {`[{"op":"add","path":"members[value eq \"u1\" or type eq \"Group\"]","value":{"display":"A"}}]`, []memberChange{matching(scim.RequireMatch, "u1", "g1")}},
		"replace by a filter":       {`[{"op":"replace","path":"members[value eq \"u1\"]","value":{"value":"u9"}}]`, []memberChange{requiring("u1"), removing("u1"), adding("u9")}},
		"a display name":            {`[{"op":"replace","path":"members[value eq \"u1\"].display","value":"A"}]`, []memberChange{requiring("u1")}},
		"any display name":          {`[{"op":"replace","path":"members.display","value":"A"}]`, []memberChange{matching(scim.RequireMatch, "u1", "u2", "g1", "gone")}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			request, err := parse(t, schema.GroupType(), tt.operations)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, asData(request.Change().Members)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestMembersErrors(t *testing.T) {
	tests := map[string]struct{ operation, scimType, want string }{
		"number":                 {`{"op":"add","path":"members","value":[{"value":1}]}`, scim.TypeInvalidValue, "members.value: must be a string"},
		"empty":                  {`{"op":"add","path":"members","value":[{"value":""}]}`, scim.TypeInvalidValue, "is empty"},
		"empty by a filter":      {`{"op":"add","path":"members[value eq \"\"]","value":{}}`, scim.TypeInvalidValue, "is empty"},
		"too long":               {`{"op":"replace","path":"members","value":["` + strings.Repeat("x", 257) + `"]}`, scim.TypeInvalidValue, "has 257 characters"},
		"too long, no path":      {`{"op":"add","value":{"members":["` + strings.Repeat("x", 257) + `"]}}`, scim.TypeInvalidValue, "has 257 characters"},
		"remove an object":       {`{"op":"remove","path":"members","value":[{}]}`, scim.TypeInvalidValue, "must be a string"},
		"remove empty text":      {`{"op":"remove","path":"members","value":""}`, scim.TypeInvalidValue, "is empty"},
		"replace without value":  {`{"op":"replace","path":"members"}`, scim.TypeInvalidValue, "replace needs a value"},
		"a member's id":          {`{"op":"replace","path":"members[value eq \"u1\"].value","value":"u2"}`, scim.TypeMutability, "members.value is immutable"},
		"a member's type":        {`{"op":"add","path":"members.type","value":"User"}`, scim.TypeMutability, "members.type is immutable"},
		"filter of a wrong type": {`{"op":"remove","path":"members[value eq true]"}`, scim.TypeInvalidFilter, "members.value eq: the value must be a string"},
		"filter by a reference":  {`{"op":"remove","path":"members[$ref eq \"Users/u1\"]"}`, scim.TypeInvalidFilter, "members.$ref cannot be filtered by"},
		"malformed filter":       {`{"op":"remove","path":"members[value eq \"u1\""}`, scim.TypeInvalidPath, "expected ']'"},
		"unknown sub-attribute":  {`{"op":"remove","path":"members[value eq \"u1\"].nick"}`, scim.TypeInvalidPath, "a Group has no such attribute"},
		"remove the name":        {`{"op":"remove","path":"displayName"}`, scim.TypeMutability, "displayName is required"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := parse(t, schema.GroupType(), "["+tt.operation+"]")
			wantError(t, err, tt.scimType, tt.want)
		})
	}
}

// Members that only a search finds cost a look at all of them, so a request may
// not ask for that as often as it likes. By their ids it may.
func TestSearchesAreBounded(t *testing.T) {
	const byType, byID = `{"op":"remove","path":"members[type eq \"User\"]"},`, `{"op":"replace","path":"members[value eq \"u1\"].display","value":"A"},`
	request, err := parse(t, schema.GroupType(), "["+strings.Repeat(byType, MaxSearches)+strings.TrimSuffix(strings.Repeat(byID, 100), ",")+"]")
	if err != nil {
		t.Fatal(err)
	}
	if got := len(request.Change().Members); got != MaxSearches+100 {
		t.Errorf("got %d changes", got)
	}
	_, err = parse(t, schema.GroupType(), "["+strings.TrimSuffix(strings.Repeat(byType, MaxSearches+1), ",")+"]")
	wantError(t, err, scim.TypeInvalidValue, "operation 17: more than 16 searches among the members")
}

// Members and other attributes of a group change together.
func TestGroupAttributes(t *testing.T) {
	request, err := parse(t, schema.GroupType(), `[{"op":"replace","value":{"id":"id-1","displayName":"H","externalId":"e","members":[{"value":"u1"}]}}]`)
	if err != nil {
		t.Fatal(err)
	}
	change := request.Change()
	got, err := change.Apply(scim.Object{"displayName": "G"})
	if diff := cmp.Diff(scim.Object{"displayName": "H", "externalId": "e"}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff([]memberChange{set("u1")}, asData(change.Members)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMembersAloneNeedNoAttributes(t *testing.T) {
	request, err := parse(t, schema.GroupType(), `[{"op":"add","path":"members","value":"u1"}]`)
	if err != nil {
		t.Fatal(err)
	}
	if request.Change().Apply != nil {
		t.Error("Apply is there, so a store must read and validate for nothing")
	}
}
