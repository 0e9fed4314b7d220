package rolebinding_test

import (
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// What RE2 refuses is refused when it is written; what the operator refuses, and
// the API server cannot know, binds nobody and says why.
func TestPatternsThatCannotBeUsed(t *testing.T) {
	tests := map[string]struct {
		pattern string
		refused bool
		reason  string // of Ready, unless it is refused
	}{
		"lookahead":               {pattern: `k8s-(?=x)`, refused: true},
		"a backreference":         {pattern: `(a)\1`, refused: true},
		"an open parenthesis":     {pattern: `k8s-(`, refused: true},
		"too long":                {pattern: strings.Repeat("x", 257), refused: true},
		"empty":                   {pattern: ``, refused: true},
		"too many repetitions":    {pattern: `a{1001}`, refused: true},
		"too costly":              {pattern: `(k8s-[a-z]{1,500}){2}`, reason: "InvalidPattern"},
		"too large classes":       {pattern: `([\pL]?[\pN]?[^a]?){50}`, reason: "InvalidPattern"},
		"an unknown capture":      {pattern: `(?P<team>k8s-.*)`, reason: "InvalidPattern"},
		"matches no group":        {pattern: `k8s-.*`, reason: "GroupNotFound"},
		"only parts of the names": {pattern: `Dev`, reason: "GroupNotFound"},
		"everything":              {pattern: `.*`, reason: "Bound"},
	}
	w := openWorld(t)
	ann, bob := w.user("ann"), w.user("bob")
	w.group("Devs", ann.Spec.ID)
	w.group("Ops", bob.Spec.ID)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := world{t, w.namespace, w.sync}
			ns := createNamespace(t, nil)
			b := &v1alpha1.GroupRoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "pattern"},
				Spec: v1alpha1.GroupRoleBindingSpec{GroupGrant: v1alpha1.GroupGrant{
					RoleRef: clusterRole("pod-reader"), GroupSelector: &v1alpha1.GroupSelector{SyncRef: w.syncRef(), Pattern: test.pattern}}}}
			err := admin.Create(t.Context(), b)
			if refused := apierrors.IsInvalid(err); refused != test.refused {
				t.Fatalf("refused: %t (%v), want %t", refused, err, test.refused)
			}
			if test.refused {
				return
			}
			w.wantReason(b, test.reason)
			everybody := test.reason == "Bound"
			for _, user := range []string{"ann", "bob"} {
				if got := w.may(user, "get", "pods", ns); got != everybody {
					t.Errorf("%s may read: %t, want %t", user, got, everybody)
				}
			}
		})
	}
}

// A pattern that matches everything gives what the groupFilter lets through, no
// more; a group that comes later is bound too.
func TestAPatternThatMatchesEverythingIsBoundedByTheFilter(t *testing.T) {
	w := newWorld(t)
	update(w, w.sync, func(s *v1alpha1.IdentityProviderSync) {
		s.Spec.GroupFilter = &v1alpha1.GroupFilter{Prefixes: []string{"k8s-"}}
	})
	ann, bob, cid := w.user("ann"), w.user("bob"), w.user("cid")
	w.group("k8s-devs", ann.Spec.ID)
	w.group("payroll", bob.Spec.ID)
	w.create(&v1alpha1.GroupRoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "all"},
		Spec: v1alpha1.GroupRoleBindingSpec{GroupGrant: v1alpha1.GroupGrant{
			RoleRef: clusterRole("pod-reader"), GroupSelector: &v1alpha1.GroupSelector{SyncRef: w.syncRef(), Pattern: `.*`}}}})
	w.wantAccess(access{"ann": true, "bob": false, "cid": false})
	w.group("k8s-late", cid.Spec.ID)
	w.wantAccess(access{"ann": true, "bob": false, "cid": true})
}
