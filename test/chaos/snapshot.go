package chaos

import (
	"context"
	"fmt"
	"strings"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// snapshot is a fresh list of what the API server has.
type snapshot struct {
	users      []v1alpha1.User  // resources that SCIM shows
	groups     []v1alpha1.Group // likewise
	members    map[string][]string
	unreadable map[string]error // groups whose members cannot be told, by id
	bindings   []rbacv1.RoleBinding

	claims, slices, unusedSlices int

	// What the sweeper has left of unusedSlices, after how long.
	sweptSlices int
	sweep       time.Duration
}

func (r *run) snapshot(ctx context.Context) (*snapshot, error) {
	s := &snapshot{members: map[string][]string{}, unreadable: map[string]error{}}
	users, groups, slices := &v1alpha1.UserList{}, &v1alpha1.GroupList{}, &v1alpha1.GroupMemberSliceList{}
	bindings := &rbacv1.RoleBindingList{}
	for _, list := range []client.ObjectList{users, groups, slices} {
		if err := r.admin.List(ctx, list, client.InNamespace(syncNamespace)); err != nil {
			return nil, err
		}
	}
	if err := r.admin.List(ctx, bindings); err != nil {
		return nil, err
	}
	s.bindings = bindings.Items
	for _, u := range users.Items {
		switch {
		case u.Spec.ID == "":
			s.claims++
		case u.Spec.Deleted == nil:
			s.users = append(s.users, u)
		}
	}
	byName := map[string]*v1alpha1.GroupMemberSlice{}
	for i := range slices.Items {
		byName[slices.Items[i].Name] = &slices.Items[i]
	}
	used := map[string]bool{}
	find := func(name string) (*v1alpha1.GroupMemberSlice, error) {
		used[name] = true
		if slice := byName[name]; slice != nil {
			return slice, nil
		}
		return nil, apierrors.NewNotFound(schema.GroupResource{Resource: "groupmemberslices"}, name)
	}
	for i := range groups.Items {
		g := &groups.Items[i]
		if g.Spec.ID == "" {
			s.claims++
			continue
		}
		members, err := membersOf(g, find)
		if err != nil {
			s.unreadable[g.Spec.ID] = err
		}
		if g.Spec.Deleted == nil {
			s.groups, s.members[g.Spec.ID] = append(s.groups, *g), members
		}
	}
	s.slices, s.unusedSlices = len(slices.Items), len(slices.Items)-len(used)
	return s, nil
}

// duplicates are names that two resources have, ignoring case.
func (s *snapshot) duplicates() []string {
	var found []string
	seen := map[string]string{}
	add := func(kind, name, id string) {
		key := kind + " " + strings.ToLower(name)
		if other, taken := seen[key]; taken {
			found = append(found, fmt.Sprintf("%s is the name of %s and of %s", key, other, id))
		}
		seen[key] = id
	}
	for _, u := range s.users {
		add("user", u.Spec.UserName, u.Spec.ID)
	}
	for _, g := range s.groups {
		add("group", g.Spec.DisplayName, g.Spec.ID)
	}
	return found
}

// wantedSubjects are the names to be bound for groups: their active members.
func (s *snapshot) wantedSubjects(groups func(displayName string) bool) map[string]bool {
	byID := map[string]*v1alpha1.User{}
	for i := range s.users {
		byID[s.users[i].Spec.ID] = &s.users[i]
	}
	wanted := map[string]bool{}
	for _, g := range s.groups {
		if !groups(g.Spec.DisplayName) || !strings.HasPrefix(g.Spec.DisplayName, "k8s-") {
			continue
		}
		for _, id := range s.members[g.Spec.ID] {
			if u := byID[id]; u != nil && (u.Spec.Active == nil || *u.Spec.Active) {
				wanted[u.Spec.UserName] = true
			}
		}
	}
	return wanted
}

// subjects are those of the RoleBindings that a binding owns in a namespace.
func (s *snapshot) subjects(namespace, kind, owner string) map[string]int {
	found := map[string]int{}
	for i := range s.bindings {
		b := &s.bindings[i]
		if b.Namespace != namespace || !ownedBy(b, kind, owner) {
			continue
		}
		for _, subject := range b.Subjects {
			found[subject.Name]++
		}
	}
	return found
}

func ownedBy(o metav1.Object, kind, name string) bool {
	for _, owner := range o.GetOwnerReferences() {
		if owner.Kind == kind && owner.Name == name && strings.HasPrefix(owner.APIVersion, v1alpha1.GroupVersion.Group+"/") {
			return true
		}
	}
	return false
}
