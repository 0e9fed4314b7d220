package groupnetworkpolicy_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/rollcall-scim/rollcall/internal/controller/groupnetworkpolicy"
	"github.com/rollcall-scim/rollcall/internal/controller/namespacelabels"
	"github.com/rollcall-scim/rollcall/internal/controller/source"
	"github.com/rollcall-scim/rollcall/internal/projection"
	"github.com/rollcall-scim/rollcall/internal/removalguard"
	"github.com/rollcall-scim/rollcall/test/world"
)

// closed is why the gate is closed; nil: it is open.
var closed atomic.Pointer[projection.Problem]

// The controller of namespace labels runs too, for namespaces from: Sync.
func TestMain(m *testing.M) {
	world.Main(m, world.Options{
		Rules: []rbacv1.PolicyRule{
			world.Rule("networking.k8s.io", "networkpolicies", "get", "list", "watch", "create", "update", "delete"),
			world.Rule("scim.rollcall.dev", "groupnetworkpolicies", "get", "list", "watch"),
			world.Rule("scim.rollcall.dev", "groupnetworkpolicies/status", "patch"),
			world.Rule("scim.rollcall.dev", "identityprovidersyncs/status", "patch"),
			world.Rule("", "namespaces", "get", "list", "watch", "patch"),
			world.Rule("events.k8s.io", "events", "create", "patch"),
		},
		ByObject: groupnetworkpolicy.CacheOptions(),
		Register: func(ctx context.Context, m manager.Manager, sources *source.Sources) error {
			policies := groupnetworkpolicy.New(groupnetworkpolicy.Options{
				Client: m.GetClient(), Sources: sources, Guard: removalguard.New(time.Now), Gate: closed.Load,
			})
			labels := namespacelabels.New(namespacelabels.Options{Client: m.GetClient(), Sources: sources, OperatorNamespace: world.OperatorNamespace})
			return errors.Join(policies.Register(ctx, m), labels.Register(ctx, m))
		},
	})
}
