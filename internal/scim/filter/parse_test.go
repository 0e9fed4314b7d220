package filter

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

func path(name string) AttributePath {
	name, sub, _ := strings.Cut(name, ".")
	return AttributePath{Name: name, SubAttribute: sub}
}

func eq(name string, value any) Comparison {
	return Comparison{Path: path(name), Operator: Equal, Value: value}
}

func TestParse(t *testing.T) {
	work := eq("type", "work")
	value := eq("value", "x")
	tests := map[string]struct {
		filter string
		want   Expression
	}{
		"string":          {`userName eq "bjensen"`, eq("userName", "bjensen")},
		"sub-attribute":   {`name.familyName co "O'Malley"`, Comparison{path("name.familyName"), Contains, "O'Malley"}},
		"URN":             {`urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"`, Comparison{AttributePath{schema.UserURN, "userName", ""}, StartsWith, "J"}},
		"extension URN":   {`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "x"`, Comparison{AttributePath{schema.EnterpriseUserURN, "manager", "value"}, Equal, "x"}},
		"undeclared URN":  {`urn:example:hr:2.0:Person:badge.level eq 7`, Comparison{AttributePath{"urn:example:hr:2.0:Person", "badge", "level"}, Equal, json.Number("7")}},
		"present":         {`title pr`, Comparison{path("title"), Present, nil}},
		"time":            {`meta.lastModified gt "2011-05-13T04:42:34Z"`, Comparison{path("meta.lastModified"), GreaterThan, "2011-05-13T04:42:34Z"}},
		"boolean":         {`active eq true`, eq("active", true)},
		"boolean, Entra":  {`active eq True`, eq("active", true)},
		"null":            {`title ne null`, Comparison{path("title"), NotEqual, nil}},
		"number":          {`x le -1.5e3`, Comparison{path("x"), LessOrEqual, json.Number("-1.5e3")}},
		"reference":       {`manager.$ref ew "/1"`, Comparison{path("manager.$ref"), EndsWith, "/1"}},
		"escapes":         {`displayName eq "a\"b\\cé\n"`, eq("displayName", "a\"b\\cé\n")},
		"empty string":    {`displayName eq ""`, eq("displayName", "")},
		"keywords upper":  {`userName EQ "a" AND NOT (title Pr) Or x eq 1`, Or{And{eq("userName", "a"), Not{Comparison{path("title"), Present, nil}}}, eq("x", json.Number("1"))}},
		"spaces":          {"  userName   eq \t\"a\"  ", eq("userName", "a")},
		"and before or":   {`a eq 1 or b eq 2 and c eq 3`, Or{eq("a", json.Number("1")), And{eq("b", json.Number("2")), eq("c", json.Number("3"))}}},
		"and to the left": {`a eq "1" and b eq "2" and c eq "3"`, And{And{eq("a", "1"), eq("b", "2")}, eq("c", "3")}},
		"parentheses":     {`a eq "1" and (b eq "2" or c eq "3")`, And{eq("a", "1"), Or{eq("b", "2"), eq("c", "3")}}},
		"not":             {`not (a eq "1")`, Not{eq("a", "1")}},
		"not, no space":   {`not(a eq "1")`, Not{eq("a", "1")}},
		"value path":      {`emails[type eq "work" and value co "@"]`, ValuePath{path("emails"), And{work, Comparison{path("value"), Contains, "@"}}, nil}},
		"value path, not": {`emails[not (type eq "work")]`, ValuePath{path("emails"), Not{work}, nil}},
		"value path not(": {`emails[ value eq "x" and not(type eq "work") ]`, ValuePath{path("emails"), And{value, Not{work}}, nil}},
		"value path within": {`(members[value eq "x"]) or emails[type eq "work"]`,
			Or{ValuePath{path("members"), value, nil}, ValuePath{path("emails"), work, nil}}},
		"Entra value path": {`emails[type eq "work"].value eq "x"`, ValuePath{path("emails"), work, &value}},
		"Entra roles":      {`roles[primary eq "True"].value eq "x"`, ValuePath{path("roles"), eq("primary", "True"), &value}},
		"Entra reference":  {`id eq "g" and members eq "u"`, And{eq("id", "g"), eq("members", "u")}},
		"unquoted":         {`userName eq bjensen@example.com`, eq("userName", "bjensen@example.com")},
		"unquoted GUID":    {`externalId eq 2819c223-7f76-453a-919d-413861904646`, eq("externalId", "2819c223-7f76-453a-919d-413861904646")},
		"unquoted zeros":   {`externalId eq 007`, eq("externalId", "007")},
		"unquoted brackets": {`(displayName eq k8s(eu) and emails[value eq a@b])`,
			And{eq("displayName", "k8s(eu)"), ValuePath{path("emails"), eq("value", "a@b"), nil}}},
		"no space before the value": {`userName eq"a"`, eq("userName", "a")},
		"attributes named as words": {`order eq "a" or android eq "b" and notes pr`, Or{eq("order", "a"), And{eq("android", "b"), Comparison{path("notes"), Present, nil}}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Parse(tt.filter)
			if err != nil {
				t.Fatalf("%s: %v", tt.filter, err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.filter, diff)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	tests := map[string]struct{ filter, want string }{
		"empty":               {``, `position 1: expected an attribute name, found "the end"`},
		"no operator":         {`userName`, "position 9: expected an operator"},
		"unknown operator":    {`userName is "x"`, "position 10: expected an operator"},
		"no value":            {`userName eq `, `position 13: expected a value`},
		"open string":         {`userName eq "x`, "position 13: the string has no closing quote"},
		"open escape":         {`userName eq "x\`, "position 13: the string has no closing quote"},
		"control character":   {"userName eq \"a\tb\"", "position 13: not a JSON string"},
		"wrong escape":        {`userName eq "\x"`, "position 13: not a JSON string"},
		"open parenthesis":    {`(userName eq "x"`, `position 17: expected ')'`},
		"closing parenthesis": {`userName eq "x")`, "position 16: expected"},
		"open bracket":        {`emails[value eq "x"`, `expected ']'`},
		"empty bracket":       {`emails[]`, "position 8: expected an attribute name"},
		"nested brackets":     {`emails[value[type eq "x"]]`, "expected an operator"},
		"sub with brackets":   {`emails.value[type eq "x"]`, "takes no filter"},
		"no sub-attribute":    {`emails[type eq "x"]. eq "y"`, "the name of a sub-attribute"},
		"dangling and":        {`userName eq "x" and`, "expected an attribute name"},
		"two filters":         {`userName eq "x" title pr`, `expected "and", "or"`},
		"not without ()":      {`not title pr`, "expected an operator"},
		"URN alone":           {`urn:ietf:params:scim:schemas:core:2.0:User eq "x"`, "an attribute name must follow"},
		"odd name":            {`1st eq "x"`, "expected an attribute name"},
		"three parts":         {`a.b.c eq "x"`, "expected an attribute name"},
		"odd name with URN":   {schema.EnterpriseUserURN + `:1st eq "x"`, "expected an attribute name"},
		"not UTF-8":           {"userName eq \xe0", "not UTF-8"},
		"too long":            {`userName eq "` + strings.Repeat("x", MaxLength) + `"`, "at most 8192"},
		"too deep":            {strings.Repeat("(", MaxDepth+1) + `a pr` + strings.Repeat(")", MaxDepth+1), "nested more than 32"},
		"too many terms":      {strings.Repeat("a pr or ", MaxTerms) + "a pr", "more than 256 comparisons"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Parse(tt.filter)
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || !strings.Contains(syntax.Detail, tt.want) {
				t.Errorf("got %v, %v; want an error with %q", got, err, tt.want)
			}
		})
	}
}

func TestParseAtTheBounds(t *testing.T) {
	tests := map[string]string{
		"deep":  strings.Repeat("(", MaxDepth) + `a pr` + strings.Repeat(")", MaxDepth),
		"terms": strings.Repeat("a pr or ", MaxTerms-1) + "a pr",
		"long":  `a eq "` + strings.Repeat("x", MaxLength-7) + `"`,
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse(text); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestParsePath(t *testing.T) {
	work := eq("type", "work")
	enterprise := func(name, sub string) AttributePath {
		return AttributePath{schema.EnterpriseUserURN, name, sub}
	}
	tests := map[string]struct {
		path string
		want Path
	}{
		"attribute":            {"members", Path{path("members"), nil}},
		"sub-attribute":        {"name.familyName", Path{path("name.familyName"), nil}},
		"filter":               {`addresses[type eq "work"]`, Path{path("addresses"), work}},
		"filter and sub":       {`emails[type eq "work"].value`, Path{path("emails.value"), work}},
		"spaces":               {` emails[ type  eq "work" ].value `, Path{path("emails.value"), work}},
		"RFC 7644 example":     {`members[value eq "2819c223"].displayName`, Path{path("members.displayName"), eq("value", "2819c223")}},
		"unquoted":             {`members[value eq u1]`, Path{path("members"), eq("value", "u1")}},
		"core URN":             {schema.UserURN + ":name.givenName", Path{AttributePath{schema.UserURN, "name", "givenName"}, nil}},
		"core URN, filter":     {schema.UserURN + `:emails[type eq "work"]`, Path{AttributePath{schema.UserURN, "emails", ""}, work}},
		"extension URN":        {schema.EnterpriseUserURN + ":employeeNumber", Path{enterprise("employeeNumber", ""), nil}},
		"extension and sub":    {schema.EnterpriseUserURN + ":manager.displayName", Path{enterprise("manager", "displayName"), nil}},
		"bare extension URN":   {schema.EnterpriseUserURN, Path{enterprise("", ""), nil}},
		"bare undeclared":      {"urn:example:hr:1.0", Path{AttributePath{URN: "urn:example:hr:1.0"}, nil}},
		"bare undeclared User": {"urn:example:2.0:User", Path{AttributePath{URN: "urn:example:2.0:User"}, nil}},
		"in undeclared":        {"urn:example:2.0:User:badge", Path{AttributePath{"urn:example:2.0:User", "badge", ""}, nil}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := ParsePath(tt.path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.path, diff)
			}
		})
	}
}

func TestParsePathErrors(t *testing.T) {
	tests := map[string]string{
		"empty":           "",
		"space":           " ",
		"open bracket":    `emails[type eq "work"`,
		"no filter":       `emails[]`,
		"text after":      `emails[type eq "work"]value`,
		"sub before":      `emails.value[type eq "work"]`,
		"two subs":        `emails[type eq "work"].value.x`,
		"words":           `emails value`,
		"URN with filter": schema.EnterpriseUserURN + `[type eq "work"]`,
		"dot":             `name.`,
		"quotes":          `"userName"`,
		"slash":           `/name/givenName`,
		"URN and no name": schema.EnterpriseUserURN + ":",
		"nested too deep": `emails[` + strings.Repeat("(", MaxDepth) + "value pr" + strings.Repeat(")", MaxDepth) + "]",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := ParsePath(text)
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Errorf("got %v, %v; want a SyntaxError", got, err)
			}
		})
	}
}

func TestParseAttribute(t *testing.T) {
	tests := map[string]struct {
		text string
		want AttributePath
	}{
		"plain":         {"userName", path("userName")},
		"sub-attribute": {"name.givenName", path("name.givenName")},
		"Entra":         {`emails[type eq "work"]`, path("emails")},
		"Entra value":   {`emails[type eq "work"].value`, path("emails.value")},
		"URN":           {schema.EnterpriseUserURN + ":department", AttributePath{schema.EnterpriseUserURN, "department", ""}},
		"bare URN":      {schema.EnterpriseUserURN, AttributePath{URN: schema.EnterpriseUserURN}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got, err := ParseAttribute(tt.text); err != nil || got != tt.want {
				t.Errorf("got %v, %v; want %v", got, err, tt.want)
			}
		})
	}
}
