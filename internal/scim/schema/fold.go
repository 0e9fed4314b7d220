package schema

import (
	"unicode/utf8"

	"golang.org/x/text/cases"
)

// Fold gives the form in which two texts are equal when letter case is
// ignored: full Unicode case folding (Unicode §3.13, toCasefold), without
// normalization. Everything that compares without case goes through Fold:
// filters, unique names, and the names of stored objects.
func Fold(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return foldSlow(s, i)
		}
	}
	return s
}

// foldSlow folds a text whose first i bytes are folded already.
func foldSlow(s string, i int) string {
	folded := []byte(s)
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c >= utf8.RuneSelf:
			return cases.Fold().String(s)
		case 'A' <= c && c <= 'Z':
			folded[i] = c + 'a' - 'A'
		}
	}
	return string(folded)
}

// equalName compares attribute names and URNs, which are ASCII.
func equalName(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i < len(a); i++ {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
