package integration

import (
	"strings"
	"testing"
)

func TestPluginShowsTheLog(t *testing.T) {
	t.Parallel()
	f, _ := office(t)
	name := f.namespace + "/idp"
	within(t, "the log tells of everybody", func() string {
		text := f.run(t, "log", name)
		for _, part := range []string{"TIME   ACTION   KIND   NAME   DETAILS\n", "   Created   User   ann@example.com", "   Disabled   User   bob@example.com", "   Created   Group   k8s-users"} {
			if !strings.Contains(text, part) {
				return part + " is not in:\n" + text
			}
		}
		return ""
	})
	if text := f.run(t, "log", name, "--user", "BOB"); strings.Contains(text, "Created   User   ann@example.com") || !strings.Contains(text, "bob@example.com") {
		t.Errorf("of one user:\n%s", text)
	}
	following := begin(t, "log", name, "-f", "--failed")
	f.on(0).want(t, 409, "POST", "/Users", user("ann@example.com"))
	following.tells(t, "answered 409")
	following.stop()
	if out, message := following.end(); message != "" || strings.Contains(out, "Created") {
		t.Errorf("followed: %s\n%s", message, out)
	}
}
