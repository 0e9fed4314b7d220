package networkpolicy

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
	"pgregory.net/rapid"
)

func TestNamespaceLabel(t *testing.T) {
	entra := types.NamespacedName{Namespace: "rollcall", Name: "entra"}
	for name, test := range map[string]struct{ group, want string }{
		"readable":         {"k8s-payments", "access.scim.rollcall.dev/k8s-payments.hdlymwye33xko."},
		"lower case":       {"K8S Payments (EU)", "access.scim.rollcall.dev/k8s-payments-eu.hdlymwye33xko."},
		"nothing readable": {"東京", "access.scim.rollcall.dev/hdlymwye33xko."},
		"long":             {strings.Repeat("x", 256), "access.scim.rollcall.dev/" + strings.Repeat("x", 35) + ".hdlymwye33xko."},
	} {
		t.Run(name, func(t *testing.T) {
			got := NamespaceLabel(entra, test.group)
			if start, _ := strings.CutSuffix(got, got[len(got)-hashLength:]); start != test.want {
				t.Errorf("NamespaceLabel = %q, want %q and a hash", got, test.want)
			}
		})
	}
}

func TestNamespaceLabelsAreValidAndDistinct(t *testing.T) {
	part := rapid.StringMatching(`[a-z]([-a-z0-9]{0,6}[a-z0-9])?`)
	group := rapid.OneOf(rapid.StringN(1, 80, 256), rapid.SampledFrom([]string{"Devs", "devs", "devs ", "a.b", "a-b", "a/b"}))
	type key struct {
		sync  types.NamespacedName
		group string
	}
	rapid.Check(t, func(t *rapid.T) {
		seen := map[string]key{}
		for range 4 {
			k := key{types.NamespacedName{Namespace: part.Draw(t, "namespace"), Name: part.Draw(t, "name")}, group.Draw(t, "group")}
			label := NamespaceLabel(k.sync, k.group)
			if problems := validation.IsQualifiedName(label); len(problems) > 0 {
				t.Fatalf("%q: %v", label, problems)
			}
			if other, ok := seen[label]; ok && other != k {
				t.Fatalf("%v and %v have one label", other, k)
			}
			seen[label] = k
			if sync, ok := ParseNamespaceLabel(label); !ok || sync != SyncOfLabel(k.sync) {
				t.Fatalf("ParseNamespaceLabel(%q) = %q, %v", label, sync, ok)
			}
		}
	})
}

func TestParseNamespaceLabelRefuses(t *testing.T) {
	for _, key := range []string{"", "team", "access.scim.rollcall.dev/devs", "access.scim.rollcall.dev/a.b.c", "scim.rollcall.dev/x.aaaaaaaaaaaaa.bbbbbbbbbbbbb",
		"access.scim.rollcall.dev/x.y.aaaaaaaaaaaaa.bbbbbbbbbbbbb"} {
		if sync, ok := ParseNamespaceLabel(key); ok {
			t.Errorf("ParseNamespaceLabel(%q) = %q", key, sync)
		}
	}
}
