package conformance

import "slices"

// The titles of the users are in another order than their names.
var sortCases = []Case{
	sorted("ascending", "sortBy orders by an attribute, ascending unless told otherwise.", "sortBy=title", "@2", "@3", "@1"),
	sorted("ascending-named", "sortOrder=ascending is the default.", "sortBy=title&sortOrder=ascending", "@2", "@3", "@1"),
	sorted("descending", "sortOrder=descending turns the order around.", "sortBy=title&sortOrder=descending", "@1", "@3", "@2"),
	sorted("userName", "userName can be sorted by.", "sortBy=userName", "@1", "@2", "@3"),
	sorted("ignores-case", "Text that is not caseExact sorts ignoring letter case.", "sortBy=displayName", "@3", "@1", "@2"),
	sorted("case-exact", "Text that is caseExact sorts letter by letter.", "sortBy=externalId", "@2", "@1", "@3"),
	sorted("sub-attribute", "A sub-attribute can be sorted by.", "sortBy=name.familyName", "@3", "@2", "@1"),
	sorted("multi-valued", "A multi-valued attribute sorts by its primary value, else the first.", "sortBy=emails.value", "@2", "@1", "@3"),
	sorted("complex-without-sub", "A multi-valued attribute without a sub-attribute sorts by value.", "sortBy=emails", "@2", "@1", "@3"),
	sorted("extension", "An attribute of an extension can be sorted by.", "sortBy="+enterpriseURN+":department", "@3", "@1", "@2"),
	sorted("created", "Times sort by their place in time.", "sortBy=meta.created&sortOrder=descending", "@3", "@2", "@1"),
	sorted("absent-last", "Without a value comes last, ascending.", "sortBy=nickName", "@2", "@1", "@3").loosely(),
	sorted("absent-first", "Without a value comes first, descending.", "sortBy=userType&sortOrder=descending", "@3", "@2", "@1").loosely(),
	c("pages", Must, "7644 §3.4.2.3, §3.4.2.4", "The order goes over pages.", func(t *T) {
		sortable(t)
		var got []string
		for _, start := range []string{"1", "2", "3"} {
			got = append(got, page(t, "sortBy=title", "count=1", "startIndex="+start).is(200).ids()...)
		}
		if want := []string{t.id(2), t.id(3), t.id(1)}; !slices.Equal(got, want) {
			t.fail(t.last, "the users %q over three pages, but they show %q", want, got)
		}
	}),
	c("groups", Must, "7644 §3.4.2.3", "Groups can be sorted.", func(t *T) {
		t.group(`{"displayName":"~gb"}`)
		t.group(`{"displayName":"~gA"}`)
		a := t.find("/Groups", `displayName sw "~g"`, "sortBy=displayName").found("@1", "@2")
		if a.ids()[0] != t.id(2) {
			t.fail(a, "~gA before ~gb")
		}
	}),
}

// loosely makes a case one about an order that RFC 7644 §3.4.2.3 describes
// without a MUST.
func (c Case) loosely() Case {
	c.Level = Should
	return c
}

func sortable(t *T) {
	t.user(`{"title":"c","displayName":"B","externalId":"b","name":{"familyName":"z"},"nickName":"n","userType":"a","emails":[{"value":"b@example.com"}],"` + enterpriseURN + `":{"department":"m"}}`)
	t.user(`{"title":"a","displayName":"c","externalId":"B","name":{"familyName":"y"},"nickName":"m","userType":"b","emails":[{"value":"z@example.com"},{"value":"a@example.com","primary":true}],"` + enterpriseURN + `":{"department":"z"}}`)
	t.user(`{"title":"b","displayName":"A","externalId":"c","name":{"familyName":"x"},"emails":[{"value":"c@example.com"},{"value":"a@example.com"}],"` + enterpriseURN + `":{"department":"a"}}`)
}

func sorted(name, requires, query string, want ...string) Case {
	return c(name, Must, "7644 §3.4.2.3", requires, func(t *T) {
		sortable(t)
		a := page(t, query).is(200)
		var ids []string
		for _, id := range want {
			ids = append(ids, t.expand(id))
		}
		if !slices.Equal(a.ids(), ids) {
			t.fail(a, "the users in the order %q", ids)
		}
	})
}
