package identityprovidersync

import (
	"context"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/server"
	"github.com/rollcall-scim/rollcall/internal/token"
)

// Reporter brings the requests that a replica answered to the status while it
// is not the leader.
type Reporter struct {
	client   client.Client
	tokens   *token.Verifier
	activity *server.Activity
	serves   func(namespace string) bool
	leads    func() bool
	log      logr.Logger
}

// NewReporter makes a Reporter for a replica that leads when leads says so. Of
// the Options it takes Client, Tokens, Activity and Serves.
func NewReporter(o Options, leads func() bool, log logr.Logger) *Reporter {
	return &Reporter{client: o.Client, tokens: o.Tokens, activity: o.Activity, serves: o.Serves, leads: leads, log: log}
}

// NeedLeaderElection is false: the leader is who does not need it.
func (r *Reporter) NeedLeaderElection() bool { return false }

// Start reports at every interval in which this replica does not lead.
func (r *Reporter) Start(ctx context.Context) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if !r.leads() {
				r.report(ctx)
			}
		}
	}
}

func (r *Reporter) report(ctx context.Context) {
	var syncs v1alpha1.IdentityProviderSyncList
	if err := r.client.List(ctx, &syncs); err != nil {
		r.log.Error(err, "listing syncs")
		return
	}
	for i := range syncs.Items {
		s := &syncs.Items[i]
		if !r.serves(s.Namespace) || !s.DeletionTimestamp.IsZero() {
			continue
		}
		before, key := s.DeepCopy(), client.ObjectKeyFromObject(s)
		observe(&s.Status, r.activity.Seen(key), r.tokens.LastUsed(key))
		// After a conflict the next interval is soon enough.
		if err := patchStatus(ctx, r.client, before, s); err != nil && !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
			r.log.Error(err, "reporting the last request", "sync", key.String())
		}
	}
}
