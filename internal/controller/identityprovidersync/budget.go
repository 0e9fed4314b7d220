package identityprovidersync

import "time"

// allowance is how many members of groups are looked at per second and sync, on
// average: a large group that keeps changing is looked into less often, so what
// a change costs does not grow with the group it is in. burst is what may come
// at once after a pause.
const (
	allowance = 2_000
	burst     = 50_000
)

// budget bounds how many members are looked at. A group of any size is looked into
// while anything is left; what it takes beyond that is paid off first.
type budget struct {
	left int64
	at   time.Time
}

func newBudget(now time.Time) budget { return budget{left: burst, at: now} }

// earn adds what has been allowed since.
func (b *budget) earn(now time.Time) {
	passed := max(0, min(now.Sub(b.at), 24*time.Hour))
	b.left, b.at = min(burst, b.left+int64(allowance*passed.Seconds())), now
}

func (b *budget) any() bool { return b.left > 0 }

func (b *budget) spend(members int) { b.left -= int64(members) }
