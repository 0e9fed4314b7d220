package projection

import (
	"fmt"
	"strings"
	"testing"
)

// An event of a group asks every binding with a pattern, and removals of all
// others wait for that: no event has all patterns compiled again.
func TestPatternsStayCompiled(t *testing.T) {
	tests := map[string]struct {
		pattern        string // of a number
		bindings, stay int
	}{
		"usual ones": {`^k8s-team%d-(?P<role>view|edit|admin)$`, 3000, 2000},
		"large ones": {`%d(\pL?\pN?[^a]?){5}`, 600, 100},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			first := map[string]*pattern{}
			for i := range test.bindings {
				text := fmt.Sprintf(test.pattern, i)
				p, err := compilePattern(text)
				if err != nil {
					t.Fatal(err)
				}
				first[text] = p
			}
			if compiled.size > maxRemembered {
				t.Errorf("%d instructions and ranges are kept; at most %d should be", compiled.size, maxRemembered)
			}
			stayed := 0
			for text, p := range first {
				if known, _ := compilePattern(text); known == p {
					stayed++
				}
			}
			if stayed < test.stay {
				t.Errorf("%d of %d stayed, want %d", stayed, test.bindings, test.stay)
			}
		})
	}
}

func TestCostlyPatterns(t *testing.T) {
	tests := map[string]struct{ pattern, says string }{
		"any name":                     {`k8s-(?P<namespace>[a-z0-9-]{1,63})-(?P<role>view|edit|admin)`, ""},
		"letters of all scripts":       {`\pL+-\pL+`, ""},
		"many repetitions":             {`(k8s-[a-z]{1,500}){2}`, "use smaller repetitions"},
		"few repetitions, large class": {`([\pL]?[\pN]?[^a]?){50}`, "use smaller classes"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := compilePattern(test.pattern)
			if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v, want %q", err, test.says)
			}
		})
	}
}
