package namespacelabels_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/rollcall-scim/rollcall/internal/controller/namespacelabels"
	"github.com/rollcall-scim/rollcall/internal/controller/source"
	"github.com/rollcall-scim/rollcall/internal/projection"
	"github.com/rollcall-scim/rollcall/internal/removalguard"
	"github.com/rollcall-scim/rollcall/test/world"
)

// closed is why the gate is closed; nil: it is open.
var closed atomic.Pointer[projection.Problem]

func TestMain(m *testing.M) {
	world.Main(m, world.Options{
		Rules: []rbacv1.PolicyRule{
			world.Rule("", "namespaces", "get", "list", "watch", "patch"),
			world.Rule("scim.rollcall.dev", "identityprovidersyncs/status", "patch"),
			world.Rule("events.k8s.io", "events", "create", "patch"),
		},
		Register: func(ctx context.Context, m manager.Manager, sources *source.Sources) error {
			return namespacelabels.New(namespacelabels.Options{
				Client: m.GetClient(), Sources: sources, OperatorNamespace: world.OperatorNamespace,
				Guard: removalguard.New(time.Now), Gate: closed.Load,
			}).Register(ctx, m)
		},
	})
}
