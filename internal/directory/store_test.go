package directory

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
)

func TestCreateAndGet(t *testing.T) {
	s := serve(t, newReplica(t), newSync(t))
	want := scim.Object{
		"userName": "Jane@Example.com", "active": true, "externalId": "X1",
		"emails":           []any{scim.Object{"value": "jane@example.com", "type": "work", "primary": false}},
		"urn:example:team": scim.Object{"n": nil, "list": []any{}},
	}
	created := s.create(s.users, want)
	if diff := cmp.Diff(want, created.Attributes); diff != "" {
		t.Errorf("created (-want +got):\n%s", diff)
	}
	got := s.get(s.users, created.ID)
	if diff := cmp.Diff(created, got); diff != "" {
		t.Errorf("read back (-created +got):\n%s", diff)
	}
	if !got.Meta.Created.Equal(got.Meta.LastModified) || got.Meta.Created.IsZero() || got.Meta.ResourceType != KindUser {
		t.Errorf("meta is %+v", got.Meta)
	}
	name, _, _ := ObjectName(created.ID)
	u := &v1alpha1.User{}
	if err := api.Get(t.Context(), client.ObjectKey{Namespace: s.sync.Namespace, Name: name}, u); err != nil {
		t.Fatal(err)
	}
	if u.Labels[v1alpha1.LabelSync] != "entra" || len(u.Labels) != 1 || u.ManagedFields[0].Manager != fieldOwner {
		t.Errorf("labels are %v, managed by %s", u.Labels, u.ManagedFields[0].Manager)
	}
}

func TestErrors(t *testing.T) {
	s := serve(t, newReplica(t), newSync(t))
	jane := s.createUser("jane")
	modify := func(change scim.Change) error {
		_, err := s.store.Modify(context.Background(), s.users, jane.ID, change)
		return err
	}
	create := func(attributes scim.Object) error {
		_, err := s.store.Create(context.Background(), s.users, attributes, scim.Need{})
		return err
	}
	get := func(id string) error {
		_, err := s.store.Get(context.Background(), s.users, id, scim.Need{})
		return err
	}
	tests := map[string]struct {
		err      error
		status   int
		scimType string
		detail   string
	}{
		"taken":              {create(scim.Object{"userName": "JANE"}), 409, scim.TypeUniqueness, "exists already"},
		"no name":            {create(scim.Object{"active": true}), 400, scim.TypeInvalidValue, "needs a name"},
		"too long":           {create(scim.Object{"userName": strings.Repeat("x", 257)}), 400, scim.TypeInvalidValue, "userName: Too long"},
		"name removed":       {modify(scim.Change{Apply: set("userName", "")}), 400, scim.TypeInvalidValue, "needs a name"},
		"too long, modified": {modify(scim.Change{Apply: set("title", strings.Repeat("x", 1025))}), 400, scim.TypeInvalidValue, "title: Too long"},
		"unknown id":         {get(jane.ID[:len(jane.ID)-saltLength] + "777777"), 404, "", "does not exist"},
		"no id":              {get("../../secrets"), 404, "", "does not exist"},
		"id of another kind": {get(strings.Replace(jane.ID, "-u", "-g", 1)), 404, "", "does not exist"},
		"delete unknown":     {s.store.Delete(context.Background(), s.users, "nobody", nil), 404, "", "does not exist"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			known := (*scim.Error)(nil)
			if !errors.As(test.err, &known) {
				t.Fatalf("error is %v", test.err)
			}
			if known.Status != test.status || known.Type != test.scimType || !strings.Contains(known.Detail, test.detail) {
				t.Errorf("got %d %s %s", known.Status, known.Type, known.Detail)
			}
		})
	}
}

func TestModify(t *testing.T) {
	s := serve(t, newReplica(t), newSync(t))
	jane := s.createUser("jane")
	changed := s.modify(s.users, jane.ID, scim.Change{Apply: set("title", "Dr.")})
	if changed.Attributes["title"] != "Dr." || changed.Meta.Version == jane.Meta.Version {
		t.Errorf("changed to %+v", changed)
	}
	if !changed.Meta.LastModified.After(changed.Meta.Created) || !changed.Meta.Created.Equal(jane.Meta.Created) {
		t.Errorf("created %v, changed %v", changed.Meta.Created, changed.Meta.LastModified)
	}
	same := s.modify(s.users, jane.ID, scim.Change{Apply: set("title", "Dr.")})
	if diff := cmp.Diff(changed, same); diff != "" {
		t.Errorf("a change that alters nothing was stored:\n%s", diff)
	}
	stop := scim.BadRequest(scim.TypeInvalidVers, "stop")
	_, err := s.store.Modify(context.Background(), s.users, jane.ID, scim.Change{
		Precondition: func(version string) error {
			if version != same.Meta.Version {
				t.Errorf("the precondition sees %s, want %s", version, same.Meta.Version)
			}
			return stop
		},
		Apply: set("title", "Prof."),
	})
	if !errors.Is(err, stop) {
		t.Errorf("error is %v", err)
	}
	if got := s.get(s.users, jane.ID); got.Attributes["title"] != "Dr." {
		t.Errorf("stored is %v", got.Attributes)
	}
}

func TestLastModifiedNeverGoesBack(t *testing.T) {
	now := time.Now()
	s := serve(t, newReplica(t, func(o *Options) { o.Now = func() time.Time { return now } }), newSync(t))
	jane := s.createUser("jane")
	last := jane.Meta.LastModified
	for _, title := range []string{"a", "b"} {
		now = now.Add(-time.Hour)
		got := s.modify(s.users, jane.ID, scim.Change{Apply: set("title", title)}).Meta.LastModified
		if want := last.Add(time.Microsecond); !got.Equal(want) {
			t.Errorf("lastModified is %v, want %v", got, want)
		}
		last = last.Add(time.Microsecond)
	}
}

func TestDelete(t *testing.T) {
	tests := map[string]struct {
		policy Policy
		kept   bool
	}{
		"deleted":  {Policy{}, false},
		"retained": {Policy{RetainUsers: true, RetainGroups: true}, true},
		"opaque":   {Policy{OpaqueNames: true}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, newReplica(t), newSync(t))
			s.policy = test.policy
			jane := s.createUser("jane")
			group := s.createGroup("staff", jane.ID)
			s.delete(s.users, jane.ID)
			_, err := s.store.Get(context.Background(), s.users, jane.ID, scim.Need{})
			if status(err) != http.StatusNotFound {
				t.Errorf("reading it again: %v", err)
			}
			if err := s.store.Delete(context.Background(), s.users, jane.ID, nil); status(err) != http.StatusNotFound {
				t.Errorf("deleting it again: %v", err)
			}
			if found := s.find(s.users, `userName eq "jane"`); len(found) != 0 {
				t.Errorf("still found: %v", found)
			}
			if members := s.membersOf(group.ID); len(members) != 0 {
				t.Errorf("still a member: %v", members)
			}
			object, _, _ := ObjectName(jane.ID)
			kept, err := scope{Directory: s.Directory, table: s.Directory.users, sync: s.sync}.live(t.Context(), object)
			if err != nil || (kept != nil) != test.kept {
				t.Errorf("kept %v, error %v", kept, err)
			}
			again := s.createUser("JANE")
			if again.ID == jane.ID {
				t.Error("the id was given out again")
			}
			if groups := s.get(s.users, again.ID).Attributes["groups"]; groups != nil {
				t.Errorf("a new user is in groups %v", groups)
			}
		})
	}
}

func TestVersionOfAUserFollowsItsGroups(t *testing.T) {
	s := serve(t, newReplica(t), newSync(t))
	jane := s.createUser("jane")
	group := s.createGroup("staff")
	seen := map[string]bool{jane.Meta.Version: true}
	steps := []struct {
		what string
		do   func()
	}{
		{"joining a group", func() { s.add(group.ID, jane.ID) }},
		{"renaming the group", func() { _ = s.rename(s.group, group.ID, "crew") }},
	}
	for _, step := range steps {
		step.do()
		version := s.get(s.users, jane.ID).Meta.Version
		if seen[version] || !strings.HasPrefix(version, `W/"`) {
			t.Errorf("after %s the version is still %s", step.what, version)
		}
		seen[version] = true
	}
	s.removeMembers(group.ID, jane.ID)
	if version := s.get(s.users, jane.ID).Meta.Version; version != jane.Meta.Version {
		t.Errorf("without groups the version is %s, want %s as before", version, jane.Meta.Version)
	}
}

func TestSyncsDoNotSeeEachOther(t *testing.T) {
	d, sync := newReplica(t), newSync(t)
	a := serve(t, d, sync)
	sync.Name = "okta"
	b := serve(t, d, sync)
	jane := a.createUser("jane")
	if _, err := b.store.Get(context.Background(), b.users, jane.ID, scim.Need{}); status(err) != http.StatusNotFound {
		t.Errorf("read through another sync: %v", err)
	}
	b.createUser("jane")
	if n := len(a.find(a.users, `userName pr`)); n != 1 {
		t.Errorf("a sync lists %d users, want 1", n)
	}
	group := b.createGroup("staff", jane.ID)
	if got := b.get(b.group, group.ID).Attributes["members"]; cmp.Diff(got, []scim.Member{{Value: jane.ID}}) != "" {
		t.Errorf("members are %v", got)
	}
	if got := a.get(a.users, jane.ID).Attributes["groups"]; got != nil {
		t.Errorf("groups of another sync are shown: %v", got)
	}
}
