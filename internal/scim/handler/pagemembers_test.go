package handler_test

import (
	"fmt"
	"net/url"
	"slices"
	"testing"

	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/scim/memory"
)

// TestMembersOnAPage: a page may have fewer resources than count (RFC 7644
// §3.4.2.4), so large groups make it shorter.
func TestMembersOnAPage(t *testing.T) {
	p := serveWith(t, handler.Options{Store: memory.New(), Limits: handler.Limits{Members: 5}})
	var users []string
	for i := range 7 {
		users = append(users, p.user(fmt.Sprintf("u%d", i)))
	}
	var groups []string
	for i, members := range []int{3, 2, 7, 1, 0, 4} {
		groups = append(groups, p.group(fmt.Sprintf("g%d", i), users[:members]...))
	}
	for name, test := range map[string]struct {
		path string
		want []string
	}{
		"as many as there may be": {"/Groups", groups[:2]},
		"one that has more":       {"/Groups?startIndex=3", groups[2:3]},
		"after it":                {"/Groups?startIndex=4", groups[3:]},
		"fewer by count":          {"/Groups?count=1", groups[:1]},
		"without members":         {"/Groups?excludedAttributes=members", groups},
		"sorted":                  {"/Groups?sortBy=displayName", groups[:2]},
	} {
		t.Run(name, func(t *testing.T) {
			got := p.in(t).get(test.path).want(200)
			if ids := got.texts("Resources", "id"); !slices.Equal(ids, test.want) || fmt.Sprint(got.at("totalResults")) != "6" || fmt.Sprint(got.at("itemsPerPage")) != fmt.Sprint(len(test.want)) {
				t.Errorf("got %d groups of %v, itemsPerPage %v; want %d of 6", len(ids), got.at("totalResults"), got.at("itemsPerPage"), len(test.want))
			}
		})
	}
	// Behind startIndex the bound is the same, of one type and of all, sorted or not.
	// Those skipped do not count.
	for path, want := range map[string][]string{
		"/Groups?sortBy=displayName&startIndex=2": groups[1:2],
		"/Groups?sortBy=displayName&startIndex=4": groups[3:],
		"/?startIndex=9":                      groups[1:2],
		"/?sortBy=meta.created&startIndex=9":  groups[1:2],
		"/?sortBy=meta.created&startIndex=11": groups[3:],
		"/?sortBy=meta.created&startIndex=14": nil,
	} {
		got := p.get(path).want(200)
		if ids := got.texts("Resources", "id"); !slices.Equal(ids, want) || fmt.Sprint(got.at("totalResults")) == "0" {
			t.Errorf("%s: got %v of %v, want %v", path, ids, got.at("totalResults"), want)
		}
	}
	// By cursor everything is seen once, in order, of one type and of all, sorted or not.
	for path, want := range map[string][]string{
		"/Groups?":                    groups,
		"/Groups?sortBy=displayName&": groups,
		"/?":                          append(slices.Clone(users), groups...),
		"/?sortBy=id&":                slices.Sorted(slices.Values(append(slices.Clone(users), groups...))),
	} {
		var seen []string
		cursor, pages := "", 0
		for {
			got := p.get(path + "count=4&cursor=" + url.QueryEscape(cursor)).want(200)
			seen = append(seen, got.texts("Resources", "id")...)
			if cursor = got.text("nextCursor"); cursor == "" {
				break
			}
			if pages++; pages > 20 {
				t.Fatalf("%s does not end", path)
			}
		}
		if !slices.Equal(seen, want) {
			t.Errorf("%s: saw %v, want %v", path, seen, want)
		}
	}
}
