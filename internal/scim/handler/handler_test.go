package handler_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/scim/memory"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

const (
	token  = "a-token-of-at-least-thirty-two-bytes"
	prefix = "/idp/entra/scim/v2"
)

// provider is a service provider behind real HTTP, as an identity provider
// sees it.
type provider struct {
	t    *testing.T
	base string
}

// serve starts a service provider over an empty store.
func serve(t *testing.T) *provider {
	t.Helper()
	return serveWith(t, handler.Options{Store: memory.New()})
}

func serveWith(t *testing.T, o handler.Options) *provider {
	t.Helper()
	if o.Types == nil {
		o.Types = []*schema.ResourceType{schema.UserType(), schema.GroupType()}
	}
	o.BaseURL = func(r *http.Request) string { return "http://" + r.Host + prefix }
	if o.Authenticate == nil {
		o.Authenticate = func(_ context.Context, sent string) error {
			if sent != token {
				return handler.InvalidToken()
			}
			return nil
		}
	}
	server := httptest.NewServer(http.StripPrefix(prefix, handler.New(o)))
	t.Cleanup(server.Close)
	return &provider{t: t, base: server.URL + prefix}
}

// in is the same provider for a subtest.
func (p *provider) in(t *testing.T) *provider { return &provider{t: t, base: p.base} }

// answered is what a request got.
type answered struct {
	t      *testing.T
	what   string // the request, for failures
	status int
	header http.Header
	body   string
}

// do sends a request. headers are "Name: value"; without an Authorization
// header among them the right token is sent, and an empty value sends none.
func (p *provider) do(method, path, body string, headers ...string) *answered {
	p.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	return p.send(method, path, reader, headers...)
}

func (p *provider) send(method, path string, body io.Reader, headers ...string) *answered {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.base+path, body)
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("User-Agent", "test")
	if body != nil {
		request.Header.Set("Content-Type", "application/scim+json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ":")
		if value = strings.TrimSpace(value); value == "" {
			request.Header.Del(name)
		} else {
			request.Header.Set(name, value)
		}
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return &answered{t: p.t, what: method + " " + path, status: response.StatusCode, header: response.Header, body: string(text)}
}

func (p *provider) get(path string) *answered { p.t.Helper(); return p.do("GET", path, "") }

// create posts a resource and gives its id.
func (p *provider) create(endpoint, body string) string {
	p.t.Helper()
	return p.do("POST", endpoint, body).want(201).text("id")
}

// chunked sends a body whose length is not announced.
func (p *provider) chunked(method, path, body string) *answered {
	p.t.Helper()
	return p.send(method, path, struct{ io.Reader }{strings.NewReader(body)})
}

// patch sends the operations, a JSON array, and wants a 2xx.
func (p *provider) patch(path, operations string) {
	p.t.Helper()
	a := p.do("PATCH", path, patchBody(operations))
	if a.status != 200 && a.status != 204 {
		p.t.Fatalf("PATCH %s %s: %d %s", path, operations, a.status, a.body)
	}
}

func patchBody(operations string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":` + operations + `}`
}

// user makes a user with only a name.
func (p *provider) user(name string) string {
	p.t.Helper()
	return p.create("/Users", `{"schemas":["`+schema.UserURN+`"],"userName":"`+name+`"}`)
}

// group makes a group with members.
func (p *provider) group(name string, members ...string) string {
	p.t.Helper()
	list := make([]any, 0, len(members))
	for _, id := range members {
		list = append(list, scim.Object{"value": id})
	}
	body, err := json.Marshal(scim.Object{"schemas": []string{schema.GroupURN}, "displayName": name, "members": list})
	if err != nil {
		p.t.Fatal(err)
	}
	return p.create("/Groups", string(body))
}

// members are the ids in a group, in order.
func (p *provider) members(group string) []string {
	p.t.Helper()
	return p.get("/Groups/"+group).want(200).texts("members", "value")
}

// found are the ids that a filter finds.
func (p *provider) found(endpoint, filter string) []string {
	p.t.Helper()
	return p.get(endpoint+"?filter="+url.QueryEscape(filter)).want(200).texts("Resources", "id")
}

// want fails the test unless the answer has the status.
func (a *answered) want(status int) *answered {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: got %d, want %d: %s", a.what, a.status, status, a.body)
	}
	return a
}

// wantError fails the test unless the answer is a SCIM error (RFC 7644 §3.12).
func (a *answered) wantError(status int, scimType string) *answered {
	a.t.Helper()
	a.want(status)
	var got struct {
		Schemas  []string
		Status   string
		ScimType string
		Detail   string
	}
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		a.t.Fatalf("%s: %v: %s", a.what, err, a.body)
	}
	if len(got.Schemas) != 1 || got.Schemas[0] != "urn:ietf:params:scim:api:messages:2.0:Error" ||
		got.Status != strconv.Itoa(status) || got.ScimType != scimType || got.Detail == "" {
		a.t.Fatalf("%s: want a SCIM error of scimType %q: %s", a.what, scimType, a.body)
	}
	return a
}

// object is the body, numbers as written.
func (a *answered) object() scim.Object {
	a.t.Helper()
	decoder := json.NewDecoder(strings.NewReader(a.body))
	decoder.UseNumber()
	var o scim.Object
	if err := decoder.Decode(&o); err != nil {
		a.t.Fatalf("%s: %v: %s", a.what, err, a.body)
	}
	return o
}

// at is the value at a path of keys; nil where there is none.
func (a *answered) at(path ...string) any {
	a.t.Helper()
	var value any = a.object()
	for _, key := range path {
		o, _ := value.(scim.Object)
		value = o[key]
	}
	return value
}

func (a *answered) text(path ...string) string {
	a.t.Helper()
	s, _ := a.at(path...).(string)
	return s
}

// texts are the values of one key in a list of objects.
func (a *answered) texts(list, key string) []string {
	a.t.Helper()
	values := []string{}
	items, _ := a.at(list).([]any)
	for _, item := range items {
		o, _ := item.(scim.Object)
		s, _ := o[key].(string)
		values = append(values, s)
	}
	return values
}

// wantBody compares the body with JSON, but for id and meta, which the server
// chooses.
func (a *answered) wantBody(want string) *answered {
	a.t.Helper()
	got := a.object()
	delete(got, "id")
	delete(got, "meta")
	if diff := cmp.Diff(decode(a.t, want), got); diff != "" {
		a.t.Fatalf("%s: -want +got:\n%s", a.what, diff)
	}
	return a
}

func decode(t *testing.T, text string) scim.Object {
	t.Helper()
	return (&answered{t: t, what: "the test's own JSON", body: text}).object()
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s: -want +got:\n%s", what, diff)
	}
}
