package networkpolicy

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// labelInput labels the namespaces dev-<userName> of a company's groups.
func labelInput(c *company, group string, current ...string) LabelInput {
	values, err := Compile(Namespace, "'dev-' + user.userName")
	if err != nil {
		panic(err)
	}
	return LabelInput{
		Sync: entra, DisplayName: group, Current: current, Values: index{c, values},
		Source:   projection.Source{Sync: c.sync, Directory: c},
		MayLabel: func(namespace string) bool { return namespace != "dev-kube" },
	}
}

func TestLabels(t *testing.T) {
	problem := projection.NewProblem(projection.ReasonAdmissionPolicyMissing, "missing")
	for name, test := range map[string]struct {
		change      func(c *company, in *LabelInput)
		want        []string
		wantReasons []projection.Reason
	}{
		"members":             {nil, []string{"dev-ann", "dev-bob"}, nil},
		"one who left":        {func(_ *company, in *LabelInput) { in.Current = []string{"dev-eve"} }, []string{"dev-ann", "dev-bob"}, nil},
		"one who is disabled": {func(c *company, in *LabelInput) { c.users["ann"].Spec.Active = new(bool) }, []string{"dev-bob"}, nil},
		"the group is gone":   {func(c *company, in *LabelInput) { delete(c.groups, "devs"); in.Current = []string{"dev-ann"} }, []string{}, []projection.Reason{"GroupNotFound"}},
		"the group is unread": {func(c *company, in *LabelInput) {
			c.unreadable["devs"] = true
			in.Current = []string{"dev-ann", "other"}
		}, []string{"dev-ann"}, []projection.Reason{"GroupUnresolved"}},
		"the sync is gone": {func(c *company, in *LabelInput) { in.Source.Sync = nil; in.Current = []string{"dev-ann", "dev-eve"} }, []string{"dev-ann"}, []projection.Reason{"SyncNotFound"}},
		"the sync was unknown": {func(c *company, in *LabelInput) {
			in.Source.Sync, in.Values = nil, nil
			in.Current = []string{"x", "dev-kube"}
		}, []string{"x"}, []projection.Reason{"SyncNotFound"}},
		"a broken expression": {func(c *company, in *LabelInput) {
			_, in.Failure = Compile(Namespace, "user.nonsense")
			in.Current = []string{"dev-ann", "dev-eve"}
		}, []string{"dev-ann"}, []projection.Reason{"InvalidExpression"}},
		"no additions":                        {func(c *company, in *LabelInput) { in.NoAdditions = &problem; in.Current = []string{"dev-bob", "x"} }, []string{"dev-bob"}, []projection.Reason{"AdmissionPolicyMissing"}},
		"not a namespace":                     {func(c *company, _ *LabelInput) { c.user("A_b"); c.members["devs"] = []string{"ann", "A_b"} }, []string{"dev-ann"}, []projection.Reason{"MemberWithoutValue"}},
		"a protected namespace":               {func(c *company, _ *LabelInput) { c.user("kube"); c.members["devs"] = []string{"ann", "kube"} }, []string{"dev-ann"}, []projection.Reason{"NamespaceNotLabeled"}},
		"allowedNamespaces is about policies": {func(c *company, _ *LabelInput) { c.sync.Spec.AllowedNamespaces = nil }, []string{"dev-ann", "dev-bob"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCompany()
			c.user("ann")
			c.user("bob")
			c.user("eve")
			c.group("devs", "ann", "bob")
			in := labelInput(c, "devs")
			if test.change != nil {
				test.change(c, &in)
			}
			got := Labels(in)
			if diff := cmp.Diff(test.want, append([]string{}, slices.Sorted(maps.Keys(got.Namespaces))...)); diff != "" {
				t.Errorf("namespaces (-want +got):\n%s", diff)
			}
			var reasons []projection.Reason
			for _, problem := range got.Problems {
				reasons = append(reasons, problem.Reason)
			}
			if diff := cmp.Diff(test.wantReasons, reasons); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLabelsAreGuarded(t *testing.T) {
	c := newCompany()
	c.sync.Spec.RemovalGuard = &v1alpha1.RemovalGuard{}
	for _, name := range []string{"ann", "bob", "eve"} {
		c.user(name)
	}
	c.users["eve"].Spec.Active = new(bool)
	c.group("devs", "ann")
	in := labelInput(c, "devs", "dev-ann", "dev-bob", "dev-eve", "dev-gone")
	in.Guard = func(_ *v1alpha1.IdentityProviderSync, binding string, has, lost int) bool {
		if binding != LabelGuardKey(entra, "devs") || has != 2 || lost != 1 {
			t.Errorf("asked for %q: %d of %d", binding, lost, has)
		}
		return true
	}
	got := Labels(in)
	if names := slices.Sorted(maps.Keys(got.Namespaces)); !got.Guarded || !slices.Equal(names, []string{"dev-ann", "dev-bob"}) {
		t.Errorf("labeled %q, guarded %v", names, got.Guarded)
	}
}

// A namespace may belong to several users.
func TestAGuardHoldsNoSharedLabelOfADisabledUser(t *testing.T) {
	c := newCompany()
	c.sync.Spec.RemovalGuard = &v1alpha1.RemovalGuard{}
	c.user("ann").Spec.Active = new(bool)
	c.user("eve") // no member
	c.group("devs", "ann")
	in := labelInput(c, "devs", "dev-all")
	values, err := Compile(Namespace, "'dev-all'")
	if err != nil {
		t.Fatal(err)
	}
	in.Values = index{c, values}
	in.Guard = func(_ *v1alpha1.IdentityProviderSync, _ string, _, lost int) bool { return lost > 0 }
	if got := Labels(in); got.Guarded || len(got.Namespaces) > 0 {
		t.Errorf("labeled %v, guarded %v", got.Namespaces, got.Guarded)
	}
}

func TestLabelsAreThoseOfTheMembers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, groups := drawCompany(t)
		group := rapid.SampledFrom(groups).Draw(t, "group")
		in := labelInput(c, group, "dev-ann", "dev-x")
		values, err := Compile(Namespace, "'dev-' + user.id")
		if err != nil {
			t.Fatal(err)
		}
		in.Values = index{c, values}
		want := []string{}
		for _, name := range names {
			if value, err := values(c.users[name]); err == nil && c.mayAccess([]string{group}, c.users[name]) {
				want = append(want, value...)
			}
		}
		got := slices.Sorted(maps.Keys(Labels(in).Namespaces))
		if slices.Sort(want); !slices.Equal(got, want) {
			t.Fatalf("labeled %q, want %q", got, want)
		}
	})
}
