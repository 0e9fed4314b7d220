package conformance

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// docs/conformance.md is what the suite generates.
func TestDocsAreUpToDate(t *testing.T) {
	t.Parallel()
	var want bytes.Buffer
	if err := WriteDocs(&want); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join("..", "..", "docs", "conformance.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Error("docs/conformance.md is not what the suite says: run `make conformance-docs`")
	}
}

// Each requirement names cases that exist, or says why there is none.
func TestRequirementsHaveCases(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, one := range Cases() {
		known[one.Name] = true
		known[one.Section+"/*"] = true
	}
	check := func(what, names string) {
		for _, name := range strings.Fields(names) {
			if !known[name] {
				t.Errorf("%s: there is no case %s", what, name)
			}
		}
	}
	for _, s := range standards() {
		for _, r := range s.requirements {
			check(s.title+" "+r.section, r.cases)
			if r.cases == "" && r.reason == "" {
				t.Errorf("%s %s: neither a case nor a reason", s.title, r.section)
			}
		}
	}
	for _, d := range deviations {
		check(d.standard, d.cases)
	}
}
