package namespacelabels

import (
	"context"
	"errors"
	"testing"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/internal/controller/lane"
)

// patched is an API server that takes every patch.
type patched struct{ client.Client }

func (patched) Patch(context.Context, client.Object, client.Patch, ...client.PatchOption) error {
	return nil
}

// Additions that hang in many namespaces keep no label from being taken away
// elsewhere.
func TestPatchesThatHangKeepNoRemovalFromBeingMade(t *testing.T) {
	sync := types.NamespacedName{Namespace: "identity", Name: "entra"}
	tests := map[string]struct {
		flying int
		label  bool
		want   error
	}{
		"an addition":                            {flying: maxFlying - 1, label: true},
		"an addition while many patches hang":    {flying: maxFlying, label: true, want: errSlow},
		"a removal while many patches hang":      {flying: maxFlying},
		"a removal while very many patches hang": {flying: maxRemoving, want: errSlow},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := &scope{Controller: New(Options{Client: patched{}}), name: sync}
			s.lanes = lane.New(t.Context())
			s.states.fly(sync, test.flying)
			if err := s.patch(t.Context(), "team", "label", test.label); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}
