package rolebinding

import (
	"errors"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/internal/projection"
)

// What takes access away and failed is tried again within a second, whatever
// else the binding waits for, and however often it has failed.
func TestRemovalsAreRetriedSoon(t *testing.T) {
	tests := map[string]*scope{
		"nothing else":           {},
		"removals that are held": {guarded: true},
		"a name that is taken":   {result: result{taken: true}},
		"additions":              {result: result{unfinished: true}},
		"the budget":             {result: result{waiting: map[objectKey]int{{}: 1}, turn: time.Minute}},
	}
	for name, s := range tests {
		t.Run(name, func(t *testing.T) {
			s.Controllers, s.outcome = New(Options{}), &projection.Outcome{}
			s.request = request{projection.KindGroupRoleBinding, types.NamespacedName{Namespace: "team", Name: "devs"}}
			s.failure(errors.New("the API server answers 500"))
			s.unrevoked = true
			for range 20 {
				result, err := s.after(0)
				if err != nil || result.RequeueAfter <= 0 || result.RequeueAfter > time.Second {
					t.Fatalf("again after %v, %v; want within a second", result.RequeueAfter, err)
				}
				if result.Priority != nil && *result.Priority < 0 {
					t.Fatalf("again after other work: priority %d", *result.Priority)
				}
			}
		})
	}
}
