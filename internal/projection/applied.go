package projection

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
)

type objectKey struct{ namespace, name string }

// MembersApplied is how many of the desired members are bound everywhere they
// should be. The objects are those that exist, after what was applied.
func (o *Outcome) MembersApplied(objects []CurrentObject) int64 {
	exist := make(map[objectKey]*CurrentObject, len(objects))
	for i := range objects {
		exist[objectKey{objects[i].Namespace, objects[i].Name}] = &objects[i]
	}
	missing := map[string]bool{}
	for i := range o.Placements {
		o.Placements[i].missing(exist, missing)
	}
	if len(missing) == 0 {
		return int64(len(o.names))
	}
	var n int64
	for _, name := range o.names {
		if !missing[name] {
			n++
		}
	}
	return n
}

// missing adds the names that should be bound here, or may be, and are not.
func (p *Placement) missing(exist map[objectKey]*CurrentObject, missing map[string]bool) {
	if p.audience == nil {
		return // nobody should be
	}
	// Who is to be in an object that is as it should be, is bound.
	var behind []*Object
	bound := map[string]bool{}
	for i := range p.Objects {
		wanted := &p.Objects[i]
		object := exist[objectKey{p.Namespace, wanted.Name}]
		if object != nil && object.RoleRef == wanted.RoleRef && sameSubjects(object.Subjects, wanted.Subjects) {
			continue
		}
		behind = append(behind, wanted)
		if object == nil || object.RoleRef != p.RoleRef {
			continue
		}
		for j := range object.Subjects {
			if subject := &object.Subjects[j]; p.audience.run.ours(subject) {
				bound[subject.Name] = true
			}
		}
	}
	miss := func(name string) {
		if !bound[name] {
			missing[name] = true
		}
	}
	for _, wanted := range behind {
		for i := range wanted.Subjects {
			miss(wanted.Subjects[i].Name)
		}
	}
	for _, name := range p.absent {
		miss(name)
	}
}

// sameSubjects is quick for those that are shared.
func sameSubjects(a, b []rbacv1.Subject) bool { return sameSlice(a, b) || slices.Equal(a, b) }
