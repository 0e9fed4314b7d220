package projection

import (
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

func TestUsername(t *testing.T) {
	jane := &v1alpha1.User{Spec: v1alpha1.UserSpec{UserName: "Jane@Example.com"}}

	tests := map[string]struct {
		expression string
		want       string
		wantErr    string // part of it
	}{
		"userName":                {expression: `user.userName`, want: "Jane@Example.com"},
		"OIDC prefix":             {expression: `'oidc:' + user.userName`, want: "oidc:Jane@Example.com"},
		"absent attribute":        {expression: `user.title`, wantErr: "evaluate the name: an attribute is absent: no such key: title"},
		"reserved":                {expression: `'system:' + user.userName`, wantErr: `"system:" are reserved`},
		"empty":                   {expression: `''`, wantErr: "empty"},
		"space":                   {expression: `'jane doe'`, wantErr: "white space"},
		"line break":              {expression: `'jane\n'`, wantErr: "white space"},
		"invisible":               {expression: `'jane' + '\u200b'`, wantErr: "do not print"},
		"a name that is too long": {expression: `[1,2,3,4,5,6,7,8].map(i, '` + strings.Repeat("x", 200) + `').join()`, wantErr: "at most 1024"},
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
	for _, expression := range []string{`user.`, `user.username`, `user.active`, `user.emails.map(e, e.value)`} {
		if _, err := CompileUsername(expression); err == nil {
			t.Errorf("CompileUsername(%s) is no error", expression)
		}
	}
}
