package schema

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// Fold gives the form in which two texts are equal when letter case is
// ignored: as RFC 7644 §5 has user names compared (UsernameCaseMapped of RFC
// 7613 §3.2), by width mapping, full case folding and normalization, so that
// "é" is one name however its accent is encoded. Everything that compares
// without case goes through Fold: filters, unique names, and the names of
// stored objects.
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
			return foldUnicode(s)
		case 'A' <= c && c <= 'Z':
			folded[i] = c + 'a' - 'A'
		}
	}
	return string(folded)
}

// foldUnicode decomposes before it folds, as canonical caseless matching does
// (Unicode §3.13, D145): what an accent stands on folds the same either way. It
// makes all letters small first, because cases.Fold swaps the case of Cherokee
// ones instead of taking it away.
func foldUnicode(s string) string {
	decomposed := norm.NFD.String(width.Fold.String(s))
	return norm.NFC.String(cases.Fold().String(strings.ToLower(decomposed)))
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
