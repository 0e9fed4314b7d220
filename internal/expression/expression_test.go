package expression

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

func jane() *v1alpha1.User {
	yes := true
	user := &v1alpha1.User{Spec: v1alpha1.UserSpec{
		UserName: "Jane@Example.com", DisplayName: "Jane", Active: &yes,
		Name: &v1alpha1.Name{GivenName: "Jane"},
		Emails: []v1alpha1.MultiValue{
			{Value: "jane@home.example", Type: "home"},
			{Value: "jane@example.com", Type: "work", Primary: &yes},
		},
		Enterprise: &v1alpha1.EnterpriseUser{EmployeeNumber: "701984", Manager: &v1alpha1.Manager{Value: "m", Ref: "Users/m"}},
	}}
	user.Spec.ID, user.Spec.ExternalID = "jane-u", "42"
	user.Spec.Extensions = map[string]v1alpha1.RawJSON{
		"urn:example:2.0:User": `{"login":"jd","level":3,"badge":1234567890123,"hosts":["a","b"],"none":null,"mixed":["a",1]}`,
	}
	return user
}

func TestUserString(t *testing.T) {
	tests := map[string]struct {
		expression string
		want       string
		wantErr    string // part of it
		wantAbsent bool
	}{
		"userName":                 {expression: `user.userName`, want: "Jane@Example.com"},
		"prefix":                   {expression: `'oidc:' + user.userName`, want: "oidc:Jane@Example.com"},
		"lower case":               {expression: `user.userName.lowerAscii()`, want: "jane@example.com"},
		"local part":               {expression: `user.userName.split('@')[0]`, want: "Jane"},
		"work e-mail":              {expression: `user.emails.filter(e, e.type == 'work')[0].value`, want: "jane@example.com"},
		"primary e-mail":           {expression: `user.emails.filter(e, has(e.primary) && e.primary)[0].value`, want: "jane@example.com"},
		"sub-attribute":            {expression: `user.name.givenName`, want: "Jane"},
		"enterprise":               {expression: `user.enterprise.employeeNumber`, want: "701984"},
		"enterprise by URN":        {expression: `user["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"].employeeNumber`, want: "701984"},
		"a URN ignores case":       {expression: `user["URN:ietf:params:scim:schemas:extension:Enterprise:2.0:User"].employeeNumber`, want: "701984"},
		"manager":                  {expression: `user.enterprise.manager["$ref"]`, want: "Users/m"},
		"undeclared extension":     {expression: `user["urn:example:2.0:User"].login`, want: "jd"},
		"extension ignores case":   {expression: `user["urn:EXAMPLE:2.0:user"].login`, want: "jd"},
		"all digits of a number":   {expression: `string(user["urn:example:2.0:User"].badge)`, want: "1234567890123"},
		"iterating over user":      {expression: `user.exists(k, k == "urn:example:2.0:User") ? "yes" : "no"`, want: "yes"},
		"iterating over names":     {expression: `user.exists(k, k == "nickName") ? "yes" : "no"`, want: "no"},
		"condition":                {expression: `has(user.title) ? user.title : user.externalId`, want: "42"},
		"optional index":           {expression: `user[?"title"].orValue("none")`, want: "none"},
		"optional select":          {expression: `user.?userName.orValue("none")`, want: "Jane@Example.com"},
		"matches":                  {expression: `user.userName.matches('^Jane@') ? 'j' : 'other'`, want: "j"},
		"a table":                  {expression: `{'Jane@Example.com': 'first'}[user.userName]`, want: "first"},
		"nothing":                  {expression: `''`, want: ""},
		"absent attribute":         {expression: `user.title`, wantErr: "no such key: title", wantAbsent: true},
		"absent sub-attribute":     {expression: `user.enterprise.department`, wantErr: "no such key: department", wantAbsent: true},
		"absent element":           {expression: `user.emails.filter(e, e.type == 'other')[0].value`, wantErr: "index out of bounds", wantAbsent: true},
		"absent optional":          {expression: `user.?title.value()`, wantErr: "optional.none()", wantAbsent: true},
		"absent extension":         {expression: `user["urn:example:none"].x`, wantErr: "no such key", wantAbsent: true},
		"not in a table":           {expression: `{'joe': 'first'}[user.userName]`, wantErr: "no such key", wantAbsent: true},
		"an extension's wrong key": {expression: `user["urn:example:2.0:User"].name`, wantErr: "no such key", wantAbsent: true},
		"an extension's null":      {expression: `user["urn:example:2.0:User"].none`, wantErr: "no such key", wantAbsent: true},
		"an extension's number":    {expression: `user["urn:example:2.0:User"].level`, wantErr: "must give a string"},
		"an extension's list":      {expression: `user["urn:example:2.0:User"].hosts`, wantErr: "must give a string"},
		"costs too much":           {expression: `[1,2,3,4,5,6,7,8,9].map(a, [1,2,3,4,5,6,7,8,9].map(b, [1,2,3,4,5,6,7,8,9].map(c, [1,2,3,4,5,6,7,8,9].map(d, [1,2,3,4,5,6,7,8,9].map(e, a+b+c+d+e))))).size() > 0 ? user.userName : ''`, wantErr: "cost limit"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e, err := CompileUser(test.expression, String)
			if err != nil {
				t.Fatalf("CompileUser: %v", err)
			}
			got, err := e.String(jane())
			switch {
			case test.wantErr == "" && err != nil:
				t.Fatalf("String: %v", err)
			case test.wantErr != "" && (err == nil || !strings.Contains(err.Error(), test.wantErr)):
				t.Fatalf("String = %q, %v; want an error with %q", got, err, test.wantErr)
			case errors.Is(err, ErrAbsent) != test.wantAbsent:
				t.Fatalf("%v is ErrAbsent: %t, want %t", err, !test.wantAbsent, test.wantAbsent)
			case got != test.want:
				t.Errorf("String = %q, want %q", got, test.want)
			}
		})
	}
}

func TestUserStrings(t *testing.T) {
	tests := map[string]struct {
		expression string
		want       []string
		wantErr    string
	}{
		"a string":           {expression: `user.userName`, want: []string{"Jane@Example.com"}},
		"a list":             {expression: `user.emails.map(e, e.value)`, want: []string{"jane@home.example", "jane@example.com"}},
		"literals":           {expression: `['a', user.externalId]`, want: []string{"a", "42"}},
		"an extension":       {expression: `user["urn:example:2.0:User"].hosts`, want: []string{"a", "b"}},
		"an empty list":      {expression: `user.emails.filter(e, e.type == 'x').map(e, e.value)`, want: []string{}},
		"other values":       {expression: `user["urn:example:2.0:User"].mixed`, wantErr: "type int; it must give a string or a list of strings"},
		"not a list":         {expression: `user["urn:example:2.0:User"]`, wantErr: "type map"},
		"more than are used": {expression: "'" + strings.Repeat("x", 257) + "'.split('')", wantErr: "list of 257; at most 256"},
		"absent":             {expression: `user.roles.map(e, e.value)`, wantErr: "no such key: roles"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e, err := CompileUser(test.expression, Strings)
			if err != nil {
				t.Fatalf("CompileUser: %v", err)
			}
			got, err := e.Strings(jane())
			if test.wantErr == "" && err != nil || test.wantErr != "" && (err == nil || !strings.Contains(err.Error(), test.wantErr)) {
				t.Fatalf("Strings = %q, %v; want an error with %q", got, err, test.wantErr)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestGroup(t *testing.T) {
	group := &v1alpha1.Group{Spec: v1alpha1.GroupSpec{DisplayName: "k8s-shop-view"}}
	group.Spec.Extensions = map[string]v1alpha1.RawJSON{"urn:example:2.0:Group": `{"owner":"sre"}`}
	for expression, want := range map[string]string{
		`group.displayName.split('-')[1]`:      "shop",
		`group["urn:example:2.0:Group"].owner`: "sre",
		`group.?externalId.orValue('none')`:    "none",
	} {
		e, err := CompileGroup(expression, String)
		if err != nil {
			t.Fatalf("%s: %v", expression, err)
		}
		if got, err := e.String(group); err != nil || got != want {
			t.Errorf("%s = %q, %v; want %q", expression, got, err, want)
		}
	}
	if _, err := CompileGroup(`group.members`, Strings); err == nil || !strings.Contains(err.Error(), "it may have displayName, externalId, id") {
		t.Errorf("a group's members compile: %v", err)
	}
	if _, err := CompileGroup(`user.userName`, String); err == nil {
		t.Error("user is a variable of a group's expression")
	}
}

func TestCompileRefuses(t *testing.T) {
	tests := map[string]struct{ expression, wantErr string }{
		"syntax":                  {`user.`, "Syntax error"},
		"nothing":                 {``, "Syntax error"},
		"another variable":        {`username`, "undeclared reference to 'username'"},
		"a group":                 {`group.displayName`, "undeclared reference to 'group'"},
		"another function":        {`user.userName.toLower()`, "undeclared reference to 'toLower'"},
		"a number":                {`1 + 1`, "type int; it must give a string"},
		"a list":                  {`user.emails.map(e, e.value)`, "must give a string"},
		"a flag":                  {`user.active`, "type bool; it must give a string"},
		"text and flag":           {`'x' + user.active`, "types that do not fit"},
		"unknown attribute":       {`user.username`, `user has no attribute "username"; it may have active, addresses`},
		"unknown sub-attribute":   {`user.name.first`, `user.name has no attribute "first"; it may have familyName`},
		"unknown in has":          {`has(user.mail) ? user.userName : ''`, `no attribute "mail"`},
		"unknown by index":        {`user["mail"]`, `no attribute "mail"`},
		"unknown optional":        {`user.?mail.orValue('')`, `no attribute "mail"`},
		"a broken pattern":        {`user.userName.matches('(') ? 'a' : 'b'`, "matches"},
		"too long":                {`'` + strings.Repeat("x", 1024) + `'`, "1026 characters; 1024 are allowed"},
		"brackets without an end": {strings.Repeat("(", 1000), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := CompileUser(test.expression, String)
			if err == nil || !strings.Contains(err.Error(), test.wantErr) {
				t.Errorf("CompileUser = %v, want an error with %q", err, test.wantErr)
			}
		})
	}
	for _, expression := range []string{`1`, `user.active`, `[1]`, `[user.active]`} {
		if _, err := CompileUser(expression, Strings); err == nil || !strings.Contains(err.Error(), "must give a string or a list of strings") {
			t.Errorf("CompileUser(%s, Strings) = %v", expression, err)
		}
	}
}

func TestExampleHasEveryName(t *testing.T) {
	for _, s := range []source{exampleUser, exampleGroup} {
		for _, name := range s.names {
			if s.attribute(name) == nil {
				t.Errorf("the example has no %s", name)
			}
		}
	}
}

func BenchmarkUser(b *testing.B) {
	user := jane()
	for _, expression := range []string{`user.userName`, `'oidc:' + user.userName.lowerAscii()`, `user.enterprise.employeeNumber`} {
		e, err := CompileUser(expression, String)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(expression, func(b *testing.B) {
			for b.Loop() {
				if _, err := e.String(user); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
