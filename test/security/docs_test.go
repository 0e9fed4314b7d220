package security

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/test/controlplane"
)

// Each test that docs/security.md names exists, in the package that it names;
// and each policy is named there.
func TestTheThreatModelNamesTests(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join(controlplane.Root(), "docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile("`([^`]+)`")
	row := regexp.MustCompile(`(?m)^\|.*\| ([^|]*) \|$`)
	tests, named := testsByPackage(t), 0
	for _, cells := range row.FindAllStringSubmatch(string(doc), -1) {
		folder := "test/security"
		for _, match := range name.FindAllStringSubmatch(cells[1], -1) {
			switch quoted := match[1]; {
			case !strings.HasPrefix(quoted, "Test"):
				folder = quoted
			case !tests[folder][quoted]:
				t.Errorf("%s has no %s", folder, quoted)
			default:
				named++
			}
		}
	}
	if named < 30 {
		t.Errorf("only %d tests are named", named)
	}
	manifests, err := filepath.Glob(filepath.Join(controlplane.Root(), "config", "admission", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	policy := regexp.MustCompile(`(?m)^  name: (rollcall-\S+)$`)
	for _, file := range manifests {
		manifest, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range policy.FindAllStringSubmatch(string(manifest), -1) {
			if !strings.Contains(string(doc), "`"+match[1]+"`") {
				t.Errorf("docs/security.md does not name %s", match[1])
			}
		}
	}
}

// testsByPackage are the names of all tests, by folder.
func testsByPackage(t *testing.T) map[string]map[string]bool {
	t.Helper()
	function := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	tests := map[string]map[string]bool{}
	for _, top := range []string{"config", "internal", "test"} {
		root := filepath.Join(controlplane.Root(), top)
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			folder, err := filepath.Rel(controlplane.Root(), filepath.Dir(path))
			if err != nil {
				return err
			}
			if tests[folder] == nil {
				tests[folder] = map[string]bool{}
			}
			for _, match := range function.FindAllStringSubmatch(string(source), -1) {
				tests[folder][match[1]] = true
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return tests
}
