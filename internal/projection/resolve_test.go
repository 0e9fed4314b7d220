package projection

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

func TestResolve(t *testing.T) {
	no := false
	type given struct {
		company *company
		sync    *v1alpha1.IdentityProviderSync
		source  *Source
		request *ResolveRequest
	}
	granted := []ResolvedGroup{{Sync: types.NamespacedName{Namespace: "team", Name: "entra"}, DisplayName: "devs", Granted: true}}
	unsure := []ResolvedGroup{{Sync: types.NamespacedName{Namespace: "team", Name: "entra"}, DisplayName: "devs", Granted: true, Unsure: true}}
	held := func(granted bool) []ResolvedGroup {
		return []ResolvedGroup{{Sync: types.NamespacedName{Namespace: "team", Name: "entra"}, DisplayName: "devs", Granted: granted, Held: true}}
	}
	nothing := []ResolvedGroup{{Sync: types.NamespacedName{Namespace: "team", Name: "entra"}, DisplayName: "devs"}}
	tests := map[string]struct {
		given          func(given)
		wantGroups     []ResolvedGroup
		wantSure       []string
		wantUnsure     []string
		wantMayBelong  []string // of all users
		wantReasons    []Reason
		wantUnresolved bool
	}{
		"members": {wantGroups: granted, wantSure: []string{"ann", "bob"}},
		"an inactive member": {
			given:      func(g given) { g.company.users["bob"].Spec.Active = &no },
			wantGroups: granted, wantSure: []string{"ann"},
		},
		"a member of two groups is one": {
			given: func(g given) {
				g.company.group("inner", "ann", "cid")
				g.company.group("devs", "ann", "bob", "inner")
			},
			wantGroups: granted, wantSure: []string{"ann", "bob", "cid"},
		},
		"usernames do not matter": {
			given:      func(g given) { g.source.Usernames = nil },
			wantGroups: granted, wantSure: []string{"ann", "bob"},
		},
		"a namespace that the sync does not let in": {
			given:      func(g given) { g.sync.Namespace = "idp" },
			wantGroups: nothing, wantReasons: []Reason{ReasonNamespaceNotAllowed},
		},
		"a namespace of which that is not known": {
			given: func(g given) {
				g.sync.Spec.AllowedNamespaces = &v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesSelector,
					Selector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "tier", Operator: "Like"}}}}
			},
			wantGroups: unsure, wantUnsure: []string{"ann", "bob"}, wantReasons: []Reason{ReasonInvalidNamespaceSelector},
		},
		"a sync's own use needs nobody's leave": {
			given:      func(g given) { g.sync.Namespace, g.request.Namespace = "idp", nil },
			wantGroups: granted, wantSure: []string{"ann", "bob"},
		},
		"a group that does not exist": {
			given:      func(g given) { delete(g.company.groups, "devs") },
			wantGroups: nothing, wantReasons: []Reason{ReasonGroupNotFound},
		},
		"a group that cannot be read": {
			given: func(g given) {
				g.company.unreadable["devs"] = true
				g.company.users["bob"].Spec.Active = &no
			},
			wantGroups: held(true), wantMayBelong: []string{"ann", "cid"}, wantReasons: []Reason{ReasonGroupUnresolved}, wantUnresolved: true,
		},
		"a sync that is gone": {
			given: func(g given) {
				g.source.Sync = nil
				g.company.users["bob"].Spec.Active = &no
			},
			wantGroups: held(false), wantMayBelong: []string{"ann"}, wantReasons: []Reason{ReasonSyncNotFound},
		},
		"a userFilter that cannot be read": {
			given: func(g given) {
				g.sync.Spec.UserFilter = &v1alpha1.UserFilter{Groups: []string{"staff", "guests"}}
				g.company.group("staff", "ann")
				g.company.group("guests", "bob")
				g.company.unreadable["staff"] = true
			},
			wantGroups: granted, wantSure: []string{"bob"}, wantUnsure: []string{"ann"}, wantReasons: []Reason{ReasonGroupUnresolved}, wantUnresolved: true,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c, sync := crowd("ann", "bob"), entra()
			c.user("cid")
			source := c.source(sync)
			r := ResolveRequest{Namespace: &Namespace{Name: "team"}, SyncNamespace: "team", GroupRefs: binding("devs").Spec.GroupRefs}
			if test.given != nil {
				test.given(given{c, sync, &source, &r})
			}
			r.Source = only(source)
			got := Resolve(r)
			var sure, unsure, may []string
			for _, m := range got.Members {
				if m.Sure {
					sure = append(sure, m.User.Spec.ID)
				} else {
					unsure = append(unsure, m.User.Spec.ID)
				}
			}
			for _, id := range []string{"ann", "bob", "cid", "nobody"} {
				if got.MayBelong(types.NamespacedName{Namespace: "team", Name: "entra"}, id) {
					may = append(may, id)
				}
			}
			var reasons []Reason
			for _, p := range got.Problems {
				reasons = append(reasons, p.Reason)
			}
			for what, diff := range map[string]string{
				"groups": cmp.Diff(test.wantGroups, got.Groups), "sure": cmp.Diff(test.wantSure, sure), "unsure": cmp.Diff(test.wantUnsure, unsure),
				"may belong": cmp.Diff(test.wantMayBelong, may), "problems": cmp.Diff(test.wantReasons, reasons),
			} {
				if diff != "" {
					t.Errorf("%s (-want +got):\n%s", what, diff)
				}
			}
			if got.Unresolved != test.wantUnresolved || got.Held != (test.wantMayBelong != nil) {
				t.Errorf("unresolved %v, held %v", got.Unresolved, got.Held)
			}
			if got.MayBelong(types.NamespacedName{Namespace: "team", Name: "okta"}, "ann") {
				t.Error("a user of another sync may belong")
			}
		})
	}
}
