package chaos

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// recoveryPatience is how long after a fault all must work again.
const recoveryPatience = 2 * time.Minute

// canary is a user who joins and leaves a group that is bound in all teams'
// namespaces. It tells when the operator answers and projects again.
type canary struct {
	client      *scimClient
	user, group string // ids
	member      bool
}

func (c *canary) hatch(ctx context.Context, r *run, client *scimClient) (err error) {
	c.client = newSCIMClient(client.base, client.bearer, &tally{})
	c.client.http.Timeout = 3 * time.Second
	if c.user, err = createNow(ctx, client, "/Users", object{"userName": canaryName}); err != nil {
		return err
	}
	if c.group, err = createNow(ctx, client, "/Groups", object{"displayName": canaryGroup}); err != nil {
		return err
	}
	if got := r.recovery(ctx, "the start", time.Now()); got.stuck != "" {
		return fmt.Errorf("nothing works before any fault: %s", got.stuck)
	}
	return nil
}

// episode is a fault and what came after.
type episode struct {
	fault, detail       string
	answered, projected time.Duration // since the fault ended
	stuck               string
}

// recovery waits until a change is acknowledged and projected after a fault.
func (r *run) recovery(ctx context.Context, fault string, ended time.Time) episode {
	e := episode{fault: fault}
	ctx, cancel := context.WithTimeout(ctx, recoveryPatience)
	defer cancel()
	c := &r.canary
	c.member = !c.member
	op := "remove"
	if c.member {
		op = "add"
	}
	body := text(object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"},
		"Operations": []object{{"op": op, "path": "members", "value": references([]string{c.user})}}})
	c.client.http.CloseIdleConnections()
	if err := until(ctx, func() error {
		a := c.client.do(ctx, http.MethodPatch, "/Groups/"+c.group, body)
		if !a.succeeded() {
			return fmt.Errorf("a change is answered %d %s %w", a.status, a.body, a.err)
		}
		return nil
	}); err != nil {
		e.stuck = err.Error()
		return e
	}
	e.answered = time.Since(ended)
	if err := until(ctx, func() error { return r.canaryBound(ctx) }); err != nil {
		e.stuck = err.Error()
		return e
	}
	e.projected = time.Since(ended)
	return e
}

// canaryBound is nil if the canary is bound in all teams' namespaces, or in none,
// as it should be.
func (r *run) canaryBound(ctx context.Context) error {
	for name := range teams {
		bindings := &rbacv1.RoleBindingList{}
		if err := r.admin.List(ctx, bindings, client.InNamespace(name)); err != nil {
			return err
		}
		found := slices.ContainsFunc(bindings.Items, func(b rbacv1.RoleBinding) bool {
			return isCanarys(&b) && slices.ContainsFunc(b.Subjects, func(s rbacv1.Subject) bool { return s.Name == canaryName })
		})
		if found != r.canary.member {
			return fmt.Errorf("the canary is bound in %s: %t, should be: %t", name, found, r.canary.member)
		}
	}
	return nil
}

func isCanarys(b *rbacv1.RoleBinding) bool { return strings.HasPrefix(b.Name, "canary-") }

// ignoreGone turns the error about an object that is gone into none.
func ignoreGone(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
