package scale

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/idpsim"
)

// group is a group as far as requests need it.
type group struct {
	id, name string
	members  []int // of people
}

// fill makes everything that is measured. The operator runs before and after.
func (r *runner) fill(ctx context.Context) error {
	began := time.Now()
	if err := r.push(ctx); err != nil {
		return err
	}
	r.add(line("filled_through_scim", time.Since(began).Seconds(), "s").with("users", min(r.Users, r.ThroughSCIM)).with("groups", r.pushedGroups()))
	models, err := readUsers(ctx, r.cluster.etcd)
	if err != nil {
		return err
	}
	// What the operator would do beside: it starts again on the seeded objects.
	if err := r.stopOperator(); err != nil {
		return err
	}
	began = time.Now()
	if err := r.seedUsers(ctx, models); err != nil {
		return err
	}
	r.add(line("seeded", time.Since(began).Seconds(), "s").with("users", r.Users-len(models)))
	if err := r.startOperator(ctx); err != nil {
		return err
	}
	if err := r.trySeeded(ctx); err != nil {
		return err
	}
	began = time.Now()
	if err := r.createGroups(ctx); err != nil {
		return err
	}
	r.add(line("groups_created", time.Since(began).Seconds(), "s").with("groups", len(r.groups)))
	return nil
}

// push plays the initial cycle of an identity provider.
func (r *runner) push(ctx context.Context) error {
	e := r.endpoint()
	r.say("pushing %d users and %d groups through SCIM, as Entra ID does", min(r.Users, r.ThroughSCIM), r.pushedGroups())
	if err := until(ctx, func() error {
		_, err := e.do(ctx, http.StatusOK, http.MethodGet, "/ServiceProviderConfig", "")
		return err
	}); err != nil {
		return err
	}
	report, err := idpsim.Run(ctx, idpsim.Config{
		Profile: "entra", URL: e.base, Token: e.bearer, Phase: idpsim.PhaseInitial, Verify: true,
		Users: r.ThroughSCIM, Groups: r.pushedGroups(), Memberships: pushedMembers * r.pushedGroups(),
		GroupPrefix: "pushed-", Connections: 8, Progress: r.Progress,
	})
	if err != nil {
		return err
	}
	if !report.OK() {
		return fmt.Errorf("the initial cycle went wrong: %d requests failed, %d differences", report.Failed, report.Verification.Differences)
	}
	return nil
}

// trySeeded shows that what was seeded is what the operator would have written:
// the API server accepts a change of it, and the name is taken.
func (r *runner) trySeeded(ctx context.Context) error {
	e, p := r.endpoint(), r.people[len(r.people)-1]
	const change = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"nickName","value":"Seeded"}]}`
	if _, err := e.do(ctx, http.StatusOK, http.MethodPatch, "/Users/"+p.id, change); err != nil {
		return err
	}
	again := fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":%q}`, strings.ToUpper(p.userName))
	_, err := e.do(ctx, http.StatusConflict, http.MethodPost, "/Users", again)
	return err
}

// createGroups makes the other groups through SCIM, one request for each.
func (r *runner) createGroups(ctx context.Context) error {
	e := r.endpoint()
	count := r.Groups - r.pushedGroups()
	wanted := sizes(count, r.Users, r.Memberships-pushedMembers*r.pushedGroups())
	r.say("creating %d groups through SCIM, the largest of %d members", count, wanted[0])
	r.groups = make([]*group, count)
	for i, size := range wanted {
		g := &group{name: fmt.Sprintf("group-%06d", i), members: make([]int, size)}
		// All over the directory, and others for each group.
		from, step := rand.IntN(r.Users), coprime(r.Users)
		for j := range g.members {
			g.members[j] = (from + j*step) % r.Users
		}
		r.groups[i] = g
	}
	// Not too many of the large ones at once: a request has all members in it.
	return r.parallel(ctx, "groups", count, func(ctx context.Context, i int) (err error) {
		g := r.groups[i]
		ids := make([]string, len(g.members))
		for j, member := range g.members {
			ids[j] = r.people[member].id
		}
		g.id, err = e.createGroup(ctx, g.name, ids)
		return err
	})
}

// coprime is a step that visits all of n places before it comes back.
func coprime(n int) int {
	for {
		step := 1 + rand.IntN(n)
		a, b := step, n
		for b != 0 {
			a, b = b, a%b
		}
		if a == 1 {
			return step
		}
	}
}

// bind binds the largest group and others, of all sizes, and waits until
// everybody in them is a subject.
func (r *runner) bind(ctx context.Context) error {
	r.say("binding %d groups", r.Bindings)
	began, want := time.Now(), 0
	for i := range r.Bindings {
		g := r.groups[i*len(r.groups)/r.Bindings]
		want += len(g.members)
		if err := r.cluster.Admin.Create(ctx, &v1alpha1.GroupRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Namespace: bindingsNamespace, Name: g.name},
			Spec: v1alpha1.GroupRoleBindingSpec{GroupGrant: v1alpha1.GroupGrant{
				GroupRefs: []v1alpha1.GroupReference{{SyncRef: v1alpha1.NamespacedSyncReference{Namespace: syncNamespace, Name: syncName}, DisplayName: g.name}},
				RoleRef:   &v1alpha1.RoleReference{Kind: "ClusterRole", Name: "view"},
			}},
		}); err != nil {
			return err
		}
	}
	if err := r.bound(ctx, want); err != nil {
		return err
	}
	r.subjects = want
	r.add(line("bound", time.Since(began).Seconds(), "s").with("bindings", r.Bindings).with("subjects", want))
	return nil
}

// bound waits until the RoleBindings have so many subjects, no more and no less.
func (r *runner) bound(ctx context.Context, want int) error {
	return until(ctx, func() error {
		var list rbacv1.RoleBindingList
		if err := r.cluster.Admin.List(ctx, &list, client.InNamespace(bindingsNamespace)); err != nil {
			return err
		}
		got := 0
		for i := range list.Items {
			got += len(list.Items[i].Subjects)
		}
		if got != want {
			return fmt.Errorf("%d subjects are bound, not %d", got, want)
		}
		return nil
	})
}

// patience is how long something may take to follow.
const patience = 3 * time.Minute

// until repeats what fails.
func until(ctx context.Context, holds func() error) error {
	pause := 10 * time.Millisecond
	for deadline := time.Now().Add(patience); ; pause = min(2*pause, time.Second) {
		err := holds()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(pause):
		}
	}
}
