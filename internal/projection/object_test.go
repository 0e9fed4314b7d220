package projection

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

func TestWantedObject(t *testing.T) {
	c := newCompany()
	c.user("ann")
	c.group("devs", "ann")
	b := binding("devs")
	b.Spec.RoleRef = &v1alpha1.RoleReference{Kind: "Role", Name: "deployer"}
	of := OfGroupRoleBinding(b)
	got := []*rbacv1.RoleBinding{of.RoleBinding(Project(request(b, c.source(entra()))).Placements[0].Objects[0])}
	yes := true
	want := []*rbacv1.RoleBinding{{
		TypeMeta: metav1.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "RoleBinding"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "team",
			Name:      got[0].Name,
			Labels:    map[string]string{"app.kubernetes.io/managed-by": "rollcall", "scim.rollcall.dev/binding": "devs"},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "scim.rollcall.dev/v1alpha1", Kind: "GroupRoleBinding",
				Name: "devs", UID: "b-uid", Controller: &yes}},
		},
		Subjects: subjects("ann"),
		RoleRef:  rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "Role", Name: "deployer"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("object (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(got[0].Name, "devs-") || !strings.HasSuffix(got[0].Name, "-0") || len(got[0].Name) != len("devs-")+13+len("-0") {
		t.Errorf("name %q, want devs-<13 characters>-0", got[0].Name)
	}
	if owner, ok := BindingOf(got[0]); !ok || owner != of.Key() {
		t.Errorf("BindingOf = %q, %v", owner, ok)
	}
}

func TestObjectNamesDiffer(t *testing.T) {
	names := map[string]string{}
	for _, b := range []struct{ namespace, name, kind, role string }{
		{"team", "devs", "Role", "edit"}, {"team", "devs", "ClusterRole", "edit"}, {"team", "devs", "ClusterRole", "view"},
		{"other", "devs", "Role", "edit"}, {"team", "ops", "Role", "edit"}, {"team", strings.Repeat("x", 200), "Role", "edit"},
	} {
		grb := binding()
		grb.Namespace, grb.Name, grb.Spec.RoleRef = b.namespace, b.name, &v1alpha1.RoleReference{Kind: b.kind, Name: b.role}
		of := OfGroupRoleBinding(grb)
		rb := of.RoleBinding(Object{Namespace: b.namespace, Name: of.objectName(*grb.Spec.RoleRef, 0)})
		if other, taken := names[rb.Name]; taken {
			t.Errorf("%v and %s have one object name %s", b, other, rb.Name)
		}
		names[rb.Name] = fmt.Sprint(b)
		if len(rb.Name) > 253 || len(rb.Labels[LabelBinding]) > 63 {
			t.Errorf("%v: name %q or label %q is too long", b, rb.Name, rb.Labels[LabelBinding])
		}
	}
}

func TestProblemsAreBounded(t *testing.T) {
	c := newCompany()
	var members []string
	for i := range 1000 {
		name := fmt.Sprintf("system:%d%s", i, strings.Repeat("ü", 200))
		c.user(name)
		members = append(members, name)
	}
	c.group("devs", members...)
	got := Project(request(binding("devs"), c.source(entra())))
	if len(got.Problems) != 1 || !strings.Contains(got.Problems[0].Message, "and 997 more") {
		t.Errorf("problems = %v, want one line that sums up", got.Problems)
	}
	long := NewProblem(ReasonGroupNotFound, "%s", strings.Repeat("ü", 2000)).String()
	if len(long) > 1024 || !strings.HasSuffix(long, "ü…") {
		t.Errorf("a line of %d bytes that ends in %q", len(long), long[len(long)-6:])
	}
	many := make([]Problem, 40)
	if len(Bounded(many)) != 32 {
		t.Errorf("%d problems, want 32", len(Bounded(many)))
	}
}

func TestClusterRoleBinding(t *testing.T) {
	b := OfClusterGroupRoleBinding(clusterBinding(v1alpha1.BindingTarget{Scope: v1alpha1.ScopeCluster}, "devs"))
	sync := entra()
	sync.Spec.AllowedNamespaces = &v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesAll}
	o := Project(Request{Binding: b, Namespaces: cluster{}, Source: only(crowd("ann").source(sync))})
	got := b.ClusterRoleBinding(o.Placements[0].Objects[0])
	if got.Namespace != "" || got.Kind != "ClusterRoleBinding" || got.RoleRef.Name != "edit" || len(got.Subjects) != 1 {
		t.Errorf("object = %+v", got)
	}
	if owner, ok := BindingOf(got); !ok || owner != b.Key() {
		t.Errorf("BindingOf = %v, %v", owner, ok)
	}
}

func TestGenerated(t *testing.T) {
	b := OfGroupRoleBinding(binding("devs"))
	object := func(change func(*CurrentObject)) CurrentObject {
		o := objects(b, "edit", []string{"team"})[0]
		if change != nil {
			change(&o)
		}
		return o
	}
	tests := map[string]struct {
		object CurrentObject
		want   bool
	}{
		"its own":              {object(nil), true},
		"the twelfth":          {object(func(o *CurrentObject) { o.Name = strings.TrimSuffix(o.Name, "0") + "12" }), true},
		"a number twice":       {object(func(o *CurrentObject) { o.Name = strings.TrimSuffix(o.Name, "0") + "012" }), false},
		"no number":            {object(func(o *CurrentObject) { o.Name = strings.TrimSuffix(o.Name, "0") }), false},
		"a negative number":    {object(func(o *CurrentObject) { o.Name = strings.TrimSuffix(o.Name, "0") + "-1" }), false},
		"of another role":      {object(func(o *CurrentObject) { o.RoleRef.Name = "admin" }), false},
		"in another namespace": {object(func(o *CurrentObject) { o.Namespace = "other" }), false},
		"another name":         {object(func(o *CurrentObject) { o.Name = "devs-0" }), false},
	}
	for name, test := range tests {
		if got := b.Generated(test.object); got != test.want {
			t.Errorf("%s: Generated(%s) = %v, want %v", name, test.object.Name, got, test.want)
		}
	}
}
