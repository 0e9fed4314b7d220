package projection

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// model says who should have which role where, by trying every user, group,
// namespace and role.
type model struct {
	company    *company
	sync       *v1alpha1.IdentityProviderSync
	binding    Binding
	namespaces cluster
}

func (m model) access() accessMap {
	all := accessMap{}
	places := cluster{{Name: "*"}}
	if m.binding.Target == nil || m.binding.Target.Scope == v1alpha1.ScopeNamespaces {
		places = m.namespaces
	}
	for _, place := range places {
		if !m.allowed(place) || place.Terminating {
			continue
		}
		for _, role := range m.binding.Roles() {
			var groups []string
			for name := range m.company.groups {
				if m.gives(name, place, role.Name) {
					groups = append(groups, name)
				}
			}
			if names := oracle(m.company, m.sync, groups); len(names) > 0 {
				all[place.Name+"/"+role.Name] = names
			}
		}
	}
	return all
}

func (m model) allowed(place Namespace) bool {
	switch m.sync.Spec.AllowedNamespaces.From {
	case v1alpha1.NamespacesAll:
		return true
	case v1alpha1.NamespacesSelector:
		return place.Name != "*" && place.Labels["tier"] == "prod"
	}
	return place.Name == m.sync.Namespace
}

func (m model) gives(group string, place Namespace, role string) bool {
	target, byName, chosen := m.binding.Target, false, ""
	if selector := m.binding.Grant.GroupSelector; selector != nil {
		pattern := regexp.MustCompile("^(" + selector.Pattern + ")$")
		found := pattern.FindStringSubmatch(group)
		if found == nil {
			return false
		}
		if i := pattern.SubexpIndex("role"); i >= 0 && found[i] != role {
			return false
		}
		if i := pattern.SubexpIndex("namespace"); i >= 0 {
			if chosen = found[i]; chosen != place.Name {
				return false
			}
		}
	} else if !slices.ContainsFunc(m.binding.Grant.GroupRefs, func(ref v1alpha1.GroupReference) bool { return ref.DisplayName == group }) {
		return false
	}
	switch {
	case target == nil:
		return place.Name == m.binding.Namespace
	case target.Scope == v1alpha1.ScopeCluster:
		return chosen == ""
	case target.Namespaces != nil:
		byName = slices.Contains(target.Namespaces, place.Name)
		return byName
	case target.NamespaceSelector != nil:
		return place.Labels["tier"] == "prod" && !place.Protected
	}
	return chosen != "" && !place.Protected
}

// drawWorld draws a company whose groups follow a convention, namespaces, a
// sync and a binding.
func drawWorld(t *rapid.T) model {
	const convention = `(a-)?k8s-(?P<namespace>[a-z0-9-]+?)-(?P<role>view|edit|admin)`
	c, groups := drawCompanyOf(t, []string{"a-k8s-x-view", "a-k8s-x-edit", "k8s-x-view", "a-k8s-y-edit", "k8s-kube-z-edit", "a-other", "k8s-team-admin"})
	m := model{company: c, sync: drawSync(t, groups)}
	m.sync.Spec.AllowedNamespaces = rapid.SampledFrom([]*v1alpha1.AllowedNamespaces{
		{From: v1alpha1.NamespacesAll}, {From: v1alpha1.NamespacesAll}, {From: v1alpha1.NamespacesSame},
		{From: v1alpha1.NamespacesSelector, Selector: production().NamespaceSelector},
	}).Draw(t, "allowed")
	for _, name := range []string{"x", "y", "kube-z", "team"} {
		n := Namespace{Name: name, Protected: ProtectedNamespace(name, "rollcall", name == "team")}
		if rapid.Bool().Draw(t, "production") {
			n.Labels = map[string]string{"tier": "prod"}
		}
		if rapid.IntRange(0, 9).Draw(t, "ending") == 0 {
			n.Terminating = true
		}
		if rapid.IntRange(0, 9).Draw(t, "exists") > 0 {
			m.namespaces = append(m.namespaces, n)
		}
	}
	target := rapid.SampledFrom([]v1alpha1.BindingTarget{
		{Scope: v1alpha1.ScopeCluster}, {Scope: v1alpha1.ScopeNamespaces}, named("x", "kube-z"), production(),
	}).Draw(t, "target")
	var b *v1alpha1.ClusterGroupRoleBinding
	switch rapid.IntRange(0, 2).Draw(t, "kind of grant") {
	case 0:
		b = clusterBinding(target, rapid.SliceOfN(rapid.SampledFrom(append(groups, "gone")), 1, 3).Draw(t, "refs")...)
	case 1:
		b = byPattern(target, rapid.SampledFrom([]string{`a-.*`, `(a-)?k8s-(?P<namespace>x)-.*`, `nothing`}).Draw(t, "pattern"))
	default:
		b = byPattern(target, convention, rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"view", "edit", "admin"}), 1, 3, rapid.ID).Draw(t, "roles")...)
	}
	m.binding = OfClusterGroupRoleBinding(b)
	if rapid.IntRange(0, 3).Draw(t, "own namespace") == 0 {
		m.binding.Kind, m.binding.Target = KindGroupRoleBinding, nil
		m.binding.Namespace = rapid.SampledFrom([]string{"x", "team"}).Draw(t, "of")
	}
	return m
}

func (m model) request(current []CurrentObject) Request {
	return Request{Binding: m.binding, Source: only(m.company.source(m.sync)), Namespaces: m.namespaces, Current: current}
}

// objectsOf makes the objects that give access.
func (m model) objectsOf(access accessMap) []CurrentObject {
	var all []CurrentObject
	for key, names := range access {
		place, role, _ := strings.Cut(key, "/")
		all = append(all, objects(m.binding, role, []string{strings.TrimPrefix(place, "*")}, names...)...)
	}
	return all
}

// accessOf leaves out objects that give nobody access.
func accessOf(o *Outcome) accessMap {
	all := access(exist(o))
	for key, names := range all {
		if len(names) == 0 {
			delete(all, key)
			continue
		}
		slices.Sort(names)
	}
	return all
}

func TestAccessIsThatOfTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawWorld(t)
		want := m.access()
		var current []CurrentObject
		for range rapid.IntRange(0, 3).Draw(t, "objects") {
			current = append(current, objects(m.binding, rapid.SampledFrom([]string{"view", "edit", "owner"}).Draw(t, "role"),
				[]string{rapid.SampledFrom([]string{"", "x", "team", "gone"}).Draw(t, "place")},
				rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"u0", "u1", "u2", "eve"}), 0, 3, rapid.ID).Draw(t, "bound")...)...)
		}
		current = slices.CompactFunc(sortObjects(current), func(a, b CurrentObject) bool { return a.Namespace == b.Namespace && a.Name == b.Name })
		o := Project(m.request(current))
		if diff := cmp.Diff(exist(o), exist(Project(m.request(slices.Clone(rapid.Permutation(current).Draw(t, "order")))))); diff != "" {
			t.Fatalf("the order of the objects changes the outcome:\n%s", diff)
		}
		got := accessOf(o)
		for _, n := range m.namespaces {
			if n.Terminating { // only what was there may be; that is for another test
				for key := range got {
					if strings.HasPrefix(key, n.Name+"/") {
						delete(got, key)
					}
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("access (-want +got):\n%s", diff)
		}
		for _, object := range going(o) {
			key := object.Namespace + "/" + object.RoleRef.Name
			if object.Namespace == "" {
				key = "*" + key
			}
			for _, name := range nameList(object.Subjects) {
				if !slices.Contains(want[key], name) {
					t.Fatalf("%s stays in %s, where only %q may", name, key, want[key])
				}
			}
		}
		checkShrinking(t, m, current, want)
	})
}

func sortObjects(objects []CurrentObject) []CurrentObject {
	slices.SortStableFunc(objects, func(a, b CurrentObject) int {
		return slices.Compare([]string{a.Namespace, a.Name}, []string{b.Namespace, b.Name})
	})
	return objects
}

// While nothing may be added, what is left is what was there and should be.
func checkShrinking(t *rapid.T, m model, current []CurrentObject, want accessMap) {
	t.Helper()
	r := m.request(current)
	r.NoAdditions = &Problem{Reason: ReasonAdmissionPolicyMissing}
	o := Project(r)
	got, was := accessOf(o), access(current)
	for key, names := range got {
		for _, name := range names {
			if !slices.Contains(was[key], name) {
				t.Fatalf("%s was added in %s although nothing may be", name, key)
			}
		}
	}
	for key, names := range want {
		for _, name := range was[key] {
			if slices.Contains(names, name) && !slices.Contains(got[key], name) {
				t.Fatalf("%s lost %s although only additions wait", name, key)
			}
		}
	}
}

// While groups cannot be read, nobody is added or removed anywhere, but for
// one who is disabled.
func TestHoldingEverywhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawWorld(t)
		before := m.objectsOf(m.access())
		groups := slices.Sorted(func(yield func(string) bool) {
			for name := range m.company.groups {
				if !yield(name) {
					return
				}
			}
		})
		for _, group := range rapid.SliceOf(rapid.SampledFrom(groups)).Draw(t, "unreadable") {
			m.company.unreadable[group] = true
		}
		m.company.visible = rapid.Bool().Draw(t, "visible")
		no := false
		for _, id := range []string{"u0", "U0"} {
			if user := m.company.users[id]; user != nil && rapid.Bool().Draw(t, "disable") {
				user.Spec.Active = &no
			}
		}
		truth := m.access()
		if diff := cmp.Diff(truth, accessOf(Project(m.request(before)))); diff != "" {
			t.Fatalf("access while some groups are unreadable (-want +got):\n%s", diff)
		}
		for key, names := range accessOf(Project(m.request(nil))) {
			for _, name := range names {
				if !slices.Contains(truth[key], name) {
					t.Fatalf("%q was added in %s on a guess; only %v have access", name, key, truth[key])
				}
			}
		}
	})
}
