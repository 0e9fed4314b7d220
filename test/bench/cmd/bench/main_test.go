package main

import (
	"slices"
	"strings"
	"testing"
)

func TestFlagsThatAreWrong(t *testing.T) {
	tests := map[string]struct {
		flags []string
		says  string
	}{
		"a regexp":    {[]string{"-run", "("}, "-run"},
		"no such row": {[]string{"-run", "^none$"}, "no row"},
		"an argument": {[]string{"-short", "reads"}, "only flags"},
		"a size":      {[]string{"-short", "-users=5"}, "users at least 100"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if err := run(t.Context(), test.flags); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want an error that says %q", err, test.says)
			}
		})
	}
}

func TestSizes(t *testing.T) {
	if got, err := sizes("10, 1000"); err != nil || !slices.Equal(got, []int{10, 1000}) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := sizes("10,many"); err == nil {
		t.Error("a word is no size")
	}
}
