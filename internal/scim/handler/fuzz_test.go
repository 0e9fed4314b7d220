package handler_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/scim/memory"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// FuzzRequests: whatever is asked, the answer is no 500 and its body is JSON,
// and every resource can be written back as it was read without a change.
func FuzzRequests(f *testing.F) {
	for _, seed := range [][3]string{
		{"POST", "/Users", fullUser},
		{"POST", "/Users", entraUser},
		{"POST", "/Users", oktaUser},
		{"POST", "/Groups", `{"displayName":"g","members":[{"value":"u"}]}`},
		{"PUT", "/Users/ID", jumpCloudUser},
		{"PUT", "/Groups/GROUP", `{"displayName":"h","members":null}`},
		{"GET", `/Users?filter=emails[type eq "work"].value eq "x"&startIndex=1&count=5`, ""},
		{"GET", `/Groups?filter=id eq "g" and members eq "u"&attributes=id,members.value&excludedAttributes=meta`, ""},
		{"GET", `/Users?cursor=&count=1&sortBy=emails&sortOrder=descending`, ""},
		{"GET", `/?sortBy=displayName&cursor=AAAAAAAAAAAAAAAAAQA`, ""},
		{"GET", `/?startIndex=2&count=2&filter=meta.resourceType eq "User" or members pr`, ""},
		{"POST", "/Bulk", bulkBody(`[{"method":"POST","path":"/Groups","bulkId":"x","data":{"displayName":"y","members":[{"value":"bulkId:x"},{"value":"bulkId:z"}]}},
			{"method":"PATCH","path":"/Groups/bulkId:x","version":"*","data":{"Operations":[{"op":"remove","path":"members[value eq \"bulkId:x\"]"}]}}]`)},
		{"POST", "/Bulk", `{"failOnErrors":1,"Operations":[{"method":"DELETE","path":"/Users/bulkId:"},{"method":"PUT","path":"/Users","data":{"manager":"bulkId:a"}}]}`},
		{"POST", "/.search", `{"filter":"not (title pr)","sortBy":"meta.created","attributes":["id","members"],"startIndex":2,"count":1}`},
		{"POST", "/Groups/.search", `{"cursor":"","count":1,"excludedAttributes":["members"]}`},
		{"PATCH", "/Users/ID", patchBody(`[{"op":"replace","value":{"name.givenName":"K","active":"False"}}]`)},
		{"PATCH", "/Users/ID", patchBody(`[{"op":"add","path":"roles[primary eq \"True\"].value","value":"x"},{"op":"remove","path":"emails"}]`)},
		{"PATCH", "/Groups/GROUP", patchBody(`[{"op":"remove","path":"members[value eq \"u\"]"},{"op":"add","path":"members","value":"u"}]`)},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, method, target, body string) {
		h := handler.New(handler.Options{
			Store:        memory.New(),
			Types:        []*schema.ResourceType{schema.UserType(), schema.GroupType()},
			Authenticate: func(context.Context, string) error { return nil },
		})
		ask := func(method, target, body string) *httptest.ResponseRecorder {
			request := httptest.NewRequestWithContext(t.Context(), "GET", "/", strings.NewReader(body))
			path, query, _ := strings.Cut(target, "?")
			request.Method, request.URL = method, &url.URL{Path: path, RawQuery: query}
			request.Header.Set("Authorization", "Bearer x")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, request)
			return w
		}
		id := (&answered{t: t, body: ask("POST", "/Users", `{"userName":"x","roles":[{"value":"r"}]}`).Body.String()}).text("id")
		group := (&answered{t: t, body: ask("POST", "/Groups", `{"displayName":"x","members":[{"value":"`+id+`"},{"value":"u"}]}`).Body.String()}).text("id")
		target = strings.NewReplacer("ID", id, "GROUP", group).Replace(target)
		for _, w := range []*httptest.ResponseRecorder{
			ask(method, target, body), ask("GET", "/Users", ""), ask("GET", "/Groups", ""),
		} {
			if w.Code == 500 {
				t.Fatalf("%s %q: %s", method, target, w.Body)
			}
			if w.Body.Len() > 0 && !json.Valid(w.Body.Bytes()) {
				t.Fatalf("%s %q: %d with a body that is not JSON: %q", method, target, w.Code, w.Body)
			}
		}
		for _, path := range []string{"/Users/" + id, "/Groups/" + group} {
			read := ask("GET", path, "")
			if read.Code == 404 {
				continue // it was deleted
			}
			written := ask("PUT", path, read.Body.String())
			if written.Code != 200 || written.Header().Get("ETag") != read.Header().Get("ETag") {
				t.Fatalf("after %s %q %s, %s is read as\n%s\nand written back: %d\n%s", method, target, body, path, read.Body, written.Code, written.Body)
			}
		}
	})
}
