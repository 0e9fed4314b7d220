package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// conclude takes the answer to a change.
func (w *worker) conclude(o *owned, c change, a answer) {
	switch {
	case a.succeeded():
		w.tally.acknowledge()
		if !o.acknowledged(c) {
			w.tally.find(kindLost, "%s: %s was acknowledged, but before it was one of %q", o.key, c.token, o.candidates())
			o.dirty = true
		}
		switch c.kind {
		case create:
			created, err := a.resource()
			if err != nil || created.ID == "" {
				w.tally.find(kindAnswer, "%s: a creation was answered %d %s", o.key, a.status, a.body)
				o.dirty = true
				return
			}
			o.id, o.ids[c.token] = created.ID, created.ID
		case remove:
			o.id = ""
		case alter:
		}
	case a.unclear():
		o.unknown(c, time.Now())
		o.dirty = true
		// Later creations under other names would not keep this one from coming late.
		o.retired = o.retired || o.contested && c.kind == create
	case a.status == http.StatusNotFound && c.kind != create:
		if !o.keep(func(s state) bool { return s.born != c.on }) {
			w.tally.find(kindLost, "%s should be there, as one of %q, but a change was answered 404 %s", o.key, o.candidates(), a.body)
		}
		o.dirty = true
	case a.status == http.StatusConflict && o.contested:
	case a.status == http.StatusConflict && c.kind == create && o.keep(func(s state) bool { return s.born != "" }):
		o.dirty = true
	default:
		w.tally.find(kindAnswer, "%s: %+v was answered %d %s", o.key, c, a.status, a.body)
		o.dirty = true
	}
}

// bulkAnswers gives the answer to each operation of a bulk request.
func bulkAnswers(a answer, operations int) []answer {
	answers := make([]answer, operations)
	var bulk struct {
		Operations []struct {
			Status   string
			Response json.RawMessage
		}
	}
	if a.succeeded() {
		if err := json.Unmarshal(a.body, &bulk); err != nil || len(bulk.Operations) != operations {
			a.err = fmt.Errorf("a bulk request of %d operations was answered %s", operations, a.body)
		}
	}
	for i := range answers {
		if !a.succeeded() {
			answers[i] = a
			continue
		}
		answers[i].body = bulk.Operations[i].Response
		answers[i].status, answers[i].err = strconv.Atoi(bulk.Operations[i].Status)
	}
	return answers
}

// settle reads the resource from the API server. It is false if that is not
// possible now.
func (w *worker) settle(ctx context.Context, o *owned) bool {
	id := o.id
	if id == "" {
		var ok bool
		if id, ok = w.find(ctx, o); !ok {
			return false
		}
	}
	s, partial, err := w.observe(ctx, o, &id)
	if err != nil {
		return false
	}
	if partial != nil {
		w.tally.find(kindHalf, "%s (%s): %v", o.key, id, partial)
		o.retired = true
		return false
	}
	before := o.candidates()
	if kind := o.check(s); kind != "" {
		w.tally.find(kind, "%s (%s) is: %s; possible are %q", o.key, id, s, before)
	}
	if expected := o.ids[s.born]; s.born != "" && expected != "" && expected != id {
		w.tally.find(kindLost, "%s has the id %s; its creation was answered %s", o.key, id, expected)
	}
	if o.id = id; s.born == "" {
		o.id = ""
	}
	o.dirty = false
	return true
}

// observe reads the state of the resource that id names, or of a later one of the
// same owner. partial says what of a change is missing.
func (w *worker) observe(ctx context.Context, o *owned, id *string) (s state, partial, err error) {
	switch {
	case *id == "":
	case o.kind == user:
		u, err := w.readUser(ctx, *id)
		if err != nil || u == nil || !strings.HasPrefix(u.Spec.ExternalID, o.tokenPrefix()) {
			return state{}, nil, err
		}
		*id = u.Spec.ID
		s, partial = o.userState(u)
	default:
		g, members, err := w.readGroup(ctx, *id)
		if err != nil || g == nil || o.kind == group && !strings.HasPrefix(g.Spec.ExternalID, o.tokenPrefix()) {
			return state{}, nil, err
		}
		*id = g.Spec.ID
		s, partial = o.groupState(g, members)
	}
	return s, partial, nil
}

// find gives the id of a resource whose id was never answered; empty if it is not
// there. It is false if that cannot be told now.
func (w *worker) find(ctx context.Context, o *owned) (id string, ok bool) {
	path, attribute := "/Users", "userName"
	if o.kind == group {
		path, attribute = "/Groups", "displayName"
	}
	for _, name := range o.names {
		a := w.client.do(ctx, http.MethodGet, filtered(path, fmt.Sprintf("%s eq %q", attribute, name)), "")
		list, err := a.resource()
		if !a.succeeded() || err != nil {
			return "", false
		}
		for _, found := range list.Resources {
			if strings.HasPrefix(found.ExternalID, o.tokenPrefix()) {
				return found.ID, true
			}
		}
	}
	return "", true
}
