package conformance

import (
	"slices"
	"strconv"
)

var paginationCases = []Case{
	c("absurd-numbers", Must, "7644 §3.4.2.4, RFC 9110 §17.5", "A startIndex beyond all bounds is an empty page or a 400, not a 5xx.", func(t *T) {
		t.user("")
		wantPage(page(t, "startIndex=1"), 1, 1, 1)
		a := page(t, "startIndex=99999999999999999999").is(200, 400)
		if a.status == 400 {
			a.fails(400, "invalidValue")
		} else if !empty(a.body["Resources"]) {
			t.fail(a, "no resources")
		}
		if a = page(t, "startIndex=9223372036854775807").is(200); !empty(a.body["Resources"]) || a.number("totalResults") != 1 {
			t.fail(a, "totalResults 1 and no resources")
		}
	}),

	c("count", Must, "7644 §3.4.2.4", "A page has no more resources than count, and totalResults counts all.", func(t *T) {
		t.users(5)
		a := page(t, "count=2")
		wantPage(a, 5, 1, 2)
	}),
	c("startIndex", Must, "7644 §3.4.2.4", "startIndex is the place of the first resource, from 1.", func(t *T) {
		t.users(5)
		wantPage(page(t, "startIndex=4", "count=10"), 5, 4, 2)
	}),
	c("all-once", Must, "7644 §3.4.2.4", "Page by page, each resource comes once.", func(t *T) {
		t.users(5)
		var ids []string
		for _, start := range []int{1, 3, 5} {
			ids = append(ids, page(t, "count=2", "startIndex="+strconv.Itoa(start)).is(200).ids()...)
		}
		want := slices.Clone(t.made)
		slices.Sort(ids)
		slices.Sort(want)
		if !slices.Equal(ids, want) {
			t.fail(t.last, "the %d users once each over three pages, but they show %q", len(want), ids)
		}
	}),
	c("stable-order", Must, "7644 §3.4.2.4", "The order of two queries is the same.", func(t *T) {
		t.users(5)
		first := page(t).is(200).ids()
		if a := page(t).is(200); len(first) != 5 || !slices.Equal(a.ids(), first) {
			t.fail(a, "the resources in the order %q", first)
		}
	}),
	c("order-of-pages", Must, "7644 §3.4.2.4", "Pages are parts of the whole list.", func(t *T) {
		t.users(4)
		all := page(t).is(200).ids()
		a := page(t, "startIndex=2", "count=2").is(200)
		if len(all) != 4 || !slices.Equal(a.ids(), all[1:3]) {
			t.fail(a, "the resources %q", all)
		}
	}),
	c("startIndex-zero", Must, "7644 §3.4.2.4", "A startIndex below 1 is 1.", func(t *T) {
		t.users(2)
		wantPage(page(t, "startIndex=0"), 2, 1, 2)
		wantPage(page(t, "startIndex=-3"), 2, 1, 2)
	}),
	c("count-zero", Must, "7644 §3.4.2.4", "count=0 asks for totalResults only.", func(t *T) {
		t.users(2)
		a := page(t, "count=0").is(200)
		if a.number("totalResults") != 2 || !empty(a.body["Resources"]) {
			t.fail(a, "totalResults 2 and no resources")
		}
	}),
	c("count-negative", Must, "7644 §3.4.2.4", "A negative count is 0.", func(t *T) {
		t.users(2)
		a := page(t, "count=-1").is(200)
		if a.number("totalResults") != 2 || !empty(a.body["Resources"]) {
			t.fail(a, "totalResults 2 and no resources")
		}
	}),
	c("behind-the-end", Must, "7644 §3.4.2.4", "A startIndex behind the last resource is a 200 without resources.", func(t *T) {
		t.users(2)
		a := page(t, "startIndex=3").is(200)
		if a.number("totalResults") != 2 || !empty(a.body["Resources"]) {
			t.fail(a, "totalResults 2 and no resources")
		}
	}),
	c("huge-count", Should, "7644 §3.4.2.4, RFC 9110 §17.5", "A count above the maximum is no error.", func(t *T) {
		t.users(3)
		wantPage(page(t, "count=1000000"), 3, 1, 3)
	}),
	c("maxResults", Must, "7643 §5", "No page is larger than filter.maxResults.", func(t *T) {
		limit := t.get("/ServiceProviderConfig").is(200).number("filter", "maxResults")
		t.user("")
		a := t.get("/Users?count=1000000").is(200)
		if n := len(a.list("Resources")); n < 1 || n > limit {
			t.fail(a, "at most %d resources, and the user just made", limit)
		}
	}),
	c("itemsPerPage", Must, "7644 §3.4.2", "itemsPerPage counts the resources of the page, as an integer.", func(t *T) {
		t.users(3)
		a := page(t, "count=2").is(200)
		if a.number("itemsPerPage") != len(a.list("Resources")) {
			t.fail(a, "itemsPerPage that counts the Resources")
		}
	}),
	c("integers", Must, "7644 §3.4.2", "totalResults, startIndex and itemsPerPage are numbers, not strings.", func(t *T) {
		t.user("")
		a := page(t, "startIndex=1", "count=1").is(200)
		a.number("totalResults")
		a.number("startIndex")
		a.number("itemsPerPage")
	}),
	c("no-number", Must, "7644 §3.12", "A count or startIndex that is no number is a 400.", func(t *T) {
		t.user("")
		page(t, "count=1").is(200)
		t.get("/Users?count=many").fails(400, "invalidValue")
		t.get("/Users?startIndex=first").fails(400, "invalidValue")
	}),
	c("groups", Must, "7644 §3.4.2.4", "Groups come in pages too.", func(t *T) {
		t.group("")
		t.group("")
		t.group("")
		a := t.find("/Groups", `displayName sw "~g"`, "startIndex=2", "count=1").is(200)
		wantPage(a, 3, 2, 1)
	}),
	c("no-nextCursor", Must, "9865 §2.4", "Who asks for a page by index gets one, without cursors.", func(t *T) {
		t.users(2)
		wantPage(page(t, "startIndex=1", "count=1"), 2, 1, 1)
		t.last.lacks("nextCursor", "previousCursor")
	}),
}

// page lists the users of a case.
func page(t *T, parameters ...string) *answer {
	return t.find("/Users", `userName sw "~u"`, parameters...)
}

func wantPage(a *answer, total, start, items int) {
	a.is(200).has(`{"schemas":["` + listURN + `"]}`)
	if a.number("totalResults") != total || a.number("startIndex") != start || len(a.list("Resources")) != items {
		a.t.fail(a, "totalResults %d, startIndex %d and %d resources", total, start, items)
	}
}
