package projection

import (
	"fmt"
	"slices"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// everywhere binds a group in so many namespaces, as they exist after the
// first projection; the strings are copied, as those of an informer are.
func everywhere(c *company, namespaces int) Request {
	sync := entra()
	sync.Spec.AllowedNamespaces = &v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesAll}
	source := c.large()
	source.Sync, source.Directory, source.Usernames = sync, c, lookup{c}
	b := &v1alpha1.ClusterGroupRoleBinding{}
	b.Name = "devs"
	b.Spec.GroupGrant = binding("devs").Spec.GroupGrant
	b.Spec.GroupRefs[0].SyncRef.Namespace = "team"
	b.Spec.Target.Scope = v1alpha1.ScopeNamespaces
	var all cluster
	for i := range namespaces {
		name := fmt.Sprintf("ns-%02d", i)
		all = append(all, Namespace{Name: name})
		b.Spec.Target.Namespaces = append(b.Spec.Target.Namespaces, name)
	}
	r := request(binding("devs"), source)
	r.Binding, r.Namespaces, r.Current = OfClusterGroupRoleBinding(b), all, nil
	return r
}

func copied(objects []CurrentObject) []CurrentObject {
	objects = slices.Clone(objects)
	for i := range objects {
		subjects := make([]rbacv1.Subject, len(objects[i].Subjects))
		for j, s := range objects[i].Subjects {
			subjects[j] = rbacv1.Subject{APIGroup: string([]byte(s.APIGroup)), Kind: string([]byte(s.Kind)), Name: string([]byte(s.Name))}
		}
		objects[i].Subjects = subjects
	}
	return objects
}

// BenchmarkProject is a group of 20,000 members that is bound in 50 namespaces:
// 1,000,000 subjects.
func BenchmarkProject(b *testing.B) {
	members := names(20_000)
	c := crowd(members...)
	empty := everywhere(c, 50)
	full := everywhere(c, 50)
	full.Current = copied(exist(Project(full)))
	run := func(name string, r Request, changed int) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if n := changes(Project(r)); n != changed {
					b.Fatalf("%d objects change, want %d", n, changed)
				}
			}
		})
	}
	run("first", empty, 50*40)
	run("unchanged", full, 0)
	c.group("devs", members[1:]...)
	run("one member less", full, 50)
	b.Run("applied", func(b *testing.B) {
		o := Project(full)
		objects := exist(o)
		for b.Loop() {
			if n := o.MembersApplied(objects); n != 19_999 {
				b.Fatalf("%d members applied", n)
			}
		}
	})
}

// BenchmarkOneMember is a member who leaves a group and joins it again, with
// what is remembered of the others and without.
func BenchmarkOneMember(b *testing.B) {
	for _, size := range []int{10, 1_000, 20_000, 100_000} {
		for _, memory := range []*Memory{nil, {}} {
			b.Run(fmt.Sprintf("members=%d/memory=%t", size, memory != nil), func(b *testing.B) {
				members := make([]string, size)
				for i := range members {
					members[i] = fmt.Sprintf("u%06d", i)
				}
				j := &journal{company: crowd(members...)}
				r := request(binding("devs"), Source{Sync: entra(), Directory: j, Usernames: lookup{j.company}, Log: j})
				r.Current = copied(exist(Project(r)))
				r.Memory = memory
				Project(r)
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					j.members["devs"] = members
					if i%2 == 0 {
						j.members["devs"] = append(slices.Clone(members[:size/3]), members[size/3+1:]...)
					}
					o := Project(r)
					if n := changes(o); n > 1 {
						b.Fatalf("%d objects change, want 1", n)
					}
					r.Current = exist(o)
					if n := o.MembersApplied(r.Current); n < int64(size-1) {
						b.Fatalf("%d members applied", n)
					}
				}
			})
		}
	}
}

// BenchmarkConvention is a pattern that matches 3,000 groups of 10 members,
// each with a namespace of its own.
func BenchmarkConvention(b *testing.B) {
	c := newCompany()
	var all cluster
	for i := range 3000 {
		var members []string
		for j := range 10 {
			name := fmt.Sprintf("u%05d", (i*7+j)%20_000)
			if c.users[name] == nil {
				c.user(name)
			}
			members = append(members, name)
		}
		namespace := fmt.Sprintf("ns-%04d", i)
		all = append(all, Namespace{Name: namespace})
		c.group("k8s-"+namespace+"-view", members...)
	}
	sync := entra()
	sync.Spec.AllowedNamespaces = &v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesAll}
	source := c.source(sync)
	source.Usernames = lookup{c}
	binding := byPattern(v1alpha1.BindingTarget{Scope: v1alpha1.ScopeNamespaces}, `k8s-(?P<namespace>[a-z0-9-]+)-(?P<role>view|edit)`, "view", "edit")
	r := Request{Binding: OfClusterGroupRoleBinding(binding), Namespaces: indexed(all), Source: only(source)}
	r.Current = copied(exist(Project(r)))
	b.ReportAllocs()
	for b.Loop() {
		if n := changes(Project(r)); n != 0 || len(r.Current) != 3000 {
			b.Fatalf("%d of %d objects change", n, len(r.Current))
		}
	}
}

// indexedCluster finds a namespace as quickly as an informer does.
type indexedCluster struct {
	cluster
	byName map[string]Namespace
}

func indexed(c cluster) indexedCluster {
	i := indexedCluster{c, map[string]Namespace{}}
	for _, n := range c {
		i.byName[n.Name] = n
	}
	return i
}

func (c indexedCluster) Namespace(name string) (Namespace, bool) {
	n, ok := c.byName[name]
	return n, ok
}
