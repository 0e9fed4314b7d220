package schema

import (
	"strings"
	"testing"
	"unicode"

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
		"cherokee":                     {"\u13A0\uAB71", "\uAB70\u13A1", true},
		"kelvin sign":                  {"\u212A", "k", true},
		"capital after a small umlaut": {"äB", "Äb", true},
		"dot above an i":               {"\u0130stanbul", "i\u0307stanbul", true},
		"accent, not composed":         {"Zo\u00EB", "zoe\u0308", true},
		"accents in another order":     {"\u1E69", "s\u0307\u0323", true},
		"fullwidth":                    {"\uFF21\uFF24\uFF2D\uFF29\uFF2E", "admin", true},
		"halfwidth":                    {"\uFF76\uFF9E", "\u30AC", true},
		"ligature":                     {"\uFB01nn", "FINN", true},
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

// No letter may have two folded forms, whatever its script.
func TestFoldOfEveryLetter(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.So) {
			continue
		}
		folded := Fold(string(r))
		if again := Fold(folded); again != folded {
			t.Errorf("Fold(%U) = %+q, folded again %+q", r, folded, again)
		}
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			if got := Fold(string(other)); got != folded {
				t.Errorf("Fold(%U) = %+q, but Fold(%U) = %+q", r, folded, other, got)
			}
		}
	}
}

func asciiOnly(r rune) rune {
	if r < 0x80 {
		return r
	}
	return -1
}
