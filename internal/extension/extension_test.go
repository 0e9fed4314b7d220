package extension

import (
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

const urn = "urn:example:hr:2.0:User"

func badge() v1alpha1.ExtensionAttribute {
	return v1alpha1.ExtensionAttribute{ExtensionCharacteristics: v1alpha1.ExtensionCharacteristics{Name: "badge"}}
}

func declare(urn, resource string, attributes ...v1alpha1.ExtensionAttribute) v1alpha1.ExtensionSchema {
	return v1alpha1.ExtensionSchema{URN: urn, Resource: resource, Attributes: attributes}
}

func TestTypes(t *testing.T) {
	types, problems := Types(nil)
	if types[0] != schema.UserType() || types[1] != schema.GroupType() || problems != nil {
		t.Error("without declarations the types are those of RFC 7643")
	}
	types, problems = Types([]v1alpha1.ExtensionSchema{declare(urn, "User", badge())})
	if types[0].Extension(urn) == nil || types[1] != schema.GroupType() || problems != nil {
		t.Errorf("the extension is missing, or the group has it too: %v", problems)
	}
	a := types[0].Extension(urn).Attribute("badge")
	if a.Type != schema.String || a.Mutability != schema.ReadWrite || a.Returned != schema.Default || a.Uniqueness != schema.None {
		t.Errorf("the defaults of RFC 7643 §2.2 are not %+v", a)
	}
}

func TestProblems(t *testing.T) {
	other := badge()
	other.Type = "integer"
	tests := map[string]struct {
		declared []v1alpha1.ExtensionSchema
		want     []string // what the problems say, in order
		served   int      // extensions of users and groups, but for the enterprise extension
	}{
		"for both":                     {[]v1alpha1.ExtensionSchema{declare(urn, "User", badge()), declare(urn, "Group", badge())}, nil, 2},
		"for both, but not the same":   {[]v1alpha1.ExtensionSchema{declare(urn, "User", badge()), declare(urn, "Group", other)}, []string{urn + " for Group: it is declared for User too, with other attributes"}, 1},
		"in another letter case":       {[]v1alpha1.ExtensionSchema{declare(urn, "User", badge()), declare(strings.ToUpper(urn), "User", badge())}, []string{"exists already"}, 1},
		"one is bad, the other is not": {[]v1alpha1.ExtensionSchema{declare("urn:example:x", "User", badge(), badge()), declare(urn, "User", badge())}, []string{"urn:example:x for User: attribute badge is declared twice"}, 1},
		"of nothing":                   {[]v1alpha1.ExtensionSchema{declare(urn, "Device", badge())}, []string{"name User or Group"}, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			types, problems := Types(tt.declared)
			if len(problems) != len(tt.want) {
				t.Fatalf("got %v", problems)
			}
			for i, want := range tt.want {
				if !strings.Contains(problems[i].String(), want) {
					t.Errorf("got %q, want %q", problems[i], want)
				}
			}
			if served := len(types[0].Extensions) - 1 + len(types[1].Extensions); served != tt.served {
				t.Errorf("%d extensions are served, want %d", served, tt.served)
			}
		})
	}
}

func TestCache(t *testing.T) {
	c := NewCache()
	s := &v1alpha1.IdentityProviderSync{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "s", UID: "1", Generation: 1}}
	s.Spec.ExtensionSchemas = []v1alpha1.ExtensionSchema{declare(urn, "User", badge())}
	same := slices.Equal[[]*schema.ResourceType]
	first := c.Types(s)

	unrelated := s.DeepCopy()
	unrelated.Generation, unrelated.Spec.State = 2, v1alpha1.SyncPaused
	if !same(first, c.Types(unrelated)) {
		t.Error("a change of something else makes other types")
	}
	changed := unrelated.DeepCopy()
	changed.Generation, changed.Spec.ExtensionSchemas[0].Attributes[0].Type = 3, "integer"
	second := c.Types(changed)
	if same(first, second) || second[0].Extension(urn).Attribute("badge").Type != schema.Integer {
		t.Error("a change of a declaration makes no other types")
	}
	if !same(second, c.Types(s)) {
		t.Error("whoever still has the old sync gets the old types back")
	}
	anew := s.DeepCopy()
	anew.UID = "2"
	if same(second, c.Types(anew)) {
		t.Error("another sync of the same name has the types of the one before")
	}
	third := c.Types(anew)
	c.Forget(client.ObjectKeyFromObject(s))
	if same(third, c.Types(anew)) {
		t.Error("types are kept of a sync that is gone")
	}
}
