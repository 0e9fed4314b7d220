package server

import (
	"net/http"
	"testing"
)

func TestAllowedOrigins(t *testing.T) {
	const page = "https://validator.example.com"
	const users = "/identity/entra/scim/v2/Users"
	type request struct{ method, path, origin, preflight, token string }
	for name, test := range map[string]struct {
		allowed []string
		request
		status      int
		allowOrigin string
	}{
		"preflight":                       {[]string{"https://a.example", page}, request{"OPTIONS", users, page, "PATCH", ""}, 204, page},
		"preflight of an unknown sync":    {[]string{page}, request{"OPTIONS", "/a/b/scim/v2/Users", page, "PATCH", ""}, 204, page},
		"preflight of another origin":     {[]string{page}, request{"OPTIONS", users, "https://evil.example", "GET", ""}, 401, ""},
		"preflight while off":             {nil, request{"OPTIONS", users, page, "GET", ""}, 401, ""},
		"OPTIONS that is no preflight":    {[]string{page}, request{"OPTIONS", users, page, "", ""}, 401, page},
		"request":                         {[]string{page}, request{"GET", users, page, "", bearer}, 200, page},
		"request, origin in another case": {[]string{"https://Validator.example.com"}, request{"GET", users, page, "", bearer}, 200, page},
		"request without a token":         {[]string{page}, request{"GET", users, page, "", ""}, 401, page},
		"request of another origin":       {[]string{page}, request{"GET", users, page + ".evil.example", "", bearer}, 200, ""},
		"request of another port":         {[]string{page}, request{"GET", users, page + ":8443", "", bearer}, 200, ""},
		"request of no origin":            {[]string{page}, request{"GET", users, "", "", bearer}, 200, ""},
		"request while off":               {nil, request{"GET", users, page, "", bearer}, 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, entra(nil), func(o *Options) { o.AllowedOrigins = test.allowed })
			rq, err := http.NewRequestWithContext(t.Context(), test.method, f.server.URL+test.path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			for header, value := range map[string]string{"Origin": test.origin, "Access-Control-Request-Method": test.preflight} {
				if value != "" {
					rq.Header.Set(header, value)
				}
			}
			if test.token != "" {
				rq.Header.Set("Authorization", "Bearer "+test.token)
			}
			got := send(t, http.DefaultClient, rq)
			if got.Status != test.status || got.Header.Get("Access-Control-Allow-Origin") != test.allowOrigin {
				t.Errorf("got %d, origin %q; want %d, %q", got.Status, got.Header.Get("Access-Control-Allow-Origin"), test.status, test.allowOrigin)
			}
			if varies := got.Header.Get("Vary") == "Origin"; varies != (test.allowed != nil) {
				t.Errorf("Vary: %q", got.Header.Get("Vary"))
			}
			if methods := got.Header.Get("Access-Control-Allow-Methods"); (methods != "") != (test.status == 204) {
				t.Errorf("methods %q", methods)
			}
		})
	}
}

func TestOriginsAreChecked(t *testing.T) {
	for _, wrong := range []string{"*", "validator.example.com", "https://a.example/", "https://a.example/x", "ftp://a.example", "https://u@a.example", "https://", "null"} {
		if _, err := New(Options{AllowedOrigins: []string{wrong}}); err == nil || CheckOrigins([]string{wrong}) == nil {
			t.Errorf("%q was accepted", wrong)
		}
	}
	if err := CheckOrigins([]string{"http://localhost:8080", "https://A.example"}); err != nil {
		t.Error(err)
	}
}
