package integration

import (
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/directory"
)

// labelsOf are the labels of the object of a SCIM id.
func (f fixture) labelsOf(t *testing.T, id string) map[string]string {
	t.Helper()
	name, kind, _ := directory.ObjectName(id)
	var o client.Object = &v1alpha1.User{}
	if kind == directory.KindGroup {
		o = &v1alpha1.Group{}
	}
	if err := kube.Get(t.Context(), f.key(name), o); err != nil {
		t.Fatal(err)
	}
	return o.GetLabels()
}

func (f fixture) wantLabel(t *testing.T, id, key, want string) {
	t.Helper()
	within(t, fmt.Sprintf("%s=%s on %s", key, want, id), func() string {
		if got := f.labelsOf(t, id)[key]; got != want {
			return fmt.Sprintf("it is %q", got)
		}
		return ""
	})
}

func TestMappings(t *testing.T) {
	t.Parallel()
	const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	f := newSync(t, func(s *v1alpha1.IdentityProviderSync) {
		s.Spec.Mappings = &v1alpha1.AttributeMappings{
			Users:  []v1alpha1.AttributeMapping{{Label: "department", Value: "user.enterprise.department"}},
			Groups: []v1alpha1.AttributeMapping{{Label: "team", Value: "group.displayName.split('-')[1]"}},
		}
	})
	body := func(name, department string) string {
		return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User",%q],"userName":%q,%q:{"department":%q}}`, enterprise, name, enterprise, department)
	}
	for i := range replicas {
		c := f.on(i)
		jane := c.want(t, 201, "POST", "/Users", body(fmt.Sprintf("jane%d", i), "R & D")).resource(t).ID
		if got := f.labelsOf(t, jane); got["department"] != "R_x20.26.20_D" || got[v1alpha1.LabelSynced] != "true" {
			t.Errorf("replica %d created a user with %v", i, got)
		}
		c.want(t, 200, "PATCH", "/Users/"+jane, replace(enterprise+":department", `"sre"`))
		if got := f.labelsOf(t, jane); got["department"] != "sre" {
			t.Errorf("replica %d changed a user to %v", i, got)
		}
		group := c.newGroup(t, fmt.Sprintf("k8s-shop%d-view", i), jane)
		if got := f.labelsOf(t, group); got["team"] != fmt.Sprintf("shop%d", i) || got[v1alpha1.LabelSynced] != "true" {
			t.Errorf("replica %d created a group with %v", i, got)
		}
	}
	var sre v1alpha1.UserList
	if err := kube.List(t.Context(), &sre, client.InNamespace(f.namespace), client.MatchingLabels{"department": "sre"}); err != nil || len(sre.Items) != len(replicas) {
		t.Errorf("-l department=sre gives %d users, want %d: %v", len(sre.Items), len(replicas), err)
	}
	jane := sre.Items[0].Spec.ID

	steps := []struct {
		name     string
		mappings []v1alpha1.AttributeMapping
		label    string // the wanted label department
		status   string // of the condition; empty: none
		reason   string
	}{
		{"broken", []v1alpha1.AttributeMapping{{Label: "department", Value: "user.enterprise.departement"}, {Label: "name", Value: "user.userName"}}, "sre", "False", "MappingInvalid"},
		{"reserved", []v1alpha1.AttributeMapping{{Label: "app.kubernetes.io/part-of", Value: "user.enterprise.department"}, {Label: "name", Value: "user.userName"}}, "sre", "False", "MappingInvalid"},
		{"mended", []v1alpha1.AttributeMapping{{Label: "department", Value: "'team-' + user.enterprise.department"}}, "team-sre", "True", "Used"},
		{"removed", nil, "", "", ""},
	}
	for _, step := range steps {
		t.Log(step.name)
		update(t, f.key("idp"), &v1alpha1.IdentityProviderSync{}, func(s *v1alpha1.IdentityProviderSync) {
			s.Spec.Mappings = nil
			if step.mappings != nil {
				s.Spec.Mappings = &v1alpha1.AttributeMappings{Users: step.mappings}
			}
		})
		name := ""
		if len(step.mappings) == 2 {
			name = sre.Items[0].Spec.UserName
		}
		f.wantLabel(t, jane, "name", name) // what the others do
		f.wantLabel(t, jane, "department", step.label)
		f.wantLabel(t, jane, "app.kubernetes.io/part-of", "")
		f.wantStatus(t, "the condition of the mappings", func(s *v1alpha1.IdentityProviderSyncStatus) bool {
			c := meta.FindStatusCondition(s.Conditions, v1alpha1.ConditionMappingsValid)
			if step.status == "" {
				return c == nil
			}
			return c != nil && string(c.Status) == step.status && c.Reason == step.reason
		})
	}
}
