package filter

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

func TestPlan(t *testing.T) {
	tests := map[string]struct {
		rt       *schema.ResourceType
		filter   string
		terms    []string
		residual string
	}{
		"one equality":            {schema.UserType(), `USERNAME eq "x"`, []string{`userName eq "x"`}, ""},
		"Entra's reference check": {schema.GroupType(), `id eq "g" and members eq "u"`, []string{`id eq "g"`, `members.value eq "u"`}, ""},
		"members.value":           {schema.GroupType(), `members.Value eq "u"`, []string{`members.value eq "u"`}, ""},
		"members in brackets":     {schema.GroupType(), `members[value eq "u"]`, []string{`members.value eq "u"`}, ""},
		"members, two parts": {schema.GroupType(), `members[value eq "u" and type eq "User"]`,
			[]string{`members.value eq "u"`, `members.type eq "User"`}, `members[value eq "u" and type eq "User"]`},
		"manager": {schema.UserType(), `id eq "u" and manager eq "m"`,
			[]string{`id eq "u"`, schema.EnterpriseUserURN + `:manager.value eq "m"`}, ""},
		"core URN": {schema.UserType(), schema.UserURN + `:emails eq "x"`, []string{`emails.value eq "x"`}, ""},
		"Entra's e-mail": {schema.UserType(), `emails[type eq "work"].value eq "x"`,
			[]string{`emails.type eq "work"`, `emails.value eq "x"`}, `emails[type eq "work"].value eq "x"`},
		"boolean as text":   {schema.UserType(), `active eq "True"`, []string{`active eq true`}, ""},
		"unquoted number":   {schema.UserType(), `externalId eq 42`, []string{`externalId eq "42"`}, ""},
		"rest in order":     {schema.UserType(), `title pr and userName eq "x" and name.givenName sw "B"`, []string{`userName eq "x"`}, `title pr and name.givenName sw "B"`},
		"or":                {schema.UserType(), `userName eq "x" or userName eq "y"`, nil, `userName eq "x" or userName eq "y"`},
		"not":               {schema.UserType(), `not (userName eq "x")`, nil, `not (userName eq "x")`},
		"null":              {schema.UserType(), `title eq null`, nil, `title eq null`},
		"unknown":           {schema.UserType(), `shoeSize eq 1 and id eq "x"`, []string{`id eq "x"`}, `shoeSize eq 1`},
		"metadata":          {schema.UserType(), `meta.version eq "1"`, nil, `meta.version eq "1"`},
		"brackets with or":  {schema.UserType(), `emails[value eq "x" or value eq "y"]`, nil, `emails[value eq "x" or value eq "y"]`},
		"password":          {schema.UserType(), `password eq "x"`, nil, `password eq "x"`},
		"complex, no value": {schema.UserType(), `name eq "x"`, nil, `name eq "x"`},
		"mismatch":          {schema.UserType(), `userName eq true`, nil, `userName eq true`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e, err := Parse(tt.filter)
			if err != nil {
				t.Fatal(err)
			}
			found, rest := Plan(tt.rt, e)
			var terms []string
			for _, term := range found {
				terms = append(terms, term.String())
			}
			residual := ""
			if rest != nil {
				residual = rest.String()
			}
			if diff := cmp.Diff(tt.terms, terms); diff != "" {
				t.Errorf("terms (-want +got):\n%s", diff)
			}
			if residual != tt.residual {
				t.Errorf("residual %q, want %q", residual, tt.residual)
			}
		})
	}
	if terms, residual := Plan(schema.UserType(), nil); terms != nil || residual != nil {
		t.Errorf("no filter has no parts, got %v, %v", terms, residual)
	}
}

// The terms and the residual together are the filter.
func TestPlanKeepsTheMeaning(t *testing.T) {
	texts := []string{
		`userName eq "BJENSEN@example.com"`, `userName eq "x"`, `emails eq "b@example.com"`, `active eq "true"`, `title eq null`,
		`emails[type eq "work"]`, `emails[type eq "work" and value eq "b@example.com"]`, `emails[type eq "home"].value eq "b@example.com"`,
		`emails[not (value eq "x")]`, `manager eq "M1"`, `shoeSize eq 1`, `name.givenName sw "b"`, `id eq "bjensen-1"`, `roles[primary eq true]`,
	}
	var leaves []Expression
	for _, text := range texts {
		e, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, e)
	}
	filters := expressions(rapid.SampledFrom(leaves), 4)
	rapid.Check(t, func(t *rapid.T) {
		e := filters.Draw(t, "filter")
		terms, residual := Plan(schema.UserType(), e)
		planned := Match(schema.UserType(), residual, bjensen)
		for _, term := range terms {
			planned = planned && Match(schema.UserType(), term, bjensen)
		}
		if want := Match(schema.UserType(), e, bjensen); planned != want {
			t.Errorf("%s is %v, terms %v and residual %v are %v", e, want, terms, residual, planned)
		}
	})
}
