package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// What each worker owns. The first users are members of groups: they are renamed
// and disabled, never deleted.
const (
	anchors         = 9
	usersOfWorker   = 14
	groupsOfWorker  = 3 // the last one is kept out by the groupFilter
	rivalsOfWorker  = 2 // users with names that all workers want
	contestedNames  = 6
	sharedGroups    = 3
	strangersInPart = 60
	favor           = 2 * time.Second // how long a shared group is the favorite
)

// groupPattern matches the names of groups that are bound by a pattern.
const groupPattern = `^k8s-w[0-9]+-g[01]$`

func groupName(worker, i int) string {
	if i == groupsOfWorker-1 {
		return fmt.Sprintf("w%d-g%d", worker, i)
	}
	return fmt.Sprintf("k8s-w%d-g%d", worker, i)
}

func sharedName(i int) string { return fmt.Sprintf("k8s-shared-%d", i) }

// worker sends one request at a time.
type worker struct {
	*run
	index  int
	client *scimClient
	rng    *rand.Rand
	owned  []*owned
	// retired are rivals that others took the place of; rivals have been made.
	retired []*owned
	rivals  int
}

// newWorker makes a worker with its users and groups, which it creates; there must
// be no faults yet.
func (r *run) newWorker(ctx context.Context, index int) (*worker, error) {
	w := &worker{
		run: r, index: index, client: newSCIMClient(endpoint(r.balancer.address()), &r.bearer, &r.tally),
		rng: rand.New(rand.NewPCG(r.Seed, uint64(index)+1)),
	}
	for i := range usersOfWorker {
		key := fmt.Sprintf("w%d.u%02d", index, i)
		o := newOwned(user, key, strings.ReplaceAll(key, ".", "-")+"@example.com", strings.ReplaceAll(key, ".", "-")+"-b@example.com")
		o.mortal = i >= anchors
		w.owned = append(w.owned, o)
	}
	for i := range rivalsOfWorker {
		w.owned = append(w.owned, w.newRival(i))
	}
	var ids []string
	for _, o := range w.owned[:anchors] {
		if err := w.begin(ctx, o); err != nil {
			return nil, err
		}
		ids = append(ids, o.id)
	}
	for i := range groupsOfWorker {
		o := newOwned(group, fmt.Sprintf("w%d.g%d", index, i), groupName(index, i), groupName(index, i)+"-b")
		o.mortal = true
		o.parts = [][]string{ids[:3], ids[3:6], ids[6:], strangers(o.key+".0", strangersInPart), strangers(o.key+".1", strangersInPart)}
		w.owned = append(w.owned, o)
	}
	for i, id := range r.shared {
		key := fmt.Sprintf("w%d.s%d", index, i)
		w.owned = append(w.owned, newShare(key, id, [][]string{ids[:4], ids[4:], strangers(key, strangersInPart/2)}))
	}
	return w, nil
}

// newRival makes a user whose names others want. One whose creation is unclear
// is left alone, and another takes its place.
func (w *worker) newRival(i int) *owned {
	names := make([]string, contestedNames)
	for n := range names {
		names[n] = fmt.Sprintf("contested-%d@example.com", n)
	}
	w.rivals++
	o := newOwned(user, fmt.Sprintf("w%d.r%d-%d", w.index, i, w.rivals), names...)
	o.contested, o.mortal = true, true
	return o
}

// strangers are ids of the form that the operator gives out, of nobody.
func strangers(key string, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%s-%03d-%s-uqqqqqq", strings.ReplaceAll(key, ".", "-"), i, strings.Repeat("q", 13))
	}
	return ids
}

// begin creates a resource before there are faults.
func (w *worker) begin(ctx context.Context, o *owned) error {
	c, put := o.choose(w.rng, state{})
	method, path, body := o.request(w.rng, c, put, state{})
	a := w.client.do(ctx, method, path, text(body))
	if !a.succeeded() {
		return fmt.Errorf("creating %s: %d %s %w", o.key, a.status, a.body, a.err)
	}
	w.conclude(o, c, a)
	return nil
}

// work changes what it owns until ctx ends.
func (w *worker) work(ctx context.Context) {
	for ctx.Err() == nil {
		w.step(ctx)
		// A new connection now and then, so that all replicas get their share.
		if w.rng.IntN(50) == 0 {
			w.client.http.CloseIdleConnections()
		}
		select {
		case <-ctx.Done():
		case <-time.After(w.Pause):
		}
	}
}

func (w *worker) step(ctx context.Context) {
	i := w.choose()
	switch dice := w.rng.IntN(100); {
	case dice < 10:
		w.bulk(ctx)
		return
	case dice < 20:
		w.read(ctx, w.owned[i])
		return
	}
	o := w.owned[i]
	if o.retired && o.contested {
		w.retired = append(w.retired, o)
		o = w.newRival(i)
		w.owned[i] = o
	}
	s, ok := w.prepare(ctx, o)
	if !ok {
		return
	}
	c, put := o.choose(w.rng, s)
	method, path, body := o.request(w.rng, c, put, s)
	a := w.client.do(ctx, method, path, text(body))
	w.conclude(o, c, a)
	w.backOff(ctx, a)
}

// choose picks one of what the worker owns. All workers like the same shared
// group at the same time.
func (w *worker) choose() int {
	own := len(w.owned) - sharedGroups
	if w.rng.IntN(100) < 35 {
		return own + int(time.Since(w.began)/favor)%sharedGroups
	}
	return w.rng.IntN(own)
}

// backOff waits a little when something is wrong, as identity providers do.
func (w *worker) backOff(ctx context.Context, a answer) {
	if a.unclear() {
		_ = pause(ctx, time.Duration(50+w.rng.IntN(500))*time.Millisecond)
	}
}

// prepare makes sure that the state of a resource is known; it is read if not.
func (w *worker) prepare(ctx context.Context, o *owned) (state, bool) {
	if o.retired || !o.rested(time.Now()) {
		return state{}, false
	}
	s, settled := o.settled()
	if settled && !o.dirty {
		return s, true
	}
	if !w.settle(ctx, o) {
		return state{}, false
	}
	return o.settled()
}

// bulk sends changes of several resources at once. Each happens or not.
func (w *worker) bulk(ctx context.Context) {
	var chosen []*owned
	var changes []change
	var operations []object
	for _, i := range w.rng.Perm(len(w.owned))[:6] {
		o := w.owned[i]
		s, ok := w.prepare(ctx, o)
		if !ok || s.born == "" || o.contested {
			continue
		}
		c, put := o.choose(w.rng, s)
		method, path, body := o.request(w.rng, c, put, s)
		operation := object{"method": method, "path": path}
		if body != nil {
			operation["data"] = body
		}
		chosen, changes, operations = append(chosen, o), append(changes, c), append(operations, operation)
	}
	if len(operations) == 0 {
		return
	}
	a := w.client.do(ctx, http.MethodPost, "/Bulk", text(object{
		"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:BulkRequest"}, "Operations": operations,
	}))
	answers := bulkAnswers(a, len(operations))
	for i, o := range chosen {
		w.conclude(o, changes[i], answers[i])
	}
	w.backOff(ctx, a)
}

// read asks for something by SCIM. What is there must be found.
func (w *worker) read(ctx context.Context, o *owned) {
	s, settled := o.settled()
	if !settled || s.born == "" || len(o.pending) > 0 || o.dirty || o.retired {
		w.client.do(ctx, http.MethodGet, "/Users?count=20", "")
		return
	}
	path := "/Users/" + o.id
	if o.kind != user {
		path = "/Groups/" + o.id
	}
	a := w.client.do(ctx, http.MethodGet, path, "")
	if a.err == nil && a.status/100 != 2 && !a.unclear() {
		kind := kindAnswer
		if a.status == http.StatusNotFound {
			kind = kindLost
		}
		w.tally.find(kind, "%s should be there (%s), but GET %s answered %d %s", o.key, s, path, a.status, a.body)
	}
}
