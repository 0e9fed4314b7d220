package filter

import (
	"encoding/json"
	"testing"

	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// Extensions that nobody declared are found by what is stored of them.
func TestMatchUndeclaredExtensions(t *testing.T) {
	ada := Candidate{ID: "ada", Attributes: object{
		"userName": "ada",
		"urn:example:hr:2.0:User": object{
			"badge": "B-7", "level": json.Number("12"), "id": json.Number("12345678901234567891"), "remote": true,
			"office":   object{"Floor": json.Number("3"), "city": "London", "none": nil},
			"skills":   []any{object{"value": "Maths", "years": json.Number("9")}, object{"value": "Poetry", "years": json.Number("1")}},
			"projects": []any{"Engine", "Notes"},
			"empty":    "",
		},
		"urn:example:color": "Red",
		"urn:example:car":   object{"plate": "X"},
	}}
	const urn = "urn:example:hr:2.0:User:"
	for name, test := range map[string]struct {
		filter string
		want   bool
	}{
		"text":                           {urn + `badge eq "b-7"`, true},
		"another text":                   {urn + `badge eq "b-8"`, false},
		"text, unquoted":                 {urn + `badge eq B-7`, true},
		"part of a text":                 {urn + `badge sw "b"`, true},
		"names in any letter case":       {`URN:Example:HR:2.0:user:BADGE eq "B-7"`, true},
		"order of texts":                 {urn + `badge gt "A"`, true},
		"number":                         {urn + `level eq 12`, true},
		"number, written otherwise":      {urn + `level eq 1.2e1`, true},
		"number, as text":                {urn + `level eq "12"`, true},
		"order of numbers, not of texts": {urn + `level gt 9`, true},
		"a number has no parts":          {urn + `level sw "1"`, false},
		"a long number":                  {urn + `id eq 12345678901234567891`, true},
		"nearly that number":             {urn + `id eq 12345678901234567892`, false},
		"one less":                       {urn + `id gt 12345678901234567890`, true},
		"boolean":                        {urn + `remote eq true`, true},
		"boolean, as text":               {urn + `remote eq "True"`, true},
		"not that boolean":               {urn + `remote eq false`, false},
		"ne":                             {urn + `remote ne false`, true},
		"sub-attribute":                  {urn + `office.floor eq 3`, true},
		"sub-attribute, absent":          {urn + `office.street eq "x"`, false},
		"sub-attribute, ne":              {urn + `office.street ne "x"`, true},
		"an object has no text":          {urn + `office eq "London"`, false},
		"an object by its value":         {urn + `skills eq "maths"`, true},
		"sub-attribute of several":       {urn + `skills.years gt 5`, true},
		"several texts":                  {urn + `projects eq "notes"`, true},
		"several texts, none":            {urn + `projects eq "none"`, false},
		"in brackets":                    {urn + `skills[value eq "maths" and years gt 5]`, true},
		"in brackets, of two values":     {urn + `skills[value eq "poetry" and years gt 5]`, false},
		"in brackets, one object":        {urn + `office[city co "lon"]`, true},
		"behind brackets":                {urn + `skills[value eq "maths"].years eq 9`, true},
		"present":                        {urn + `office pr`, true},
		"absent":                         {urn + `title pr`, false},
		"empty is absent":                {urn + `empty pr`, false},
		"null is absent":                 {urn + `office.none pr`, false},
		"eq null":                        {urn + `title eq null`, true},
		"ne null":                        {urn + `badge ne null`, true},
		"another extension":              {`urn:example:none:badge eq "B-7"`, false},
		"another extension, not":         {`not (urn:example:none:badge eq "B-7")`, true},
		"an extension that is a text":    {`urn:example:color eq "red"`, true},
		"a whole extension":              {`urn:example:car pr`, true},
		"part of a whole extension":      {`urn:example:car.plate eq "x"`, true},
		"an and":                         {urn + `badge eq "B-7" and userName eq "ada"`, true},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := Parse(test.filter)
			if err != nil {
				t.Fatal(err)
			}
			holds, err := Compile(schema.UserType(), e)
			if err != nil {
				t.Fatal(err)
			}
			if got := holds(ada); got != test.want {
				t.Errorf("%s: %v", test.filter, got)
			}
			if holds(Candidate{ID: "nobody", Attributes: object{}}) && test.want {
				_, negated := e.(Not)
				c, compares := e.(Comparison)
				if !negated && (!compares || c.Operator != NotEqual && c.Value != nil) {
					t.Errorf("%s holds also without the extension", test.filter)
				}
			}
		})
	}
	if err := Check(schema.UserType(), Comparison{Path: AttributePath{URN: "urn:x:y", Name: "z"}, Operator: GreaterThan, Value: true}); err == nil {
		t.Error("a boolean compares by gt")
	}
}

// A declared extension is not looked into as if it were not, wherever its URN
// is cut: it may have values that must not be read.
func TestDeclaredExtensionsAreNotUndeclared(t *testing.T) {
	rt, errs := schema.Extend(schema.UserType(), schema.Extension{Schema: &schema.Schema{ID: "urn:example:badge", Attributes: []*schema.Attribute{
		{Name: "pin", Type: schema.String, Mutability: schema.WriteOnly, Returned: schema.Never, Uniqueness: schema.None},
	}}})
	if errs[0] != nil {
		t.Fatal(errs[0])
	}
	ada := Candidate{ID: "ada", Attributes: object{"urn:example:badge": object{"pin": "1234", "old": "x"}}}
	for _, text := range []string{
		`urn:example:badge[pin eq "1234"]`, `urn:example:badge[pin pr].pin sw "1"`, `urn:example:badge pr`, `urn:example:badge.old pr`,
		`urn:example:badge:pin eq "1234"`, `urn:example:badge:pin sw "1"`, `URN:EXAMPLE:BADGE:PIN pr`, `urn:example:badge:old eq "x"`, `urn:example[badge.pin eq "1234"]`,
	} {
		e, err := Parse(text)
		if err != nil {
			continue
		}
		if Match(rt, e, ada) {
			t.Errorf("%s holds", text)
		}
	}
}
