package chaos

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/token"
	cluster "github.com/rollcall-scim/rollcall/test/replica"
)

const (
	syncNamespace     = cluster.SyncNamespace
	operatorNamespace = cluster.OperatorNamespace
	syncName          = "idp"
	// boundLabel is on the namespaces that a ClusterGroupRoleBinding selects.
	boundLabel = "chaos.example.com/bound"
	// canaryGroup and canaryName are what recovery is measured with.
	canaryGroup = "k8s-canary"
	canaryName  = "canary@example.com"
)

// teams are the namespaces in which groups are bound. Those whose label is set
// are selected by a ClusterGroupRoleBinding, too.
var teams = map[string]bool{"team-0": false, "team-1": false, "team-2": true, "team-3": true}

// install does what an admin does.
func (r *run) install(ctx context.Context) error {
	scheme, err := cluster.NewScheme()
	if err != nil {
		return err
	}
	if r.admin, err = client.New(r.plane.admin(), client.Options{Scheme: scheme}); err != nil {
		return err
	}
	if err := r.admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: cluster.SyncNamespace}}); err != nil {
		return err
	}
	kubeconfig := filepath.Join(r.plane.folder, "admin.conf")
	if err := r.plane.writeKubeconfig(kubeconfig, r.plane.address, r.plane.adminToken); err != nil {
		return err
	}
	if err := cluster.Apply(ctx, kubeconfig); err != nil {
		return err
	}
	if r.operatorToken, err = cluster.OperatorToken(ctx, r.admin); err != nil {
		return err
	}
	return r.configure(ctx)
}

// configure makes the sync, and what binds its groups.
func (r *run) configure(ctx context.Context) error {
	bearer := token.Generate()
	r.bearer.set(bearer)
	if err := r.createSecret(ctx, "token-0", bearer); err != nil {
		return err
	}
	sync := &v1alpha1.IdentityProviderSync{
		ObjectMeta: metav1.ObjectMeta{Namespace: syncNamespace, Name: syncName},
		Spec: v1alpha1.IdentityProviderSyncSpec{
			Tokens:            []v1alpha1.Token{{Name: "token-0", SecretRef: v1alpha1.SecretKeyReference{Name: "token-0"}}},
			AllowedNamespaces: &v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesAll},
			GroupFilter:       &v1alpha1.GroupFilter{Prefixes: []string{"k8s-"}},
		},
	}
	// The API server may not serve the new kinds yet.
	patience, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := until(patience, func() error { return r.admin.Create(patience, sync) }); err != nil {
		return err
	}
	for name := range teams {
		if err := r.createTeam(ctx, name); err != nil {
			return err
		}
	}
	for _, b := range r.clusterBindings() {
		if err := r.admin.Create(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) createSecret(ctx context.Context, name, bearer string) error {
	meta := metav1.ObjectMeta{Namespace: syncNamespace, Name: name}
	return r.admin.Create(ctx, &corev1.Secret{ObjectMeta: meta, StringData: map[string]string{"token": bearer}})
}

// createTeam makes a namespace and the GroupRoleBindings in it, or those that
// are missing.
func (r *run) createTeam(ctx context.Context, name string) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if teams[name] {
		namespace.Labels = map[string]string{boundLabel: "true"}
	}
	objects := []client.Object{namespace}
	for i, groups := range r.boundIn(name) {
		b := &v1alpha1.GroupRoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: name, Name: fmt.Sprintf("chaos-%d", i)}}
		b.Spec.GroupGrant = grant(groups)
		objects = append(objects, b)
	}
	for _, o := range objects {
		if err := r.admin.Create(ctx, o); err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
	return nil
}

// boundIn gives the groups that each GroupRoleBinding of a namespace names.
func (r *run) boundIn(team string) [][]string {
	shared := make([]string, sharedGroups)
	for i := range shared {
		shared[i] = sharedName(i)
	}
	own := []string{}
	for w := range r.Workers {
		own = append(own, groupName(w, 0))
	}
	switch team {
	case "team-0":
		return [][]string{shared, shared[:1]}
	case "team-1":
		return slices.Collect(slices.Chunk(own, 8))
	case "team-2":
		return [][]string{append(slices.Clone(shared[1:]), own[0])}
	}
	return nil
}

func grant(groups []string) v1alpha1.GroupGrant {
	g := v1alpha1.GroupGrant{RoleRef: &v1alpha1.RoleReference{Kind: "ClusterRole", Name: "view"}}
	for _, name := range groups {
		g.GroupRefs = append(g.GroupRefs, v1alpha1.GroupReference{
			SyncRef: v1alpha1.NamespacedSyncReference{Namespace: syncNamespace, Name: syncName}, DisplayName: name,
		})
	}
	return g
}

// clusterBindings bind the canary in every team's namespace, and groups by the
// pattern of their names in those with the label.
func (r *run) clusterBindings() []*v1alpha1.ClusterGroupRoleBinding {
	canary := &v1alpha1.ClusterGroupRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "canary"}}
	canary.Spec.GroupGrant = grant([]string{canaryGroup})
	canary.Spec.Target = v1alpha1.BindingTarget{Scope: v1alpha1.ScopeNamespaces}
	for name := range teams {
		canary.Spec.Target.Namespaces = append(canary.Spec.Target.Namespaces, name)
	}
	slices.Sort(canary.Spec.Target.Namespaces)
	pattern := &v1alpha1.ClusterGroupRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "pattern"}}
	pattern.Spec.RoleRef = &v1alpha1.RoleReference{Kind: "ClusterRole", Name: "view"}
	pattern.Spec.GroupSelector = &v1alpha1.GroupSelector{
		SyncRef: v1alpha1.NamespacedSyncReference{Namespace: syncNamespace, Name: syncName}, Pattern: groupPattern,
	}
	pattern.Spec.Target = v1alpha1.BindingTarget{
		Scope: v1alpha1.ScopeNamespaces, NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{boundLabel: "true"}},
	}
	return []*v1alpha1.ClusterGroupRoleBinding{canary, pattern}
}
