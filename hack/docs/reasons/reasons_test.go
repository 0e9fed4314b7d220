// Package reasons holds docs/troubleshooting.md to the code: every condition,
// reason of a condition, problem and event is explained, and nothing else.
package reasons

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../../.."

// declared are the ways in which the code names what a status or event says.
var declared = []*regexp.Regexp{
	regexp.MustCompile(`(?m)^\s*(?:const )?(?:[Rr]eason|Condition)\w* +(?:(?:projection\.)?Reason +)?= "(\w+)"`),
	regexp.MustCompile(`notice\{corev1\.EventType(?:Normal|Warning), "(\w+)"`),
	regexp.MustCompile(`metav1\.Condition(?:True|False), "(\w+)"`),
}

// explained is what begins a row of a table.
var explained = regexp.MustCompile("(?m)^\\| ((?:`\\w+`(?:, )?)+) \\|")

// words are in the page's code, where they need no row of their own.
var words = regexp.MustCompile("`(\\w+)`")

func TestEveryReasonIsExplained(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs/troubleshooting.md"))
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	for _, match := range words.FindAllStringSubmatch(string(text), -1) {
		said[match[1]] = true
	}
	known := reasonsInCode(t)
	for reason, file := range known {
		if !said[reason] {
			t.Errorf("%s (%s) is not explained in docs/troubleshooting.md", reason, file)
		}
	}
	for _, row := range explained.FindAllStringSubmatch(string(text), -1) {
		for _, match := range words.FindAllStringSubmatch(row[1], -1) {
			if _, ok := known[match[1]]; !ok && !strings.HasPrefix(match[1], "Provisioning") { // made of an action's name
				t.Errorf("docs/troubleshooting.md explains %s, which the code does not say", match[1])
			}
		}
	}
}

// reasonsInCode gives the file of each reason.
func reasonsInCode(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, folder := range []string{"api", "internal/projection", "internal/controller"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, pattern := range declared {
				for _, match := range pattern.FindAllStringSubmatch(string(source), -1) {
					found[match[1]] = path
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(found) < 60 {
		t.Fatalf("only %d reasons were found: are they written in another way now?", len(found))
	}
	return found
}
