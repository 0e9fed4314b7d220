package server

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// shelf is a Store whose resources are all there, written.
type shelf struct {
	scim.Store
	resources []*scim.Resource
}

func (s shelf) Get(context.Context, *schema.ResourceType, string, scim.Need) (*scim.Resource, error) {
	return s.resources[0], nil
}

func (s shelf) List(_ context.Context, _ *schema.ResourceType, query scim.Query) (*scim.Page, error) {
	return &scim.Page{Total: len(s.resources), Resources: s.resources[:min(query.Count, len(s.resources))]}, nil
}

// discard is a client that does not read.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

// BenchmarkReads shows what a request costs beside the Store and net/http.
func BenchmarkReads(b *testing.B) {
	s := shelf{}
	for i := range 100 {
		id := fmt.Sprintf("user-%d", i)
		s.resources = append(s.resources, &scim.Resource{ID: id, Meta: scim.Meta{Version: `W/"1"`}, Encoded: &scim.Encoded{Head: strings.Repeat("x", 1000), Tail: strings.Repeat("x", 200)}})
	}
	idp := entra(nil)
	f := newFixture(b, idp, func(o *Options) {
		o.Sync = func(client.ObjectKey) (*v1alpha1.IdentityProviderSync, error) { return idp, nil }
		o.Store = func(client.ObjectKey) scim.Store { return s }
		o.Log = logr.FromSlogHandler(slog.NewJSONHandler(io.Discard, nil))
	})
	for name, path := range map[string]string{
		"get": "/Users/user-1", "filter": "/Users?filter=userName+eq+%22user-1%22&count=1", "list of 100": "/Users?count=100",
	} {
		r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/identity/entra/scim/v2"+path, http.NoBody)
		r.Header.Set("Authorization", "Bearer "+bearer)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f.server.Config.Handler.ServeHTTP(discard{http.Header{}}, r)
			}
		})
	}
}
