package networkpolicy

import (
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// askGuard has entries that would go stay, if very many would go at once. What
// is counted are entries that an active user has. There may be several users of
// one, and it may go since one of them was disabled, which is never held.
func (w *work) askGuard(groups []projection.ResolvedGroup) {
	if w.in.Guard == nil {
		return
	}
	asked := map[types.NamespacedName]bool{}
	for _, group := range groups {
		sync := w.source(group.Sync).Sync
		if asked[group.Sync] || sync == nil || sync.DeletionTimestamp != nil {
			continue
		}
		asked[group.Sync] = true
		has := 0
		var lost []entry
		if sync.Spec.RemovalGuard != nil {
			for e := range w.there {
				if !slices.ContainsFunc(w.fills, func(f *fill) bool { return f.set == e.set && f.allows(e.value) && w.anyActive(f, group.Sync, e.value) }) {
					continue
				}
				has++
				if _, stays := w.wanted[e]; !stays && !w.anyInactive(e, groups) {
					lost = append(lost, e)
				}
			}
		}
		if !w.in.Guard(sync, GuardKey(keyOf(w.in.Policy)), has, len(lost)) || len(lost) == 0 {
			continue
		}
		for _, e := range lost {
			w.wanted[e] = -1
		}
		w.result.Guarded = append(w.result.Guarded, group.Sync)
		w.report(projection.NewProblem(projection.ReasonRemovalsHeld,
			"%d values of active users of IdentityProviderSync %s would be let through no more, which its removalGuard holds; see its status.removalGuard",
			len(lost), group.Sync))
	}
}

// anyActive tells whether an active user of a sync has a value.
func (w *work) anyActive(f *fill, sync types.NamespacedName, value string) bool {
	return anyUser(f.values[sync], w.source(sync).Directory, value, projection.Active)
}

// anyInactive tells whether somebody has an entry, in whatever sync, who is not active.
func (w *work) anyInactive(e entry, groups []projection.ResolvedGroup) bool {
	return slices.ContainsFunc(w.fills, func(f *fill) bool {
		return f.set == e.set && f.allows(e.value) && slices.ContainsFunc(groups, func(g projection.ResolvedGroup) bool {
			return anyUser(f.values[g.Sync], w.source(g.Sync).Directory, e.value, isInactive)
		})
	})
}

func isInactive(user *v1alpha1.User) bool { return !projection.Active(user) }

// anyUser tells whether some user of a value is as asked for. The index is nil
// if nobody knows the values.
func anyUser(index Index, directory projection.Directory, value string, is func(*v1alpha1.User) bool) bool {
	return index != nil && slices.ContainsFunc(index.Users(value), func(id string) bool {
		user, ok := directory.User(id)
		return ok && is(user)
	})
}

// GuardKey is what the Guard knows a policy by.
func GuardKey(policy types.NamespacedName) string {
	return projection.BindingKey{Kind: kindGroupNetworkPolicy, Namespace: policy.Namespace, Name: policy.Name}.String()
}
