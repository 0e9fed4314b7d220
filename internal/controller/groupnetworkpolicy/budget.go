package groupnetworkpolicy

import (
	"time"

	"golang.org/x/time/rate"
)

// writeBudget is how many bytes a second additions may rewrite: a member more
// costs the whole object. What waits is joined by what comes meanwhile.
// Removals and new objects do not ask.
const writeBudget = 512 << 10

type budget struct {
	now     func() time.Time
	limiter *rate.Limiter
}

func newBudget(now func() time.Time) *budget {
	return &budget{now: now, limiter: rate.NewLimiter(writeBudget, writeBudget)}
}

// ask says how long an addition has to wait; when it need not, the bytes are
// taken.
func (b *budget) ask(bytes int) time.Duration {
	now := b.now()
	reservation := b.limiter.ReserveN(now, min(bytes, writeBudget))
	wait := reservation.DelayFrom(now)
	if wait > 0 {
		reservation.CancelAt(now)
	}
	return wait
}
