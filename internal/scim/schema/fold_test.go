package schema

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestFold(t *testing.T) {
	tests := map[string]struct {
		a, b string
		same bool
	}{
		"ASCII":                        {"BJensen@Example.COM", "bjensen@example.com", true},
		"umlaut":                       {"MÜLLER", "müller", true},
		"sharp s":                      {"STRASSE", "straße", true},
		"capital sharp s":              {"STRAẞE", "strasse", true},
		"final sigma":                  {"ΟΔΟΣ", "οδος", true},
		"cyrillic":                     {"ИВАН", "иван", true},
		"kelvin sign":                  {"\u212A", "k", true},
		"capital after a small umlaut": {"äB", "Äb", true},
		"dotless i is another letter":  {"ı", "i", false},
		"accent":                       {"e", "é", false},
		"space":                        {"a b", "ab", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if same := Fold(tt.a) == Fold(tt.b); same != tt.same {
				t.Errorf("Fold(%q) = %q, Fold(%q) = %q", tt.a, Fold(tt.a), tt.b, Fold(tt.b))
			}
		})
	}
}

func TestFoldIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		if once := Fold(s); Fold(once) != once {
			t.Errorf("Fold(%q) = %q, folded again %q", s, once, Fold(once))
		}
		if ascii := strings.Map(asciiOnly, s); Fold(ascii) != strings.ToLower(ascii) {
			t.Errorf("Fold(%q) = %q", ascii, Fold(ascii))
		}
	})
}

func asciiOnly(r rune) rune {
	if r < 0x80 {
		return r
	}
	return -1
}
