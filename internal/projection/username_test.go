package projection

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

func TestUsername(t *testing.T) {
	yes := true
	jane := &v1alpha1.User{Spec: v1alpha1.UserSpec{
		UserName: "Jane@Example.com", DisplayName: "Jane", Active: &yes,
		Name: &v1alpha1.Name{GivenName: "Jane"},
		Emails: []v1alpha1.MultiValue{
			{Value: "jane@home.example", Type: "home"},
			{Value: "jane@example.com", Type: "work", Primary: &yes},
		},
		Enterprise: &v1alpha1.EnterpriseUser{EmployeeNumber: "701984", Manager: &v1alpha1.Manager{Value: "m", Ref: "Users/m"}},
	}}
	jane.Spec.ID, jane.Spec.ExternalID = "jane-u", "42"
	jane.Spec.Extensions = map[string]v1alpha1.RawJSON{"urn:example:2.0:User": `{"login":"jd","level":3}`}

	tests := map[string]struct {
		expression string
		want       string
		wantErr    string // part of it
	}{
		"userName":                 {expression: `user.userName`, want: "Jane@Example.com"},
		"OIDC prefix":              {expression: `'oidc:' + user.userName`, want: "oidc:Jane@Example.com"},
		"lower case":               {expression: `user.userName.lowerAscii()`, want: "jane@example.com"},
		"local part":               {expression: `user.userName.split('@')[0]`, want: "Jane"},
		"work e-mail":              {expression: `user.emails.filter(e, e.type == 'work')[0].value`, want: "jane@example.com"},
		"primary e-mail":           {expression: `user.emails.filter(e, has(e.primary) && e.primary)[0].value`, want: "jane@example.com"},
		"sub-attribute":            {expression: `user.name.givenName`, want: "Jane"},
		"enterprise":               {expression: `user.enterprise.employeeNumber`, want: "701984"},
		"enterprise by URN":        {expression: `user["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"].employeeNumber`, want: "701984"},
		"manager":                  {expression: `user.enterprise.manager["$ref"]`, want: "Users/m"},
		"undeclared extension":     {expression: `user["urn:example:2.0:User"].login`, want: "jd"},
		"iterating over user":      {expression: `user.exists(k, k == "urn:example:2.0:User") ? "yes" : "no"`, want: "yes"},
		"condition":                {expression: `has(user.title) ? user.title : user.externalId`, want: "42"},
		"optional":                 {expression: `user[?"title"].orValue("none")`, want: "none"},
		"matches":                  {expression: `user.userName.matches('^Jane@') ? 'j' : 'other'`, want: "j"},
		"absent attribute":         {expression: `user.title`, wantErr: "no such key: title"},
		"absent element":           {expression: `user.emails.filter(e, e.type == 'other')[0].value`, wantErr: "index out of bounds"},
		"reserved":                 {expression: `'system:' + user.userName`, wantErr: `"system:" are reserved`},
		"empty":                    {expression: `''`, wantErr: "empty"},
		"space":                    {expression: `'jane doe'`, wantErr: "white space"},
		"line break":               {expression: `'jane\n'`, wantErr: "white space"},
		"invisible":                {expression: `'jane' + '\u200b'`, wantErr: "do not print"},
		"costs too much":           {expression: `[1,2,3,4,5,6,7,8,9].map(a, [1,2,3,4,5,6,7,8,9].map(b, [1,2,3,4,5,6,7,8,9].map(c, [1,2,3,4,5,6,7,8,9].map(d, [1,2,3,4,5,6,7,8,9].map(e, a+b+c+d+e))))).size() > 0 ? user.userName : ''`, wantErr: "cost limit"},
		"a name that is too long":  {expression: `[1,2,3,4,5,6,7,8].map(i, '` + strings.Repeat("x", 200) + `').join()`, wantErr: "at most 1024"},
		"an extension's wrong key": {expression: `user["urn:example:2.0:User"].name`, wantErr: "no such key"},
		"an extension's number":    {expression: `user["urn:example:2.0:User"].level`, wantErr: "must give a string"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			username, err := CompileUsername(test.expression)
			if err != nil {
				t.Fatalf("CompileUsername: %v", err)
			}
			got, err := username.Evaluate(jane)
			switch {
			case test.wantErr == "" && err != nil:
				t.Fatalf("Evaluate: %v", err)
			case test.wantErr != "" && (err == nil || !strings.Contains(err.Error(), test.wantErr)):
				t.Fatalf("Evaluate = %q, %v; want an error with %q", got, err, test.wantErr)
			case test.wantErr == "" && got != test.want:
				t.Errorf("Evaluate = %q, want %q", got, test.want)
			}
		})
	}
}

func TestCompileUsernameRefuses(t *testing.T) {
	tests := map[string]struct{ expression, wantErr string }{
		"syntax":                  {`user.`, "Syntax error"},
		"nothing":                 {``, "Syntax error"},
		"another variable":        {`username`, "undeclared reference to 'username'"},
		"another function":        {`user.userName.toLower()`, "undeclared reference to 'toLower'"},
		"a number":                {`1 + 1`, "type int; it must give a string"},
		"a list":                  {`user.emails.map(e, e.value)`, "must give a string"},
		"a flag":                  {`user.active`, "type bool; it must give a string"},
		"text and flag":           {`'x' + user.active`, "types that do not fit"},
		"unknown attribute":       {`user.username`, `user has no attribute "username"; it may have active, addresses`},
		"unknown sub-attribute":   {`user.name.first`, `user.name has no attribute "first"; it may have familyName`},
		"unknown in has":          {`has(user.mail) ? user.userName : ''`, `no attribute "mail"`},
		"unknown by index":        {`user["mail"]`, `no attribute "mail"`},
		"a broken pattern":        {`user.userName.matches('(') ? 'a' : 'b'`, "matches"},
		"too long":                {`'` + strings.Repeat("x", 1024) + `'`, "1026 characters; 1024 are allowed"},
		"brackets without an end": {strings.Repeat("(", 1000), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := CompileUsername(test.expression)
			if err == nil || !strings.Contains(err.Error(), test.wantErr) {
				t.Errorf("CompileUsername = %v, want an error with %q", err, test.wantErr)
			}
		})
	}
}

func TestUsernameNeverPanics(t *testing.T) {
	words := rapid.SampledFrom([]string{"user", ".", "userName", "[", "]", "(", ")", "'", "\"", "+", "?", ":", "emails",
		"filter", "map", "e", ",", "has", "0", "1", "-", "split", "matches", "!", "{", "}", "\\", "\x00", "ü", "system:", "name"})
	rapid.Check(t, func(t *rapid.T) {
		expression := strings.Join(rapid.SliceOfN(words, 0, 24).Draw(t, "words"), "")
		username, err := CompileUsername(expression)
		if err != nil {
			return
		}
		if name, err := username.Evaluate(exampleUser); err == nil && CheckSubjectName(name) != nil {
			t.Fatalf("%q gave %q, which must never be bound", expression, name)
		}
	})
}

func BenchmarkUsername(b *testing.B) {
	for _, expression := range []string{`user.userName`, `'oidc:' + user.userName.lowerAscii()`} {
		username, err := CompileUsername(expression)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(expression, func(b *testing.B) {
			for b.Loop() {
				if _, err := username.Evaluate(exampleUser); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
