// Package connect makes an IdentityProviderSync and waits for its first steps:
// that the operator serves it, that its token is there, and that the identity
// provider has been heard of.
package connect

import (
	"context"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/plugin/cluster"
	"github.com/rollcall-scim/rollcall/internal/plugin/tokens"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// Plan is what an admin says about a new sync.
type Plan struct {
	Provider           v1alpha1.Provider
	Name, Namespace    string
	Prefixes           []string // of groups; empty: every group
	UserGroups         []string // whose members are synced; empty: every user
	KubernetesUsername string   // empty: user.userName
	AllowedNamespaces  v1alpha1.NamespacesFrom
	TokenName          string
	TokenLifetime      time.Duration // 0: it does not expire
}

// Check finds what is wrong with a plan before anything is made.
func (p *Plan) Check() error {
	if problems := validation.IsDNS1123Label(p.Name); len(problems) > 0 {
		return fmt.Errorf("%q cannot name a sync: %s", p.Name, problems[0])
	}
	if p.KubernetesUsername != "" {
		if _, err := projection.CompileUsername(p.KubernetesUsername); err != nil {
			return fmt.Errorf("--kubernetes-username: %w", err)
		}
	}
	switch p.AllowedNamespaces {
	case "", v1alpha1.NamespacesSame, v1alpha1.NamespacesAll:
		return nil
	}
	return fmt.Errorf("--allowed-namespaces is Same or All, not %q; a selector goes into the YAML that --dry-run prints", p.AllowedNamespaces)
}

// Sync is the object that the plan comes to.
func (p *Plan) Sync(now time.Time) (*v1alpha1.IdentityProviderSync, error) {
	s := &v1alpha1.IdentityProviderSync{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "IdentityProviderSync"},
		ObjectMeta: metav1.ObjectMeta{Namespace: p.Namespace, Name: p.Name},
		Spec:       v1alpha1.IdentityProviderSyncSpec{Provider: p.Provider, KubernetesUsername: p.KubernetesUsername},
	}
	if len(p.Prefixes) > 0 {
		s.Spec.GroupFilter = &v1alpha1.GroupFilter{Prefixes: p.Prefixes}
	}
	if len(p.UserGroups) > 0 {
		s.Spec.UserFilter = &v1alpha1.UserFilter{Groups: p.UserGroups}
	}
	if p.AllowedNamespaces != "" && p.AllowedNamespaces != v1alpha1.NamespacesSame {
		s.Spec.AllowedNamespaces = &v1alpha1.AllowedNamespaces{From: p.AllowedNamespaces}
	}
	token, err := tokens.New(s, p.TokenName, p.TokenLifetime, now)
	if err != nil {
		return nil, err
	}
	s.Spec.Tokens = []v1alpha1.Token{token}
	return s, nil
}

// Manifest is a sync as a GitOps repository keeps it.
func Manifest(sync *v1alpha1.IdentityProviderSync) ([]byte, error) {
	o, err := runtime.DefaultUnstructuredConverter.ToUnstructured(sync)
	if err != nil {
		return nil, err
	}
	delete(o, "status")
	if m, ok := o["metadata"].(map[string]any); ok {
		delete(m, "creationTimestamp")
	}
	return yaml.Marshal(o)
}

// Existing reads the sync of a plan; nil if there is none yet.
func Existing(ctx context.Context, c client.Reader, namespace, name string) (*v1alpha1.IdentityProviderSync, error) {
	sync := &v1alpha1.IdentityProviderSync{}
	err := c.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, sync)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return sync, cluster.Explain(err)
}

// Create makes the sync.
func Create(ctx context.Context, c client.Client, sync *v1alpha1.IdentityProviderSync) error {
	err := c.Create(ctx, sync)
	if apierrors.IsNotFound(err) && !meta.IsNoMatchError(err) {
		return fmt.Errorf("the namespace %s does not exist: kubectl create namespace %s, and let the operator serve it (the chart's syncNamespaces)", sync.Namespace, sync.Namespace)
	}
	return cluster.Explain(err)
}

// unseen is how long an operator may take to say the first word.
const unseen = 20 * time.Second

// Readiness tells how far a new sync is.
type Readiness struct {
	began time.Time
}

// Served tells whether the operator serves a sync in its newest version and
// has a token for it. What only an admin can mend is an error.
func (r *Readiness) Served(ctx context.Context, c client.Reader, sync *v1alpha1.IdentityProviderSync) (bool, error) {
	if r.began.IsZero() {
		r.began = time.Now()
	}
	if err := c.Get(ctx, client.ObjectKeyFromObject(sync), sync); err != nil {
		return false, cluster.Explain(err)
	}
	ready := meta.FindStatusCondition(sync.Status.Conditions, v1alpha1.ConditionReady)
	stalled := meta.IsStatusConditionTrue(sync.Status.Conditions, v1alpha1.ConditionStalled)
	switch {
	case ready == nil && time.Since(r.began) > unseen:
		return false, fmt.Errorf("no operator looks at sync %s: is Rollcall running? kubectl get pods -A -l app.kubernetes.io/name=rollcall", cluster.Name(sync))
	case ready == nil || ready.ObservedGeneration < sync.Generation:
		return false, nil
	case ready.Status == metav1.ConditionTrue:
		_, err := tokens.Usable(sync)
		return err == nil, nil
	case stalled:
		return false, fmt.Errorf("sync %s is not served, %s: %s", cluster.Name(sync), ready.Reason, ready.Message)
	}
	return false, nil
}

// Heard tells whether the identity provider was heard of after a time, and when.
func Heard(ctx context.Context, c client.Reader, sync *v1alpha1.IdentityProviderSync, after *metav1.Time) (bool, error) {
	if err := c.Get(ctx, client.ObjectKeyFromObject(sync), sync); err != nil {
		return false, cluster.Explain(err)
	}
	last := sync.Status.LastRequestTime
	return last != nil && (after == nil || after.Time.Before(last.Time)), nil
}

// Trouble says what to look at when nothing arrives.
func Trouble(sync *v1alpha1.IdentityProviderSync, endpoint string) string {
	return strings.Join([]string{
		"Nothing arrived. What it usually is:",
		"  - the console shows an error: 401 is the token, 404 the URL; compare both with the steps",
		"  - the URL is not reachable from the identity provider: try curl -i " + endpoint + "/ServiceProviderConfig from outside; 401 is the right answer",
		"  - the certificate is not one that the identity provider trusts: it must be publicly trusted, and the name must match",
		"To wait again, and to see the steps again: kubectl rollcall connect -n " + sync.Namespace + " PROVIDER " + sync.Name,
	}, "\n")
}
