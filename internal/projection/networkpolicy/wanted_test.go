package networkpolicy

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// devs is a cluster with a group of ann and bob that is let in by pod.
func devs() *cluster {
	c := newCompany()
	c.user("ann", "10.0.0.1")
	c.user("bob", "10.0.0.2", "192.0.2.1")
	c.user("eve")
	c.group("devs", "ann", "bob")
	return &cluster{company: c, policy: letIn(policy("devs"), podPeer), limits: DefaultLimits}
}

func TestObject(t *testing.T) {
	w := devs()
	w.policy.Spec.Ingress.Ports = []networkingv1.NetworkPolicyPort{{Port: ptr(intstr.FromInt32(5432))}}
	w.project()
	tcp := defaultProtocol
	want := []networkingv1.NetworkPolicy{{
		TypeMeta: metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "db-" + hash("GroupNetworkPolicy", "shop", "db") + "-0",
			Labels: map[string]string{"app.kubernetes.io/managed-by": "rollcall", "scim.rollcall.dev/network-policy": "db"},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "scim.rollcall.dev/v1alpha1", Kind: "GroupNetworkPolicy", Name: "db",
				UID: "p-uid", Controller: &yes}},
		},
		Spec: networkingv1.NetworkPolicySpec{
			PodSelector: metav1.LabelSelector{MatchLabels: map[string]string{"app": "db"}},
			PolicyTypes: []networkingv1.PolicyType{"Ingress"},
			Ingress: []networkingv1.NetworkPolicyIngressRule{{
				Ports: []networkingv1.NetworkPolicyPort{{Protocol: &tcp, Port: ptr(intstr.FromInt32(5432))}},
				From: []networkingv1.NetworkPolicyPeer{{PodSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
					{Key: "user", Operator: "In", Values: []string{"ann", "bob"}}}}}},
			}},
		},
	}}
	if diff := cmp.Diff(want, w.objects); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
}

func ptr[T any](v T) *T { return &v }

func TestEmptyGroupIsolates(t *testing.T) {
	w := devs()
	w.company.members["devs"] = nil
	w.policy.Spec.PolicyTypes = []networkingv1.PolicyType{"Ingress", "Egress"}
	w.project()
	want := networkingv1.NetworkPolicySpec{PodSelector: w.policy.Spec.PodSelector, PolicyTypes: []networkingv1.PolicyType{"Ingress", "Egress"}}
	if diff := cmp.Diff(want, w.objects[0].Spec); diff != "" || len(w.objects) != 1 {
		t.Errorf("%d objects (-want +got):\n%s", len(w.objects), diff)
	}
}

func TestPolicyTypes(t *testing.T) {
	rule := &v1alpha1.GroupNetworkPolicyRule{Peers: []v1alpha1.GroupNetworkPolicyPeer{podPeer}}
	type policyTypes = []networkingv1.PolicyType
	for name, test := range map[string]struct {
		spec v1alpha1.GroupNetworkPolicySpec
		want policyTypes
	}{
		"ingress rule":           {v1alpha1.GroupNetworkPolicySpec{Ingress: rule}, policyTypes{"Ingress"}},
		"egress rule":            {v1alpha1.GroupNetworkPolicySpec{Egress: rule}, policyTypes{"Egress"}},
		"both rules":             {v1alpha1.GroupNetworkPolicySpec{Egress: rule, Ingress: rule}, policyTypes{"Ingress", "Egress"}},
		"more than the rules":    {v1alpha1.GroupNetworkPolicySpec{Ingress: rule, PolicyTypes: policyTypes{"Egress", "Ingress"}}, policyTypes{"Ingress", "Egress"}},
		"a rule without its own": {v1alpha1.GroupNetworkPolicySpec{Egress: rule, PolicyTypes: policyTypes{"Ingress"}}, policyTypes{"Ingress"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := newTemplate(&test.spec)
			if err != nil || !slices.Equal(got.policyTypes, test.want) {
				t.Errorf("policyTypes = %v, %v; want %v", got, err, test.want)
			}
		})
	}
}

// Whatever keeps additions back: nobody is added, who is let through stays,
// and who leaves or is disabled goes.
func TestWithoutAdditions(t *testing.T) {
	bad := map[string]func(w *cluster){
		"a broken labelKey": func(w *cluster) { w.policy.Spec.Ingress.Peers[0].Pods.LabelKey = "no key" },
		"a broken podSelector": func(w *cluster) {
			w.policy.Spec.PodSelector.MatchExpressions = []metav1.LabelSelectorRequirement{{Key: "app", Operator: "Like", Values: []string{"x"}}}
		},
		"a broken namespaceSelector": func(w *cluster) {
			w.policy.Spec.Ingress.Peers[0].Pods.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"a b": ""}}
		},
		"a selector that is too large": func(w *cluster) {
			w.policy.Spec.PodSelector.MatchExpressions = []metav1.LabelSelectorRequirement{{Key: "app", Operator: "In", Values: slices.Repeat([]string{"x"}, 5000)}}
		},
		"a broken port": func(w *cluster) {
			w.policy.Spec.Ingress.Ports = []networkingv1.NetworkPolicyPort{{Port: ptr(intstr.FromInt32(70000))}}
		},
		"a range of a named port": func(w *cluster) {
			w.policy.Spec.Ingress.Ports = []networkingv1.NetworkPolicyPort{{Port: ptr(intstr.FromString("pg")), EndPort: ptr(int32(1))}}
		},
		"a broken within": func(w *cluster) {
			w.policy.Spec.Ingress.Peers = append(w.policy.Spec.Ingress.Peers, *addressPeer.DeepCopy())
			w.policy.Spec.Ingress.Peers[1].IPBlocks.Within = []string{"10.0.0.1/8"}
		},
		"an expression that does not compile": func(w *cluster) { w.policy.Spec.Ingress.Peers[0].Pods.Value = "user.username" },
		"no additions": func(w *cluster) {
			w.noMore = ptr(projection.NewProblem(projection.ReasonAdmissionPolicyMissing, "a policy is missing"))
		},
	}
	for name, breaks := range bad {
		t.Run(name, func(t *testing.T) {
			w := devs()
			w.policy.Spec.Ingress.Peers = []v1alpha1.GroupNetworkPolicyPeer{*podPeer.DeepCopy()}
			w.project()
			breaks(w)
			w.company.members["devs"] = append(w.company.members["devs"], "eve")
			want := func(values ...string) {
				t.Helper()
				r := w.project()
				if got := w.values(); !slices.Equal(got, values) {
					t.Fatalf("let through %q, want %q", got, values)
				}
				if len(r.Problems) != 1 {
					t.Fatalf("problems %q, want one", r.Problems)
				}
			}
			want("ann", "bob")
			w.company.members["devs"] = []string{"bob", "eve"} // ann leaves
			want("bob")
			w.company.users["bob"].Spec.Active = ptr(false)
			want()
			if len(w.objects) != 1 || w.objects[0].Spec.PodSelector.MatchLabels["app"] != "db" {
				t.Fatalf("the pods are isolated no more: %+v", w.objects)
			}
			if w.objects[0].Spec.Ingress != nil {
				t.Fatalf("a rule is left: %+v", w.objects[0].Spec)
			}
			w.objects = nil
			w.company.users["bob"].Spec.Active = &yes
			if w.project(); len(w.values()) > 0 {
				t.Fatalf("%q was added", w.values())
			}
		})
	}
}

// A change of the spec is not applied while nothing new may be let through.
func TestNothingNewWithoutAdditions(t *testing.T) {
	w := devs()
	w.project()
	before := w.objects[0].Spec.DeepCopy()
	w.noMore = ptr(projection.NewProblem(projection.ReasonAdmissionPolicyMissing, "a policy is missing"))
	w.policy.Spec.PodSelector = metav1.LabelSelector{}
	w.policy.Spec.Ingress.Ports = []networkingv1.NetworkPolicyPort{{Port: ptr(intstr.FromInt32(1))}}
	w.policy.Spec.Ingress.Peers = append(slices.Clone(w.policy.Spec.Ingress.Peers), addressPeer, syncPeer)
	w.project()
	if diff := cmp.Diff(before, &w.objects[0].Spec); diff != "" {
		t.Errorf("changed (-before +after):\n%s", diff)
	}
	w.policy.Spec.Ingress.Peers = []v1alpha1.GroupNetworkPolicyPeer{addressPeer} // a peer is taken away
	w.project()
	if w.objects[0].Spec.Ingress != nil {
		t.Errorf("still let through: %+v", w.objects[0].Spec)
	}
}

func TestSync(t *testing.T) {
	gone := func(c *company) { c.sync = nil }
	for name, test := range map[string]struct {
		change      func(c *company)
		want        []string
		wantReasons []projection.Reason
	}{
		"as it is":            {func(*company) {}, []string{"ann", "bob"}, []projection.Reason{}},
		"gone, groups stay":   {gone, []string{"ann", "bob"}, []projection.Reason{"SyncNotFound"}},
		"gone, a user too":    {func(c *company) { gone(c); delete(c.users, "ann") }, []string{"bob"}, []projection.Reason{"SyncNotFound"}},
		"gone with all":       {func(c *company) { gone(c); delete(c.groups, "devs") }, []string{}, []projection.Reason{"SyncNotFound"}},
		"another namespace":   {func(c *company) { c.sync.Spec.AllowedNamespaces = nil }, []string{}, []projection.Reason{"NamespaceNotAllowed"}},
		"the group is gone":   {func(c *company) { delete(c.groups, "devs") }, []string{}, []projection.Reason{"GroupNotFound"}},
		"the group is unread": {func(c *company) { c.unreadable["devs"] = true }, []string{"ann", "bob"}, []projection.Reason{"GroupUnresolved"}},
		"filtered": {func(c *company) { c.sync.Spec.GroupFilter = &v1alpha1.GroupFilter{Prefixes: []string{"k8s-"}} }, []string{},
			[]projection.Reason{"GroupNotSynced"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := devs()
			w.project()
			test.change(w.company)
			r := w.project()
			if diff := cmp.Diff(test.want, w.values()); diff != "" {
				t.Errorf("let through (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.wantReasons, reasons(r)); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
		})
	}
}

func TestValues(t *testing.T) {
	type reasonsOf = []projection.Reason
	for name, test := range map[string]struct {
		peers       []v1alpha1.GroupNetworkPolicyPeer
		want        []string
		wantApplied int64
		wantReasons reasonsOf
	}{
		"addresses, some out of bounds": {[]v1alpha1.GroupNetworkPolicyPeer{addressPeer}, []string{"10.0.0.1/32", "10.0.0.2/32"}, 2, reasonsOf{"AddressOutOfBounds"}},
		"an attribute that nobody has":  {[]v1alpha1.GroupNetworkPolicyPeer{{Pods: &v1alpha1.PodPeers{LabelKey: "user", Value: "user.title"}}}, []string{}, 0, reasonsOf{"MemberWithoutValue"}},
		"an empty value":                {[]v1alpha1.GroupNetworkPolicyPeer{{Pods: &v1alpha1.PodPeers{LabelKey: "user", Value: "''"}}}, []string{}, 0, reasonsOf{"MemberWithoutValue"}},
		"one value for all":             {[]v1alpha1.GroupNetworkPolicyPeer{{Pods: &v1alpha1.PodPeers{LabelKey: "team", Value: "'devs'"}}}, []string{"devs"}, 2, reasonsOf{}},
		"two expressions for one label": {[]v1alpha1.GroupNetworkPolicyPeer{podPeer, {Pods: &v1alpha1.PodPeers{LabelKey: "user", Value: "'x' + user.userName"}}},
			[]string{"ann", "bob", "xann", "xbob"}, 2, reasonsOf{}},
		"the sync's labels, which it does not keep": {[]v1alpha1.GroupNetworkPolicyPeer{syncPeer}, []string{NamespaceLabel(entra, "devs")}, 2, reasonsOf{"GroupNotLabeled"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := devs()
			w.policy.Spec.Ingress.Peers = test.peers
			r := w.project()
			if diff := cmp.Diff(test.want, w.values()); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.wantReasons, reasons(r)); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
			if got := r.MembersApplied(w.objects); got != test.wantApplied || r.MembersDesired != 2 {
				t.Errorf("members %d of %d, want %d of 2", got, r.MembersDesired, test.wantApplied)
			}
			if got := r.MembersApplied(nil); got != 0 {
				t.Errorf("%d members are let through by nothing", got)
			}
		})
	}
}

// A guard holds who leaves; not who is disabled.
func TestGuard(t *testing.T) {
	w := devs()
	w.company.sync.Spec.RemovalGuard = &v1alpha1.RemovalGuard{}
	type asked struct{ has, lost int }
	var got []asked
	held := true
	w.guard = func(_ *v1alpha1.IdentityProviderSync, binding string, has, lost int) bool {
		if binding != GuardKey(keyOf(w.policy)) {
			t.Errorf("asked for %q", binding)
		}
		got = append(got, asked{has, lost})
		return held && lost > 0
	}
	w.project()
	w.company.members["devs"] = []string{"eve"}
	r := w.project()
	if values := w.values(); !slices.Equal(values, []string{"ann", "bob", "eve"}) || len(r.Guarded) != 1 {
		t.Fatalf("let through %q, guarded %v", values, r.Guarded)
	}
	w.company.users["bob"].Spec.Active = ptr(false)
	w.project()
	if values := w.values(); !slices.Equal(values, []string{"ann", "eve"}) {
		t.Fatalf("let through %q", values)
	}
	held = false
	r = w.project()
	if values := w.values(); !slices.Equal(values, []string{"eve"}) || r.Guarded != nil {
		t.Fatalf("let through %q, guarded %v", values, r.Guarded)
	}
	if want := []asked{{0, 0}, {2, 2}, {2, 1}, {2, 1}}; !slices.Equal(got, want) {
		t.Errorf("asked %v, want %v", got, want)
	}
}

// Whose access a value was may not be told when several users have it.
func TestAGuardHoldsNoSharedValueOfADisabledUser(t *testing.T) {
	w := devs()
	w.company.sync.Spec.RemovalGuard = &v1alpha1.RemovalGuard{}
	for _, name := range []string{"ann", "eve"} { // eve is no member
		w.company.users[name].Spec.Title = "sales"
	}
	w.company.users["bob"].Spec.Title = "support"
	w.policy.Spec.Ingress.Peers[0] = v1alpha1.GroupNetworkPolicyPeer{Pods: &v1alpha1.PodPeers{LabelKey: "team", Value: "user.title"}}
	w.guard = func(_ *v1alpha1.IdentityProviderSync, _ string, _, lost int) bool { return lost > 0 }
	w.project()
	if values := w.values(); !slices.Equal(values, []string{"sales", "support"}) {
		t.Fatalf("let through %q", values)
	}
	w.company.members["devs"] = nil
	w.project()
	if values := w.values(); !slices.Equal(values, []string{"sales", "support"}) {
		t.Fatalf("not held: let through %q", values)
	}
	w.company.users["ann"].Spec.Active = ptr(false)
	w.project()
	if values := w.values(); !slices.Equal(values, []string{"support"}) {
		t.Errorf("let through %q after ann was disabled", values)
	}
}

// While nobody can tell whether the namespace is let in, nothing new comes.
func TestLabelOfASyncWhoseSelectorIsMalformed(t *testing.T) {
	w := devs()
	w.policy.Spec.Ingress.Peers = []v1alpha1.GroupNetworkPolicyPeer{syncPeer}
	w.company.sync.Spec.LabelNamespaces = &v1alpha1.LabelNamespaces{Groups: []string{"devs"}}
	allowed := w.company.sync.Spec.AllowedNamespaces
	malformed := &v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesSelector,
		Selector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "team", Operator: "Resembles"}}}}
	w.company.sync.Spec.AllowedNamespaces = malformed
	r := w.project()
	if values := w.values(); len(values) > 0 || !slices.Contains(reasons(r), projection.ReasonInvalidNamespaceSelector) {
		t.Fatalf("let through %q, problems %v", values, r.Problems)
	}
	w.company.sync.Spec.AllowedNamespaces = allowed
	w.project()
	w.company.sync.Spec.AllowedNamespaces = malformed
	w.project()
	if values, want := w.values(), []string{NamespaceLabel(entra, "devs")}; !slices.Equal(values, want) {
		t.Errorf("let through %q, want %q: what there is stays", values, want)
	}
}

// An object that names the policy as its owner without being one of its own is
// not wanted, and gives nobody anything.
func TestForgedObject(t *testing.T) {
	w := devs()
	w.project()
	forged := w.objects[0].DeepCopy()
	forged.Name = "forged"
	forged.Spec = *w.objects[0].Spec.DeepCopy()
	forged.Spec.Ingress[0].From[0].PodSelector.MatchExpressions[0].Values = []string{"eve"}
	w.objects = append(w.objects, *forged)
	w.company.unreadable["devs"] = true
	w.project()
	if got := w.values(); !slices.Equal(got, []string{"ann", "bob"}) {
		t.Errorf("let through %q", got)
	}
}

func TestShards(t *testing.T) {
	w := devs()
	for i := range 248 {
		name := fmt.Sprintf("user%d", i)
		w.company.user(name)
		w.company.members["devs"] = append(w.company.members["devs"], name)
	}
	w.project()
	if len(w.objects) != 3 {
		t.Fatalf("%d objects for 250 values", len(w.objects))
	}
	before := w.objects
	w.company.members["devs"] = slices.Delete(w.company.members["devs"], 100, 101)
	w.project()
	n := 0
	for i := range before {
		if !cmp.Equal(before[i], w.objects[i]) {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d objects changed for one member", n)
	}
}

func BenchmarkWanted(b *testing.B) {
	for _, size := range []int{100, 20000} {
		b.Run(fmt.Sprintf("members=%d", size), func(b *testing.B) {
			w := devs()
			for i := range size {
				name := fmt.Sprintf("user%d@example.com", i)
				w.company.user(name)
				w.company.members["devs"] = append(w.company.members["devs"], name)
			}
			for b.Loop() {
				w.project()
			}
			b.ReportMetric(float64(len(w.objects)), "objects")
		})
	}
}
