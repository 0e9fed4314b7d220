package labels_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

type m = v1alpha1.AttributeMapping

func byUsers(mappings ...m) *v1alpha1.AttributeMappings {
	return &v1alpha1.AttributeMappings{Users: mappings}
}

var department = m{Label: "department", Value: "user.enterprise.department"}

func inDepartment(userName, department string) scim.Object {
	o := scim.Object{"userName": userName, "userType": "Employee"}
	if department != "" {
		o[schema.EnterpriseUserURN] = scim.Object{"department": department}
	}
	return o
}

// has writes the labels and annotations of an object, but for those that every
// object has, as one text.
func (i *idp) has(id string) string {
	o := i.object(id)
	usual := sets.New(v1alpha1.LabelSync, v1alpha1.AnnotationMapped)
	var all []string
	for k, v := range o.GetLabels() {
		if !usual.Has(k) {
			all = append(all, strings.TrimPrefix(k, "scim.rollcall.dev/")+"="+v)
		}
	}
	for k, v := range o.GetAnnotations() {
		if !usual.Has(k) {
			all = append(all, "@"+strings.TrimPrefix(k, "scim.rollcall.dev/")+"="+v)
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func (i *idp) wantSoon(id, want string) {
	i.t.Helper()
	i.within(want, func() string {
		if got := i.has(id); got != want {
			return "it has " + got
		}
		return ""
	})
}

func TestACreationIsOneWrite(t *testing.T) {
	i := newSync(t, v1alpha1.IdentityProviderSyncSpec{
		GroupFilter: &v1alpha1.GroupFilter{Prefixes: []string{"k8s-"}},
		Mappings: &v1alpha1.AttributeMappings{
			Users:  []m{department, {Annotation: "example.com/login", Value: "user.userName"}},
			Groups: []m{{Label: "namespace", Value: "group.displayName.split('-')[1]"}},
		},
	})
	jane := i.user(inDepartment("jane", "R & D"))
	joe := i.user(inDepartment("joe", ""))
	shop := i.group(scim.Object{"displayName": "k8s-shop"})
	office := i.group(scim.Object{"displayName": "office"})
	for id, want := range map[string]string{
		jane:   "@example.com/login=jane department=R_x20.26.20_D synced=true",
		joe:    "@example.com/login=joe synced=true",
		shop:   "namespace=shop synced=true",
		office: "synced=false",
	} {
		if got := i.has(id); got != want {
			t.Errorf("%s was created with %q, want %q", id, got, want)
		}
	}
	i.wantUntouched(i.versions(jane, joe, shop, office))
}

func TestAChangeIsOneWrite(t *testing.T) {
	i := newSync(t, v1alpha1.IdentityProviderSyncSpec{
		GroupFilter: &v1alpha1.GroupFilter{Prefixes: []string{"k8s-"}},
		Mappings: &v1alpha1.AttributeMappings{
			Users: []m{department}, Groups: []m{{Label: "namespace", Value: "group.displayName.split('-')[1]"}},
		},
	})
	jane := i.user(inDepartment("jane", "sre"))
	group := i.group(scim.Object{"displayName": "office"})
	i.edit(jane, `{"metadata":{"labels":{"cost":"1"},"annotations":{"note":"hers"}}}`)
	i.patch(schema.UserType(), jane, schema.EnterpriseUserURN, scim.Object{"department": "sales"})
	if got, want := i.has(jane), "@note=hers cost=1 department=sales synced=true"; got != want {
		t.Errorf("after the first change: %q, want %q", got, want)
	}
	i.patch(schema.UserType(), jane, schema.EnterpriseUserURN, nil)
	if got, want := i.has(jane), "@note=hers cost=1 synced=true"; got != want {
		t.Errorf("without a department: %q, want %q", got, want)
	}
	i.patch(schema.GroupType(), group, "displayName", "k8s-shop")
	if got, want := i.has(group), "namespace=shop synced=true"; got != want {
		t.Errorf("a renamed group: %q, want %q", got, want)
	}
	i.wantUntouched(i.versions(jane, group))
	for _, entry := range i.object(jane).GetManagedFields() {
		fields := entry.FieldsV1.GetRawString()
		if (entry.Manager == "somebody") != strings.Contains(fields, "f:cost") || entry.Manager == "somebody" && !strings.Contains(fields, "f:note") {
			t.Errorf("%s manages %s", entry.Manager, fields)
		}
	}
}

func TestLabelsFollowTheSpec(t *testing.T) {
	i := newSync(t, v1alpha1.IdentityProviderSyncSpec{})
	jane := i.user(inDepartment("jane", "sre"))
	joe := i.user(inDepartment("joe", ""))
	i.edit(jane, `{"metadata":{"labels":{"cost":"1"},"annotations":{"note":"hers"}}}`)
	i.edit(joe, `{"metadata":{"labels":{"department":"my-own"}}}`)

	for _, step := range []struct {
		name      string
		mappings  *v1alpha1.AttributeMappings
		jane, joe string
	}{
		{"added", byUsers(department), "@note=hers cost=1 department=sre synced=true", "department=my-own synced=true"},
		{"another", byUsers(department, m{Label: "kind", Value: "user.userType"}), "@note=hers cost=1 department=sre kind=Employee synced=true", "department=my-own kind=Employee synced=true"},
		{"value changed", byUsers(m{Label: "department", Value: "'d-' + user.enterprise.department"}), "@note=hers cost=1 department=d-sre synced=true", "department=my-own synced=true"},
		{"broken, with a new one", byUsers(m{Label: "department", Value: "user.enterprise.departement"}, m{Label: "kind", Value: "user.userType"}),
			"@note=hers cost=1 department=d-sre kind=Employee synced=true", "department=my-own kind=Employee synced=true"},
		{"a broken key", byUsers(m{Label: "depart ment", Value: "user.enterprise.department"}, m{Annotation: "kind", Value: "user.userType"}),
			"@kind=Employee @note=hers cost=1 department=d-sre kind=Employee synced=true", "@kind=Employee department=my-own kind=Employee synced=true"},
		{"mended under another key", byUsers(m{Label: "team", Value: "user.enterprise.department"}), "@note=hers cost=1 synced=true team=sre", "department=my-own synced=true"},
		{"a key that is somebody's", byUsers(m{Label: "cost", Value: "user.userName"}), "@note=hers cost=1 synced=true", "cost=joe department=my-own synced=true"},
		{"removed", nil, "@note=hers cost=1 synced=true", "department=my-own synced=true"},
	} {
		i.change(func(s *v1alpha1.IdentityProviderSyncSpec) { s.Mappings = step.mappings })
		t.Log(step.name)
		i.wantSoon(jane, step.jane)
		i.wantSoon(joe, step.joe)
	}
	if record, left := i.object(jane).GetAnnotations()[v1alpha1.AnnotationMapped]; left {
		t.Errorf("a record is left: %q", record)
	}
}

func TestOnlyWhatDiffersIsWritten(t *testing.T) {
	i := newSync(t, v1alpha1.IdentityProviderSyncSpec{Mappings: byUsers(m{Label: "kind", Value: "user.userType"})})
	var sre, sales []string
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		if name < "c" {
			sre = append(sre, i.user(inDepartment(name, "sre")))
		} else {
			sales = append(sales, i.user(inDepartment(name, "sales")))
		}
	}
	before := i.versions(sales...)
	i.change(func(s *v1alpha1.IdentityProviderSyncSpec) {
		s.Mappings = byUsers(m{Label: "kind", Value: "user.userType"}, m{Label: "on-call", Value: "user.enterprise.department == 'sre' ? 'yes' : ''"})
	})
	for _, id := range sre {
		i.wantSoon(id, "kind=Employee on-call=yes synced=true")
	}
	maps.Copy(before, i.versions(sre...))
	i.wantUntouched(before)
}

func TestDriftIsRepaired(t *testing.T) {
	i := newSync(t, v1alpha1.IdentityProviderSyncSpec{Mappings: byUsers(department)})
	jane := i.user(inDepartment("jane", "sre"))
	for _, slip := range []string{
		`{"metadata":{"labels":{"department":"other"}}}`,
		`{"metadata":{"labels":{"department":null}}}`,
		`{"metadata":{"labels":{"scim.rollcall.dev/synced":"false"}}}`,
		`{"metadata":{"labels":null}}`,
	} {
		i.edit(jane, slip)
		i.within("repaired after "+slip, func() string {
			if got := i.has(jane); got != "department=sre synced=true" {
				return "it has " + got
			}
			return ""
		})
	}
}

func TestARecordOfReservedKeysRemovesNothing(t *testing.T) {
	i := newSync(t, v1alpha1.IdentityProviderSyncSpec{})
	jane := i.user(inDepartment("jane", "sre"))
	i.edit(jane, `{"metadata":{"annotations":{"scim.rollcall.dev/mapped":"label:scim.rollcall.dev/sync,label:app.kubernetes.io/name"},"labels":{"app.kubernetes.io/name":"x"}}}`)
	i.within("the record is gone", func() string { return i.object(jane).GetAnnotations()[v1alpha1.AnnotationMapped] })
	want := map[string]string{v1alpha1.LabelSync: "idp", v1alpha1.LabelSynced: "true", "app.kubernetes.io/name": "x"}
	if got := i.object(jane).GetLabels(); !maps.Equal(got, want) {
		t.Errorf("the labels are %v, want %v", got, want)
	}
}

func TestSyncedFollowsFiltersAndGroups(t *testing.T) {
	i := newSync(t, v1alpha1.IdentityProviderSyncSpec{UserFilter: &v1alpha1.UserFilter{Groups: []string{"staff"}}})
	jane := i.user(inDepartment("jane", "sre"))
	if got := i.has(jane); got != "synced=false" {
		t.Errorf("a new user behind a userFilter: %q", got)
	}
	i.group(scim.Object{"displayName": "staff", "members": []any{scim.Object{"value": jane}}})
	i.wantSoon(jane, "synced=true")
	i.patch(schema.UserType(), jane, "title", "Dr.")
	if got := i.has(jane); got != "synced=true" {
		t.Errorf("after a change: %q", got)
	}
	i.change(func(s *v1alpha1.IdentityProviderSyncSpec) { s.UserFilter.Groups = []string{"board"} })
	i.wantSoon(jane, "synced=false")
	i.change(func(s *v1alpha1.IdentityProviderSyncSpec) { s.UserFilter = nil })
	i.wantSoon(jane, "synced=true")
}

// A user's object that is kept as the claim of another's name is no user to be
// selected any more.
func TestAClaimHasNoLabels(t *testing.T) {
	i := newSync(t, v1alpha1.IdentityProviderSyncSpec{Mappings: byUsers(department)})
	first := i.user(inDepartment("jane", "sre"))
	i.patch(schema.UserType(), first, "userName", "jane.old")
	second := i.user(inDepartment("jane", "sales"))
	i.wantSoon(second, "department=sales synced=true")
	i.edit(first, `{"metadata":{"labels":{"cost":"1"}}}`)
	i.within("deleted", func() string {
		if err := i.Delete(t.Context(), schema.UserType(), first, nil); err != nil {
			return err.Error()
		}
		return ""
	})
	if got := i.has(first); got != "claim=true cost=1" {
		t.Errorf("the claim has %q", got)
	}
}
