package conformance

import (
	"net/url"
	"regexp"
	"slices"
)

var cursorCases = []Case{
	c("total", Should, "9865 §2", "totalResults counts the resources of all pages, on each page.", func(t *T) {
		t.users(3)
		a := page(t, "cursor", "count=2").is(200).has(`{"totalResults":3}`)
		page(t, "count=2", "cursor="+url.QueryEscape(a.text("nextCursor"))).is(200).has(`{"totalResults":3}`)
	}),
	c("needs-token", Must, "9865 §5.2", "A cursor gives no access by itself.", func(t *T) {
		t.users(2)
		a := page(t, "cursor", "count=1").is(200)
		t.get("/Users?count=1&cursor="+url.QueryEscape(a.text("nextCursor")), "Authorization:").fails(401, "")
	}),
	c("of-another-endpoint", Must, "9865 §5.2", "A cursor of users shows no users at the endpoint of groups.", func(t *T) {
		t.users(2)
		a := page(t, "cursor", "count=1").is(200)
		b := t.get("/Groups?count=1&cursor="+url.QueryEscape(a.text("nextCursor"))).is(200, 400)
		if b.status == 400 {
			b.fails(400, "invalidCursor")
		} else if b.at("Resources", 0, "userName") != nil {
			t.fail(b, "no users")
		}
	}),
	c("method-not-named", Must, "9865 §2.4", "A query that names no way to page gets the default one when there are several pages.", func(t *T) {
		t.users(2)
		a := page(t, "count=1").is(200)
		if len(a.list("Resources")) != 1 || a.number("totalResults") != 2 {
			t.fail(a, "one of two resources")
		}
	}),
	c("sorted", Should, "9865 §2.2, 7644 §3.4.2.3", "Pages by cursor can be sorted.", func(t *T) {
		sortable(t)
		a := page(t, "cursor", "count=2", "sortBy=title").is(200)
		b := page(t, "count=2", "sortBy=title", "cursor="+url.QueryEscape(a.text("nextCursor"))).is(200)
		if got, want := append(a.ids(), b.ids()...), []string{t.id(2), t.id(3), t.id(1)}; !slices.Equal(got, want) {
			t.fail(b, "the users %q over two pages, but they show %q", want, got)
		}
	}),

	c("first-page", Must, "9865 §2", "An empty cursor asks for the first page, which says where the next one begins.", func(t *T) {
		t.users(3)
		a := page(t, "cursor", "count=2").is(200)
		a.text("nextCursor")
		if len(a.list("Resources")) != 2 {
			t.fail(a, "2 resources")
		}
	}),
	c("empty-value", Must, "9865 §2", "cursor= is the same as cursor.", func(t *T) {
		t.users(2)
		page(t, "cursor=", "count=1").is(200).text("nextCursor")
	}),
	c("last-page", Must, "9865 §2", "The last page has no nextCursor.", func(t *T) {
		t.users(3)
		a := page(t, "cursor", "count=2").is(200)
		a = page(t, "count=2", "cursor="+url.QueryEscape(a.text("nextCursor"))).is(200).lacks("nextCursor")
		if len(a.list("Resources")) != 1 {
			t.fail(a, "the last resource")
		}
	}),
	c("one-page", Must, "9865 §2", "Where all fits on one page there is no nextCursor.", func(t *T) {
		t.users(2)
		page(t, "cursor", "count=10").found("@1", "@2").lacks("nextCursor")
	}),
	c("all-once", Must, "9865 §2", "From cursor to cursor, each resource comes once.", func(t *T) {
		t.users(5)
		walk(t, nil)
	}),
	c("created-meanwhile", Practice, "9865 §2", "A resource that is created while one turns the pages makes no other one come twice or never.", func(t *T) {
		t.users(5)
		walk(t, func() { t.user("") })
	}),
	c("deleted-meanwhile", Practice, "9865 §2", "A resource that is deleted while one turns the pages makes no other one come twice or never.", func(t *T) {
		t.users(5)
		first := page(t, "cursor", "count=2").is(200)
		gone := first.ids()[0]
		t.delete("/Users/" + gone).is(204)
		a := page(t, "count=10", "cursor="+url.QueryEscape(first.text("nextCursor"))).is(200)
		if seen := append(first.ids(), a.ids()...); len(seen) != 5 || len(slices.Compact(slices.Sorted(slices.Values(seen)))) != 5 {
			t.fail(a, "the three users that the first page did not show")
		}
	}),
	c("url-safe", Must, "9865 §2", "A cursor has only characters that a URL needs not escape.", func(t *T) {
		t.users(2)
		a := page(t, "cursor", "count=1").is(200)
		if !regexp.MustCompile(`^[A-Za-z0-9._~-]+$`).MatchString(a.text("nextCursor")) {
			t.fail(a, "nextCursor of unreserved characters (RFC 3986 §2.3)")
		}
	}),
	c("count-changed", Should, "9865 §2.1", "Another count than on the first page is served or refused with invalidCount.", func(t *T) {
		t.users(4)
		first := page(t, "cursor", "count=1").is(200)
		a := page(t, "count=3", "cursor="+url.QueryEscape(first.text("nextCursor"))).is(200, 400)
		if a.status == 400 {
			a.fails(400, "invalidCount")
		} else if len(a.list("Resources")) != 3 {
			t.fail(a, "the other 3 resources")
		}
	}),
	c("count-zero", Must, "9865 §2", "count=0 asks for totalResults only.", func(t *T) {
		t.users(2)
		if a := page(t, "cursor", "count=0").is(200); a.number("totalResults") != 2 || !empty(a.body["Resources"]) {
			t.fail(a, "totalResults 2 and no resources")
		}
	}),
	c("count-negative", Must, "9865 §2", "A negative count is 0.", func(t *T) {
		t.users(2)
		if a := page(t, "cursor", "count=-1").is(200); a.number("totalResults") != 2 || !empty(a.body["Resources"]) {
			t.fail(a, "totalResults 2 and no resources")
		}
	}),
	c("no-previous-on-first", Must, "9865 §2", "The first page has no previousCursor.", func(t *T) {
		t.users(2)
		page(t, "cursor", "count=1").is(200).lacks("previousCursor").text("nextCursor")
	}),
	c("count-is-kept", Must, "9865 §2", "A page by cursor has no more resources than count.", func(t *T) {
		t.users(3)
		if a := page(t, "cursor", "count=1").is(200); len(a.list("Resources")) != 1 {
			t.fail(a, "1 resource")
		}
	}),
	c("invalid", Should, "9865 §2.1, 7644 §3.12", "A cursor that was never given is invalidCursor.", func(t *T) {
		t.users(2)
		page(t, "cursor", "count=1").is(200).text("nextCursor")
		page(t, "cursor=~none").fails(400, "invalidCursor")
	}),
	c("invalid-count", Should, "9865 §2.1", "A count that is none is invalidCount.", func(t *T) {
		t.users(2)
		page(t, "cursor", "count=1").is(200).text("nextCursor")
		page(t, "cursor", "count=many").fails(400, "invalidCount")
	}),
	c("filter-stays", Must, "9865 §2", "The filter holds on every page.", func(t *T) {
		t.users(2)
		t.user(`{"userName":"~other"}`)
		a := page(t, "cursor", "count=1").is(200)
		page(t, "count=10", "cursor="+url.QueryEscape(a.text("nextCursor"))).is(200).lacks("nextCursor")
		if len(t.last.ids()) != 1 {
			t.fail(t.last, "the other one of the two users that match")
		}
	}),
	c("groups", Must, "9865 §2", "Groups come in pages by cursor too.", func(t *T) {
		t.group("")
		t.group("")
		a := t.find("/Groups", `displayName sw "~g"`, "cursor", "count=1").is(200)
		t.find("/Groups", `displayName sw "~g"`, "count=1", "cursor="+url.QueryEscape(a.text("nextCursor"))).is(200).lacks("nextCursor")
		if t.last.ids()[0] == a.ids()[0] {
			t.fail(t.last, "another group than on the first page")
		}
	}),
	c("search", Must, "9865 §3", "POST /.search takes a cursor.", func(t *T) {
		t.users(2)
		a := search(t, "/Users", `"filter":"userName sw \"~u\"","count":1,"cursor":""`).is(200)
		b := search(t, "/Users", `"filter":"userName sw \"~u\"","count":1,"cursor":"`+a.text("nextCursor")+`"`).is(200).lacks("nextCursor")
		if a.ids()[0] == b.ids()[0] {
			t.fail(b, "another user than on the first page")
		}
	}),
}

// walk turns the pages of the users that a case has made so far.
func walk(t *T, between func()) {
	want := slices.Clone(t.made)
	a := page(t, "cursor", "count=2").is(200)
	ids := a.ids()
	for a.body["nextCursor"] != nil && len(ids) < 20 {
		if between != nil {
			between()
		}
		between = nil
		a = page(t, "count=2", "cursor="+url.QueryEscape(a.text("nextCursor"))).is(200)
		ids = append(ids, a.ids()...)
	}
	for _, id := range want {
		seen := 0
		for _, other := range ids {
			if other == id {
				seen++
			}
		}
		if seen != 1 {
			t.fail(a, "each user once; %s came %d times", id, seen)
		}
	}
}
