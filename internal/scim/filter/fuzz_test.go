package filter

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		`userName eq "bjensen"`,
		`emails[type eq "work"].value eq "x" and not(active eq false)`,
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq m or meta.created gt "2026-01-01"`,
		`a eq b(c) or (d ne null and e le -1e9)`,
		`a eq "\u0000\ud800"`, `((((`, `not`, `x[`, `urn:`, `urn::x pr`, `x eq ]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(e.String())
		if err == nil {
			if diff := cmp.Diff(e, again); diff != "" {
				t.Errorf("%q is read again as (-want +got):\n%s", text, diff)
			}
		} else if len(e.String()) <= MaxLength {
			t.Errorf("%q is written as %q: %v", text, e, err)
		}
		terms, residual := Plan(schema.UserType(), e)
		if len(terms) == 0 && residual == nil {
			t.Errorf("nothing is left of %q", text)
		}
		Match(schema.UserType(), e, bjensen)
	})
}

func FuzzPath(f *testing.F) {
	for _, seed := range []string{
		`members`, `name.givenName`, `emails[type eq "work"].value`, `members[value eq "u1" or value eq u2]`,
		schema.EnterpriseUserURN, schema.EnterpriseUserURN + ":manager", `urn:example:2.0:User:badge`, `a[b`, `a].b`, `urn:x:`, `$ref`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePath(text)
		if err != nil {
			return
		}
		again, err := ParsePath(p.String())
		if err == nil {
			if diff := cmp.Diff(p, again); diff != "" {
				t.Errorf("%q is read again as (-want +got):\n%s", text, diff)
			}
		} else if len(p.String()) <= MaxLength {
			t.Errorf("%q is written as %q: %v", text, p, err)
		}
	})
}
