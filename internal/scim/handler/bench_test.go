package handler_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/scim/memory"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// discard is a client that does not read.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

func BenchmarkServeHTTP(b *testing.B) {
	h := handler.New(handler.Options{
		Store: memory.New(), Types: []*schema.ResourceType{schema.UserType(), schema.GroupType()},
		Authenticate: func(context.Context, string) error { return nil },
	})
	request := func(method, target, body string) *http.Request {
		r := httptest.NewRequestWithContext(b.Context(), method, target, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer x")
		return r
	}
	var id string
	for i := range 100 {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request("POST", "/Users", strings.Replace(entraUser, "Ada@", fmt.Sprintf("ada-%d@", i), 1)))
		if w.Code != 201 {
			b.Fatal(w.Body)
		}
		id = w.Header().Get("Location")[len("http://example.com/Users/"):]
	}
	for name, target := range map[string]string{
		"get": "/Users/" + id, "list of 100": "/Users", "attributes": "/Users/" + id + "?attributes=userName,emails.value",
		"not found": "/Users/nobody",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			r := request("GET", target, "")
			for b.Loop() {
				h.ServeHTTP(discard{http.Header{}}, r)
			}
		})
	}
	b.Run("patch", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			h.ServeHTTP(discard{http.Header{}}, request("PATCH", "/Users/"+id, patchBody(`[{"op":"replace","path":"title","value":"x"}]`)))
		}
	})
}
