package handler_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/scim/memory"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// redeclared is a service provider whose user has values by one declaration,
// and is then served by another.
func redeclared(t *testing.T, stored string, before, after []*schema.ResourceType) (p *provider, path string) {
	t.Helper()
	store := memory.New()
	p = serveWith(t, handler.Options{Store: store, Types: before})
	path = "/Users/" + p.create("/Users", fmt.Sprintf(`{"userName":"ada","active":true,"%s":%s}`, hrURN, stored))
	return serveWith(t, handler.Options{Store: store, Types: after}), path
}

// A declaration changes while values are stored. Those that do not fit any more
// are shown as they are, and hinder no change of anything else.
func TestRedeclared(t *testing.T) {
	undeclared := []*schema.ResourceType{schema.UserType(), schema.GroupType()}
	kind := func(name string, kind schema.Type) []*schema.ResourceType {
		return hr(func(a map[string]*schema.Attribute) { a[name].Type = kind })
	}
	several := func(name string, several bool) []*schema.ResourceType {
		return hr(func(a map[string]*schema.Attribute) { a[name].MultiValued = several })
	}
	for name, test := range map[string]struct {
		before, after []*schema.ResourceType
		stored        string
		back          string // after a PUT of what was read, unless that is as stored
		operation     string // on the attribute that does not fit
		want          string // after it
	}{
		"another type":              {hr(nil), kind("team", schema.Integer), `{"team":"A","remote":true}`, ``, `{"op":"replace","path":"` + hrURN + `:team","value":"7"}`, `{"team":7,"remote":true}`},
		"a part of another type":    {hr(nil), hr(func(a map[string]*schema.Attribute) { a["desk"].SubAttributes[2].Type = schema.Integer }), `{"desk":{"seat":"b"}}`, ``, `{"op":"replace","path":"` + hrURN + `:desk.floor","value":2}`, `{"desk":{"seat":"b","floor":2}}`},
		"no attribute any more":     {undeclared, hr(nil), `{"shoe":43,"desk":{"shoe":true,"seat":"b"},"team":"A"}`, ``, `{"op":"replace","path":"` + hrURN + `:desk.floor","value":2}`, `{"shoe":43,"desk":{"shoe":true,"seat":"b","floor":2},"team":"A"}`},
		"one value, now several":    {hr(nil), several("team", true), `{"team":"A"}`, `{"team":["A"]}`, `{"op":"add","path":"` + hrURN + `:team","value":["B"]}`, `{"team":["A","B"]}`},
		"several values, now one":   {hr(nil), several("tags", false), `{"tags":["a","b"]}`, ``, `{"op":"replace","path":"` + hrURN + `:tags","value":"c"}`, `{"tags":"c"}`},
		"complex, now simple":       {hr(nil), hr(func(a map[string]*schema.Attribute) { a["desk"].Type, a["desk"].SubAttributes = schema.String, nil }), `{"desk":{"seat":"b"}}`, ``, `{"op":"replace","path":"` + hrURN + `:desk","value":"d"}`, `{"desk":"d"}`},
		"simple, now complex":       {undeclared, hr(nil), `{"desk":7}`, `{"desk":{"value":"7"}}`, `{"op":"add","path":"` + hrURN + `:desk.floor","value":"7"}`, `{"desk":{"value":"7","floor":7}}`},
		"wrong ones among several":  {undeclared, hr(nil), `{"numbers":["x",1]}`, ``, `{"op":"add","path":"` + hrURN + `:numbers","value":[2]}`, `{"numbers":["x",1,2]}`},
		"an extension that is text": {undeclared, hr(nil), `"text"`, ``, `{"op":"replace","path":"` + hrURN + `:team","value":"A"}`, `{"team":"A"}`},
	} {
		t.Run(name, func(t *testing.T) {
			p, path := redeclared(t, test.stored, test.before, test.after)
			stored := decode(t, `{"x":`+test.stored+`}`)["x"]
			shown := p.get(path).want(200).object()
			equal(t, "read", shown[hrURN], stored)
			equal(t, "listed", len(p.get("/Users?filter=active+eq+true").want(200).object()["Resources"].([]any)), 1)

			p.patch(path, `[{"op":"replace","path":"active","value":false}]`)
			if _, ok := stored.(scim.Object); ok {
				p.patch(path, `[{"op":"add","path":"`+hrURN+`:login","value":"ada"}]`)
				p.patch(path, `[{"op":"remove","path":"`+hrURN+`:login"}]`)
			}
			equal(t, "after other changes", p.get(path).want(200).object()[hrURN], stored)

			// A client that puts back what it has read.
			shown["active"] = true
			body, err := json.Marshal(shown)
			if err != nil {
				t.Fatal(err)
			}
			if test.back != "" {
				stored = decode(t, test.back)
			}
			again := p.do("PUT", path, string(body)).want(200).object()
			equal(t, "put back", again[hrURN], stored)

			p.patch(path, `[`+test.operation+`]`)
			equal(t, "after "+test.operation, p.get(path).want(200).object()[hrURN], any(decode(t, test.want)))
		})
	}
}

// What is required is so for new resources and for those that have it.
func TestRequired(t *testing.T) {
	required := hr(func(a map[string]*schema.Attribute) { a["team"].Required = true })
	p, path := redeclared(t, `{"remote":true}`, hr(nil), required)
	p.do("POST", "/Users", `{"userName":"new"}`).wantError(400, scim.TypeInvalidValue)
	p.do("POST", "/Users", `{"userName":"new","`+hrURN+`":{"team":""}}`).wantError(400, scim.TypeInvalidValue)
	p.create("/Users", `{"userName":"new","`+hrURN+`":{"team":"A"}}`)

	p.patch(path, `[{"op":"replace","value":{"active":false,"`+hrURN+`:login":"x"}}]`)
	p.do("PUT", path, `{"userName":"ada","active":false}`).want(200)
	p.patch(path, `[{"op":"add","path":"`+hrURN+`:team","value":"A"}]`)
	p.do("PATCH", path, patchBody(`[{"op":"remove","path":"`+hrURN+`:team"}]`)).wantError(400, scim.TypeMutability)
	p.do("PATCH", path, patchBody(`[{"op":"remove","path":"`+hrURN+`"}]`)).wantError(400, scim.TypeMutability)
	p.do("PATCH", path, patchBody(`[{"op":"replace","path":"`+hrURN+`:team","value":null}]`)).wantError(400, scim.TypeInvalidValue)
	p.do("PUT", path, `{"userName":"ada","`+hrURN+`":{"team":null}}`).wantError(400, scim.TypeInvalidValue)
	a := p.do("PUT", path, `{"userName":"ada","active":false}`).want(200)
	equal(t, "a PUT without it keeps it", a.object()[hrURN], any(decode(t, `{"team":"A"}`)))
}

func TestRequiredExtension(t *testing.T) {
	required := hr(nil)
	required[0].Extensions[1].Required = true
	p, path := redeclared(t, `{}`, hr(nil), required)
	p.do("POST", "/Users", `{"userName":"new"}`).wantError(400, scim.TypeInvalidValue)
	p.patch(path, `[{"op":"replace","path":"active","value":false}]`)
}

// A PUT does not clear what its client can neither write nor read.
func TestPutKeepsWhatItCannotKnow(t *testing.T) {
	p, path := redeclared(t, `{"score":9,"pin":"1234","team":"A"}`, []*schema.ResourceType{schema.UserType(), schema.GroupType()}, hr(nil))
	a := p.do("PUT", path, `{"userName":"ada","`+hrURN+`":{"score":1,"login":"x"}}`).want(200)
	equal(t, "PUT", a.object()[hrURN], any(decode(t, `{"score":9,"login":"x"}`)))
	p.do("PATCH", path, patchBody(`[{"op":"remove","path":"`+hrURN+`"}]`)).want(200)
	equal(t, "PATCH", p.get(path).want(200).object()[hrURN], any(decode(t, `{"score":9}`)))
}
