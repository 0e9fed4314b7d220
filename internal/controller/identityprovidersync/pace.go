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

// pace bounds how many members are looked at. A group of any size is looked into
// while anything is left; what it takes beyond that is paid off first.
type pace struct {
	left int64
	at   time.Time
}

func newPace(now time.Time) pace { return pace{left: burst, at: now} }

// earn adds what has been allowed since.
func (p *pace) earn(now time.Time) {
	passed := max(0, min(now.Sub(p.at), 24*time.Hour))
	p.left, p.at = min(burst, p.left+int64(allowance*passed.Seconds())), now
}

func (p *pace) any() bool { return p.left > 0 }

func (p *pace) spend(members int) { p.left -= int64(members) }
