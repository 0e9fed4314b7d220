package chaos

import (
	"fmt"
	"net/http"
	"sync"
)

// tally counts answers.
type tally struct {
	mu sync.Mutex
	counts
	findings []finding
}

// counts are how many requests were answered in which way.
type counts struct {
	requests, acknowledged  int64 // acknowledged: changes answered with success
	taken                   int64 // 409: the name is another's
	limited, unavailable    int64 // 429, 503
	otherErrors, unanswered int64 // other 5xx, nothing at all
	firstFailure            string
}

// finding is something that should not be.
type finding struct{ kind, text string }

// The kinds of findings.
const (
	kindLost      = "lost"      // a change that was acknowledged is not there, or one that never was is
	kindHalf      = "half"      // a change is there in part
	kindDuplicate = "duplicate" // two resources with one name
	kindDivergent = "divergent" // a replica reads something else than the API server has
	kindBound     = "bound"     // somebody is bound who should not be, or not bound who should be
	kindAnswer    = "answer"    // an answer that is none of those that a client can deal with
	kindStuck     = "stuck"     // nothing works long after a fault has ended
	kindCrash     = "crash"     // a panic or data race
)

func (t *tally) count(a answer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests++
	switch {
	case a.err != nil:
		t.unanswered++
		t.note(a.err.Error())
	case a.status == http.StatusTooManyRequests:
		t.limited++
		t.note(string(a.body))
	case a.status == http.StatusServiceUnavailable:
		t.unavailable++
		t.note(string(a.body))
	case a.status >= 500:
		t.otherErrors++
		t.note(string(a.body))
	case a.status == http.StatusConflict:
		t.taken++
	}
}

// acknowledge counts a change that was answered with success.
func (t *tally) acknowledge() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.acknowledged++
}

func (t *tally) note(failure string) {
	if t.firstFailure == "" {
		t.firstFailure = failure
	}
}

// failed is how many requests were answered with an error that is not the
// client's, or not at all.
func (c counts) failed() int64 { return c.limited + c.unavailable + c.otherErrors + c.unanswered }

func (c counts) String() string {
	return fmt.Sprintf("%d requests, %d changes acknowledged; answered 409: %d, 429: %d, 503: %d, otherwise 5xx: %d; not answered: %d",
		c.requests, c.acknowledged, c.taken, c.limited, c.unavailable, c.otherErrors, c.unanswered)
}

func (t *tally) now() counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counts
}

// since takes what was before off, and lets the next failure be noted anew.
func (c counts) since(before counts) counts {
	c.requests -= before.requests
	c.acknowledged -= before.acknowledged
	c.taken -= before.taken
	c.limited -= before.limited
	c.unavailable -= before.unavailable
	c.otherErrors -= before.otherErrors
	c.unanswered -= before.unanswered
	return c
}

// begin is now, after which the first failure is noted anew.
func (t *tally) begin() counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.firstFailure = ""
	return t.counts
}

func (t *tally) find(kind, format string, values ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.findings = append(t.findings, finding{kind, fmt.Sprintf(format, values...)})
}

// found counts the findings of a kind.
func (t *tally) found(kind string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for _, f := range t.findings {
		if f.kind == kind {
			n++
		}
	}
	return n
}

func (t *tally) all() []finding {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]finding(nil), t.findings...)
}
