package projection

import (
	"testing"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

func TestSynced(t *testing.T) {
	c := crowd("ann")
	c.user("bob")
	c.user("claim").Spec.ID = ""
	c.group("staff", "berlin")
	c.group("berlin", "devs", "staff")
	tests := map[string]struct {
		filter          []string
		prefixes        []string
		ann, bob, claim bool
		devs            bool
	}{
		"no filters":       {ann: true, bob: true, devs: true},
		"a group":          {filter: []string{"devs"}, ann: true, devs: true},
		"an outer group":   {filter: []string{"staff"}, ann: true, devs: true},
		"one of several":   {filter: []string{"gone", "devs"}, ann: true, devs: true},
		"no group of ours": {filter: []string{"gone"}, devs: true},
		"a prefix":         {prefixes: []string{"x", "de"}, ann: true, bob: true, devs: true},
		"another case":     {prefixes: []string{"De"}, ann: true, bob: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			sync := entra()
			if test.filter != nil {
				sync.Spec.UserFilter = &v1alpha1.UserFilter{Groups: test.filter}
			}
			if test.prefixes != nil {
				sync.Spec.GroupFilter = &v1alpha1.GroupFilter{Prefixes: test.prefixes}
			}
			for id, want := range map[string]bool{"ann": test.ann, "bob": test.bob, "claim": test.claim} {
				if got := UserSynced(sync, c, c.users[id]); got != want {
					t.Errorf("%s synced: %v, want %v", id, got, want)
				}
			}
			if got := GroupSynced(sync, c.groups["devs"]); got != test.devs {
				t.Errorf("devs synced: %v, want %v", got, test.devs)
			}
		})
	}
}

func TestProblemsTellWhatToDo(t *testing.T) {
	tests := map[Reason]struct{ partial, waiting bool }{
		ReasonUsernameNotUsable: {partial: true}, ReasonUsernameNotUnique: {partial: true}, ReasonNestedGroupNotSynced: {partial: true},
		ReasonGroupNotFound: {waiting: true}, ReasonNamespaceNotFound: {waiting: true}, ReasonRemovalsHeld: {waiting: true},
		ReasonAdmissionPolicyMissing: {waiting: true}, ReasonNamespaceNotAllowed: {}, ReasonInvalidPattern: {}, ReasonRoleNotUsable: {},
	}
	for reason, want := range tests {
		p := NewProblem(reason, "…")
		if p.Partial() != want.partial || p.Waiting() != want.waiting {
			t.Errorf("%s: partial %v, waiting %v", reason, p.Partial(), p.Waiting())
		}
	}
}
