package directory

import (
	"encoding/json"
	"fmt"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

func newCompactor() *compactor {
	return &compactor{texts: newShared[string](maxShared), ids: newShared[string](maxSharedIDs), maps: newShared[map[string]string](maxShared)}
}

// decoded are the objects as an informer decodes them.
func decoded(t *testing.T) (ann, bob *v1alpha1.User, group *v1alpha1.Group, leaf *v1alpha1.GroupMemberSlice) {
	t.Helper()
	const user = `{"metadata":{"name":"%[1]s-aaaaaaaaaaaaa","namespace":"team","uid":"u-%[1]s","managedFields":[{"manager":"rollcall"}],
		"labels":{"scim.rollcall.dev/synced":"true","department":"R-D"},"annotations":{"a":"b"}},
		"spec":{"syncRef":{"name":"entra"},"id":"%[1]s-aaaaaaaaaaaaa-uaaaaaa","externalId":"x-%[1]s","userName":"%[1]s","active":true,"displayName":"%[1]s A",
		"created":"2026-01-02T03:04:05.000006Z","lastModified":"2026-01-02T03:04:05.000006Z",
		"name":{"formatted":"%[1]s A","familyName":"A"},"title":"Engineer","extensions":{"urn:x":"{\"a\":1}"},
		"emails":[{"value":"%[1]s","type":"work","primary":true}],"photos":[{"value":"https://x/%[1]s","type":"photo"}],
		"addresses":[{"country":"DE","type":"work","primary":false}],"x509Certificates":[{"value":"MII"}],
		"enterprise":{"department":"R&D","manager":{"value":"ann-aaaaaaaaaaaaa-uaaaaaa"}}}}`
	ann, bob, group, leaf = &v1alpha1.User{}, &v1alpha1.User{}, &v1alpha1.Group{}, &v1alpha1.GroupMemberSlice{}
	for text, o := range map[string]client.Object{
		fmt.Sprintf(user, "ann"): ann,
		fmt.Sprintf(user, "bob"): bob,
		`{"metadata":{"name":"g-aaaaaaaaaaaaa","namespace":"team","managedFields":[{"manager":"rollcall"}]},"spec":{"syncRef":{"name":"entra"},
			"id":"g-aaaaaaaaaaaaa-gaaaaaa","displayName":"g","members":["ann-aaaaaaaaaaaaa-uaaaaaa"],"removed":["bob-aaaaaaaaaaaaa-uaaaaaa"],"index":"i","memberCount":7}}`: group,
		`{"metadata":{"name":"s","namespace":"team","managedFields":[{"manager":"rollcall"}]},"spec":{"syncRef":{"name":"entra"},"group":"g-aaaaaaaaaaaaa","base":"1",
			"members":["ann-aaaaaaaaaaaaa-uaaaaaa","bob-aaaaaaaaaaaaa-uaaaaaa","eve-aaaaaaaaaaaaa-uaaaaaa"]}}`: leaf,
	} {
		if err := json.Unmarshal([]byte(text), o); err != nil {
			t.Fatal(err)
		}
	}
	return ann, bob, group, leaf
}

func TestCompactObjectsHaveTheSameContent(t *testing.T) {
	ann, bob, group, leaf := decoded(t)
	index := &v1alpha1.GroupMemberSlice{Spec: v1alpha1.GroupMemberSliceSpec{Leaves: append(make([]v1alpha1.LeafReference, 0, 4), v1alpha1.LeafReference{Name: "s", Count: 3})}}
	claim := &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Name: "claim"}}
	claim.Spec.ClaimFor = "ann-aaaaaaaaaaaaa-uaaaaaa"
	c := newCompactor()
	for _, o := range []client.Object{ann, bob, group, leaf, index, claim} {
		want := copyOf(o)
		want.SetManagedFields(nil)
		got, err := c.transform(o)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%T has changed (-want +got):\n%s", o, diff)
		}
	}
	if got, err := c.transform("no object"); got != "no object" || err != nil {
		t.Errorf("a %v became %v, %v", "no object", got, err)
	}
}

func TestCompactObjectsShareWhatIsTheSame(t *testing.T) {
	ann, bob, group, leaf := decoded(t)
	c := newCompactor()
	for _, o := range []client.Object{ann, bob, group, leaf} {
		if _, err := c.transform(o); err != nil {
			t.Fatal(err)
		}
	}
	for name, texts := range map[string][2]string{
		"title":              {ann.Spec.Title, bob.Spec.Title},
		"department":         {ann.Spec.Enterprise.Department, bob.Spec.Enterprise.Department},
		"country":            {ann.Spec.Addresses[0].Country, bob.Spec.Addresses[0].Country},
		"sync":               {ann.Spec.SyncRef.Name, leaf.Spec.SyncRef.Name},
		"namespace":          {bob.Namespace, group.Namespace},
		"manager":            {bob.Spec.Enterprise.Manager.Value, ann.Spec.ID},
		"member of a root":   {group.Spec.Members[0], ann.Spec.ID},
		"removed of a root":  {group.Spec.Removed[0], bob.Spec.ID},
		"member of a leaf":   {leaf.Spec.Members[0], group.Spec.Members[0]},
		"object name and id": {ann.Name, ann.Spec.ID[:len(ann.Name)]},
		"e-mail and name":    {ann.Spec.Emails[0].Value, ann.Spec.UserName},
		"formatted name":     {ann.Spec.Name.Formatted, ann.Spec.DisplayName},
	} {
		if texts[0] == "" || unsafe.StringData(texts[0]) != unsafe.StringData(texts[1]) {
			t.Errorf("%s: %q and %q are not one text", name, texts[0], texts[1])
		}
	}
	if fmt.Sprintf("%p", ann.Labels) != fmt.Sprintf("%p", bob.Labels) {
		t.Error("the same labels are two maps")
	}
	if ann.Spec.Active != bob.Spec.Active || ann.Spec.LastModified != ann.Spec.Created {
		t.Error("values are not shared")
	}
	for name, spare := range map[string]int{
		"emails": cap(ann.Spec.Emails) - 1, "photos": cap(ann.Spec.Photos) - 1, "addresses": cap(ann.Spec.Addresses) - 1, "members": cap(leaf.Spec.Members) - 3,
	} {
		if spare != 0 {
			t.Errorf("%s have room for %d more", name, spare)
		}
	}
}

func TestMapsOfOtherContentAreNotShared(t *testing.T) {
	c := newCompactor()
	for name, maps := range map[string][2]map[string]string{
		"other values":       {{"a": "1"}, {"a": "2"}},
		"other keys":         {{"a": "1"}, {"b": "1"}},
		"one more":           {{"a": "1"}, {"a": "1", "b": "1"}},
		"a NUL in the value": {{"a": "1", "b": "2"}, {"a": "1\x00b\x002"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.sharedMap(maps[0])
			if diff := cmp.Diff(maps[1], c.sharedMap(maps[1])); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestSharedLetsGo(t *testing.T) {
	s := newShared[int](8)
	for i := range 100 {
		s.of(fmt.Sprint(i), i)
		if got := s.of("always", -1); got != -1 {
			t.Fatalf("what is always asked for is %d", got)
		}
		if n := len(s.young) + len(s.old); n > 8 {
			t.Fatalf("%d are kept", n)
		}
	}
	if got := s.of("0", 1000); got != 1000 {
		t.Errorf("what nobody asked for is still %d", got)
	}
}
