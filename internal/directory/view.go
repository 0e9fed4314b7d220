package directory

import (
	"context"
	"iter"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// View reads the resources of one sync for projection and status. It hides
// claims and what is deleted. What it gives is the informers' own: copy it
// before changing anything.
type View struct {
	d    *Directory
	ctx  context.Context
	sync types.NamespacedName
}

// View gives a view that is good for one reconcile; ctx bounds the reads of
// slices that the informer does not have yet. It waits until Synced.
func (d *Directory) View(ctx context.Context, sync types.NamespacedName) *View {
	if !d.Synced() {
		d.WaitForSync(ctx)
	}
	return &View{d: d, ctx: ctx, sync: sync}
}

// Group finds a group by displayName, in exact letter case.
func (v *View) Group(displayName string) (*v1alpha1.Group, bool) {
	for _, o := range v.d.groups.indexed(byName, indexValue(v.sync, schema.Fold(displayName))) {
		if g := o.(*v1alpha1.Group); g.Spec.DisplayName == displayName {
			return g, true
		}
	}
	return nil, false
}

// GroupByID finds a group by SCIM id.
func (v *View) GroupByID(id string) (*v1alpha1.Group, bool) {
	g, ok := v.d.cachedByID(v.sync, id).(*v1alpha1.Group)
	return g, ok
}

// User finds a user by SCIM id.
func (v *View) User(id string) (*v1alpha1.User, bool) {
	u, ok := v.d.cachedByID(v.sync, id).(*v1alpha1.User)
	return u, ok
}

// Members lists the ids of all direct members: users, groups, and ids that name
// nothing. An error means that they cannot be told right now; it never lists
// fewer.
func (v *View) Members(g *v1alpha1.Group) ([]string, error) { return v.d.members(v.ctx, g) }

// GroupsOf gives the groups that a user or group is a direct member of, to
// find what an event may concern: a group that cannot be resolved right now
// is among them. Only Members tells who is a member.
func (v *View) GroupsOf(id string) []*v1alpha1.Group {
	groups, _ := v.d.groupsOf(v.ctx, v.sync, id, true) // no error with hold
	return groups
}

// Users iterates over all users in the order of their object names.
func (v *View) Users() iter.Seq[*v1alpha1.User] { return all[*v1alpha1.User](v.d.users.order(v.sync)) }

// Groups iterates over all groups in the order of their object names.
func (v *View) Groups() iter.Seq[*v1alpha1.Group] {
	return all[*v1alpha1.Group](v.d.groups.order(v.sync))
}

// CountUsers is how many users there are.
func (v *View) CountUsers() int { return v.d.users.order(v.sync).len() }

// CountGroups is how many groups there are.
func (v *View) CountGroups() int { return v.d.groups.order(v.sync).len() }

func all[T client.Object](o *order) iter.Seq[T] {
	return func(yield func(T) bool) {
		o.each(func(object client.Object) bool { return yield(object.(T)) })
	}
}

func sortByName[T client.Object](objects []T) {
	slices.SortFunc(objects, func(a, b T) int { return strings.Compare(a.GetName(), b.GetName()) })
}
