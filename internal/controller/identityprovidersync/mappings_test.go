package identityprovidersync

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/mapping"
)

func TestMappingsCondition(t *testing.T) {
	s := &v1alpha1.IdentityProviderSync{}
	many := make([]v1alpha1.AttributeMapping, 32)
	for i := range many {
		many[i] = v1alpha1.AttributeMapping{Label: fmt.Sprintf("l%d", i), Value: "user.absent" + strings.Repeat("ä", 40)}
	}
	for _, step := range []struct {
		name     string
		mappings []v1alpha1.AttributeMapping
		want     string // status and reason; empty: no condition
		says     string
		event    string
	}{
		{"no mappings", nil, "", "", ""},
		{"all good", []v1alpha1.AttributeMapping{{Label: "title", Value: "user.title"}}, "True Used", "mappings in use: 1", ""},
		{"one broken", []v1alpha1.AttributeMapping{{Label: "title", Value: "user.title"}, {Label: "dep", Value: "user.dep"}}, "False MappingInvalid",
			`1 of 2 mappings cannot be used; what they have set stays, and the others go on: spec.mappings.users[1]: label "dep": correct its value: user has no attribute "dep"`,
			corev1.EventTypeWarning},
		{"still broken", []v1alpha1.AttributeMapping{{Label: "title", Value: "user.title"}, {Label: "dep", Value: "user.dep"}}, "False MappingInvalid", "1 of 2", ""},
		{"many broken", many, "False MappingInvalid", "32 of 32", corev1.EventTypeWarning},
		{"mended", []v1alpha1.AttributeMapping{{Label: "title", Value: "user.title"}}, "True Used", "", corev1.EventTypeNormal},
		{"removed", nil, "", "", ""},
	} {
		t.Run(step.name, func(t *testing.T) {
			before := s.DeepCopy()
			s.Spec.Mappings = nil
			if step.mappings != nil {
				s.Spec.Mappings = &v1alpha1.AttributeMappings{Users: step.mappings}
			}
			applyMappings(&s.Status, s, mapping.Compile(s.Spec.Mappings))
			got, message := "", ""
			if c := meta.FindStatusCondition(s.Status.Conditions, v1alpha1.ConditionMappingsValid); c != nil {
				got, message = string(c.Status)+" "+c.Reason, c.Message
			}
			if got != step.want || !strings.Contains(message, step.says) || len(message) > maxMessage {
				t.Errorf("got %q: %q, want %q: %q", got, message, step.want, step.says)
			}
			if n, _ := mappingNotice(before, s); n.kind != step.event {
				t.Errorf("got the event %+v, want %q", n, step.event)
			}
		})
	}
}
