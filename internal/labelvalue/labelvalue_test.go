package labelvalue

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"
	"pgregory.net/rapid"
)

func TestEscape(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"nothing":                   {"", ""},
		"valid":                     {"sre", "sre"},
		"all that is allowed":       {"Team_1.b-C", "Team_1.b-C"},
		"63 characters":             {strings.Repeat("x", 63), strings.Repeat("x", 63)},
		"a space":                   {"Platform Engineering", "Platform_x20_Engineering"},
		"an e-mail address":         {"jane@example.com", "jane_x40_example.com"},
		"several in a row":          {"R & D", "R_x20.26.20_D"},
		"a letter":                  {"Müller", "M_xfc_ller"},
		"at the start":              {"&D", "x__x26_D"},
		"at the end":                {"C++", "C_x2b.2b__x"},
		"at both ends":              {"(a)", "x__x28_a_x29__x"},
		"a dash at the end":         {"a-", "a_x2d__x"},
		"nothing else":              {"-", "x__x2d__x"},
		"other scripts":             {"東京", "x__x6771.4eac__x"},
		"underscore beside another": {"a_b c", "a_x5f_b_x20_c"},
		"looks escaped":             {"Platform_x20_Engineering", "Platform_x5f_x20_x5f_Engineering"},
		"looks padded":              {"x__x26_D", "x_x5f.5f_x26_x5f_D"},
		"a control character":       {"a\x00b", "a_x00_b"},
		"a byte that is not UTF-8":  {"a\xffb", "a_x1100ff_b"},
		"too long":                  {strings.Repeat("x", 64), strings.Repeat("x", 41) + "__ptqqbfy7mttqahup4wsr"},
		"too long when escaped":     {strings.Repeat("ü", 40), "x__xfc.fc.fc.fc.fc.fc.fc.fc.fc.fc.fc.fc.f__xx437zigocmht4m4cccd"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := Escape(test.text)
			if got != test.want {
				t.Errorf("Escape(%q) = %q, want %q", test.text, got, test.want)
			}
			if problems := validation.IsValidLabelValue(got); len(problems) > 0 {
				t.Errorf("Escape(%q) = %q: %v", test.text, got, problems)
			}
			if again := Escape(got); again == got && got != test.text {
				t.Errorf("the literal %q has the value of %q", got, test.text)
			}
		})
	}
}

// A small alphabet of what escaping is made of finds collisions, if there are any.
func TestDistinctTextsStayDistinct(t *testing.T) {
	seen := map[string]string{}
	var try func(prefix string, depth int)
	try = func(prefix string, depth int) {
		value := Escape(prefix)
		if problems := validation.IsValidLabelValue(value); len(problems) > 0 {
			t.Fatalf("Escape(%q) = %q: %v", prefix, value, problems)
		}
		if other, ok := seen[value]; ok {
			t.Fatalf("%q and %q are both %q", other, prefix, value)
		}
		seen[value] = prefix
		if depth == 0 {
			return
		}
		for _, part := range []string{"_", "x", "20", " ", ".", "_x20_", "\xff"} {
			if next := prefix + part; !strings.HasSuffix(prefix, "_") || part != "x" {
				try(next, depth-1)
			}
		}
	}
	try("", 5)
}

func TestEscapeHoldsForAnyText(t *testing.T) {
	parts := rapid.SampledFrom([]string{"_", "__", "_x", "x_", "20", ".", "-", " ", "ü", "\xff", "a", "5f", "_x20_", "__ptqqbfy7mttqahup4wsr", strings.Repeat("y", 30)})
	text := rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(parts, 0, 8).Draw(t, "parts"), "") })
	rapid.Check(t, func(t *rapid.T) {
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		for _, s := range []string{a, b} {
			if problems := validation.IsValidLabelValue(Escape(s)); len(problems) > 0 {
				t.Fatalf("Escape(%q) = %q: %v", s, Escape(s), problems)
			}
		}
		if (Escape(a) == Escape(b)) != (a == b) {
			t.Fatalf("%q and %q are both %q", a, b, Escape(a))
		}
		if e := Escape(a); e != a && Escape(e) == e {
			t.Fatalf("the literal %q has the value of %q", e, a)
		}
	})
}

// The table in docs/mappings.md says what Escape does.
func TestDocumentedExamples(t *testing.T) {
	text, err := os.ReadFile("../../docs/mappings.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "| value | label |")
	section, _, _ = strings.Cut(section, "\n\n")
	rows := regexp.MustCompile("(?m)^\\| `(.+)` \\| `(.+)` \\|$").FindAllStringSubmatch(section, -1)
	if len(rows) < 10 {
		t.Fatalf("the documentation has %d examples", len(rows))
	}
	for _, row := range rows {
		if got := Escape(row[1]); got != row[2] {
			t.Errorf("Escape(%q) = %q, documented as %q", row[1], got, row[2])
		}
	}
}
