// Package history reads the provisioning log of a sync: what its identity
// provider changed of late.
package history

import (
	"context"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/plugin/cluster"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// Filter chooses entries. Empty fields choose all.
type Filter struct {
	User   string // part of the name or id of a user, also as a member
	Group  string // part of the name or id of a group
	Failed bool   // only what failed
	After  time.Time
}

// Matches tells whether an entry is chosen.
func (f *Filter) Matches(e *v1alpha1.ProvisioningLogEntry) bool {
	switch {
	case f.Failed && e.Action != v1alpha1.ActionFailed:
		return false
	case !e.Time.After(f.After):
		return false
	case f.User != "" && !names(f.User, e, v1alpha1.ProvisionedUser) && !slices.ContainsFunc(e.MemberNames, contains(f.User)):
		return false
	case f.Group != "" && !names(f.Group, e, v1alpha1.ProvisionedGroup):
		return false
	}
	return true
}

func names(part string, e *v1alpha1.ProvisioningLogEntry, kind v1alpha1.ProvisionedKind) bool {
	has := contains(part)
	return e.Kind == kind && (has(e.Name) || has(e.ID))
}

func contains(part string) func(string) bool {
	part = schema.Fold(part)
	return func(text string) bool { return strings.Contains(schema.Fold(text), part) }
}

// Log follows the log of one sync.
type Log struct {
	reader client.Reader
	key    client.ObjectKey
	seen   int64 // how many entries there ever were, as far as they were given
}

// New begins at the oldest entry that is kept.
func New(reader client.Reader, sync *v1alpha1.IdentityProviderSync) *Log {
	return &Log{reader: reader, key: client.ObjectKeyFromObject(sync)}
}

// Next gives the entries that came since the last call, oldest first, and how
// many came that are no longer kept.
func (l *Log) Next(ctx context.Context) (entries []v1alpha1.ProvisioningLogEntry, missed int64, err error) {
	log := &v1alpha1.ProvisioningLog{}
	if err := l.reader.Get(ctx, l.key, log); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, 0, nil // nothing has changed yet
		}
		return nil, 0, cluster.Explain(err)
	}
	total := log.Dropped + int64(len(log.Entries))
	if total < l.seen { // the log was deleted and made again
		l.seen = 0
	}
	skip := l.seen - log.Dropped
	missed = max(-skip, 0)
	l.seen = total
	return log.Entries[min(max(skip, 0), int64(len(log.Entries))):], missed, nil
}
