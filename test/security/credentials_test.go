package security

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// Somebody with the operator's credentials mints tokens by Secrets.
func TestTheOperatorsSecrets(t *testing.T) {
	secret := func(name string, change func(*corev1.Secret)) *corev1.Secret {
		s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: served, Name: name}, Type: corev1.SecretTypeOpaque}
		change(s)
		return s
	}
	account := map[string]string{corev1.ServiceAccountNameKey: "default"}
	create(t, secret("opaque", func(*corev1.Secret) {}))
	create(t, secret("victim", func(*corev1.Secret) {}))
	// RBAC gives it get and create; the policy holds should somebody give it more.
	more := thief.may(t, served, allow("", []string{"secrets"}, []string{"patch", "delete"}))
	withstands(t, "rollcall-operator-secrets", map[string]attack{
		"a token of a sync": {thief, creating(secret("token", func(s *corev1.Secret) {
			s.Labels = map[string]string{v1alpha1.LabelSync: "idp"}
		}))},
		"others make what they want": {actor{"others"}.may(t, served, everything), creating(secret("others", func(s *corev1.Secret) {
			s.Type, s.Annotations = corev1.SecretTypeServiceAccountToken, account
		}))},
	}, map[string]attack{
		"mints a token of a ServiceAccount": {thief, creating(secret("minted", func(s *corev1.Secret) {
			s.Type, s.Annotations = corev1.SecretTypeServiceAccountToken, account
		}))},
		"plants a bootstrap token": {thief, creating(secret("bootstrap-token-abcdef", func(s *corev1.Secret) { s.Type = corev1.SecretTypeBootstrapToken }))},
		"plants a Secret for another controller": {thief, creating(secret("cluster", func(s *corev1.Secret) {
			s.Labels = map[string]string{"argocd.argoproj.io/secret-type": "cluster"}
		}))},
		"annotates a Secret":      {thief, creating(secret("annotated", func(s *corev1.Secret) { s.Annotations = account }))},
		"changes an Opaque one":   {more, changing(secret("opaque", func(*corev1.Secret) {}), func(s *corev1.Secret) { s.Annotations = account })},
		"deletes somebody else's": {more, deleting(secret("victim", func(*corev1.Secret) {}))},
	})
}

// Somebody with the operator's credentials changes namespaces.
func TestTheOperatorsNamespaces(t *testing.T) {
	named := func(name string) *corev1.Namespace {
		return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	}
	ns, labeled := named(namespace(t, nil)), named(namespace(t, map[string]string{"pod-security.kubernetes.io/enforce": "restricted"}))
	annotated, made := named(namespace(t, nil)), named("made-by-a-thief")
	more := thief.may(t, "", allow("", []string{"namespaces"}, []string{"create", "patch", "delete"}))
	withstands(t, "rollcall-operator-namespaces", map[string]attack{
		"labels for access": {thief, changing(ns, func(n *corev1.Namespace) { n.Labels["access.scim.rollcall.dev/devs"] = "true" })},
		"and none":          {thief, changing(ns, func(n *corev1.Namespace) { delete(n.Labels, "access.scim.rollcall.dev/devs") })},
	}, map[string]attack{
		"lets privileged pods in": {more, changing(labeled, func(n *corev1.Namespace) { n.Labels["pod-security.kubernetes.io/enforce"] = "privileged" })},
		"takes a label away":      {more, changing(ns, func(n *corev1.Namespace) { delete(n.Labels, corev1.LabelMetadataName); n.Labels["team"] = "red" })},
		"annotates": {more, changing(annotated, func(n *corev1.Namespace) {
			n.Annotations = map[string]string{"scheduler.alpha.kubernetes.io/node-selector": "a=b"}
		})},
		"makes a namespace":       {more, creating(made)},
		"deletes somebody else's": {more, deleting(named(namespace(t, nil)))},
	})
}

// Somebody with the operator's credentials writes bindings and NetworkPolicies.
func TestTheOperatorsObjects(t *testing.T) {
	ns := namespace(t, nil)
	ours := func(name string, subjects ...rbacv1.Subject) *rbacv1.RoleBinding {
		return &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name, Labels: map[string]string{projection.LabelManagedBy: projection.ManagedBy},
				OwnerReferences: []metav1.OwnerReference{{APIVersion: v1alpha1.GroupVersion.String(), Kind: "GroupRoleBinding", Name: "gone", UID: "1"}}},
			RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"}, Subjects: subjects,
		}
	}
	foreign := func(name string) *rbacv1.RoleBinding {
		rb := ours(name)
		rb.Labels, rb.OwnerReferences = nil, nil
		return rb
	}
	named := func(kind, name string) rbacv1.Subject {
		return rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: kind, Name: name}
	}
	policy := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "default-deny"},
		Spec: networkingv1.NetworkPolicySpec{PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}}}
	for _, o := range []client.Object{foreign("joined"), foreign("deleted"), policy} {
		create(t, o)
	}
	account := rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: "default", Name: "default"}
	more := thief.may(t, "", allow("networking.k8s.io", []string{"networkpolicies"}, []string{"delete"}),
		allow(rbacv1.GroupName, []string{"rolebindings"}, []string{"patch"}))
	withstands(t, "rollcall-operator-objects", map[string]attack{
		"a binding of its own": {thief, creating(ours("own", named("User", "ann"), named("Group", "devs")))},
	}, map[string]attack{
		"binds itself":                        {thief, creating(ours("itself", named("User", operatorAccount)))},
		"binds a ServiceAccount":              {thief, creating(ours("account", account))},
		"binds everybody":                     {thief, creating(ours("everybody", named("Group", "system:authenticated")))},
		"binds who is nobody":                 {thief, creating(ours("nobody", named("User", "system:anonymous")))},
		"hides a binding":                     {thief, creating(foreign("hidden"))},
		"joins somebody else's binding":       {more, changing(foreign("joined"), func(rb *rbacv1.RoleBinding) { rb.Subjects = append(rb.Subjects, named("User", "mallory")) })},
		"deletes somebody else's binding":     {thief, deleting(foreign("deleted"))},
		"opens a namespace to all the others": {more, deleting(policy)},
	})
}

// Somebody with the operator's credentials says who gets what.
func TestTheOperatorsIntents(t *testing.T) {
	ns := namespace(t, nil)
	sync := &v1alpha1.IdentityProviderSync{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "idp"}}
	orphan := sync.DeepCopy()
	orphan.Name = "orphan"
	create(t, sync.DeepCopy())
	create(t, orphan.DeepCopy())
	more := thief.may(t, ns, allow(scimGroup, []string{"grouprolebindings"}, []string{"create"}))
	withstands(t, "rollcall-operator-intents", map[string]attack{
		"a finalizer": {thief, changing(sync, func(s *v1alpha1.IdentityProviderSync) { s.Finalizers = []string{"scim.rollcall.dev/delete-resources"} })},
		"and none":    {thief, changing(sync, func(s *v1alpha1.IdentityProviderSync) { s.Finalizers = nil })},
	}, map[string]attack{
		"a token of its own for a sync": {thief, changing(sync, func(s *v1alpha1.IdentityProviderSync) {
			s.Spec.Tokens = append(s.Spec.Tokens, v1alpha1.Token{Name: "mine", SecretRef: v1alpha1.SecretKeyReference{Name: "mine"}})
		})},
		"an owner that does not exist, for the garbage collector to follow": {thief, changing(orphan, func(s *v1alpha1.IdentityProviderSync) {
			s.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "gone", UID: "gone"}}
		})},
		"the consent to removals that are held": {thief, changing(sync, func(s *v1alpha1.IdentityProviderSync) {
			s.Annotations = map[string]string{v1alpha1.AnnotationConfirmRemovals: "x"}
		})},
		"a label that others select by": {thief, changing(sync, func(s *v1alpha1.IdentityProviderSync) { s.Labels = map[string]string{"team": "mine"} })},
		"a binding":                     {more, creating(binding(ns, "thiefs", to("view")))},
	})
}

// A tenant with all verbs in the namespace writes what the operator remembers.
func TestStatus(t *testing.T) {
	ns := namespace(t, nil)
	mallory := actor{"mallory-status"}.may(t, ns, everything)
	sync := &v1alpha1.IdentityProviderSync{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "idp"}}
	grb := binding(ns, "devs", to("view"))
	for _, o := range []client.Object{sync.DeepCopy(), grb.DeepCopy()} {
		create(t, o)
	}
	withstands(t, "rollcall-status", map[string]attack{
		"the operator reports": {thief, changingStatus(sync, func(s *v1alpha1.IdentityProviderSync) { s.Status.Endpoint = "https://scim.example.com" })},
	}, map[string]attack{
		"the names that access is taken from": {mallory, changingStatus(sync, func(s *v1alpha1.IdentityProviderSync) { s.Status.KubernetesUsername = "'nobody'" })},
		"the roles that objects exist for": {mallory, changingStatus(grb, func(b *v1alpha1.GroupRoleBinding) {
			b.Status.Roles = []v1alpha1.RoleReference{*role("cluster-admin")}
		})},
	})
}

// A tenant who may change a namespace gives it labels that NetworkPolicies let through.
func TestNamespaceLabels(t *testing.T) {
	access := map[string]string{"access.scim.rollcall.dev/devs": "true"}
	ns, used, bloated := namespace(t, nil), namespace(t, access), namespace(t, access)
	mallory := actor{"mallory-labels"}.may(t, "", allow("", []string{"namespaces", "namespaces/status"}, []string{"get", "create", "patch"}))
	named := func(name string, labels map[string]string) *corev1.Namespace {
		return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	}
	const label = "access.scim.rollcall.dev/payments"
	withstands(t, "rollcall-namespace-labels", map[string]attack{
		"the operator labels": {thief, changing(named(ns, nil), func(n *corev1.Namespace) { n.Labels["access.scim.rollcall.dev/ops"] = "true" })},
		"any other label":     {mallory, changing(named(ns, nil), func(n *corev1.Namespace) { n.Labels["team"] = "blue" })},
		"any other namespace": {mallory, creating(named("mallorys", map[string]string{"team": "blue"}))},
	}, map[string]attack{
		"adds one":      {mallory, changing(named(ns, nil), func(n *corev1.Namespace) { n.Labels[label] = "true" })},
		"by the status": {mallory, changingStatus(named(ns, nil), func(n *corev1.Namespace) { n.Labels["access.scim.rollcall.dev/qa"] = "" })},
		"at creation":   {mallory, creating(named("let-through", map[string]string{label: "true"}))},
		"makes the label too costly to take away": {mallory, changing(named(bloated, nil), func(n *corev1.Namespace) {
			for i := range 2000 {
				n.Labels[fmt.Sprint("l", i)] = ""
			}
		})},
		"takes one away": {mallory, changing(named(used, nil), func(n *corev1.Namespace) { delete(n.Labels, "access.scim.rollcall.dev/devs") })},
	})
}
