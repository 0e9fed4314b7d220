package projection

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

func TestSummary(t *testing.T) {
	roles := func(names ...string) (list []v1alpha1.RoleReference) {
		for _, name := range names {
			list = append(list, v1alpha1.RoleReference{Kind: "ClusterRole", Name: name})
		}
		return list
	}
	long := strings.Repeat("x", 253)
	tests := map[string]struct {
		binding Binding
		want    v1alpha1.GroupBindingSummary
	}{
		"one group":      {OfGroupRoleBinding(binding("devs")), v1alpha1.GroupBindingSummary{Groups: "devs", Roles: "edit"}},
		"several groups": {OfGroupRoleBinding(binding("devs", "ops", "devs", "sre")), v1alpha1.GroupBindingSummary{Groups: "devs and 2 more", Roles: "edit"}},
		"a convention": {Binding{Grant: v1alpha1.GroupGrant{GroupSelector: &v1alpha1.GroupSelector{Pattern: "^k8s-(?P<role>view|edit)$"}, Roles: roles("view", "edit")}},
			v1alpha1.GroupBindingSummary{Groups: "^k8s-(?P<role>view|edit)$", Roles: "view, edit"}},
		"long names of roles": {Binding{Grant: v1alpha1.GroupGrant{Roles: roles(long, long)}}, v1alpha1.GroupBindingSummary{Roles: cut(long+", "+long, maxSummary)}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := test.binding.Summary()
			if diff := cmp.Diff(&test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(got.Roles) > maxSummary {
				t.Errorf("%d characters", len(got.Roles))
			}
		})
	}
}
