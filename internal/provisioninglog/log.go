// Package provisioninglog remembers what identity providers changed: who was
// created, renamed, disabled, added to a group, or could not be, and why.
//
// Each change is a line in the operator's log, and an entry of the object
// ProvisioningLog that has the name of the sync, where the latest of them can
// be asked for. Some are events on the User, Group or sync as well.
//
// Nothing here is on the way of a SCIM request: Record puts changes into a
// buffer and returns. Two goroutines take them from there: one tells (log,
// events), the other writes the objects, of each sync at most once in an
// interval. What the buffer cannot take is counted, oldest first; so is what
// the object has no room for. A replica that is killed loses what it has not
// written yet, at most an interval of it.
//
// Names of people are nowhere else in the operator's log, and not here either
// if the mode says so.
package provisioninglog

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/metrics"
)

const (
	// maxFresh is how many changes of a sync wait to be told.
	maxFresh = 4096
	// MaxEntries is how many entries an object has, as its CRD says.
	MaxEntries = 500
	// MaxBytes bounds them together, as JSON.
	MaxBytes = 128 << 10
	// Of failures that say nothing of the change but of the load (429, 503),
	// one in an interval is enough: the identity provider tries each again.
	busyInterval = 10 * time.Second
)

// Mode says what is logged.
type Mode string

// The modes.
const (
	Names Mode = "names" // changes, with the names of people and groups
	IDs   Mode = "ids"   // changes, with SCIM ids without their readable part
	Off   Mode = "off"   // nothing
)

// Valid tells whether there is such a mode.
func (m Mode) Valid() bool { return m == Names || m == IDs || m == Off }

// Change is one change that a request made, or failed to make. Names in it may
// be missing: they are looked up by id.
type Change struct {
	Time       time.Time
	Action     v1alpha1.ProvisioningAction
	Kind       v1alpha1.ProvisionedKind
	ID, Name   string
	Members    int      // how many the request named
	MemberIDs  []string // the first of them
	Attributes []string // names of those that changed
	RequestID  string
	Token      string // its name
	Code       int    // HTTP status
	Reason     string // names nobody
	Detail     string // more of the reason, which may name people
}

// Options are what a Log works with. All are required.
type Options struct {
	Mode   Mode
	Client client.Client // reads and writes ProvisioningLogs at the API server
	Syncs  client.Reader // reads syncs, from a cache
	// Resource finds the User or Group of an id in a cache; nil if it has none.
	Resource func(sync types.NamespacedName, id string) client.Object
	Recorder events.EventRecorder
	Log      logr.Logger
}

// Log takes changes of all syncs. A nil Log takes none.
type Log struct {
	options Options
	now     func() time.Time
	told    chan struct{} // there is something to write
	arrived chan struct{} // there is something to tell

	mu       sync.Mutex
	journals map[types.NamespacedName]*journal
}

// journal is what is known of one sync.
type journal struct {
	fresh   []Change                        // to be told
	lost    int                             // changes that fresh had no room for
	entries []v1alpha1.ProvisioningLogEntry // to be written
	dropped int64                           // changes that entries had no room for
	next    time.Time                       // not written before
	failed  int                             // attempts to write in a row
	busy    *rate.Limiter
	events  *rate.Limiter
	silent  int // changes that were no event, since there were too many
}

// New makes a Log; nil if the mode is Off. Add it to a manager.
func New(o Options) *Log {
	if o.Mode == Off {
		return nil
	}
	return &Log{
		options: o, now: time.Now, told: make(chan struct{}, 1), arrived: make(chan struct{}, 1),
		journals: map[types.NamespacedName]*journal{},
	}
}

// NeedLeaderElection is false: every replica logs what it answered.
func (l *Log) NeedLeaderElection() bool { return false }

// Start tells and writes until ctx ends, and then what is left.
func (l *Log) Start(ctx context.Context) error {
	var telling sync.WaitGroup
	telling.Go(func() {
		for {
			select {
			case <-l.arrived:
				l.tell()
			case <-ctx.Done():
				return
			}
		}
	})
	l.writeAll(ctx)
	telling.Wait()
	l.tell()
	l.flush(ctx)
	return nil
}

// Record takes changes of a sync. It never waits.
func (l *Log) Record(sync types.NamespacedName, changes ...Change) {
	if l == nil || len(changes) == 0 {
		return
	}
	now := l.now()
	l.mu.Lock()
	j := l.journal(sync)
	for _, change := range changes {
		if change.Time.IsZero() {
			change.Time = now
		}
		if (change.Code == 429 || change.Code == 503) && !j.busy.AllowN(now, 1) {
			j.dropped++
			continue
		}
		if len(j.fresh) == maxFresh {
			j.fresh = j.fresh[1:]
			j.lost++
		}
		j.fresh = append(j.fresh, change)
	}
	l.mu.Unlock()
	signal(l.arrived)
}

// NameOf gives the userName or displayName of an id; empty if it is not known.
func (l *Log) NameOf(sync types.NamespacedName, id string) string {
	if l == nil {
		return ""
	}
	switch o := l.options.Resource(sync, id).(type) {
	case *v1alpha1.User:
		return o.Spec.UserName
	case *v1alpha1.Group:
		return o.Spec.DisplayName
	}
	return ""
}

// Forget drops what is kept about a sync that is gone.
func (l *Log) Forget(sync types.NamespacedName) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.journals, sync)
}

// journal is called with the lock.
func (l *Log) journal(sync types.NamespacedName) *journal {
	j := l.journals[sync]
	if j == nil {
		j = &journal{
			busy:   rate.NewLimiter(rate.Every(busyInterval), 1),
			events: rate.NewLimiter(rate.Every(eventInterval), eventBurst),
		}
		l.journals[sync] = j
	}
	return j
}

// tell logs what is fresh, and hands it on to be written.
func (l *Log) tell() {
	for sync, changes := range l.takeFresh() {
		entries := make([]v1alpha1.ProvisioningLogEntry, len(changes))
		for i := range changes {
			entries[i] = l.entry(sync, &changes[i])
			l.line(sync, &entries[i])
			metrics.Change(sync, string(entries[i].Kind), string(entries[i].Action))
			l.event(sync, &changes[i], &entries[i])
		}
		l.mu.Lock()
		if j := l.journals[sync]; j != nil { // it was not forgotten meanwhile
			j.keep(entries)
		}
		l.mu.Unlock()
		signal(l.told)
	}
}

func (l *Log) takeFresh() map[types.NamespacedName][]Change {
	l.mu.Lock()
	defer l.mu.Unlock()
	fresh := map[types.NamespacedName][]Change{}
	for sync, j := range l.journals {
		if j.lost > 0 {
			metrics.ChangesLost(sync, j.lost)
			j.dropped += int64(j.lost)
		}
		if len(j.fresh) > 0 {
			fresh[sync] = j.fresh
		}
		j.fresh, j.lost = nil, 0
	}
	return fresh
}

// keep adds entries to be written. While many come, the oldest are left out now
// and then, not each time: that would copy hundreds for one.
func (j *journal) keep(entries []v1alpha1.ProvisioningLogEntry) {
	j.entries = append(j.entries, entries...)
	if len(j.entries) >= 2*MaxEntries {
		j.trim()
	}
}

// trim leaves out the oldest entries if they are too many.
func (j *journal) trim() {
	if more := len(j.entries) - MaxEntries; more > 0 {
		j.entries = slices.Delete(j.entries, 0, more)
		j.dropped += int64(more)
	}
}

func signal(to chan<- struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}
