package rolebinding

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/rollcall-scim/rollcall/internal/projection"
)

// WriteBudget is how many bytes a second additions may rewrite. What one member
// more costs is the whole object that it goes into: without a bound, one group
// bound 50 times would write gigabytes to etcd while an identity provider fills
// it one by one.
const WriteBudget = 512 << 10

// subjectOverhead is what a stored subject takes besides its name.
const subjectOverhead = 40

// budget lets additions to objects through at WriteBudget, first come, first
// served. While an object waits for its turn further additions join it, at no
// more cost. Removals and new objects do not ask.
type budget struct {
	now     func() time.Time
	limiter *rate.Limiter

	mu    sync.Mutex
	turns map[projection.BindingKey]map[objectKey]turn
}

type turn struct {
	at          time.Time
	reservation *rate.Reservation
}

func newBudget(now func() time.Time) *budget {
	return &budget{now: now, limiter: rate.NewLimiter(WriteBudget, WriteBudget),
		turns: map[projection.BindingKey]map[objectKey]turn{}}
}

// ask says how long an object of a binding has to wait until it may be
// rewritten. Not at all, as when nobody has used the budget: then its turn is
// used. An object that waits keeps its turn.
func (b *budget) ask(binding projection.BindingKey, object objectKey, bytes int) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	waiting, ok := b.turns[binding][object]
	if !ok {
		reservation := b.limiter.ReserveN(now, min(bytes, WriteBudget))
		waiting = turn{at: now.Add(reservation.DelayFrom(now)), reservation: reservation}
		if b.turns[binding] == nil {
			b.turns[binding] = map[objectKey]turn{}
		}
		b.turns[binding][object] = waiting
	}
	if wait := waiting.at.Sub(now); wait > 0 {
		return wait
	}
	delete(b.turns[binding], object)
	return 0
}

// keep drops the turns of a binding's objects that do not wait any more. A turn
// that was not used, since a removal wrote the object, is given back.
func (b *budget) keep(binding projection.BindingKey, waiting map[objectKey]bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	for object, turn := range b.turns[binding] {
		if !waiting[object] {
			turn.reservation.CancelAt(now)
			delete(b.turns[binding], object)
		}
	}
	if len(b.turns[binding]) == 0 {
		delete(b.turns, binding)
	}
}

// stored is about how many bytes subjects take in etcd.
func stored(subjects []rbacv1.Subject) int {
	bytes := 0
	for i := range subjects {
		bytes += len(subjects[i].Name) + subjectOverhead
	}
	return bytes
}
