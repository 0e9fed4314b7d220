package roster

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/plugin/cluster"
	"github.com/rollcall-scim/rollcall/internal/plugin/lookup"
	"github.com/rollcall-scim/rollcall/internal/projection"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// Group is one group, as shown.
type Group struct {
	Sync        string `json:"sync"` // namespace/name
	DisplayName string `json:"displayName"`
	Members     int64  `json:"members"` // users and groups, direct ones only
	ExternalID  string `json:"externalId,omitempty"`
	ID          string `json:"id"`
	Object      string `json:"object"` // name of the Group object
	Synced      bool   `json:"synced"`
	// Reason is why the group is not synced.
	Reason string `json:"reason,omitempty"`
}

func describeGroup(sync *v1alpha1.IdentityProviderSync, group *v1alpha1.Group) Group {
	g := Group{
		Sync: cluster.Name(sync), DisplayName: group.Spec.DisplayName, Members: group.Spec.MemberCount,
		ExternalID: group.Spec.ExternalID, ID: group.Spec.ID, Object: group.Name, Synced: projection.GroupSynced(sync, group),
	}
	if !g.Synced {
		g.Reason = "begins with none of the groupFilter's prefixes: " + quoted(sync.Spec.GroupFilter.Prefixes)
	}
	return g
}

// Groups finds groups by a part of displayName, or by the whole SCIM id, object
// name or externalId, ignoring case; an empty search finds all.
func Groups(ctx context.Context, reader client.Reader, syncs []v1alpha1.IdentityProviderSync, search string) ([]Group, error) {
	found, err := matchingGroups(ctx, reader, syncs, search)
	if err != nil {
		return nil, err
	}
	groups := make([]Group, len(found))
	for i, c := range found {
		groups[i] = c.Group
	}
	return groups, nil
}

// Circle is a group that was found, with the groups of its sync.
type Circle struct {
	Group
	Holdings *lookup.Holdings
	Object   *v1alpha1.Group
	fits     match
}

func matchingGroups(ctx context.Context, reader client.Reader, syncs []v1alpha1.IdentityProviderSync, search string) ([]Circle, error) {
	var found []Circle
	for i := range syncs {
		s, err := lookup.Groups(ctx, reader, &syncs[i])
		if err != nil {
			return nil, err
		}
		for group := range s.Groups() {
			m := fits(search, []string{group.Spec.ID, group.Name, group.Spec.ExternalID}, []string{group.Spec.DisplayName})
			if m != none {
				found = append(found, Circle{describeGroup(s.Sync, group), s, group, m})
			}
		}
	}
	slices.SortFunc(found, func(a, b Circle) int {
		return cmp.Or(strings.Compare(schema.Fold(a.DisplayName), schema.Fold(b.DisplayName)), strings.Compare(a.Sync, b.Sync))
	})
	return found, nil
}

// FindGroup finds the one group that somebody means: the only one that fits
// exactly, or else the only one that fits at all.
func FindGroup(ctx context.Context, reader client.Reader, syncs []v1alpha1.IdentityProviderSync, search string) (*Circle, error) {
	found, err := matchingGroups(ctx, reader, syncs, search)
	if err != nil {
		return nil, err
	}
	exactly := slices.DeleteFunc(slices.Clone(found), func(c Circle) bool { return c.fits != exact })
	return theOne("group", search, exactly, found, syncs, func(c Circle) string { return c.DisplayName + " (" + c.Sync + ")" })
}

// Membership is a group that a user or group is in.
type Membership struct {
	Group
	Direct bool `json:"direct"`
	// Through are the displayNames from the direct group up to this one, which
	// is left out; empty if the membership is direct.
	Through []string `json:"through,omitempty"`
}

// MembershipsOf gives the groups of a user or group: direct ones first, then
// those that they are nested in, each by a shortest way.
func MembershipsOf(s *lookup.Holdings, id string) ([]Membership, error) {
	if err := s.LoadSlices(); err != nil {
		return nil, err
	}
	type step struct {
		id      string
		through []string
	}
	var found []Membership
	seen := map[string]bool{id: true}
	for queue := []step{{id: id}}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		above := slices.Clone(s.GroupsOf(at.id))
		slices.SortFunc(above, func(a, b *v1alpha1.Group) int { return strings.Compare(a.Spec.DisplayName, b.Spec.DisplayName) })
		for _, group := range above {
			if seen[group.Spec.ID] {
				continue
			}
			seen[group.Spec.ID] = true
			found = append(found, Membership{Group: describeGroup(s.Sync, group), Direct: at.id == id, Through: at.through})
			queue = append(queue, step{group.Spec.ID, append(slices.Clone(at.through), group.Spec.DisplayName)})
		}
	}
	return found, s.Unreadable()
}
