package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const crd = `
spec:
  group: example.com
  names: {kind: Door, plural: doors, shortNames: [d]}
  scope: Namespaced
  versions:
  - name: v1
    additionalPrinterColumns: [{name: COLOR, type: string, jsonPath: .spec.color, priority: 1}]
    schema:
      openAPIV3Schema:
        description: Door is a door. It opens.
        properties:
          metadata: {type: object}
          spec:
            description: spec is the door.
            required: [color]
            properties:
              color: {type: string, enum: [red, blue], default: red, description: "color a|b"}
              locks:
                type: array
                maxItems: 2
                items:
                  type: object
                  x-kubernetes-validations: [{rule: "true", message: a lock has a key}]
                  properties:
                    keys: {type: integer, minimum: 1, maximum: 9}
`

func TestAPageForEachKind(t *testing.T) {
	crds, samples, output := t.TempDir(), t.TempDir(), t.TempDir()
	write(t, filepath.Join(crds, "doors.yaml"), crd)
	write(t, filepath.Join(samples, "some.yaml"), "kind: Namespace\n---\n# A red one.\napiVersion: scim.rollcall.dev/v1\nkind: Door\n")
	if err := run(crds, samples, output); err != nil {
		t.Fatal(err)
	}
	page := read(t, filepath.Join(output, "door.md"))
	for _, want := range []string{
		"# Door\n\nDoor is a door. It opens.\n",
		"`apiVersion: example.com/v1`, namespaced; for kubectl `doors`, `d`.",
		"```yaml\n# A red one.\napiVersion: scim.rollcall.dev/v1\nkind: Door\n```",
		"| `color` * | `red`, `blue` | color a\\|b Default: `\"red\"`. |",
		"| `locks` | list of object, at most 2 items |  *a lock has a key.* |",
		"| `locks[].keys` | integer, 1 to 9 |  |",
		"| COLOR | `.spec.color` | with `-o wide` |",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	if index := read(t, filepath.Join(output, "README.md")); !strings.Contains(index, "- [Door](door.md): Door is a door\n") {
		t.Errorf("the index is %s", index)
	}
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
