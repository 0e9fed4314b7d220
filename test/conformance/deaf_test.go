package conformance

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// Each wrong server does not hear something, which the cases about it find.
func TestDeafServers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		deaf  func(*http.Request)
		fails []string
	}{
		"attributes":         {forgets("attributes"), []string{"attributes/one", "attributes/list", "attributes/extension", "create/attributes-parameter", "patch/attributes-parameter"}},
		"excludedAttributes": {forgets("excludedAttributes"), []string{"attributes/excluded", "attributes/members-excluded", "entra/look-up-group", "validator/group-get"}},
		"count":              {forgets("count"), []string{"pagination/count", "pagination/all-once", "pagination/count-zero", "cursor/count-is-kept"}},
		"startIndex":         {forgets("startIndex"), []string{"pagination/startIndex", "pagination/behind-the-end", "sort/pages"}},
		"filter":             {forgets("filter"), []string{"filter/userName", "filter/eq-part", "filter/no-operator", "entra/test-connection"}},
		"sortBy":             {forgets("sortBy"), []string{"sort/ascending", "sort/descending", "sort/multi-valued", "cursor/sorted"}},
		"sortOrder":          {forgets("sortOrder"), []string{"sort/descending", "sort/created"}},
		"cursor":             {forgets("cursor"), []string{"cursor/first-page", "cursor/all-once", "cursor/invalid"}},
		"If-Match": {func(r *http.Request) { r.Header.Del("If-Match") },
			[]string{"etag/if-match-put-stale", "etag/if-match-patch-stale", "etag/if-match-delete-stale", "etag/group-if-match-members"}},
		"If-None-Match": {func(r *http.Request) { r.Header.Del("If-None-Match") }, []string{"etag/if-none-match"}},
		"tokens": {func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+testToken) },
			[]string{"auth/missing", "auth/wrong", "auth/other-scheme", "auth/writes", "auth/token-in-url"}},
		"Accept":        {func(r *http.Request) { r.Header.Set("Accept", mediaSCIM) }, []string{"onelogin/answers-json", "choices/patch-accept-other"}},
		"Content-Type":  {func(r *http.Request) { r.Header.Set("Content-Type", mediaSCIM) }, []string{"http/send-text"}},
		"letter case":   {inBody(`"USERNAME"`, `"x"`), []string{"values/names-ignore-case"}},
		"failOnErrors":  {inBody(`"failOnErrors"`, `"x"`), []string{"bulk/failOnErrors"}},
		"bulk versions": {inBody(`"version"`, `"x"`), []string{"bulk/version"}},
		"whom to remove": {inBody(`"op":"Remove","path":"members","value"`, `"op":"Remove","path":"members","x"`),
			[]string{"entra/remove-member"}},
		"value filters":  {inBody(`[value eq \"`, `[type ne \"`), []string{"members/remove-chosen", "okta/remove-and-add-member", "validator/group-remove-member"}},
		"second changes": {inBody(`},{"op":"Remove","path":"members"`, `}],"x":[{"op":"Remove","path":"members"`), []string{"validator/group-add-and-remove"}},
		"active":         {inBody(`"active"`, `"x"`), []string{"values/keeps-active-false", "entra/deactivate", "okta/test-flow", "jumpcloud/activation-deactivates"}},
		"externalId":     {inBody(`"externalId"`, `"x"`), []string{"values/keeps-externalId", "entra/look-up-externalId", "choices/externalId-exact"}},
		"the extension":  {inBody(`"`+enterpriseURN+`"`, `"x"`), []string{"values/keeps-enterprise", "filter/extension", "create/extension"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := serve(t, func(h http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					test.deaf(r)
					h.ServeHTTP(w, r)
				})
			})
			wantFailures(t, target, test.fails)
		})
	}
}

// forgets drops a query parameter, also where it came in a search.
func forgets(name string) func(*http.Request) {
	return func(r *http.Request) {
		var kept []string
		for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
			if key, _, _ := strings.Cut(pair, "="); key != name {
				kept = append(kept, pair)
			}
		}
		r.URL.RawQuery = strings.Join(kept, "&")
	}
}

// inBody changes what the server hears.
func inBody(old, now string) func(*http.Request) {
	return func(r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		changed := strings.ReplaceAll(string(body), old, now)
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(changed)), int64(len(changed))
	}
}
