package projection

import (
	"cmp"

	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// source is a Source with what one projection finds out about it.
type source struct {
	Source
	name      types.NamespacedName
	filter    *userFilter
	projected map[string]bool // users that were dealt with, by id
	unusable  Tally           // members without a name that can be bound
	notUnique Tally           // names of members that other users have too
	shared    map[string]bool // names in notUnique
	unsure    int             // users of whom it is not known whether they are synced
}

// source finds the sync of a groupRef; it is asked for once only.
func (p *projector) source(ref v1alpha1.GroupReference) *source {
	name := SyncName(p.in.Binding.Namespace, ref)
	s, ok := p.sources[name]
	if !ok {
		s = &source{Source: p.in.Source(name), name: name, projected: map[string]bool{}, shared: map[string]bool{}}
		s.filter = newUserFilter(s.Sync, s.Directory)
		p.sources[name] = s
		p.order = append(p.order, s)
	}
	return s
}

// SyncName is the sync that a groupRef in a namespace means.
func SyncName(namespace string, ref v1alpha1.GroupReference) types.NamespacedName {
	return types.NamespacedName{Namespace: cmp.Or(ref.SyncRef.Namespace, namespace), Name: ref.SyncRef.Name}
}

// state says whether a user is active and synced.
func (s *source) state(user *v1alpha1.User) verdict {
	if !Active(user) {
		return no
	}
	synced := s.filter.synced(user)
	if synced == unknown {
		s.unsure++
	}
	return synced
}

// subjectName is the name to bind a member under; "" if there is none.
func (s *source) subjectName(user *v1alpha1.User) string {
	if s.UsernamesError != nil || s.Usernames == nil {
		return ""
	}
	name, err := s.Usernames.Name(user)
	if err == nil {
		err = CheckSubjectName(name)
	}
	if err != nil {
		s.unusable.Add("%q (%v)", user.Spec.UserName, err)
		return ""
	}
	return name
}

// bearers says whether all users of the sync that have a member's name are
// active and synced.
func (s *source) bearers(name string, member *v1alpha1.User) verdict {
	all := s.state(member)
	for _, id := range s.Usernames.Users(name) {
		user, ok := s.Directory.User(id)
		if !ok || id == member.Spec.ID || !isResource(&user.Spec.ResourceSpec) {
			continue
		}
		if !s.shared[name] {
			s.shared[name] = true
			s.notUnique.Add("%q (%q, %q)", name, member.Spec.UserName, user.Spec.UserName)
		}
		all = min(all, s.state(user))
	}
	return all
}

// known tells what the directory says of a name: whether one of members has it,
// or any user if members is nil, and whether all users that have it are active
// and synced.
func (s *source) known(name string, members map[string]bool) (found bool, all verdict) {
	all = yes
	for _, id := range s.Usernames.Users(name) {
		if user, ok := s.Directory.User(id); ok && isResource(&user.Spec.ResourceSpec) {
			found, all = found || members == nil || members[id], min(all, s.state(user))
		}
	}
	return found, all
}

func (s *source) problems() []Problem {
	var problems []Problem
	if s.unsure > 0 {
		problems = append(problems, NewProblem(ReasonGroupUnresolved,
			"not all groups of the userFilter of IdentityProviderSync %s can be read now; members who may be in them keep what they have", s.name))
	}
	if s.unusable.count > 0 {
		problems = append(problems, NewProblem(ReasonUsernameNotUsable,
			"%d members have no name that can be bound: %s; change them at the identity provider, or kubernetesUsername of IdentityProviderSync %s",
			s.unusable.count, &s.unusable, s.name))
	}
	if s.notUnique.count > 0 {
		problems = append(problems, NewProblem(ReasonUsernameNotUnique,
			"several users of IdentityProviderSync %s have one name, so what one of them may, all can; it is bound only while all of them are active and synced: %s",
			s.name, &s.notUnique))
	}
	return problems
}

func onSyncDelete(sync *v1alpha1.IdentityProviderSync) v1alpha1.DeletionAction {
	if sync.Spec.Deletion == nil {
		return v1alpha1.DeletionRetain
	}
	return cmp.Or(sync.Spec.Deletion.OnSyncDelete, v1alpha1.DeletionRetain)
}
