package handler_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/scim/memory"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// What a store encoded is the answer that the handler would have written,
// whatever the URL of the SCIM base.
func TestEncodedIsTheSame(t *testing.T) {
	store := memory.New()
	p := serveWith(t, handler.Options{Store: store})
	user := p.create("/Users", entraUser)
	p.group("g", user)
	for _, base := range []string{"https://scim.example.com/scim/v2", "http://[::1]:8443", `http://"quoted"\`, "http://h\xffst\xff", "http://<&>"} {
		answers := func(store scim.Store) string {
			h := handler.New(handler.Options{
				Store: store, Types: []*schema.ResourceType{schema.UserType(), schema.GroupType()},
				Authenticate: func(context.Context, string) error { return nil },
				BaseURL:      func(*http.Request) string { return base },
			})
			w := httptest.NewRecorder()
			for _, path := range []string{"/Users/" + user, "/Users"} {
				r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
				r.Header.Set("Authorization", "Bearer x")
				h.ServeHTTP(w, r)
			}
			return w.Body.String()
		}
		encoded, plain := answers(store), answers(written{store})
		if encoded != plain || strings.Count(plain, user) < 4 {
			t.Errorf("%q: encoded\n%s\nwritten\n%s", base, encoded, plain)
		}
	}
}

// written is a store that encodes nothing.
type written struct{ scim.Store }

func (w written) Get(ctx context.Context, rt *schema.ResourceType, id string, need scim.Need) (*scim.Resource, error) {
	need.Encoder = nil
	return w.Store.Get(ctx, rt, id, need)
}

func (w written) List(ctx context.Context, rt *schema.ResourceType, query scim.Query) (*scim.Page, error) {
	query.Need.Encoder = nil
	return w.Store.List(ctx, rt, query)
}
