package directory

import (
	"context"
	"errors"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/membership"
	"github.com/rollcall-scim/rollcall/internal/scim"
)

// Changes of one group that come while another is being written are committed
// together, by one update of the root (group commit). They are applied in the
// order in which they came, each to what those before it left, and each has an
// answer of its own: one that is refused is taken back and leaves no trace.
//
// That a change was refused, or changed nothing, is decided on what the update
// is based on, which its precondition proves to have been the newest.

const (
	// maxTogether and maxValues bound one commit: requests, and the ids in them.
	// One request may have more ids; it is then alone.
	maxTogether = 256
	maxValues   = 4096
)

var errInterrupted = errors.New("writing a group broke off")

// pending is a change of a group that waits to be written.
type pending struct {
	scope  scope
	ctx    context.Context
	change scim.Change

	done   chan struct{} // closed when the two below are set
	result client.Object
	err    error
}

// queues are the pending changes of each group, by sync and SCIM id: who knows
// the id of another sync's group must not get among the changes of that.
type queues struct {
	mu sync.Mutex
	of map[string][]*pending
}

func newQueues() *queues { return &queues{of: map[string][]*pending{}} }

func (q *queues) add(key string, p *pending) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.of[key] = append(q.of[key], p)
}

// withdraw takes a change back, unless somebody writes it already.
func (q *queues) withdraw(key string, p *pending) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, other := range q.of[key] {
		if other == p {
			q.keep(key, append(q.of[key][:i:i], q.of[key][i+1:]...))
			return
		}
	}
}

// take gives the changes that are to be written next, at least one of those there are.
func (q *queues) take(key string) []*pending {
	q.mu.Lock()
	defer q.mu.Unlock()
	waiting := q.of[key]
	n, values := 0, 0
	for n < len(waiting) && n < maxTogether {
		values += waiting[n].values()
		if n > 0 && (values > maxValues || !waiting[n].follows()) {
			break
		}
		n++
		if waiting[n-1].alone() {
			break
		}
	}
	q.keep(key, waiting[n:])
	return waiting[:n:n]
}

func (q *queues) keep(key string, rest []*pending) {
	if len(rest) == 0 {
		delete(q.of, key)
	} else {
		q.of[key] = rest
	}
}

func (p *pending) values() (n int) {
	for _, change := range p.change.Members {
		n += len(change.Values)
	}
	return n
}

// alone tells whether a change does more than to change members.
func (p *pending) alone() bool { return p.change.Apply != nil }

// follows tells whether a change can come after another in one commit. What has
// a precondition must see a version that is stored.
func (p *pending) follows() bool { return !p.alone() && p.change.Precondition == nil }

func (p *pending) finished() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// modifyGroup changes a group, perhaps with others who want to, or has one of
// them do it.
func (s scope) modifyGroup(ctx context.Context, name, id string, change scim.Change) (client.Object, error) {
	p := &pending{scope: s, ctx: ctx, change: change, done: make(chan struct{})}
	queue := indexValue(s.sync, id)
	s.queues.add(queue, p)
	unlock, err := s.locks.lockUnless(ctx, s.lockKey(name), p.done)
	if err != nil {
		s.queues.withdraw(queue, p)
		return nil, err
	}
	if unlock != nil {
		defer unlock()
		for !p.finished() {
			commit(id, s.queues.take(queue))
		}
	}
	return p.result, p.err
}

// commit writes changes of one group and answers them.
func commit(id string, batch []*pending) {
	defer func() {
		for _, p := range batch {
			if p.result == nil && p.err == nil {
				p.err = errInterrupted
			}
			close(p.done)
		}
	}()
	first := batch[0]
	if len(batch) > 1 {
		// The first client may go away; the others wait.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(first.ctx), first.scope.timeout)
		defer cancel()
		result, err := first.scope.onNewest(ctx, id, func(current client.Object) (client.Object, error) {
			return first.scope.applyAll(ctx, current, batch)
		})
		if err == nil || !ofOne(err) {
			for _, p := range batch {
				p.answer(result, err)
			}
			return
		}
	}
	for _, p := range batch {
		p.result, p.err = p.scope.onNewest(p.ctx, id, func(current client.Object) (client.Object, error) {
			return p.scope.apply(p.ctx, current, p.change)
		})
	}
}

// ofOne tells whether an error of a commit may be due to one of the changes in
// it: each is then tried by itself.
func ofOne(err error) bool {
	return isRefusal(err) && !isNotFound(err) || apierrors.IsInvalid(err) || apierrors.IsRequestEntityTooLargeError(err)
}

// answer gives what the commit came to, but for a change that was refused.
func (p *pending) answer(result client.Object, err error) {
	switch {
	case err != nil:
		p.result, p.err = nil, err
	case p.err == nil:
		p.result = result
	}
}

// applyAll makes one attempt to commit changes of the members of a group as it
// was read. What is refused has its err set then. nil without an error means
// that there is nothing to write.
func (s scope) applyAll(ctx context.Context, current client.Object, batch []*pending) (client.Object, error) {
	g, ok := current.(*v1alpha1.Group)
	if !ok {
		return nil, errors.New("only changes of groups are committed together")
	}
	edit, err := membership.Default.Edit(membership.RootOf(&g.Spec), s.source(ctx, g))
	if err != nil {
		return nil, s.membersError(g, err)
	}
	for _, p := range batch {
		before := edit.Mark()
		p.err = s.check(ctx, g, p.change.Precondition)
		if p.err == nil {
			p.err = s.editAll(ctx, edit, p.change.Members)
		}
		if p.err != nil && !isRefusal(p.err) {
			return nil, s.membersError(g, p.err)
		}
		if p.err != nil {
			edit.Rollback(before)
		}
	}
	return s.commit(ctx, g, copyOf(g), edit, owned{})
}
