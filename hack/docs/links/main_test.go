package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCheck(t *testing.T) {
	folder := t.TempDir()
	page, other := filepath.Join(folder, "page.md"), filepath.Join(folder, "other.md")
	if err := os.WriteFile(other, []byte("# What's `this`?\n## Twice\n## Twice\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		text string
		want []string
	}{
		"another page":                   {"[a](other.md)", nil},
		"a heading there":                {"[a](other.md#whats-this) [b](other.md#twice-1)", nil},
		"a heading of the page":          {"# Here\n[a](#here)", nil},
		"elsewhere":                      {"[a](https://example.com/x#y)", nil},
		"code":                           {"`[a](none.md)`\n```\n[a](none.md)\n```", nil},
		"no such page":                   {"\n[a](none.md)", []string{page + ":2: none.md: there is no such file"}},
		"no such heading":                {"[a](other.md#that)", []string{page + ":1: other.md#that: there is no such heading"}},
		"no such heading, after a block": {"```\n```\n[a](#that)", []string{page + ":3: #that: there is no such heading"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(page, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := check(page)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
