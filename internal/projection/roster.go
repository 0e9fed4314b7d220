package projection

import (
	"cmp"

	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// roster is a Source with what one projection finds out about it. Nothing
// about a user is worked out twice.
type roster struct {
	Source
	name   types.NamespacedName
	filter *userFilter
	users  map[string]*person // those that were looked at, by id
	unsure bool               // of some it is not known whether they are synced

	allowed    map[string]verdict // namespaces by name, as far as they were asked about
	allowError error
	notAllowed Tally

	unusable  Tally              // members without a name that can be bound
	notUnique Tally              // names of members that other users have too
	shared    map[string]verdict // names in notUnique, and whether all users of one are active and synced
}

// person is a user as one projection sees it.
type person struct {
	user  *v1alpha1.User
	state verdict // whether the user is active and synced

	named   bool    // whether the rest is known
	name    string  // in subjects; empty if there is none that can be bound
	bearers verdict // whether all users of this name are active and synced
	counted bool
}

func newRoster(name types.NamespacedName, source Source) *roster {
	return &roster{
		Source: source, name: name, filter: newUserFilter(source.Sync, source.Directory),
		users: map[string]*person{}, allowed: map[string]verdict{}, shared: map[string]verdict{},
	}
}

// rosters are asked for once each.
type rosters struct {
	source func(types.NamespacedName) Source
	byName map[types.NamespacedName]*roster
	order  []*roster
}

func (r *rosters) of(name types.NamespacedName) *roster {
	if known, ok := r.byName[name]; ok {
		return known
	}
	if r.byName == nil {
		r.byName = map[types.NamespacedName]*roster{}
	}
	n := newRoster(name, r.source(name))
	r.byName[name] = n
	r.order = append(r.order, n)
	return n
}

// person looks at a user that exists.
func (r *roster) person(user *v1alpha1.User) *person {
	if known, ok := r.users[user.Spec.ID]; ok {
		return known
	}
	p := &person{user: user}
	if Active(user) {
		p.state = r.filter.synced(user)
	}
	r.unsure = r.unsure || p.state == unknown
	r.users[user.Spec.ID] = p
	return p
}

// byID looks at the user of an id, if it exists.
func (r *roster) byID(id string) (*person, bool) {
	if known, ok := r.users[id]; ok {
		return known, true
	}
	user, ok := r.Directory.User(id)
	if !ok || !isResource(&user.Spec.ResourceSpec) {
		return nil, false
	}
	return r.person(user), true
}

// allows says whether the sync's groups may be used in a namespace, or in the
// whole cluster: only a sync that lets in all namespaces allows that. It is
// unknown while the sync's selector is malformed: then what there is stays.
func (r *roster) allows(namespace Namespace) verdict {
	if r.Sync == nil {
		return yes // nobody is there to say; what is bound already is held
	}
	allowed, asked := r.allowed[namespace.Name]
	if asked {
		return allowed
	}
	if namespace.Name == wholeCluster {
		allowed = verdictOf(r.Sync.Spec.AllowedNamespaces != nil && r.Sync.Spec.AllowedNamespaces.From == v1alpha1.NamespacesAll)
	} else {
		is, err := NamespaceAllowed(r.Sync, namespace.Name, namespace.Labels)
		allowed = verdictOf(is)
		if err != nil {
			r.allowError, allowed = err, unknown
		}
	}
	if allowed == no && namespace.Name != wholeCluster {
		r.notAllowed.Add("%q", namespace.Name)
	}
	r.allowed[namespace.Name] = allowed
	return allowed
}

func verdictOf(is bool) verdict {
	if is {
		return yes
	}
	return no
}

// deleting reports whether the sync is going together with its groups.
func (r *roster) deleting() bool {
	return r.Sync != nil && r.Sync.DeletionTimestamp != nil && onSyncDelete(r.Sync) == v1alpha1.DeletionDelete
}

func (r *roster) problems() []Problem {
	var problems []Problem
	report := func(reason Reason, format string, args ...any) {
		problems = append(problems, NewProblem(reason, format, args...).of(r.name))
	}
	switch clusterWide, asked := r.allowed[wholeCluster]; {
	case asked && clusterWide == no:
		report(ReasonNamespaceNotAllowed,
			"IdentityProviderSync %s does not let its groups be bound in the whole cluster; its admin may set spec.allowedNamespaces to from: All", r.name)
	case r.allowError != nil:
		report(ReasonInvalidNamespaceSelector,
			"which namespaces IdentityProviderSync %s lets in is not known: %v; members keep what they have and none are added", r.name, r.allowError)
	case r.notAllowed.Count() > 0:
		report(ReasonNamespaceNotAllowed,
			"IdentityProviderSync %s does not let its groups be bound in namespaces %s; its admin may change spec.allowedNamespaces", r.name, &r.notAllowed)
	}
	if r.unsure {
		report(ReasonGroupUnresolved,
			"not all groups of the userFilter of IdentityProviderSync %s can be read now; members who may be in them keep what they have", r.name)
	}
	if r.unusable.Count() > 0 {
		report(ReasonUsernameNotUsable,
			"%d members have no name that can be bound: %s; change them at the identity provider, or the expression of the names",
			r.unusable.Count(), &r.unusable)
	}
	if r.notUnique.Count() > 0 {
		report(ReasonUsernameNotUnique,
			"several users of IdentityProviderSync %s have one name, so what one of them may, all can; it is bound only while all of them are active and synced: %s",
			r.name, &r.notUnique)
	}
	return problems
}

func onSyncDelete(sync *v1alpha1.IdentityProviderSync) v1alpha1.DeletionAction {
	if sync.Spec.Deletion == nil {
		return v1alpha1.DeletionRetain
	}
	return cmp.Or(sync.Spec.Deletion.OnSyncDelete, v1alpha1.DeletionRetain)
}
