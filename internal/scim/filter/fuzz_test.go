package filter

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// filterSeeds are the filters of the conformance suite and of identity
// providers, and what is nearly one.
var filterSeeds = []string{
	`userName eq "bjensen"`, `userName eq bjensen@example.com`, `externalId eq "8b8ac0cc-0-4f1e"`, `title ne null`, `not (nickName pr)`,
	`id eq "g" and members eq "u"`, `id eq "u" and manager eq "m"`, `displayName eq "Staff" or externalId eq "e"`,
	`emails[type eq "work"].value eq "x" and not(active eq false)`, `emails[not (type eq "work")]`, `roles[primary eq "True"].value eq "admin"`,
	`emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]`,
	`  title   eq   "Countess"  and ( active  pr )`, `title ne "a\"]) or (b"`, `title eq "Count\u0065ss"`, `addresses.locality eq "ÅRHUS"`,
	`title eq "Countess" or title eq "Duke" and active eq true`, `((title eq "C") and (not ((active eq true))))`,
	`title EQ "Countess" AND NOT (title Pr AND active eq true)`, `meta.lastModified ge "2011-05-13T04:42:34+02:00"`, `meta.resourceType eq "User"`,
	`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq m or meta.created gt "2026-01-01"`,
	`urn:example:2.0:User:badge eq 7`, `urn:example:2.0:User:list[a.b gt 1e3].c ne true`, `urn:example:x.y pr`,
	`schemas eq "urn:ietf:params:scim:schemas:core:2.0:User"`, `x509Certificates.value gt "MII"`, `password sw "a"`,
	`a eq b(c) or (d ne null and e le -1e9)`, `a eq "\u0000\ud800"`,
	`title`, `title is "x"`, `title eq`, `title eq "x`, `(title pr`, `emails[type pr`, `title pr title pr`, `title pr and`, `active gt true`,
	`((((`, `not`, `x[`, `urn:`, `urn::x pr`, `x eq ]`, `emails[`, `"a" eq "b"`, `name[givenName eq "a"].x.y eq`, `\`,
}

// FuzzFilter: a filter that is read is written as one that reads the same; what
// Plan takes apart holds where the whole does; nothing takes long.
func FuzzFilter(f *testing.F) {
	for _, seed := range filterSeeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(text)
		if err != nil {
			wantSyntaxError(t, err)
			return
		}
		again, err := Parse(e.String())
		if err == nil {
			if !reflect.DeepEqual(e, again) {
				t.Errorf("%q is read again as %#v, not %#v", text, again, e)
			}
			if again.String() != e.String() {
				t.Errorf("%q is written as %q, then as %q", text, e, again)
			}
		} else if len(e.String()) <= MaxLength {
			t.Errorf("%q is written as %q: %v", text, e, err)
		}
		for _, rt := range []*schema.ResourceType{schema.UserType(), schema.GroupType()} {
			checkPlan(t, rt, e)
		}
	})
}

func checkPlan(t *testing.T, rt *schema.ResourceType, e Expression) {
	t.Helper()
	terms, residual := Plan(rt, e)
	if len(terms) == 0 && residual == nil {
		t.Errorf("nothing is left of %q", e)
	}
	if err := Check(rt, e); err != nil {
		wantSyntaxError(t, err)
		return
	}
	apart := true
	for _, term := range terms {
		if err := Check(rt, term); err != nil {
			t.Errorf("%q has the term %q: %v", e, term, err)
		}
		apart = apart && Match(rt, term, bjensen)
	}
	if residual != nil {
		apart = apart && Match(rt, residual, bjensen)
	}
	if whole := Match(rt, e, bjensen); whole != apart {
		t.Errorf("%q holds: %v; terms %v and residual %v hold: %v", e, whole, terms, residual, apart)
	}
	rest, holds := Narrow(rt, e)
	if rest != nil {
		holds = Match(rt, rest, bjensen)
	}
	if whole := Match(rt, e, bjensen); whole != holds {
		t.Errorf("%q holds: %v; narrowed to %v: %v", e, whole, rest, holds)
	}
}

// FuzzPath: a path that is read is written as one that reads the same.
func FuzzPath(f *testing.F) {
	for _, seed := range []string{
		`members`, `name.givenName`, `emails[type eq "work"].value`, `members[value eq "u1" or value eq u2]`, `roles[primary eq "True"].display`,
		`addresses[type eq "home" or not (country pr)]`, `manager`, `manager.$ref`, `NAME.GIVENNAME`, ` title `, `emails[].value`, `emails.value[type eq "x"]`,
		schema.EnterpriseUserURN, schema.EnterpriseUserURN + ":manager", schema.UserURN + `:emails[type eq "work"]`, schema.GroupURN,
		`urn:example:2.0:User:badge`, `urn:example:2.0:badge.number`, `a[b`, `a].b`, `urn:x:`, `$ref`, `a..b`, `a.b.c`, `emails[type eq "]"].value`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePath(text)
		if err != nil {
			wantSyntaxError(t, err)
			return
		}
		again, err := ParsePath(p.String())
		if err == nil {
			if !reflect.DeepEqual(p, again) {
				t.Errorf("%q is read again as %#v, not %#v", text, again, p)
			}
		} else if len(p.String()) <= MaxLength {
			t.Errorf("%q is written as %q: %v", text, p, err)
		}
		attribute, err := ParseAttribute(text)
		if err != nil || attribute != p.AttributePath {
			t.Errorf("%q is the attribute %q: %v", text, attribute, err)
		}
	})
}

func wantSyntaxError(t *testing.T, err error) {
	t.Helper()
	wrong := (*SyntaxError)(nil)
	if !errors.As(err, &wrong) || strings.TrimSpace(wrong.Detail) == "" {
		t.Errorf("an error that says nothing to the client: %#v", err)
	}
}
