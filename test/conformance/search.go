package conformance

import "slices"

var searchCases = []Case{
	c("groups-without-members", Must, "7644 §3.4.3, §3.9", "A search of groups can leave the members out.", func(t *T) {
		t.user("")
		t.group(`{"members":[{"value":"@1"}]}`)
		search(t, "/Groups", `"filter":"displayName eq \"~g2\"","excludedAttributes":["members"]`).found("@2").has(`{"Resources":[{"displayName":"~g2","members":null}]}`)
	}),
	c("count-zero", Must, "7644 §3.4.3, §3.4.2.4", "count 0 asks for totalResults only.", func(t *T) {
		t.user("")
		a := search(t, "/Users", `"filter":"userName eq \"~u1\"","count":0`).is(200).has(`{"totalResults":1}`)
		if !empty(a.body["Resources"]) {
			t.fail(a, "no resources")
		}
	}),
	c("no-number", Must, "7644 §3.4.3, §3.12", "A count that is no number is a 400.", func(t *T) {
		search(t, "/Users", `"filter":"userName eq \"~none\""`).found()
		search(t, "/Users", `"count":"many"`).fails(400, "")
	}),

	c("filter", Must, "7644 §3.4.3", "POST /Users/.search answers 200 with a ListResponse, as a GET does.", func(t *T) {
		t.users(2)
		search(t, "/Users", `"filter":"userName eq \"~u1\""`).found("@1")
	}),
	c("nothing", Must, "7644 §3.4.3", "A search that finds nothing is a 200 with an empty list.", func(t *T) {
		t.user("")
		search(t, "/Users", `"filter":"userName eq \"~none\""`).found()
	}),
	c("groups", Must, "7644 §3.4.3", "POST /Groups/.search searches groups.", func(t *T) {
		t.group("")
		search(t, "/Groups", `"filter":"displayName eq \"~G1\""`).found("@1")
	}),
	c("pages", Must, "7644 §3.4.3, §3.4.2.4", "A search takes startIndex and count.", func(t *T) {
		t.users(3)
		wantPage(search(t, "/Users", `"filter":"userName sw \"~u\"","startIndex":3,"count":2`), 3, 3, 1)
	}),
	c("attributes", Must, "7644 §3.4.3, §3.9", "A search takes attributes as a list.", func(t *T) {
		t.user(adaBody)
		search(t, "/Users", `"filter":"userName eq \"~u1\"","attributes":["title"]`).found("@1").has(`{"Resources":[{"title":"Countess","displayName":null,"meta":null}]}`)
	}),
	c("excludedAttributes", Must, "7644 §3.4.3, §3.9", "A search takes excludedAttributes as a list.", func(t *T) {
		t.user(adaBody)
		search(t, "/Users", `"filter":"userName eq \"~u1\"","excludedAttributes":["title","emails"]`).found("@1").has(`{"Resources":[{"title":null,"emails":null,"displayName":"Ada King"}]}`)
	}),
	c("sort", Must, "7644 §3.4.3, §3.4.2.3", "A search takes sortBy and sortOrder.", func(t *T) {
		t.user(`{"title":"a"}`)
		t.user(`{"title":"b"}`)
		a := search(t, "/Users", `"filter":"userName sw \"~u\"","sortBy":"title","sortOrder":"descending"`).found("@1", "@2")
		if a.ids()[0] != t.id(2) {
			t.fail(a, "the user with the title b first")
		}
	}).needing(FeatureSort),
	c("all-together", Must, "9865 §3, 7644 §3.4.3", "Filter, order, attributes and cursor hold together, on every page.", func(t *T) {
		for _, title := range []string{"b", "c", "a"} {
			t.user(`{"title":"` + title + `","nickName":"N"}`)
		}
		t.user(`{"title":"0","nickName":"M"}`)
		cursor, ids := "", []string(nil)
		for range 2 {
			a := search(t, "/Users", `"filter":"userName sw \"~u\" and nickName eq \"n\"","sortBy":"title","sortOrder":"descending","attributes":["title"],"count":2,"cursor":"`+cursor+`"`).is(200)
			a.has(`{"totalResults":3}`)
			for i, id := range a.ids() {
				if a.at("Resources", i, "title") == nil || a.at("Resources", i, "userName") != nil || a.at("Resources", i, "meta") != nil {
					t.fail(a, "of %s title, and what is always shown", id)
				}
			}
			ids = append(ids, a.ids()...)
			cursor, _ = a.body["nextCursor"].(string)
		}
		if want := []string{t.id(2), t.id(1), t.id(3)}; !slices.Equal(ids, want) || cursor != "" {
			t.fail(t.last, "the users %q over two pages, but they show %q", want, ids)
		}
	}).needing(FeatureSearch.and(FeatureCursor).and(FeatureSort).and(FeatureFilter)),
	c("root", Must, "7644 §3.4.3, §3.4.2.1", "POST /.search searches all resource types.", func(t *T) {
		t.user(`{"externalId":"E-~"}`)
		t.group(`{"externalId":"E-~"}`)
		search(t, "", `"filter":"externalId eq \"E-~\""`).found("@1", "@2")
	}).needing(FeatureRoot),
	c("wrong-filter", Must, "7644 §3.4.3, §3.12", "A filter that cannot be read is invalidFilter.", func(t *T) {
		search(t, "/Users", `"filter":"userName eq \"~none\""`).found()
		search(t, "/Users", `"filter":"userName eq"`).fails(400, "invalidFilter")
	}),
	c("no-json", Must, "7644 §3.4.3, §3.12", "A body that is no JSON is invalidSyntax.", func(t *T) {
		search(t, "/Users", `"filter":"userName eq \"~none\""`).found()
		t.post("/Users/.search", `{"filter":`).fails(400, "invalidSyntax")
	}),
	c("creates-nothing", Must, "7644 §3.4.3", "A search changes nothing: it is no 201 and has no Location.", func(t *T) {
		t.user("")
		a := search(t, "/Users", `"filter":"userName eq \"~none\""`).found()
		if a.header.Get("Location") != "" {
			t.fail(a, "no Location")
		}
	}),
	c("get", Must, "7644 §3.4.3, §3.2", "/.search takes POST only.", func(t *T) {
		search(t, "/Users", `"filter":"userName eq \"~none\""`).found()
		t.send("DELETE", "/Users/.search", "").is(404, 405)
	}),
}

// search posts a SearchRequest; the endpoint is empty for the root.
func search(t *T, endpoint, members string) *answer {
	return t.post(endpoint+"/.search", `{"schemas":["`+searchURN+`"],`+members+`}`)
}
