package directory

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/extension"
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/patch"
	"github.com/rollcall-scim/rollcall/internal/scim/resource"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

const hrURN = "urn:example:hr:2.0:User"

func declared(name, kind string, change ...func(*v1alpha1.ExtensionAttribute)) v1alpha1.ExtensionAttribute {
	a := v1alpha1.ExtensionAttribute{ExtensionCharacteristics: v1alpha1.ExtensionCharacteristics{Name: name}, Type: kind}
	for _, f := range change {
		f(&a)
	}
	return a
}

func unique(a *v1alpha1.ExtensionAttribute) { a.Uniqueness = "server" }

// declare makes the users of a service those that have the attributes.
func (s *service) declare(attributes ...v1alpha1.ExtensionAttribute) {
	s.t.Helper()
	types, problems := extension.Types([]v1alpha1.ExtensionSchema{{URN: hrURN, Resource: "User", Attributes: attributes}})
	if len(problems) > 0 {
		s.t.Fatal(problems)
	}
	s.users, s.group = types[0], types[1]
}

func (s *service) stored(id string) *v1alpha1.User {
	s.t.Helper()
	name, _, _ := ObjectName(id)
	u := &v1alpha1.User{}
	if err := api.Get(context.Background(), client.ObjectKey{Namespace: s.sync.Namespace, Name: name}, u); err != nil {
		s.t.Fatal(err)
	}
	return u
}

func (s *service) patch(id, path string, value any) error {
	request, err := patch.Parse(s.users, id, scim.Object{"Operations": []any{scim.Object{"op": "replace", "path": path, "value": value}}})
	if err != nil {
		return err
	}
	_, err = s.store.Modify(context.Background(), s.users, id, request.Change())
	return err
}

func withBadge(name string, badge any) scim.Object {
	return scim.Object{"userName": name, hrURN: scim.Object{"badge": badge}}
}

// What was stored before its extension was declared is found by the names and
// types of the declaration, and is written anew only when it changes.
func TestExtensionDeclaredLater(t *testing.T) {
	s := serve(t, newReplica(t), newSync(t))
	body, err := resource.Create(s.users, scim.Object{"userName": "ada",
		"URN:example:HR:2.0:user":      scim.Object{"BADGE": "B-1", "Desk": scim.Object{"FLOOR": "3"}, "shoe": "43"},
		"urn:example:hr:2.0:User:team": "Red",
	})
	if err != nil {
		t.Fatal(err)
	}
	id := s.create(s.users, body).ID
	before := s.stored(id)

	s.declare(declared("badge", "string", unique), declared("team", "string"), declared("desk", "complex", func(a *v1alpha1.ExtensionAttribute) {
		a.SubAttributes = []v1alpha1.ExtensionSubAttribute{{ExtensionCharacteristics: v1alpha1.ExtensionCharacteristics{Name: "floor"}, Type: "integer"}}
	}))
	want := scim.Object{"badge": "B-1", "team": "Red", "desk": scim.Object{"floor": "3"}, "shoe": "43"}
	if diff := cmp.Diff(any(want), s.get(s.users, id).Attributes[hrURN]); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, filter := range []string{hrURN + `:badge eq "b-1"`, hrURN + `:team eq "red"`, hrURN + `:desk.floor eq 3`, hrURN + `:badge eq "b-1" and ` + hrURN + `:team pr`} {
		if found := s.find(s.users, filter); len(found) != 1 || found[0] != id {
			t.Errorf("%s: got %v", filter, found)
		}
	}
	if err := s.patch(id, "userName", "ada"); err != nil {
		t.Fatal(err)
	}
	if after := s.stored(id); after.ResourceVersion != before.ResourceVersion {
		t.Errorf("nothing was changed, but written: %v", after.Spec.Extensions)
	}
	if err := s.patch(id, "title", "T"); err != nil {
		t.Fatal(err)
	}
	wanted := map[string]v1alpha1.RawJSON{hrURN: `{"badge":"B-1","desk":{"floor":"3"},"shoe":"43","team":"Red"}`}
	if diff := cmp.Diff(wanted, s.stored(id).Spec.Extensions); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Integers keep all their digits on the way to the API server and back.
func TestDeclaredNumbers(t *testing.T) {
	s := serve(t, newReplica(t), newSync(t))
	s.declare(declared("number", "integer"))
	var ids []string
	for i, number := range []string{"12345678901234567891", "12345678901234567890", "9"} {
		body, err := resource.Create(s.users, scim.Object{"userName": fmt.Sprintf("u%d", i), hrURN: scim.Object{"number": number}})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, s.create(s.users, body).ID)
	}
	if got := s.stored(ids[0]).Spec.Extensions[hrURN]; got != `{"number":12345678901234567891}` {
		t.Errorf("stored is %s", got)
	}
	if found := s.find(s.users, hrURN+":number gt 12345678901234567890"); len(found) != 1 || found[0] != ids[0] {
		t.Errorf("found %v", found)
	}
	if found := s.find(s.users, hrURN+":number eq 12345678901234567890"); len(found) != 1 || found[0] != ids[1] {
		t.Errorf("found %v", found)
	}
}

func TestUniqueValues(t *testing.T) {
	d := newReplica(t)
	s := serve(t, d, newSync(t))
	early := s.create(s.users, withBadge("early", "B-0")).ID
	twin := s.create(s.users, withBadge("twin", "b-0")).ID
	s.declare(declared("badge", "string", unique), declared("number", "integer", unique))
	d.Declare(s.sync, s.users, s.group)

	a := s.create(s.users, withBadge("a", "B-1")).ID
	refused := func(what string, err error) {
		t.Helper()
		if status(err) != 409 {
			t.Errorf("%s: got %v, want 409", what, err)
		}
	}
	_, err := s.store.Create(t.Context(), s.users, withBadge("b", "b-1"), scim.Need{})
	refused("another with the value", err)
	_, err = s.store.Create(t.Context(), s.users, withBadge("b", "B-0"), scim.Need{})
	refused("with a value from before", err)
	b := s.create(s.users, withBadge("b", "B-2")).ID
	refused("a change to the value", s.patch(b, hrURN+":badge", "B-1"))

	// Those that were the same before stay so, and can be changed otherwise.
	if err := s.patch(twin, hrURN+":number", "7"); err != nil {
		t.Error(err)
	}
	refused("an integer", s.patch(early, hrURN+":number", json.Number("7")))
	refused("an integer in a string", s.patch(early, hrURN+":number", "7"))
	if found := s.find(s.users, hrURN+`:badge eq "b-0"`); len(found) != 2 {
		t.Errorf("found %v", found)
	}

	// Another replica knows the value, and a value that was given up is free.
	other := serve(t, newReplica(t), s.sync)
	other.users = s.users
	_, err = other.store.Create(t.Context(), s.users, withBadge("c", "B-1"), scim.Need{})
	refused("at another replica", err)
	if err := s.patch(a, hrURN+":badge", "B-3"); err != nil {
		t.Fatal(err)
	}
	s.create(s.users, withBadge("c", "B-1"))
	s.delete(s.users, b)
	s.create(s.users, withBadge("d", "B-2"))

	// Another sync has its own values, and one that declares nothing has no rule.
	elsewhere := serve(t, d, newSync(t))
	elsewhere.create(elsewhere.users, withBadge("a", "B-1"))
	elsewhere.create(elsewhere.users, withBadge("b", "B-1"))
}

// Requests of one replica for one value: one of them gets it.
func TestUniqueValuesRace(t *testing.T) {
	s := serve(t, newReplica(t), newSync(t))
	s.declare(declared("badge", "string", unique))
	ids := []string{s.create(s.users, withBadge("x", "X")).ID, s.create(s.users, withBadge("y", "Y")).ID}
	var won atomic.Int64
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			var err error
			if i < len(ids) {
				err = s.patch(ids[i], hrURN+":badge", "B-1")
			} else {
				_, err = s.store.Create(context.Background(), s.users, withBadge(fmt.Sprintf("u%d", i), "B-1"), scim.Need{})
			}
			switch status(err) {
			case 200:
				won.Add(1)
			case 409:
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if found := s.find(s.users, hrURN+`:badge eq "B-1"`); won.Load() != 1 || len(found) != 1 {
		t.Errorf("%d won, found %v", won.Load(), found)
	}
}

// The index follows the declaration.
func TestUniqueIndexFollowsDeclaration(t *testing.T) {
	d := newReplica(t)
	s := serve(t, d, newSync(t))
	s.create(s.users, withBadge("a", "B-1"))
	s.declare(declared("badge", "string", unique))
	if err := func() error {
		_, err := s.store.Create(t.Context(), s.users, withBadge("b", "b-1"), scim.Need{})
		return err
	}(); status(err) != 409 {
		t.Errorf("got %v, want 409", err)
	}
	s.declare(declared("badge", "string", unique, func(a *v1alpha1.ExtensionAttribute) { a.CaseExact = true }))
	s.create(s.users, withBadge("b", "b-1"))
	s.declare(declared("badge", "string"))
	s.create(s.users, withBadge("c", "b-1"))
	if u := d.users.uniquesFor(s.sync, s.users); u != nil {
		t.Errorf("there is an index of %v", u.targets)
	}
	s.users = schema.UserType()
	s.create(s.users, withBadge("d", "B-1"))
}
