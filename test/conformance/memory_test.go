package conformance

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/scim/memory"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

const testToken = "0123456789abcdef0123456789abcdef"

// serve runs the protocol over a store in memory, with something in front of it.
func serve(t *testing.T, wrap func(http.Handler) http.Handler) Target {
	t.Helper()
	scim := handler.New(handler.Options{
		Store: memory.New(),
		Types: types(t),
		Authenticate: func(_ context.Context, token string) error {
			if token != testToken {
				return handler.InvalidToken()
			}
			return nil
		},
	})
	server := httptest.NewServer(wrap(scim))
	t.Cleanup(server.Close)
	return Target{URL: server.URL, Token: testToken}
}

// types have extensions like those of the operator in localoperator.
func types(t *testing.T) []*schema.ResourceType {
	t.Helper()
	attribute := func(name string, kind schema.Type, subs ...*schema.Attribute) *schema.Attribute {
		return &schema.Attribute{Name: name, Type: kind, Description: name, SubAttributes: subs, Mutability: schema.ReadWrite, Returned: schema.Default, Uniqueness: schema.None}
	}
	badge, tags := attribute("badge", schema.String), attribute("tags", schema.String)
	badge.Uniqueness, tags.MultiValued = schema.Server, true
	serial, issuer, note, code, pin := attribute("serial", schema.String), attribute("issuer", schema.String), attribute("note", schema.String), attribute("code", schema.String), attribute("pin", schema.String)
	serial.Mutability, issuer.Mutability, note.Returned, code.CaseExact = schema.Immutable, schema.ReadOnly, schema.Request, true
	pin.Mutability, pin.Returned = schema.WriteOnly, schema.Never
	number := attribute("number", schema.String)
	keys := attribute("keys", schema.Complex, attribute("value", schema.String), number)
	number.Mutability, keys.MultiValued = schema.Immutable, true
	user, errs := schema.Extend(schema.UserType(), schema.Extension{Schema: &schema.Schema{ID: "urn:example:2.0:User", Name: "Example", Attributes: []*schema.Attribute{
		attribute("team", schema.String), badge, tags, attribute("level", schema.Integer), attribute("rate", schema.Decimal), attribute("remote", schema.Boolean),
		attribute("since", schema.DateTime), attribute("desk", schema.Complex, attribute("seat", schema.String)),
		serial, issuer, note, code, pin, keys,
	}}})
	group, more := schema.Extend(schema.GroupType(), schema.Extension{Schema: &schema.Schema{ID: "urn:example:2.0:Group", Name: "Example", Attributes: []*schema.Attribute{attribute("team", schema.String)}}})
	if errs[0] != nil || more[0] != nil {
		t.Fatal(errs, more)
	}
	return []*schema.ResourceType{user, group}
}

func report(t *testing.T, target Target, o Options) *Report {
	t.Helper()
	r, err := Run(t.Context(), target, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The protocol without Kubernetes passes.
func TestMemory(t *testing.T) {
	t.Parallel()
	target := serve(t, func(h http.Handler) http.Handler { return h })
	r := report(t, target, Options{})
	var text strings.Builder
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	t.Log(text.String())
	if !r.OK() {
		t.Error("cases failed")
	}
	for _, path := range []string{"/Users?count=5", "/Groups?count=5"} {
		left, err := newClient(target, 1).send(t.Context(), http.MethodGet, path, "")
		if err != nil || left.number("totalResults") != 0 {
			t.Errorf("%s: the run leaves resources behind: %v %s", path, err, left.raw)
		}
	}
}
