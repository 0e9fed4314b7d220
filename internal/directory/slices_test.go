package directory

import (
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// A slice may be read live and be deleted before this replica keeps it aside:
// then no event will ever tell that it is gone.
func TestSlicesKeptAsideAreForgotten(t *testing.T) {
	s := serve(t, newReplica(t), newSync(t))
	now := time.Now()
	s.slices.now = func() time.Time { return now }
	slice := &v1alpha1.GroupMemberSlice{Spec: v1alpha1.GroupMemberSliceSpec{
		SyncRef: v1alpha1.SyncReference{Name: s.sync.Name}, Group: "gone", Base: "1", Members: []string{"a"}}}
	slice.Namespace, slice.Name = s.sync.Namespace, "leaf"
	if err := api.Create(t.Context(), slice); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the slice is delivered", func() bool { return s.slices.cached(keyOf(slice)) != nil })
	if err := api.Delete(t.Context(), slice.DeepCopy()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "its deletion is, too", func() bool { return s.slices.cached(keyOf(slice)) == nil })
	coming := slice.DeepCopy()
	coming.Name, coming.Spec.Group, coming.ResourceVersion = "coming", "coming", slice.ResourceVersion+"000"

	s.slices.keep(slice)
	s.slices.keep(coming)
	if got := s.slices.waiting(s.sync.Namespace); !got["gone"] || !got["coming"] {
		t.Errorf("waiting are %v, want both", got)
	}
	now = now.Add(earlyAge)
	if got := s.slices.waiting(s.sync.Namespace); got["gone"] || !got["coming"] {
		t.Errorf("a minute later waiting are %v, want only what is yet to be delivered", got)
	}
}
