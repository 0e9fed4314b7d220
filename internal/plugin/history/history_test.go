package history

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

func TestFilter(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	user := v1alpha1.ProvisioningLogEntry{Time: metav1.NewMicroTime(at), Action: v1alpha1.ActionCreated, Kind: v1alpha1.ProvisionedUser, Name: "Ann@example.com", ID: "ann-1"}
	joined := v1alpha1.ProvisioningLogEntry{Time: metav1.NewMicroTime(at), Action: v1alpha1.ActionMembersAdded, Kind: v1alpha1.ProvisionedGroup, Name: "k8s-users", MemberNames: []string{"ann@example.com"}}
	failed := v1alpha1.ProvisioningLogEntry{Time: metav1.NewMicroTime(at), Action: v1alpha1.ActionFailed, Kind: v1alpha1.ProvisionedGroup, Name: "k8s-users"}
	tests := map[string]struct {
		filter Filter
		want   []bool // user, joined, failed
	}{
		"nothing is asked for":           {Filter{}, []bool{true, true, true}},
		"a user, in any letter case":     {Filter{User: "ANN"}, []bool{true, true, false}},
		"a user by id":                   {Filter{User: "ann-1"}, []bool{true, false, false}},
		"a group":                        {Filter{Group: "k8s"}, []bool{false, true, true}},
		"failures":                       {Filter{Failed: true}, []bool{false, false, true}},
		"failures of a user":             {Filter{User: "ann", Failed: true}, []bool{false, false, false}},
		"what came after":                {Filter{After: at.Add(-time.Second)}, []bool{true, true, true}},
		"what came before, or then, not": {Filter{After: at}, []bool{false, false, false}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := []bool{test.filter.Matches(&user), test.filter.Matches(&joined), test.filter.Matches(&failed)}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// stored is a reader of one log.
type stored struct {
	client.Reader
	log *v1alpha1.ProvisioningLog
}

func (s *stored) Get(_ context.Context, key client.ObjectKey, o client.Object, _ ...client.GetOption) error {
	if s.log == nil {
		return apierrors.NewNotFound(schema.GroupResource{Resource: "provisioninglogs"}, key.Name)
	}
	s.log.DeepCopyInto(o.(*v1alpha1.ProvisioningLog))
	return nil
}

func TestNextGivesEachEntryOnce(t *testing.T) {
	s := &stored{}
	log := New(s, &v1alpha1.IdentityProviderSync{})
	steps := []struct {
		name      string
		from, end int64 // entries that are kept, by number
		want      []string
		missed    int64
	}{
		{"no log yet", -1, -1, nil, 0},
		{"the first entries", 0, 2, []string{"0", "1"}, 0},
		{"nothing new", 0, 2, nil, 0},
		{"two more, and one is dropped", 1, 4, []string{"2", "3"}, 0},
		{"so many that some were never seen", 10, 12, []string{"10", "11"}, 6},
		{"made again", 0, 1, []string{"0"}, 0},
	}
	for _, step := range steps {
		s.log = nil
		if step.from >= 0 {
			s.log = &v1alpha1.ProvisioningLog{Dropped: step.from}
			for n := step.from; n < step.end; n++ {
				s.log.Entries = append(s.log.Entries, v1alpha1.ProvisioningLogEntry{Name: fmt.Sprint(n)})
			}
		}
		entries, missed, err := log.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range entries {
			got = append(got, e.Name)
		}
		if diff := cmp.Diff(step.want, got); diff != "" || missed != step.missed {
			t.Errorf("%s: missed %d, want %d; -want +got:\n%s", step.name, missed, step.missed, diff)
		}
	}
}
