package conformance

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// dull answers everything but the questions of offer in one way, and claims to
// offer every feature.
func dull(status int, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, body := status, body
		if asksOffer(r) {
			status, body = 200, `{"patch":{"supported":true},"bulk":{"supported":true},"filter":{"supported":true},"sort":{"supported":true},"etag":{"supported":true},"pagination":{"cursor":true}}`
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// asksOffer recognizes what Run asks before the first case.
func asksOffer(r *http.Request) bool {
	switch {
	case r.Method == http.MethodGet && r.URL.Path == "/ServiceProviderConfig":
		return true
	case r.Method == http.MethodGet && r.URL.Path == "/":
		return r.URL.RawQuery == "count=0"
	case r.URL.Path == "/Users/.search":
		body, _ := io.ReadAll(r.Body)
		return strings.HasSuffix(string(body), `"count":0}`)
	}
	return false
}

// announced are the cases about nothing but what the answer to offer holds.
var announced = regexp.MustCompile(`^discovery/config-(patch|sort|etag|pagination-method|pagination-sizes)$`)

// No case passes on servers that always say the same.
func TestEveryCaseCanFail(t *testing.T) {
	t.Parallel()
	created := `{"schemas":["` + userURN + `"],"id":"1","userName":"x","meta":{"resourceType":"User","location":"http://x/Users/1"}}`
	none := `{"schemas":["` + listURN + `"],"totalResults":0,"startIndex":1,"itemsPerPage":0,"Resources":[]}`
	notFound := `{"schemas":["` + errorURN + `"],"status":"404","detail":"no"}`
	for name, test := range map[string]struct {
		status int
		body   string
		// passes has the only cases that such a server may pass: those about
		// nothing but the one thing that it does.
		passes string
	}{
		"an empty object":    {200, `{}`, `^discovery/authenticated$`},
		"an empty list":      {200, none, `^discovery/(no-filter|authenticated)$`},
		"not found":          {404, notFound, `^errors/(form|detail|no-scimType|unknown-endpoint)$|^validator/user-delete-unknown$|^read/me`},
		"created":            {201, created, `^create/(id-by-server|id-not-bulkId|readOnly-ignored|unknown-attribute|no-extension-no-urn)$`},
		"nothing, all right": {204, ``, `^none$`},
		"a server's trouble": {500, `{"schemas":["` + errorURN + `"],"status":"500"}`, `^none$`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(dull(test.status, test.body))
			defer server.Close()
			allowed := regexp.MustCompile(test.passes)
			for _, result := range report(t, Target{URL: server.URL, Token: testToken}, Options{}).Results {
				if result.Outcome == Passed && !allowed.MatchString(result.Name) && !announced.MatchString(result.Name) {
					t.Errorf("%s passes", result.Name)
				}
				if strings.Contains(result.Expected, "runs to its end") {
					t.Errorf("%s breaks: %s", result.Name, result.Expected)
				}
			}
		})
	}
}

// wantFailures runs the cases, all of which have to fail and to explain it.
func wantFailures(t *testing.T, target Target, cases []string) {
	t.Helper()
	only := regexp.MustCompile(`^(` + strings.Join(cases, "|") + `)$`)
	r := report(t, target, Options{Only: only})
	if r.OK() || len(r.Results) != len(cases) {
		t.Errorf("the report is OK, or lacks some of %d cases: %+v", len(cases), r.Total)
	}
	for _, result := range r.Results {
		if result.Outcome != Failed {
			t.Errorf("%s: %s", result.Name, result.Outcome)
		} else if result.Expected == "" || result.Request == "" || result.Answer == "" {
			t.Errorf("%s fails without an explanation", result.Name)
		}
	}
}

// Each wrong server is wrong in one way, which the cases about it find.
func TestWrongServers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		wrong func(*http.Request, *httptest.ResponseRecorder)
		fails []string
	}{
		"no Location": {func(_ *http.Request, w *httptest.ResponseRecorder) { w.Header().Del("Location") },
			[]string{"create/location"}},
		"no WWW-Authenticate": {func(_ *http.Request, w *httptest.ResponseRecorder) { w.Header().Del("WWW-Authenticate") },
			[]string{"auth/challenge", "auth/challenge-invalid"}},
		"no ETag": {func(_ *http.Request, w *httptest.ResponseRecorder) { w.Header().Del("ETag") },
			[]string{"etag/meta-version"}},
		"charset": {func(_ *http.Request, w *httptest.ResponseRecorder) {
			w.Header().Set("Content-Type", mediaSCIM+"; charset=utf-8")
		}, []string{"http/scim-json", "onelogin/no-charset", "errors/media-type"}},
		"no Allow": {func(_ *http.Request, w *httptest.ResponseRecorder) { w.Header().Del("Allow") },
			[]string{"http/405-users", "http/405-user"}},
		"409 without scimType": {change(`,"scimType":"uniqueness"`, ``),
			[]string{"create/duplicate-userName", "errors/duplicate-is-a-scim-error", "okta/duplicate-group"}},
		"status as a number": {func(_ *http.Request, w *httptest.ResponseRecorder) {
			body := regexp.MustCompile(`"status":"(\d+)"`).ReplaceAll(w.Body.Bytes(), []byte(`"status":$1`))
			w.Body = bytes.NewBuffer(body)
		}, []string{"errors/form", "read/unknown-user", "delete/gone"}},
		"totalResults as text": {func(_ *http.Request, w *httptest.ResponseRecorder) {
			body := regexp.MustCompile(`"totalResults":(\d+)`).ReplaceAll(w.Body.Bytes(), []byte(`"totalResults":"$1"`))
			w.Body = bytes.NewBuffer(body)
		}, []string{"pagination/integers", "okta/test-users", "entra/test-connection"}},
		"itemsPerPage of another page": {change(`"itemsPerPage":2`, `"itemsPerPage":100`),
			[]string{"pagination/itemsPerPage"}},
		"created after lastModified": {func(_ *http.Request, w *httptest.ResponseRecorder) {
			body := regexp.MustCompile(`"created":"[^"]*"`).ReplaceAll(w.Body.Bytes(), []byte(`"created":"2030-01-01T00:00:00Z"`))
			w.Body = bytes.NewBuffer(body)
		}, []string{"create/created-is-now", "create/lastModified-is-created", "choices/created-to-the-character"}},
		"active as text":   {change(`"active":false`, `"active":"False"`), []string{"values/keeps-active-false", "entra/deactivate", "okta/deactivate"}},
		"emails lose type": {change(`"type":"work"`, `"type":"other"`), []string{"values/keeps-emails", "validator/user-create"}},
		"manager as text": {change(`"manager":{"value":"random text"}`, `"manager":"random text"`),
			[]string{"entra/manager-text"}},
		"403 for 404": {func(_ *http.Request, w *httptest.ResponseRecorder) {
			if w.Code == 404 {
				w.Code = 403
			}
		}, []string{"read/unknown-user", "delete/unknown", "validator/user-delete-unknown"}},
		"200 for 201": {func(_ *http.Request, w *httptest.ResponseRecorder) {
			if w.Code == 201 {
				w.Code = 200
			}
		}, []string{"create/user", "create/group"}},
		"200 for 204": {func(r *http.Request, w *httptest.ResponseRecorder) {
			if w.Code == 204 && r.Method == http.MethodDelete {
				w.Code = 200
			}
		}, []string{"delete/user", "delete/group"}},
		"no filter for co": {func(r *http.Request, w *httptest.ResponseRecorder) {
			if strings.Contains(r.URL.RawQuery, "+co+") {
				w.Code, w.Body = 500, bytes.NewBufferString("oops")
			}
		}, []string{"filter/co", "filter/value-filter"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := serve(t, func(h http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					recorder := httptest.NewRecorder()
					h.ServeHTTP(recorder, r)
					test.wrong(r, recorder)
					header := w.Header()
					for name, values := range recorder.Header() {
						header[name] = values
					}
					header.Del("Content-Length")
					w.WriteHeader(recorder.Code)
					_, _ = w.Write(recorder.Body.Bytes())
				})
			})
			wantFailures(t, target, test.fails)
		})
	}
}

func change(old, now string) func(*http.Request, *httptest.ResponseRecorder) {
	return func(_ *http.Request, w *httptest.ResponseRecorder) {
		w.Body = bytes.NewBufferString(strings.ReplaceAll(w.Body.String(), old, now))
	}
}

func serveDull(t *testing.T, status int, body string) string {
	t.Helper()
	server := httptest.NewServer(dull(status, body))
	t.Cleanup(server.Close)
	return server.URL
}
