package groupnetworkpolicy_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/test/traffic"
	"github.com/rollcall-scim/rollcall/test/world"
)

func TestTrafficFollowsMembership(t *testing.T) {
	s := newShop(t, nil)
	ann, bob := s.User("ann"), s.User("bob")
	devs := s.Group("Devs")
	p := s.letIn(byPod)
	s.Promptly("objects", 1, func() any { return len(s.objects()) })
	s.wantPods() // the group is empty, and the database closed
	s.SetMembers(devs, ann.Spec.ID)
	s.wantPods("ann")
	s.SetMembers(devs, ann.Spec.ID, bob.Spec.ID)
	s.wantPods("ann", "bob")
	s.wantCondition(p, "Ready", "True Applied")
	s.Promptly("status", [3]int64{2, 2, 1}, func() any {
		s.Get(p)
		return [3]int64{p.Status.MembersDesired, p.Status.MembersApplied, p.Status.ObjectCount}
	})
	s.SetMembers(devs, bob.Spec.ID)
	s.wantPods("bob")
	s.SetActive(bob, false)
	s.wantPods()
	s.SetActive(bob, true)
	s.wantPods("bob")
	world.Update(s.Company, bob, func(u *v1alpha1.User) { u.Spec.UserName = "eve" })
	s.wantPods("eve")
	nested := s.Group("Nested", ann.Spec.ID)
	s.SetMembers(devs, nested.Spec.ID)
	s.wantPods("ann")
	s.Delete(devs)
	s.wantPods()
	s.wantCondition(p, "Ready", "False GroupNotFound")
	if len(s.objects()) != 1 {
		t.Error("the database is isolated no more")
	}
}

func TestAddresses(t *testing.T) {
	s := newShop(t, nil)
	ann := s.User("ann")
	world.Update(s.Company, ann, func(u *v1alpha1.User) { u.Spec.NickName = "10.0.0.7" })
	s.Group("Devs", ann.Spec.ID)
	p := s.letIn(byAddress)
	want := func(addresses ...string) {
		t.Helper()
		s.Promptly("addresses that reach the database", append([]string{}, addresses...), func() any {
			reach := []string{}
			for _, address := range []string{"10.0.0.7", "10.0.0.8", "192.0.2.1"} {
				if s.reaches(traffic.Endpoint{Address: netip.MustParseAddr(address)}) {
					reach = append(reach, address)
				}
			}
			return reach
		})
	}
	want("10.0.0.7")
	world.Update(s.Company, ann, func(u *v1alpha1.User) { u.Spec.NickName = "10.0.0.8/31" })
	want("10.0.0.8")
	world.Update(s.Company, ann, func(u *v1alpha1.User) { u.Spec.NickName = "0.0.0.0/0" }) // never more than within
	want()
	s.wantCondition(p, "Ready", "True PartlyApplied")
}

// A member more costs one patch of the member's namespace, and no write of a policy.
func TestLabelsOfTheSync(t *testing.T) {
	home := fmt.Sprintf("home%d-", time.Now().UnixNano())
	s := newShop(t, func(spec *v1alpha1.IdentityProviderSyncSpec) {
		spec.LabelNamespaces = &v1alpha1.LabelNamespaces{Groups: []string{"Devs"}, Namespace: "'" + home + "' + user.userName"}
	})
	ann, bob := s.User("ann"), s.User("bob")
	for _, user := range []string{"ann", "bob", "eve"} {
		s.Create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: home + user}})
	}
	devs := s.Group("Devs", ann.Spec.ID)
	p := s.letIn(bySyncLabel)
	want := func(users ...string) {
		t.Helper()
		s.Promptly("namespaces that reach the database", append([]string{}, users...), func() any {
			reach := []string{}
			for _, user := range []string{"ann", "bob", "eve"} {
				if s.reaches(traffic.Endpoint{Namespace: home + user}) {
					reach = append(reach, user)
				}
			}
			return reach
		})
	}
	want("ann")
	s.wantCondition(p, "Ready", "True Applied")
	version := s.objects()[0].ResourceVersion
	s.SetMembers(devs, ann.Spec.ID, bob.Spec.ID)
	want("ann", "bob")
	s.SetActive(ann, false)
	want("bob")
	if got := s.objects()[0].ResourceVersion; got != version {
		t.Error("the policy was written for a member")
	}
	world.Update(s.Company, s.Sync, func(sync *v1alpha1.IdentityProviderSync) { sync.Spec.LabelNamespaces = nil })
	want()
	s.wantCondition(p, "Ready", "False GroupNotLabeled")
}

func TestAllowedNamespaces(t *testing.T) {
	s := newShop(t, func(spec *v1alpha1.IdentityProviderSyncSpec) {
		spec.AllowedNamespaces = &v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesSelector,
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"tenant": "yes"}}}
	})
	ann := s.User("ann")
	s.Group("Devs", ann.Spec.ID)
	p := s.letIn(byPod)
	s.wantCondition(p, "Ready", "False NamespaceNotAllowed")
	s.wantPods()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace}}
	world.Update(s.Company, ns, func(ns *corev1.Namespace) { ns.Labels["tenant"] = "yes" })
	s.wantPods("ann")
	world.Update(s.Company, ns, func(ns *corev1.Namespace) { ns.Labels["tenant"] = "no" })
	s.wantPods()
}

func TestDrift(t *testing.T) {
	s := newShop(t, nil)
	ann := s.User("ann")
	s.Group("Devs", ann.Spec.ID)
	s.letIn(byPod)
	s.wantPods("ann")
	for name, change := range map[string]func(*networkingv1.NetworkPolicy){
		"a value added": func(np *networkingv1.NetworkPolicy) {
			values := &np.Spec.Ingress[0].From[0].PodSelector.MatchExpressions[0].Values
			*values = append(*values, "eve")
		},
		"a value removed": func(np *networkingv1.NetworkPolicy) {
			np.Spec.Ingress[0].From[0].PodSelector.MatchExpressions[0].Values = []string{"x"}
		},
		"everybody let in":       func(np *networkingv1.NetworkPolicy) { np.Spec.Ingress[0].From = nil },
		"other pods":             func(np *networkingv1.NetworkPolicy) { np.Spec.PodSelector.MatchLabels["app"] = "web" },
		"no isolation":           func(np *networkingv1.NetworkPolicy) { np.Spec.PolicyTypes = []networkingv1.PolicyType{"Egress"} },
		"labels removed":         func(np *networkingv1.NetworkPolicy) { np.Labels = nil; np.Spec.Ingress = nil },
		"the owner removed":      func(np *networkingv1.NetworkPolicy) { np.OwnerReferences = nil; np.Spec.Ingress = nil },
		"an annotation, kept":    func(np *networkingv1.NetworkPolicy) { np.Annotations = map[string]string{"note": "mine"} },
		"everything of the rule": func(np *networkingv1.NetworkPolicy) { np.Spec.Ingress = nil },
	} {
		before := s.objects()[0]
		world.Update(s.Company, before.DeepCopy(), change)
		s.wantPods("ann")
		s.Promptly("object after "+name, before.Spec, func() any { return s.objects()[0].Spec })
		s.Promptly("owner after "+name, before.OwnerReferences, func() any { return s.objects()[0].OwnerReferences })
		s.Promptly("labels after "+name, before.Labels, func() any { return s.objects()[0].Labels })
	}
	if s.objects()[0].Annotations["note"] != "mine" {
		t.Error("somebody's annotation was removed")
	}
	object := s.objects()[0]
	s.Delete(&object)
	s.wantPods("ann")
	forged := object.DeepCopy() // claims to be of the policy
	forged.Name, forged.ResourceVersion = "forged", ""
	forged.Spec.Ingress = []networkingv1.NetworkPolicyIngressRule{{}}
	s.Create(forged)
	s.wantPods("ann")
}

// As a leader whose caches are behind may write it.
func TestAStatusOfSomebodyElseIsPutRight(t *testing.T) {
	s := newShop(t, nil)
	s.Group("Devs", s.User("ann").Spec.ID)
	p := s.letIn(byPod)
	s.wantCondition(p, v1alpha1.ConditionReady, "True Applied")
	before := p.DeepCopy()
	p.Status.Problems, p.Status.Conditions = []string{"GroupNotFound: there is none"}, nil
	if err := world.Admin.Status().Patch(t.Context(), p, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
	if got := p.Status.Problems; len(got) != 1 { // as it was stored: it may be right again by now
		t.Fatalf("the status was not written: %q", got)
	}
	s.wantCondition(p, v1alpha1.ConditionReady, "True Applied")
	if len(p.Status.Problems) > 0 {
		t.Errorf("problems remain: %q", p.Status.Problems)
	}
}

func TestObjectNameTaken(t *testing.T) {
	s := newShop(t, nil)
	ann := s.User("ann")
	s.Group("Devs", ann.Spec.ID)
	other := s.letIn(byPod)
	s.wantPods("ann")
	foreign := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: s.objects()[0].Name}}
	s.Delete(other)
	s.Promptly("objects", 0, func() any { return len(s.objects()) })
	foreign.Spec.PodSelector = metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}
	s.Create(foreign)
	p := s.letIn(byPod)
	s.wantCondition(p, "Ready", "False ObjectNameTaken")
	if got := s.objects(); len(got) != 1 || got[0].UID != foreign.UID || got[0].Generation != 1 {
		t.Errorf("somebody else's NetworkPolicy was touched: %+v", got)
	}
	s.Delete(foreign)
	s.wantPods("ann")
	s.wantCondition(p, "Ready", "True Applied")
}

func TestDeletion(t *testing.T) {
	for name, options := range map[string][]client.DeleteOption{
		"at once":                     nil,
		"while a finalizer stays":     {client.PropagationPolicy(metav1.DeletePropagationForeground)},
		"orphaning keeps the objects": {client.PropagationPolicy(metav1.DeletePropagationOrphan)},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, nil)
			ann := s.User("ann")
			s.Group("Devs", ann.Spec.ID)
			p := s.letIn(byPod)
			s.wantPods("ann")
			if err := world.Admin.Delete(t.Context(), p, options...); err != nil {
				t.Fatal(err)
			}
			if name == "orphaning keeps the objects" {
				s.Stays("objects", 1, func() any { return len(s.objects()) })
				return
			}
			s.Promptly("objects", 0, func() any { return len(s.objects()) })
		})
	}
}

func TestNeighbors(t *testing.T) {
	s := newShop(t, nil)
	s.Group("Devs")
	p := s.letIn(byPod)
	s.wantCondition(p, v1alpha1.ConditionDefaultDeny, "False NoDefaultDeny")
	deny := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "default-deny"}}
	deny.Spec.PolicyTypes = []networkingv1.PolicyType{"Ingress"}
	s.Create(deny)
	s.wantCondition(p, v1alpha1.ConditionDefaultDeny, "True DefaultDenyFound")
	world.Update(s.Company, deny, func(np *networkingv1.NetworkPolicy) {
		np.Spec.Ingress = []networkingv1.NetworkPolicyIngressRule{{}}
	})
	s.wantCondition(p, v1alpha1.ConditionDefaultDeny, "False NoDefaultDeny")
	s.wantCondition(p, v1alpha1.ConditionBypassed, "True OtherPolicyAllowsAll")
	s.Delete(deny)
	s.wantCondition(p, v1alpha1.ConditionBypassed, "")
}

// A group of many members takes several objects; one who leaves changes one.
func TestManyMembers(t *testing.T) {
	s := newShop(t, nil)
	const size = 100 // members that a group lists in its root
	var ids, more []string
	for i := range 2 * size {
		id := s.User(fmt.Sprintf("user%d", i)).Spec.ID
		if i < size {
			ids = append(ids, id)
		} else {
			more = append(more, id)
		}
	}
	nested := s.Group("Nested", more...)
	s.Group("Devs", append(ids[1:], nested.Spec.ID)...)
	p := s.letIn(byPod)
	s.Promptly("members", [2]int64{2*size - 1, 2}, func() any { s.Get(p); return [2]int64{p.Status.MembersApplied, p.Status.ObjectCount} })
	versions := func() any {
		versions := map[string]string{}
		for _, object := range s.objects() {
			versions[object.Name] = object.ResourceVersion
		}
		return versions
	}
	before := versions().(map[string]string)
	s.SetMembers(nested, more[1:]...)
	s.Promptly("members", int64(2*size-2), func() any { s.Get(p); return p.Status.MembersApplied })
	changed := 0
	for name, version := range versions().(map[string]string) {
		if before[name] != version {
			changed++
		}
	}
	if changed != 1 || len(before) != 2 {
		t.Errorf("%d of %d objects were written for one member", changed, len(before))
	}
}

// BenchmarkChangeToNetworkPolicy measures from the API server's answer to a
// change of a group until a watcher sees the NetworkPolicy with it:
//
//	go test -run '^$' -bench ChangeToNetworkPolicy -benchtime 200x ./internal/controller/groupnetworkpolicy
func BenchmarkChangeToNetworkPolicy(b *testing.B) {
	for _, size := range []int{10, 100} {
		b.Run(fmt.Sprintf("members=%d", size), func(b *testing.B) {
			s := newShop(b, nil)
			var ids []string
			for i := range size {
				ids = append(ids, s.User(fmt.Sprintf("user%d", i)).Spec.ID)
			}
			devs := s.Group("Devs", ids...)
			s.letIn(byPod)
			s.Promptly("objects", 1, func() any { return len(s.objects()) })
			watcher, err := world.Admin.Watch(b.Context(), &networkingv1.NetworkPolicyList{}, client.InNamespace(s.namespace))
			if err != nil {
				b.Fatal(err)
			}
			defer watcher.Stop()
			var took []time.Duration
			for i := range b.N {
				members := ids[(i+1)%2:] // the first member leaves and joins
				s.SetMembers(devs, members...)
				answered := time.Now()
				for event := range watcher.ResultChan() {
					if values(event.Object.(*networkingv1.NetworkPolicy)) == len(members) {
						break
					}
				}
				took = append(took, time.Since(answered))
			}
			slices.Sort(took)
			for _, percent := range []int{50, 99} {
				b.ReportMetric(float64(took[(len(took)-1)*percent/100])/float64(time.Millisecond), fmt.Sprintf("p%d-ms", percent))
			}
		})
	}
}

func values(np *networkingv1.NetworkPolicy) int {
	n := 0
	for _, rule := range np.Spec.Ingress {
		for _, peer := range rule.From {
			n += len(peer.PodSelector.MatchExpressions[0].Values)
		}
	}
	return n
}
