package operator

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/rollcall-scim/rollcall/internal/admission"
	"github.com/rollcall-scim/rollcall/internal/directory"
	"github.com/rollcall-scim/rollcall/internal/metrics"
	"github.com/rollcall-scim/rollcall/internal/provisioninglog"
	"github.com/rollcall-scim/rollcall/internal/server"
	"github.com/rollcall-scim/rollcall/internal/token"
)

// newProvisioningLog makes the log of what identity providers change; nil if
// it is off.
func newProvisioningLog(c Config, m manager.Manager, live client.Client, d *directory.Directory) *provisioninglog.Log {
	return provisioninglog.New(provisioninglog.Options{
		Mode: c.ProvisioningLog, Client: live, Syncs: m.GetCache(), Log: c.Log.WithName("provisioning"),
		Recorder: m.GetEventRecorder("rollcall"),
		Resource: func(sync types.NamespacedName, id string) client.Object {
			if !d.Synced() {
				return nil // it would wait
			}
			view := d.View(context.Background(), sync)
			if u, ok := view.User(id); ok {
				return u
			}
			if g, ok := view.GroupByID(id); ok {
				return g
			}
			return nil
		},
	})
}

// observe registers the provisioning log, and tells metrics where to look.
func observe(ctx context.Context, c Config, m manager.Manager, log *provisioninglog.Log, tokens *token.Verifier, activity *server.Activity, policies *admission.Guard, leads func() bool) error {
	metrics.SetState(&metrics.State{
		Cache: m.GetCache(), Serves: c.serves, TokensUsed: tokens.LastUsed, Missing: policies.Missing, Leads: leads,
		Seen: func(sync types.NamespacedName) (request, change time.Time) {
			seen := activity.Seen(sync)
			return seen.Request, seen.Change
		},
	})
	if log == nil {
		return nil
	}
	if err := log.WatchFilters(ctx, m.GetCache(), leads); err != nil {
		return err
	}
	return m.Add(log)
}
