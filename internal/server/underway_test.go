package server

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// TestARequestUnderWay is admitted, and its sync changes before all of its body
// has come: what is decided about the sync holds for the rest of the request.
func TestARequestUnderWay(t *testing.T) {
	update := func(change func(*v1alpha1.IdentityProviderSync)) func(*fixture) error {
		return func(f *fixture) error {
			s, err := f.sync(client.ObjectKeyFromObject(entra(nil)))
			if err != nil {
				return err
			}
			change(s)
			return f.Update(t.Context(), s)
		}
	}
	remove := func(f *fixture) error { return f.Delete(t.Context(), entra(nil)) }
	for name, test := range map[string]struct {
		meanwhile func(*fixture) error
		status    int
	}{
		"nothing": {func(*fixture) error { return nil }, http.StatusCreated},
		"another filter": {update(func(s *v1alpha1.IdentityProviderSync) {
			s.Spec.GroupFilter = &v1alpha1.GroupFilter{Prefixes: []string{"k8s-"}}
		}), http.StatusCreated},
		"paused":            {update(func(s *v1alpha1.IdentityProviderSync) { s.Spec.State = v1alpha1.SyncPaused }), http.StatusServiceUnavailable},
		"its token is gone": {update(func(s *v1alpha1.IdentityProviderSync) { s.Spec.Tokens[0].Name = "2027" }), http.StatusUnauthorized},
		"the sync is gone":  {remove, http.StatusUnauthorized},
		"the sync is another": {func(f *fixture) error {
			if err := remove(f); err != nil {
				return err
			}
			return f.Create(t.Context(), entra(func(s *v1alpha1.IdentityProviderSync) { s.UID = "another" }))
		}, http.StatusUnauthorized},
	} {
		for _, path := range []string{"/Users", "/Bulk"} {
			t.Run(name+path, func(t *testing.T) {
				f := newFixture(t, entra(nil), nil)
				body, send := io.Pipe()
				rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.server.URL+"/identity/entra/scim/v2"+path, body)
				if err != nil {
					t.Fatal(err)
				}
				rq.Header.Set("Authorization", "Bearer "+bearer)
				key := client.ObjectKey{Namespace: "identity", Name: "entra"}
				go func() {
					for f.options.Activity.Seen(key).Request.IsZero() && t.Context().Err() == nil {
						time.Sleep(time.Millisecond)
					}
					err := test.meanwhile(f)
					if path == "/Bulk" {
						_, _ = fmt.Fprintf(send, `{"Operations":[{"method":"POST","path":"/Users","bulkId":"a","data":%s}]}`, alice)
					} else {
						_, _ = io.WriteString(send, alice)
					}
					_ = send.CloseWithError(err)
				}()
				got := sendAll(t, rq, path == "/Bulk")
				page, err := f.options.Store(key).List(t.Context(), schema.UserType(), scim.Query{})
				if err != nil {
					t.Fatal(err)
				}
				if stored := page.Total == 1; got != test.status || stored != (test.status == http.StatusCreated) {
					t.Errorf("status %d, stored: %v; want status %d", got, stored, test.status)
				}
			})
		}
	}
}

// sendAll gives the status of a request, or of the only operation of a bulk request.
func sendAll(t *testing.T, rq *http.Request, bulk bool) int {
	t.Helper()
	got := send(t, http.DefaultClient, rq)
	if !bulk {
		return got.Status
	}
	var answer struct {
		Operations []struct {
			Status int `json:"status,string"`
		}
	}
	if err := json.Unmarshal([]byte(got.Body), &answer); err != nil || len(answer.Operations) != 1 {
		t.Fatalf("%v: %s", err, got.Body)
	}
	return answer.Operations[0].Status
}
