package handler_test

import (
	"cmp"
	"context"
	"testing"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/scim/memory"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// recording is a store that keeps what was asked of it.
type recording struct {
	scim.Store
	needs   []scim.Need  // without their Encoder
	encoder scim.Encoder // the last
	query   scim.Query
}

func (r *recording) note(need scim.Need) {
	r.encoder, need.Encoder = need.Encoder, nil
	r.needs = append(r.needs, need)
}

func (r *recording) Get(ctx context.Context, rt *schema.ResourceType, id string, need scim.Need) (*scim.Resource, error) {
	r.note(need)
	return r.Store.Get(ctx, rt, id, need)
}

func (r *recording) List(ctx context.Context, rt *schema.ResourceType, query scim.Query) (*scim.Page, error) {
	r.note(query.Need)
	r.query = query
	return r.Store.List(ctx, rt, query)
}

func (r *recording) Modify(ctx context.Context, rt *schema.ResourceType, id string, change scim.Change) (*scim.Resource, error) {
	r.note(change.Need)
	return r.Store.Modify(ctx, rt, id, change)
}

// Members and groups are put together only for answers that show them.
func TestNeed(t *testing.T) {
	store := &recording{Store: memory.New()}
	p := serveWith(t, handler.Options{Store: store})
	user := p.user("ada")
	group := p.group("g", user)
	large := p.group("large", manyIDs(129)...)
	var (
		nothing = scim.Need{}
		members = scim.Need{Members: true}
		groups  = scim.Need{Groups: true}
	)
	const scimJSON = "Accept: application/scim+json"
	for name, test := range map[string]struct {
		method, path, accept string
		want                 []scim.Need
	}{
		"a user":                       {"GET", "/Users/" + user, "", []scim.Need{groups}},
		"a user without groups":        {"GET", "/Users/" + user + "?excludedAttributes=groups", "", []scim.Need{nothing}},
		"a user's name":                {"GET", "/Users/" + user + "?attributes=userName", "", []scim.Need{nothing}},
		"users":                        {"GET", "/Users", "", []scim.Need{groups}},
		"a group":                      {"GET", "/Groups/" + group, "", []scim.Need{members}},
		"groups without members":       {"GET", "/Groups?excludedAttributes=Members", "", []scim.Need{nothing}},
		"ids of groups":                {"GET", "/Groups?attributes=id", "", []scim.Need{nothing}},
		"ids of members":               {"GET", "/Groups?attributes=members.value", "", []scim.Need{members}},
		"PATCH of a user":              {"PATCH", "/Users/" + user, "", []scim.Need{groups}},
		"PATCH of a user, 204":         {"PATCH", "/Users/" + user, "Accept: */*", []scim.Need{nothing}},
		"PATCH of a group, 204":        {"PATCH", "/Groups/" + group, "", []scim.Need{nothing}},
		"PATCH of a group, 200":        {"PATCH", "/Groups/" + group, scimJSON, []scim.Need{nothing, members}},
		"PATCH of a large group":       {"PATCH", "/Groups/" + large, scimJSON, []scim.Need{nothing}},
		"PATCH, without members":       {"PATCH", "/Groups/" + group + "?excludedAttributes=members", scimJSON, []scim.Need{nothing}},
		"PATCH, members asked for":     {"PATCH", "/Groups/" + large + "?attributes=members", "", []scim.Need{members}},
		"PATCH, members not asked for": {"PATCH", "/Groups/" + large + "?attributes=displayName", "", []scim.Need{nothing}},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.in(t)
			store.needs = nil
			body := ""
			if test.method == "PATCH" {
				body = patchBody(`[]`)
			}
			if got := p.do(test.method, test.path, body, cmp.Or(test.accept, "Accept:")); got.status >= 300 {
				t.Fatalf("%d %s", got.status, got.body)
			}
			equal(t, "needs", store.needs, test.want)
		})
	}
}

// A store may keep how a whole resource was written, and nothing else.
func TestEncoderOfTheStore(t *testing.T) {
	store := &recording{Store: memory.New()}
	p := serveWith(t, handler.Options{Store: store})
	user := p.user("ada")
	p.get("/Users/" + user).want(200)
	whole := store.encoder
	for path, want := range map[string]scim.Encoder{
		"/Users/" + user:              whole,
		"/Users":                      whole,
		"/Users?count=1&startIndex=1": whole,
		"/Users/" + user + "?attributes=userName":       nil,
		"/Users/" + user + "?excludedAttributes=groups": nil,
		"/Users?attributes=userName":                    nil,
	} {
		p.get(path).want(200)
		if store.encoder != want {
			t.Errorf("%s: got the Encoder %p, want %p", path, store.encoder, want)
		}
	}
	if whole == nil {
		t.Error("there is no Encoder for a whole user")
	}
}

func TestQueryOfTheStore(t *testing.T) {
	store := &recording{Store: memory.New()}
	p := serveWith(t, handler.Options{Store: store})
	for query, want := range map[string][2]int{
		"":                           {1, 100},
		"startIndex=-4&count=-2":     {1, 0},
		"startIndex=7&count=5000":    {7, 1000},
		"count=0":                    {1, 0},
		"startIndex=9999999999999":   {1<<31 - 1, 100},
		"count=-9999999999999999999": {1, 0},
	} {
		p.get("/Users?" + query).want(200)
		equal(t, query, [2]int{store.query.StartIndex, store.query.Count}, want)
	}
}
