package handler_test

import (
	"strings"
	"testing"
)

// TestErrorsAreShort: an error shows what the client has sent, but not megabytes
// of it.
func TestErrorsAreShort(t *testing.T) {
	p := serve(t)
	id := p.user("ada")
	long, inURL := strings.Repeat("\x7f", 1<<20), strings.Repeat("%7f", 1<<13)
	for name, test := range map[string]struct {
		method, path, body string
	}{
		"path of a PATCH":    {"PATCH", "/Users/" + id, `{"Operations":[{"op":"remove","path":"` + long + `"}]}`},
		"id":                 {"GET", "/Users/" + inURL, ""},
		"filter":             {"GET", "/Users?filter=" + inURL, ""},
		"attributes":         {"GET", "/Users?attributes=" + inURL, ""},
		"count":              {"GET", "/Users?count=" + inURL, ""},
		"sortBy":             {"GET", "/Users?sortBy=" + inURL, ""},
		"filter of a search": {"POST", "/Users/.search", `{"filter":"` + long + `"}`},
		"count of a search":  {"POST", "/Users/.search", `{"count":"` + long + `"}`},
		"path in bulk":       {"POST", "/Bulk", `{"Operations":[{"method":"DELETE","path":"/Users/` + long + `"}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			got := p.in(t).do(test.method, test.path, test.body)
			if size := len(got.body); got.status < 400 && test.path != "/Bulk" || size > 16<<10 {
				t.Errorf("status %d: %d bytes, which begin %.200s", got.status, size, got.body)
			}
		})
	}
}
