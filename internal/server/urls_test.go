package server

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestSplitPath(t *testing.T) {
	type split struct {
		namespace, name, rest string
		ok                    bool
	}
	tests := map[string]split{
		"/ns/entra/scim/v2":             {"ns", "entra", "", true},
		"/ns/entra/scim/v2/":            {"ns", "entra", "/", true},
		"/ns/entra/scim/v2//Users":      {"ns", "entra", "//Users", true},
		"/ns/entra/scim/v2/Users/a/b/c": {"ns", "entra", "/Users/a/b/c", true},
		"/ns/entra/scim/v21":            {},
		"/ns/entra/scim":                {},
		"/ns/entra/SCIM/v2":             {},
		"//entra/scim/v2":               {},
		"/ns//scim/v2":                  {},
		"ns/entra/scim/v2":              {},
		"/":                             {},
		"":                              {},
	}
	for path, want := range tests {
		var got split
		got.namespace, got.name, got.rest, got.ok = splitPath(path)
		if got != want {
			t.Errorf("%q: got %+v, want %+v", path, got, want)
		}
	}
}

func TestBase(t *testing.T) {
	tests := map[string]struct {
		external string
		trust    bool
		tls      bool
		header   http.Header
		want     string
	}{
		"from the request":       {want: "http://scim.local/ns/entra/scim/v2"},
		"over TLS":               {tls: true, want: "https://scim.local/ns/entra/scim/v2"},
		"external":               {external: "https://scim.example.com/", tls: true, want: "https://scim.example.com/ns/entra/scim/v2"},
		"external below a path":  {external: "https://example.com/rollcall", want: "https://example.com/rollcall/ns/entra/scim/v2"},
		"forwarded, not trusted": {header: forwarded("https", "evil.example.com"), want: "http://scim.local/ns/entra/scim/v2"},
		"forwarded":              {trust: true, header: forwarded("https", "scim.example.com"), want: "https://scim.example.com/ns/entra/scim/v2"},
		"forwarded twice":        {trust: true, header: forwarded("https, http", "a.example.com, b"), want: "https://a.example.com/ns/entra/scim/v2"},
		"forwarded nonsense":     {trust: true, header: forwarded("javascript", "a/b?c"), want: "http://scim.local/ns/entra/scim/v2"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			urls, err := NewURLs(test.external, test.trust)
			if err != nil {
				t.Fatal(err)
			}
			rq := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://scim.local/ns/entra/scim/v2/Users", nil)
			if test.tls {
				rq.TLS = &tls.ConnectionState{}
			}
			for key, values := range test.header {
				rq.Header[key] = values
			}
			if got := urls.base(rq, basePath("ns", "entra")); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func forwarded(proto, host string) http.Header {
	header := http.Header{}
	header.Set("X-Forwarded-Proto", proto)
	header.Set("X-Forwarded-Host", host)
	return header
}

func TestExternalURL(t *testing.T) {
	for _, bad := range []string{"scim.example.com", "ftp://scim.example.com", "https://", "https://u:p@scim.example.com", "https://scim.example.com?x=1", "https://scim.example.com#x", "https://a b"} {
		if _, err := NewURLs(bad, false); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	urls, err := NewURLs("", false)
	if err != nil {
		t.Fatal(err)
	}
	if got := urls.Endpoint("ns", "entra"); got != "/ns/entra/scim/v2" {
		t.Errorf("without an external URL the endpoint is %q, want the path", got)
	}
}
