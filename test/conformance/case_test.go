package conformance

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// Each case has a name of its own, a source and a sentence.
func TestCasesAreNamed(t *testing.T) {
	t.Parallel()
	cases := Cases()
	if len(cases) < 300 {
		t.Errorf("%d cases; a suite of all requirements has at least 300", len(cases))
	}
	name := regexp.MustCompile(`^[a-z]+/[A-Za-z0-9-]+$`)
	section := regexp.MustCompile(`^((RFC )?\d{4} )?§[\d.]+$`)
	seen := map[string]bool{}
	for _, one := range cases {
		switch {
		case !name.MatchString(one.Name):
			t.Errorf("the name %q", one.Name)
		case seen[one.Name]:
			t.Errorf("%s is there twice", one.Name)
		case one.Source == "" || one.run == nil:
			t.Errorf("%s has no source or does nothing", one.Name)
		case !strings.HasSuffix(one.Requires, "."):
			t.Errorf("%s: %q is no sentence", one.Name, one.Requires)
		}
		if one.Level != Practice && !section.MatchString(strings.TrimSpace(strings.Split(one.Source, ",")[0])) {
			t.Errorf("%s is a %s, but %q is no section of an RFC", one.Name, one.Level, one.Source)
		}
		seen[one.Name] = true
	}
}

func TestCovers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		got, want, where string
		same             bool
	}{
		"equal":               {`{"a":1}`, `{"a":1}`, "", true},
		"more keys":           {`{"a":1,"b":2}`, `{"a":1}`, "", true},
		"a key less":          {`{"b":2}`, `{"a":1}`, "a", false},
		"number and text":     {`{"a":1}`, `{"a":"1"}`, "a", false},
		"large numbers":       {`{"a":12345678901234567890}`, `{"a":12345678901234567891}`, "a", false},
		"null is absent":      {`{}`, `{"a":null}`, "", true},
		"null is empty":       {`{"a":[]}`, `{"a":null}`, "", true},
		"null is no value":    {`{"a":""}`, `{"a":null}`, "a", false},
		"within":              {`{"a":{"b":1}}`, `{"a":{"b":2}}`, "a.b", false},
		"another order":       {`{"a":[1,2]}`, `{"a":[2,1]}`, "", true},
		"an element more":     {`{"a":[1,2]}`, `{"a":[1]}`, "a", false},
		"an element twice":    {`{"a":[1,1]}`, `{"a":[1,2]}`, "a.1", false},
		"parts of an element": {`{"a":[{"b":1,"c":2}]}`, `{"a":[{"b":1}]}`, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			where, same := covers(decode([]byte(test.got)), decode([]byte(test.want)))
			if where != test.where || same != test.same {
				t.Errorf("got %q, %v, want %q, %v", where, same, test.where, test.same)
			}
		})
	}
}

// The token is in no report.
func TestReportHidesToken(t *testing.T) {
	t.Parallel()
	target := Target{URL: serveDull(t, 404, `{"detail":"no"}`), Token: testToken}
	r := report(t, target, Options{Only: regexp.MustCompile(`^create/user$`)})
	if len(r.Failures()) != 1 {
		t.Fatalf("%+v", r.Total)
	}
	encoded, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{string(encoded), text.String()} {
		if strings.Contains(shown, testToken) || !strings.Contains(shown, "create/user") {
			t.Errorf("%s", shown)
		}
	}
}
