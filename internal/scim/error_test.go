package scim

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// What a client sent is cut at a character, also when it is none.
func TestLongTextsAreCut(t *testing.T) {
	for name, id := range map[string]string{
		"one byte each":    strings.Repeat("a", 2*maxShown),
		"several bytes":    strings.Repeat("a", maxShown-1) + strings.Repeat("é", maxShown),
		"nothing but ends": strings.Repeat("\xae", 2*maxShown),
	} {
		got := NotFound("User", id).Detail
		if !strings.HasSuffix(got, `…" does not exist`) || !utf8.ValidString(got) || strings.Count(got, `\x`) > maxShown {
			t.Errorf("%s: %d bytes: %q", name, len(got), got[:min(len(got), 100)])
		}
	}
}
