package provisioninglog

import (
	"context"

	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// WatchFilters records what the filters of a sync keep out or let through, as
// the label of it on Users and Groups comes and changes: by requests, and when
// the filters change. One replica does, which leads says.
func (l *Log) WatchFilters(ctx context.Context, informers cache.Informers, leads func() bool) error {
	if l == nil {
		return nil
	}
	for _, kind := range []client.Object{&v1alpha1.User{}, &v1alpha1.Group{}} {
		informer, err := informers.GetInformer(ctx, kind, cache.BlockUntilSynced(false))
		if err != nil {
			return err
		}
		_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerDetailedFuncs{
			AddFunc: func(o any, listed bool) {
				if !listed && leads() {
					l.filtered(nil, o)
				}
			},
			UpdateFunc: func(before, after any) {
				if leads() {
					l.filtered(before, after)
				}
			},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// filtered records what changed between two versions of a resource.
func (l *Log) filtered(before, after any) {
	spec, kind, is := visible(after)
	if spec == nil {
		return
	}
	had, _, was := visible(before)
	change := Change{Kind: kind, ID: spec.ID}
	switch {
	case had != nil && was == is:
		return
	case is == "true" && was == "false":
		change.Action, change.Reason = v1alpha1.ActionUnfiltered, "let through by the filters of the sync"
	case is == "false" && (was == "true" || kind == v1alpha1.ProvisionedGroup):
		change.Action, change.Reason = v1alpha1.ActionFiltered, reasons[kind]
	default: // a new user is in no group of the userFilter yet
		return
	}
	l.Record(types.NamespacedName{Namespace: after.(client.Object).GetNamespace(), Name: spec.SyncRef.Name}, change)
}

var reasons = map[v1alpha1.ProvisionedKind]string{
	v1alpha1.ProvisionedUser:  "stored, but gets no access: in none of the groups of spec.userFilter",
	v1alpha1.ProvisionedGroup: "stored, but gives no access: spec.groupFilter does not let its name through",
}

// visible gives the label of a resource; nil for a claim and for what is deleted.
func visible(object any) (spec *v1alpha1.ResourceSpec, kind v1alpha1.ProvisionedKind, synced string) {
	switch o := object.(type) {
	case *v1alpha1.User:
		spec, kind, synced = &o.Spec.ResourceSpec, v1alpha1.ProvisionedUser, o.Labels[v1alpha1.LabelSynced]
	case *v1alpha1.Group:
		spec, kind, synced = &o.Spec.ResourceSpec, v1alpha1.ProvisionedGroup, o.Labels[v1alpha1.LabelSynced]
	default:
		return nil, "", ""
	}
	if spec.ID == "" || spec.Deleted != nil {
		return nil, "", ""
	}
	return spec, kind, synced
}
