package metrics

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
)

var (
	lags = NewHistogramVec("rollcall_projection_lag_seconds",
		"Time from seeing a change that concerns a binding until an object of it was written; on the leader. Additions may wait for the write budget, removals wait for nothing.", "kind")
	projectionErrors = NewCounterVec("rollcall_projection_errors_total",
		"Writes of a projection that failed or were refused; on the leader. The binding's `status.problems` say what to do.", "kind")
)

// Projection measures the projection of one kind of binding. It is safe for
// concurrent use.
type Projection struct {
	lag    prometheus.Observer
	errors prometheus.Counter

	mu       sync.Mutex
	bindings map[types.NamespacedName]*seen
}

// seen is since when a binding has something to be written; zero: nothing.
type seen struct {
	later time.Time // since the reconcile began
	now   time.Time // before
}

// NewProjection measures a kind of binding.
func NewProjection(kind string) *Projection {
	return &Projection{
		lag: lags.WithLabelValues(kind), errors: projectionErrors.WithLabelValues(kind),
		bindings: map[types.NamespacedName]*seen{},
	}
}

// Seen says that a change concerns a binding.
func (p *Projection) Seen(binding types.NamespacedName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.bindings[binding]
	if s == nil {
		s = &seen{}
		p.bindings[binding] = s
	}
	if s.later.IsZero() {
		s.later = time.Now()
	}
}

// Begin says that a reconcile looks at what was seen.
func (p *Projection) Begin(binding types.NamespacedName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.bindings[binding]; s != nil {
		if s.now.IsZero() {
			s.now = s.later
		}
		s.later = time.Time{}
	}
}

// Wrote says what came of writing an object of the binding. Objects that have
// changed since they were read are no failure: they are read again.
func (p *Projection) Wrote(binding types.NamespacedName, err error) {
	switch {
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err):
		return
	case err != nil:
		p.errors.Inc()
		return
	}
	p.mu.Lock()
	var since time.Time
	if s := p.bindings[binding]; s != nil {
		since = s.now
	}
	p.mu.Unlock()
	if !since.IsZero() {
		p.lag.Observe(time.Since(since).Seconds())
	}
}

// Done says that a reconcile has written all there was; without it, what was
// seen counts on for the next one.
func (p *Projection) Done(binding types.NamespacedName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.bindings[binding]; s != nil {
		if s.now = (time.Time{}); s.later.IsZero() {
			delete(p.bindings, binding)
		}
	}
}
