package server

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/go-logr/logr/funcr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/memory"
	"github.com/rollcall-scim/rollcall/internal/token"
)

const bearer = "0123456789abcdef0123456789abcdef"

// endpoint under test: what the server is given and what came out of it.
type fixture struct {
	client.Client
	options Options
	log     *bytes.Buffer
	server  *httptest.Server
}

// entra is the sync of most tests.
func entra(change func(*v1alpha1.IdentityProviderSync)) *v1alpha1.IdentityProviderSync {
	s := &v1alpha1.IdentityProviderSync{
		ObjectMeta: metav1.ObjectMeta{Namespace: "identity", Name: "entra"},
		Spec: v1alpha1.IdentityProviderSyncSpec{
			State:  v1alpha1.SyncActive,
			Tokens: []v1alpha1.Token{{Name: "2026", SecretRef: v1alpha1.SecretKeyReference{Name: "scim", Key: "token"}}},
		},
	}
	if change != nil {
		change(s)
	}
	return s
}

func newFixture(t testing.TB, s *v1alpha1.IdentityProviderSync, change func(*Options)) *fixture {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	f := &fixture{log: &bytes.Buffer{}}
	f.Client = fake.NewClientBuilder().WithScheme(scheme).WithObjects(s, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "identity", Name: "scim"},
		Data:       map[string][]byte{"token": []byte(bearer)},
	}).Build()
	var mu sync.Mutex
	store := memory.New()
	f.options = Options{
		Address:          "127.0.0.1:0",
		Sync:             f.sync,
		Serves:           func(namespace string) bool { return namespace == "identity" },
		Tokens:           token.NewVerifier(f.Client),
		Store:            func(client.ObjectKey) scim.Store { return store },
		Activity:         NewActivity(),
		UnknownNamespace: "identity",
		Log: funcr.New(func(_, args string) {
			mu.Lock()
			defer mu.Unlock()
			f.log.WriteString(args + "\n")
		}, funcr.Options{}),
	}
	if change != nil {
		change(&f.options)
	}
	router, err := newRouter(f.options)
	if err != nil {
		t.Fatal(err)
	}
	f.server = httptest.NewServer(router)
	t.Cleanup(f.server.Close)
	return f
}

func (f *fixture) sync(key client.ObjectKey) (*v1alpha1.IdentityProviderSync, error) {
	s := &v1alpha1.IdentityProviderSync{}
	if err := f.Get(context.Background(), key, s); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	return s, nil
}

// answered is what a client gets to see.
type answered struct {
	Status int
	Header http.Header
	Body   string
}

func (f *fixture) do(t *testing.T, method, path, bearer, body string) answered {
	t.Helper()
	rq, err := http.NewRequestWithContext(t.Context(), method, f.server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if bearer != "" {
		rq.Header.Set("Authorization", "Bearer "+bearer)
	}
	rq.Header.Set("Accept", "application/scim+json")
	return send(t, http.DefaultClient, rq)
}

func send(t *testing.T, c *http.Client, rq *http.Request) answered {
	t.Helper()
	answer, err := c.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answered{answer.StatusCode, answer.Header, string(content)}
}

const alice = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"alice@example.com"}`
