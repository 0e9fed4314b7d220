package networkpolicy

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// ReasonNamespaceProtected says that members' namespaces may not be labeled.
const ReasonNamespaceProtected projection.Reason = "NamespaceNotLabeled"

// LabelInput is all that decides which namespaces have the label of a group.
type LabelInput struct {
	Sync        types.NamespacedName
	DisplayName string
	// Source is the sync; without one, what is retained is held.
	Source projection.Source
	// Values gives the namespaces of users; nil if no expression that compiles
	// is known. Failure is why the present one does not.
	Values  Index
	Failure error
	// Current are the namespaces that have the label.
	Current []string
	// MayLabel tells which namespaces may have a label; those that do not exist
	// may.
	MayLabel func(namespace string) bool
	// NoAdditions is why nothing new may be let through now; nil: it may.
	NoAdditions *projection.Problem
	// Guard may hold removals; nil: none is held.
	Guard projection.Guard
}

// LabelResult is what a group's label comes to.
type LabelResult struct {
	// Namespaces should have the label, once they exist, and no others.
	Namespaces map[string]bool
	// Refused are namespaces of members that may not have it.
	Refused  map[string]bool
	Problems []projection.Problem
	// Held is true if some members are not known now.
	Held bool
	// Unresolved is true if some members could not be read: to be tried again.
	Unresolved bool
	// Guarded is true if the sync's removalGuard holds removals.
	Guarded bool
}

// Labels says which namespaces have the label of a group: those of its active,
// synced members, and those that have it already and may be theirs.
func Labels(in LabelInput) *LabelResult {
	members := projection.Resolve(projection.ResolveRequest{
		SyncNamespace: in.Sync.Namespace,
		GroupRefs: []v1alpha1.GroupReference{{
			SyncRef: v1alpha1.NamespacedSyncReference{Namespace: in.Sync.Namespace, Name: in.Sync.Name}, DisplayName: in.DisplayName}},
		Source: func(types.NamespacedName) projection.Source { return in.Source },
	})
	r := &LabelResult{Namespaces: map[string]bool{}, Refused: map[string]bool{}, Problems: members.Problems, Held: members.Held, Unresolved: members.Unresolved}
	group := members.Groups[0]
	current := map[string]bool{}
	for _, namespace := range in.Current {
		current[namespace] = in.MayLabel(namespace)
	}
	var without, protected projection.Tally
	for _, member := range members.Members {
		if in.Values == nil {
			break
		}
		values, err := in.Values.Values(member.User)
		if err != nil && member.Sure {
			without.Add("%q (%v)", member.User.Spec.UserName, err)
		}
		for _, namespace := range values {
			switch {
			case !in.MayLabel(namespace):
				r.Refused[namespace] = true
				protected.Add("%q of %q", namespace, member.User.Spec.UserName)
			case current[namespace], member.Sure && in.Failure == nil && in.NoAdditions == nil:
				r.Namespaces[namespace] = true
			}
		}
	}
	for _, namespace := range slices.Sorted(maps.Keys(current)) {
		unknown := in.Values == nil && (group.Granted || group.Held)
		if current[namespace] && !r.Namespaces[namespace] && (unknown || group.Held && slices.ContainsFunc(in.Values.Users(namespace),
			func(id string) bool { return members.MayBelong(in.Sync, id) })) {
			r.Namespaces[namespace] = true
		}
	}
	r.askGuard(in, current)
	r.report(in, &without, &protected)
	return r
}

// askGuard has labels that would go stay, if very many would go at once: those
// on the namespaces of users who are active. One that several share may go since
// one of them was disabled, which is never held.
func (r *LabelResult) askGuard(in LabelInput, current map[string]bool) {
	sync := in.Source.Sync
	if in.Guard == nil || in.Values == nil || sync == nil || sync.DeletionTimestamp != nil {
		return
	}
	has := 0
	var lost []string
	for namespace, may := range current {
		if !may || sync.Spec.RemovalGuard == nil || !anyUser(in.Values, in.Source.Directory, namespace, projection.Active) {
			continue
		}
		has++
		if !r.Namespaces[namespace] && !anyUser(in.Values, in.Source.Directory, namespace, isInactive) {
			lost = append(lost, namespace)
		}
	}
	if !in.Guard(sync, LabelGuardKey(in.Sync, in.DisplayName), has, len(lost)) || len(lost) == 0 {
		return
	}
	for _, namespace := range lost {
		r.Namespaces[namespace] = true
	}
	r.Guarded = true
	r.Problems = append(r.Problems, projection.NewProblem(projection.ReasonRemovalsHeld,
		"%d namespaces of active users would lose the label of %q, which the sync's removalGuard holds; see status.removalGuard", len(lost), in.DisplayName))
}

// LabelGuardKey is what the Guard knows the label of a group by.
func LabelGuardKey(sync types.NamespacedName, displayName string) string {
	return projection.BindingKey{Kind: "LabelNamespaces", Namespace: sync.Namespace, Name: sync.Name}.String() + "/" + displayName
}

func (r *LabelResult) report(in LabelInput, without, protected *projection.Tally) {
	if in.Failure != nil {
		r.Problems = append(r.Problems, projection.NewProblem(ReasonInvalidExpression,
			"spec.labelNamespaces.namespace cannot be used: until it is corrected no namespace is labeled that is not already: %v", in.Failure))
	}
	if in.NoAdditions != nil {
		r.Problems = append(r.Problems, *in.NoAdditions)
	}
	if n := without.Count(); n > 0 {
		r.Problems = append(r.Problems, projection.NewProblem(ReasonMemberWithoutValue,
			"%d members of %q have no namespace: %s", n, in.DisplayName, without))
	}
	if protected.Count() > 0 {
		r.Problems = append(r.Problems, projection.NewProblem(ReasonNamespaceProtected,
			"members of %q give namespaces that are never labeled, or that labelNamespaces.namespaceSelector does not choose: %s", in.DisplayName, protected))
	}
	r.Problems = projection.Bounded(r.Problems)
}
