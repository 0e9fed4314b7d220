package handler_test

import (
	"strings"
	"testing"
)

func TestRoutes(t *testing.T) {
	p := serve(t)
	id := p.user("ada")
	for name, test := range map[string]struct {
		method, path string
		status       int
		allow        string
	}{
		"list":                             {"GET", "/Users", 200, ""},
		"slash at the end":                 {"GET", "/Users/", 200, ""},
		"doubled slash":                    {"GET", "//Users", 200, ""},
		"question mark at the end":         {"GET", "/Users?", 200, ""},
		"ampersand at the end":             {"GET", "/Users?count=1&", 200, ""},
		"Entra's flag on the tenant URL":   {"GET", "/Users?aadOptscim062020", 200, ""},
		"a parameter nobody knows":         {"GET", "/Users?x=%zz&tenant=1", 200, ""},
		"HEAD":                             {"HEAD", "/Users", 200, ""},
		"HEAD of one":                      {"HEAD", "/Users/" + id, 200, ""},
		"one":                              {"GET", "/Users/" + id, 200, ""},
		"one, slash at the end":            {"GET", "/Users/" + id + "/", 200, ""},
		"one, percent-encoded":             {"GET", "/Users/" + strings.ReplaceAll(id, "u", "%75"), 200, ""},
		"one of another type":              {"GET", "/Groups/" + id, 404, ""},
		"unknown id":                       {"GET", "/Users/nobody", 404, ""},
		"id with an encoded slash":         {"GET", "/Users/a%2Fb", 404, ""},
		"unknown endpoint":                 {"GET", "/Printers", 404, ""},
		"endpoints are case-sensitive":     {"GET", "/users", 404, ""},
		"the base itself":                  {"GET", "", 200, ""},
		"the base with a slash":            {"GET", "/", 200, ""},
		"POST to the base":                 {"POST", "", 405, "GET, HEAD"},
		"GET of a search":                  {"GET", "/.search", 405, "POST"},
		"GET of a search of one type":      {"GET", "/Users/.search", 405, "POST"},
		"a search of discovery":            {"POST", "/Schemas/.search", 405, "GET, HEAD"},
		"too deep":                         {"GET", "/Users/" + id + "/emails", 404, ""},
		"an encoded slash is no separator": {"GET", "/Users%2F" + id, 404, ""},
		"something after the config":       {"GET", "/ServiceProviderConfig/x", 404, ""},
		"Me":                               {"GET", "/Me", 501, ""},
		"POST to one":                      {"POST", "/Users/" + id, 405, "DELETE, GET, HEAD, PATCH, PUT"},
		"DELETE of all":                    {"DELETE", "/Users", 405, "GET, HEAD, POST"},
		"PUT of all":                       {"PUT", "/Groups", 405, "GET, HEAD, POST"},
		"POST to discovery":                {"POST", "/Schemas", 405, "GET, HEAD"},
		"OPTIONS":                          {"OPTIONS", "/Users", 405, "GET, HEAD, POST"},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.in(t)
			got := p.do(test.method, test.path, "")
			if test.status == 200 {
				got.want(200)
			} else {
				got.wantError(test.status, "")
			}
			equal(t, "Allow", got.header.Get("Allow"), test.allow)
			if test.method == "HEAD" && (got.body != "" || got.header.Get("Content-Length") == "0") {
				t.Errorf("HEAD: body %q, Content-Length %s", got.body, got.header.Get("Content-Length"))
			}
		})
	}
}

func TestRequestID(t *testing.T) {
	p := serve(t)
	for name, test := range map[string]struct {
		sent string
		kept bool
	}{
		"from the client":  {"0f8fad5b-d9cb-469f-a165-70867728950e", true},
		"none":             {"", false},
		"too long":         {strings.Repeat("x", 129), false},
		"with a space":     {"a b", false},
		"beyond printable": {"caf\u00e9", false},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.in(t)
			for _, path := range []string{"/Users", "/Users/nobody", "/nothing"} {
				got := p.do("GET", path, "", "X-Request-Id: "+test.sent).header.Get("X-Request-Id")
				if kept := got == test.sent; kept != test.kept || got == "" {
					t.Errorf("%s: sent %q, got %q", path, test.sent, got)
				}
			}
		})
	}
}
