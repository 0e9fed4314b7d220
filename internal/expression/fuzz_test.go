package expression

import (
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// FuzzExpression: whatever somebody writes, it is refused or gives a bounded
// value, and soon.
func FuzzExpression(f *testing.F) {
	for _, seed := range []string{
		"user.userName", "'oidc:' + user.userName.lowerAscii()", "user.emails.filter(e, e.type == 'work')[0].value",
		"has(user.title) ? user.title : user.externalId", "user.?title.orValue('none')", "user.emails.map(e, e.value)",
		`user["urn:example:2.0:User"].hosts`, "user.userName.split('@')[1]", "user.userName.matches('^(x+x+)+y')",
		"{'a': 'b'}[user.userName]", "[?user.?title, 'x'].join(',')", "string(timestamp('2026-01-01T00:00:00Z') + duration('1h'))",
		"['a'].map(a, a + a).map(a, a.replace('', user.photos[0].value))", "user.exists(k, user[k] == user[k]) ? 'a' : 'b'",
		"user.roles.exists_one(r, r.value in ['a', 'b']) ? 'a' : 'b'", "b'\\xff' + b'a'", "type(user) == map ? 'a' : 'b'",
		"((((", "user.", "[[[['a']]]]", "user[?'x'][?0]", "-9223372036854775808", "1 / 0 == 1 ? 'a' : 'b'", "'\\U0010ffff'", "{}",
		"user['" + strings.Repeat("\xbe", 900) + "']", "user.name['" + strings.Repeat("x", 900) + "']",
		"user.userName.matches('[" + strings.Repeat("\xe6", 900) + "')",
	} {
		f.Add(seed)
	}
	user := jane()
	user.Spec.Photos = []v1alpha1.LargeMultiValue{{Value: strings.Repeat("x", 16384)}}
	f.Fuzz(func(t *testing.T, text string) {
		start := time.Now()
		e, err := CompileUser(text, Strings)
		if err != nil {
			if len(err.Error()) > 2*maxMessage {
				t.Errorf("%q is refused at length: %v", text, err)
			}
			return
		}
		got, err := e.Strings(user)
		if err != nil {
			got = nil
		}
		if len(got) > MaxValues {
			t.Errorf("%q gives %d strings", text, len(got))
		}
		for _, s := range got {
			if len(s) > 3*maxText {
				t.Errorf("%q gives a string of %d bytes", text, len(s))
			}
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%q took %s", text, took)
		}
	})
}
