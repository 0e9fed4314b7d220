package scale

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

const (
	pageSize = 100
	// walkSize is how many users a page of the walk by cursor has.
	walkSize = 500
)

// count fails when not everything is there: users, groups and memberships as
// SCIM shows them, and subjects that are bound.
func (r *runner) count(ctx context.Context) error {
	e := r.endpoint()
	for path, want := range map[string]int{"/Users": r.Users, "/Groups": r.Groups} {
		got, err := e.list(ctx, path, url.Values{"count": {"0"}})
		if err != nil {
			return err
		}
		if got.Total != want {
			return fmt.Errorf("the operator shows %d of %s, not %d", got.Total, path, want)
		}
	}
	memberships, err := r.memberships(ctx)
	if err != nil {
		return err
	}
	if memberships != r.Memberships {
		return fmt.Errorf("the groups have %d members, not %d", memberships, r.Memberships)
	}
	return r.bound(ctx, r.subjects)
}

// requests times what is read, one request after the other on one connection.
func (r *runner) requests(ctx context.Context) error {
	r.say("timing requests")
	e := r.endpoint()
	get := func(p person) error {
		content, err := e.do(ctx, http.StatusOK, http.MethodGet, "/Users/"+p.id, "")
		if err == nil && !containsText(content, p.userName) {
			err = fmt.Errorf("the user %s is answered as %.500s", p.id, content)
		}
		return err
	}
	find := func(p person) error {
		found, err := e.list(ctx, "/Users", url.Values{"filter": {fmt.Sprintf("userName eq %q", p.userName)}})
		if err == nil && (found.Total != 1 || found.Resources[0].ID != p.id) {
			err = fmt.Errorf("%s is found as %+v", p.userName, found)
		}
		return err
	}
	list := func(start int) func(person) error {
		return func(person) error {
			got, err := e.list(ctx, "/Users", url.Values{"startIndex": {strconv.Itoa(start)}, "count": {strconv.Itoa(pageSize)}})
			if err == nil && (got.Total != r.Users || len(got.Resources) != pageSize) {
				err = fmt.Errorf("a page from %d has %d of %d users", start, len(got.Resources), got.Total)
			}
			return err
		}
	}
	for _, request := range []struct {
		name string
		send func(person) error
	}{
		{"get_user", get},
		{"filter_username", find},
		{"list_first_page", list(1)},
		{"list_last_page", list(r.Users - pageSize + 1)},
	} {
		var took []time.Duration
		for i := range r.Samples + r.Samples/10 {
			p := r.people[rand.IntN(len(r.people))]
			began := time.Now()
			if err := request.send(p); err != nil {
				return err
			}
			if i >= r.Samples/10 { // the first are to warm up
				took = append(took, time.Since(began))
			}
		}
		r.add(quantiles(request.name, took)...)
	}
	began := time.Now()
	var took []time.Duration
	if err := r.walk(ctx, e, &took); err != nil {
		return err
	}
	r.add(line("cursor_walk", time.Since(began).Seconds(), "s").with("page", walkSize).with("users", r.Users))
	r.add(quantiles("cursor_page", took)...)
	return nil
}

// walk reads all users by cursors (RFC 9865), and appends how long each page took.
func (r *runner) walk(ctx context.Context, e endpoint, took *[]time.Duration) error {
	seen := map[string]bool{}
	for cursor, more := "", true; more; {
		sent := time.Now()
		got, err := e.list(ctx, "/Users", url.Values{"cursor": {cursor}, "count": {strconv.Itoa(walkSize)}})
		if err != nil {
			return err
		}
		if took != nil {
			*took = append(*took, time.Since(sent))
		}
		for _, resource := range got.Resources {
			seen[resource.ID] = true
		}
		cursor, more = got.NextCursor, got.NextCursor != ""
	}
	if len(seen) != r.Users {
		return fmt.Errorf("a walk by cursor has shown %d users, not %d", len(seen), r.Users)
	}
	return nil
}

// quantiles are a median and a 99th percentile, in milliseconds.
func quantiles(name string, took []time.Duration) []*Line {
	slices.Sort(took)
	at := func(q float64) float64 {
		return float64(took[min(int(q*float64(len(took))), len(took)-1)]) / float64(time.Millisecond)
	}
	return []*Line{
		line(name+"_p50", at(0.5), "ms").with("samples", len(took)),
		line(name+"_p99", at(0.99), "ms").with("samples", len(took)),
	}
}
