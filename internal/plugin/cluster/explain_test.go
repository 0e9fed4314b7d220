package cluster

import (
	"errors"
	"fmt"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestErrorsSayWhatToDo(t *testing.T) {
	forbidden := func(message string) error {
		return apierrors.NewForbidden(schema.GroupResource{Resource: "x"}, "", errors.New(message))
	}
	other := errors.New("disk full")
	tests := map[string]struct {
		err  error
		want string
	}{
		"users": {forbidden(`User "ann" cannot list resource "users" in API group "scim.rollcall.dev" in the namespace "identity"`),
			"ann may not list users.scim.rollcall.dev in namespace identity: users are personal data, which the built-in roles do not show; " +
				"ask a cluster admin for a role with get and list on users and groupmemberslices in API group scim.rollcall.dev"},
		"a Secret": {forbidden(`User "ann" cannot get resource "secrets" in API group "" in the namespace "identity"`),
			"ann may not get secrets in namespace identity: the built-in ClusterRole edit has it in a namespace: ask for a RoleBinding to it there"},
		"a sync to write": {forbidden(`User "ann" cannot create resource "identityprovidersyncs" in API group "scim.rollcall.dev" in the namespace "identity"`),
			"ann may not create identityprovidersyncs.scim.rollcall.dev in namespace identity: no built-in role has it: a sync decides who gets into the cluster; ask a cluster admin"},
		"in the cluster": {forbidden(`User "ann" cannot list resource "nodes" in API group "" at the cluster scope`), "ann may not list nodes in the whole cluster"},
		"a policy":       {forbidden("ValidatingAdmissionPolicy 'p' denied request: only admins"), "the API server refused: x is forbidden: ValidatingAdmissionPolicy 'p' denied request: only admins"},
		"no such kind": {&meta.NoKindMatchError{GroupKind: schema.GroupKind{Group: "scim.rollcall.dev", Kind: "User"}, SearchedVersions: []string{"v1alpha1"}},
			`Rollcall is not installed in this cluster, or in an older version: no matches for kind "User" in version "scim.rollcall.dev/v1alpha1". ` +
				"Install its chart, or look whether this is the right context (kubectl config current-context)"},
		"anything else": {other, "disk full"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := Explain(test.err)
			if got.Error() != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if !errors.Is(fmt.Errorf("wrapped: %w", got), test.err) || Explain(got).Error() != got.Error() {
				t.Error("the cause is lost, or explained twice")
			}
		})
	}
}
