package removalguard

import (
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// Defaults of spec.removalGuard, as in the CRD.
const (
	defaultPercent  = 20
	defaultSubjects = 10
	defaultWindow   = 15 * time.Minute
)

// resolution is into how many parts a window is divided at least.
const resolution = 256

// limits are a removalGuard with its defaults.
type limits struct {
	percent, subjects int
	window            time.Duration
}

func bounds(sync *v1alpha1.IdentityProviderSync) limits {
	l := limits{defaultPercent, defaultSubjects, defaultWindow}
	guard := sync.Spec.RemovalGuard
	if guard.Percent != nil {
		l.percent = int(*guard.Percent)
	}
	if guard.Subjects != nil {
		l.subjects = int(*guard.Subjects)
	}
	if guard.Window != nil {
		l.window = guard.Window.Duration
	}
	return l
}

// tally is what is known of one sync.
type tally struct {
	uid      types.UID
	began    time.Time // when this process began to watch the sync
	bindings map[string]*proposal
	gone     []departure
	hold     *hold
	open     time.Time // until when removals pass
}

// proposal is what a binding proposed last.
type proposal struct {
	subjects int // that the binding has from this sync, those to be removed included
	lost     int // of them would go
	held     bool
	since    time.Time // when removals that are not held were let through
	begun    time.Time // when the hold began that holds them; zero: they are not held
}

// departure is a number of subjects that went.
type departure struct {
	at    time.Time
	count int
}

// hold is a time in which removals are held.
type hold struct {
	id       string
	since    time.Time
	subjects int // as the status had it when this process began
}

func newTally(sync *v1alpha1.IdentityProviderSync, now time.Time) *tally {
	t := &tally{uid: sync.UID, began: now, bindings: map[string]*proposal{}}
	if s := sync.Status.RemovalGuard; s != nil {
		t.hold = &hold{id: s.ID, since: s.Since.Time, subjects: int(s.Subjects)}
	}
	return t
}

func (t *tally) propose(sync *v1alpha1.IdentityProviderSync, binding string, subjects, lost int, now time.Time) bool {
	t.settle(sync, now)
	if before := t.bindings[binding]; before != nil && !before.held {
		// What was let through and is proposed again is tried again; the rest went.
		if went := before.lost - lost; went > 0 {
			t.count(departure{before.since, went}, bounds(sync).window)
		}
	}
	p := &proposal{subjects: subjects, lost: lost, since: now}
	if before := t.bindings[binding]; before != nil && lost > 0 {
		p.begun = before.begun
	}
	t.bindings[binding] = p
	if subjects == 0 {
		delete(t.bindings, binding)
	}
	if now.Before(t.open) {
		return false
	}
	switch exceeded := t.exceeds(bounds(sync), now); {
	case exceeded && t.hold == nil:
		t.hold = &hold{id: newID(sync.UID, now), since: t.heldSince(now)}
	case !exceeded && t.knowsAll(now):
		t.hold = nil
	}
	p.held, p.begun = lost > 0 && t.hold != nil, time.Time{}
	if p.held {
		p.begun = t.hold.since
	}
	return p.held
}

// heldSince is when a hold begins: now, or with the one before if that still
// keeps removals which nobody has proposed again since it was over. Else whoever
// lets one hold follow another at once would keep them for ever.
func (t *tally) heldSince(now time.Time) time.Time {
	since := now
	for _, p := range t.bindings {
		if !p.begun.IsZero() && p.begun.Before(since) {
			since = p.begun
		}
	}
	return since
}

// count adds a departure. Those that are close to each other become one, so
// that there are few of them however long the window and however much goes.
func (t *tally) count(d departure, window time.Duration) {
	if n := len(t.gone); n > 0 {
		last := &t.gone[n-1]
		if between := d.at.Sub(last.at); between.Abs() < window/resolution {
			last.count += d.count
			return
		}
	}
	t.gone = append(t.gone, d)
}

// knowsAll tells whether every binding has had the time to propose since this
// process began: before, a hold cannot be found to be over.
func (t *tally) knowsAll(now time.Time) bool { return !now.Before(t.began.Add(releaseTime)) }

// settle ends a hold that is confirmed or has run out.
func (t *tally) settle(sync *v1alpha1.IdentityProviderSync, now time.Time) {
	if t.hold == nil {
		return
	}
	confirmed := sync.Annotations[v1alpha1.AnnotationConfirmRemovals] == t.hold.id
	if !confirmed && now.Before(t.hold.since.Add(bounds(sync).window)) {
		return
	}
	t.hold, t.gone, t.open = nil, nil, now.Add(releaseTime)
	for _, p := range t.bindings {
		p.lost, p.held, p.begun = 0, false, time.Time{}
	}
}

// exceeds tells whether what is proposed, and what went within the window, is
// more than may go.
func (t *tally) exceeds(l limits, now time.Time) bool {
	begin := now.Add(-l.window)
	t.gone = slices.DeleteFunc(t.gone, func(d departure) bool { return d.at.Before(begin) })
	total, going := 0, 0
	for _, d := range t.gone {
		total, going = total+d.count, going+d.count
	}
	for _, p := range t.bindings {
		total += p.subjects
		if p.held || !p.since.Before(begin) {
			going += p.lost
		}
	}
	return going > l.subjects && going*100 > l.percent*total
}

// held is how many subjects are held, as far as is known.
func (t *tally) held(now time.Time) int {
	n := 0
	for _, p := range t.bindings {
		if p.held {
			n += p.lost
		}
	}
	if !t.knowsAll(now) {
		n = max(n, t.hold.subjects)
	}
	return n
}

// newID names a hold: it cannot be guessed before there is one, so an
// annotation in a repository confirms no later hold.
func newID(uid types.UID, now time.Time) string {
	sum := sha256.Sum256([]byte(string(uid) + now.Format(time.RFC3339Nano)))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:10])
}
