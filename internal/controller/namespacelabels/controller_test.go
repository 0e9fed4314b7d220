package namespacelabels_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection/networkpolicy"
	"github.com/rollcall-scim/rollcall/test/world"
)

// company has groups Devs and Ops, and members' namespaces <prefix><userName>.
type company struct {
	world.Company
	prefix string
}

func newCompany(t testing.TB) company {
	t.Helper()
	c := company{prefix: fmt.Sprintf("u%d-", time.Now().UnixNano())}
	c.Company = world.NewCompany(t, func(spec *v1alpha1.IdentityProviderSyncSpec) {
		spec.LabelNamespaces = &v1alpha1.LabelNamespaces{Groups: []string{"Devs", "Ops"}, Namespace: "'" + c.prefix + "' + user.userName"}
	})
	return c
}

// home makes the namespace of a user.
func (c company) home(user string, labels map[string]string) *corev1.Namespace {
	c.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: c.prefix + user, Labels: labels}}
	c.Create(ns)
	return ns
}

func (c company) label(group string) string {
	return networkpolicy.NamespaceLabel(types.NamespacedName{Namespace: c.Namespace, Name: "entra"}, group)
}

// labeled gives the users whose namespace has the label of a group.
func (c company) labeled(group string) []string {
	c.Helper()
	var list corev1.NamespaceList
	if err := world.Admin.List(c.Context(), &list, client.MatchingLabels{c.label(group): "true"}); err != nil {
		c.Fatal(err)
	}
	users := []string{}
	for _, ns := range list.Items {
		users = append(users, ns.Name[min(len(c.prefix), len(ns.Name)):])
	}
	slices.Sort(users)
	return users
}

func (c company) want(group string, users ...string) {
	c.Helper()
	c.Promptly("namespaces of "+group, append([]string{}, users...), func() any { return c.labeled(group) })
}

func (c company) reasons() []string {
	c.Helper()
	c.Get(c.Sync)
	reasons := []string{}
	if status := c.Sync.Status.LabelNamespaces; status != nil {
		for _, line := range status.Problems {
			var reason string
			if _, err := fmt.Sscanf(line, "%s", &reason); err != nil {
				c.Fatal(err)
			}
			reasons = append(reasons, reason)
		}
	}
	return reasons
}

func (c company) wantReasons(reasons ...string) {
	c.Helper()
	c.Promptly("problems", append([]string{}, reasons...), func() any { return c.reasons() })
}

func TestLabelsFollowMembership(t *testing.T) {
	c := newCompany(t)
	ann, bob := c.User("ann"), c.User("bob")
	c.home("ann", map[string]string{"team": "a"})
	c.home("bob", nil)
	devs := c.Group("Devs", ann.Spec.ID)
	c.want("Devs", "ann")
	c.SetMembers(devs, ann.Spec.ID, bob.Spec.ID)
	c.want("Devs", "ann", "bob")
	c.SetMembers(devs, bob.Spec.ID)
	c.want("Devs", "bob")
	c.SetActive(bob, false)
	c.want("Devs")
	c.SetActive(bob, true)
	c.want("Devs", "bob")
	world.Update(c.Company, bob, func(u *v1alpha1.User) { u.Spec.UserName = "ann" }) // his namespace is another now
	c.want("Devs", "ann")
	world.Update(c.Company, bob, func(u *v1alpha1.User) { u.Spec.UserName = "bob" })
	nested := c.Group("Nested", ann.Spec.ID)
	c.SetMembers(devs, bob.Spec.ID, nested.Spec.ID)
	c.want("Devs", "ann", "bob")
	c.Delete(nested)
	c.want("Devs", "bob")
	c.Delete(bob)
	c.want("Devs")

	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: c.prefix + "ann"}}
	c.Get(ns)
	if ns.Labels["team"] != "a" || len(ns.Labels) != 2 { // and kubernetes.io/metadata.name
		t.Errorf("other labels were touched: %v", ns.Labels)
	}
}

func TestNamespaceComesLater(t *testing.T) {
	c := newCompany(t)
	ann := c.User("ann")
	c.Group("Devs", ann.Spec.ID)
	c.Group("Ops", ann.Spec.ID)
	c.wantReasons()
	c.home("ann", nil)
	c.want("Devs", "ann")
	c.want("Ops", "ann")
}

func TestDrift(t *testing.T) {
	c := newCompany(t)
	ann := c.User("ann")
	c.Group("Devs", ann.Spec.ID)
	home, other := c.home("ann", nil), c.home("eve", nil)
	c.want("Devs", "ann")
	world.Update(c.Company, home, func(ns *corev1.Namespace) { delete(ns.Labels, c.label("Devs")) })
	c.want("Devs", "ann")
	world.Update(c.Company, home, func(ns *corev1.Namespace) { ns.Labels[c.label("Devs")] = "false" })
	c.want("Devs", "ann")
	world.Update(c.Company, other, func(ns *corev1.Namespace) { ns.Labels[c.label("Devs")] = "true" })
	c.want("Devs", "ann")
	forgotten := c.label("Interns") // no group that the sync names
	world.Update(c.Company, other, func(ns *corev1.Namespace) { ns.Labels[forgotten] = "true" })
	c.want("Interns")
}

// As a leader whose caches are behind may write it.
func TestAStatusOfSomebodyElseIsPutRight(t *testing.T) {
	c := newCompany(t)
	c.home("ann", nil)
	c.Group("Devs", c.User("ann").Spec.ID)
	c.Group("Ops")
	c.want("Devs", "ann")
	c.wantReasons()
	before := c.Sync.DeepCopy()
	c.Sync.Status.LabelNamespaces.Problems = []string{"GroupNotFound: there is none"}
	if err := world.Admin.Status().Patch(t.Context(), c.Sync, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
	if got := c.Sync.Status.LabelNamespaces.Problems; len(got) != 1 { // as it was stored: it may be right again by now
		t.Fatalf("the status was not written: %q", got)
	}
	c.wantReasons()
}

func TestGroupsOfTheSpec(t *testing.T) {
	c := newCompany(t)
	ann := c.User("ann")
	c.home("ann", nil)
	c.Group("Devs", ann.Spec.ID)
	c.Group("Ops", ann.Spec.ID)
	c.want("Devs", "ann")
	c.want("Ops", "ann")
	world.Update(c.Company, c.Sync, func(s *v1alpha1.IdentityProviderSync) { s.Spec.LabelNamespaces.Groups = []string{"Ops"} })
	c.want("Devs")
	c.want("Ops", "ann")
	world.Update(c.Company, c.Sync, func(s *v1alpha1.IdentityProviderSync) { s.Spec.LabelNamespaces = nil })
	c.want("Ops")
	c.Promptly("status", true, func() any { c.Get(c.Sync); return c.Sync.Status.LabelNamespaces == nil })
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: c.prefix + "ann"}}
	world.Update(c.Company, ns, func(ns *corev1.Namespace) { ns.Labels[c.label("Devs")] = "true" }) // as one that was under way
	c.want("Devs")
}

func TestTwoSyncsDoNotShareLabels(t *testing.T) {
	a, b := newCompany(t), newCompany(t)
	world.Update(b.Company, b.Sync, func(s *v1alpha1.IdentityProviderSync) {
		s.Spec.LabelNamespaces.Namespace = "'" + a.prefix + "' + user.userName"
	})
	ann, eve := a.User("ann"), b.User("eve")
	a.home("ann", nil)
	a.home("eve", nil)
	a.Group("Devs", ann.Spec.ID)
	b.Group("Devs", eve.Spec.ID)
	a.want("Devs", "ann")
	b.want("Devs", "eve")
}

func TestProtectedNamespaces(t *testing.T) {
	c := newCompany(t)
	world.Update(c.Company, c.Sync, func(s *v1alpha1.IdentityProviderSync) {
		s.Spec.LabelNamespaces.Namespace = "user.userName"
		s.Spec.LabelNamespaces.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"kind": "dev"}}
	})
	chosen := world.CreateNamespace(t, "chosen-", map[string]string{"kind": "dev"})
	other := world.CreateNamespace(t, "other-", nil)
	holder := world.CreateNamespace(t, "holder-", map[string]string{"kind": "dev"})
	var ids []string
	for _, name := range []string{chosen, other, holder, "kube-system", c.Namespace} {
		ids = append(ids, c.User(name).Spec.ID)
	}
	c.Group("Devs", ids...)
	labeled := func() any {
		var list corev1.NamespaceList
		if err := world.Admin.List(t.Context(), &list, client.MatchingLabels{c.label("Devs"): "true"}); err != nil {
			t.Fatal(err)
		}
		names := []string{}
		for _, ns := range list.Items {
			names = append(names, ns.Name)
		}
		return names
	}
	c.Promptly("namespaces", []string{chosen, holder}, labeled)
	c.wantReasons("NamespaceNotLabeled:", "GroupNotFound:")

	sync := &v1alpha1.IdentityProviderSync{ObjectMeta: metav1.ObjectMeta{Namespace: holder, Name: "another"}}
	c.Create(sync) // now it is protected
	c.Promptly("namespaces", []string{chosen}, labeled)
	c.Delete(sync)
	c.Promptly("namespaces", []string{chosen, holder}, labeled)
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: other}}
	world.Update(c.Company, ns, func(ns *corev1.Namespace) { ns.Labels["kind"] = "dev" })
	c.Promptly("namespaces", []string{chosen, holder, other}, labeled)
	world.Update(c.Company, ns, func(ns *corev1.Namespace) { ns.Labels["kind"] = "prod" })
	c.Promptly("namespaces", []string{chosen, holder}, labeled)
}

func TestSyncDeleted(t *testing.T) {
	for name, test := range map[string]struct {
		action v1alpha1.DeletionAction
		want   []string
	}{
		"Retain": {v1alpha1.DeletionRetain, []string{"ann"}},
		"Delete": {v1alpha1.DeletionDelete, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCompany(t)
			world.Update(c.Company, c.Sync, func(s *v1alpha1.IdentityProviderSync) {
				s.Spec.Deletion = &v1alpha1.DeletionPolicy{OnSyncDelete: test.action}
				s.Finalizers = []string{"scim.rollcall.dev/delete-resources"}
			})
			ann := c.User("ann")
			c.home("ann", nil)
			c.Group("Devs", ann.Spec.ID)
			c.want("Devs", "ann")
			c.Delete(c.Sync)
			c.want("Devs", test.want...)
			world.Update(c.Company, c.Sync, func(s *v1alpha1.IdentityProviderSync) { s.Finalizers = nil })
			c.Stays("labels", test.want, func() any { return c.labeled("Devs") })
			c.Delete(ann) // also without the sync
			c.want("Devs")
		})
	}
}

// BenchmarkJoinToLabel measures from the API server's answer to a change of a
// group until the namespace of the member has, or has lost, the label.
func BenchmarkJoinToLabel(b *testing.B) {
	c := newCompany(b)
	ann := c.User("ann")
	c.home("ann", nil)
	devs := c.Group("Devs")
	watcher, err := world.Admin.Watch(b.Context(), &corev1.NamespaceList{}, client.MatchingFields{"metadata.name": c.prefix + "ann"})
	if err != nil {
		b.Fatal(err)
	}
	defer watcher.Stop()
	var took []time.Duration
	for i := range b.N {
		members, want := []string{ann.Spec.ID}, "true"
		if i%2 == 1 {
			members, want = nil, ""
		}
		c.SetMembers(devs, members...)
		answered := time.Now()
		for event := range watcher.ResultChan() {
			if event.Object.(*corev1.Namespace).Labels[c.label("Devs")] == want {
				break
			}
		}
		took = append(took, time.Since(answered))
	}
	slices.Sort(took)
	for _, percent := range []int{50, 99} {
		b.ReportMetric(float64(took[(len(took)-1)*percent/100])/float64(time.Millisecond), fmt.Sprintf("p%d-ms", percent))
	}
}

// While the namespaces of a large group are being labeled, who leaves another
// one does not wait.
func TestRemovalDoesNotWaitForAdditions(t *testing.T) {
	c := newCompany(t)
	ann := c.User("ann")
	c.home("ann", nil)
	ops := c.Group("Ops", ann.Spec.ID)
	const many = 199 // a group lists 100 in its root
	var ids []string
	for i := range many {
		name := fmt.Sprintf("user%d", i)
		ids = append(ids, c.User(name).Spec.ID)
		c.home(name, nil)
	}
	c.want("Ops", "ann")
	watcher, err := world.Admin.Watch(t.Context(), &corev1.NamespaceList{})
	if err != nil {
		t.Fatal(err)
	}
	defer watcher.Stop()
	nested := c.Group("Nested", ids[:100]...)
	c.Group("Devs", append(ids[100:], nested.Spec.ID)...)
	labeled := map[string]bool{} // when ann's namespace lost its label
	for event := range watcher.ResultChan() {
		ns := event.Object.(*corev1.Namespace)
		if ns.Labels[c.label("Devs")] == "true" {
			if labeled[ns.Name] = true; len(labeled) == 1 {
				c.SetMembers(ops)
			}
		}
		if ns.Name == c.prefix+"ann" && ns.Labels[c.label("Ops")] == "" && len(labeled) > 0 {
			break
		}
	}
	if len(labeled) == many {
		t.Error("a label was taken away after all others had been added")
	}
	t.Logf("%d of %d namespaces of the other group had their label by then", len(labeled), many)
	c.Promptly("namespaces", many, func() any { return len(c.labeled("Devs")) })
}
