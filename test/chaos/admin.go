package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/token"
)

// What admins do while the load runs.

// leader gives the replica that says it leads; nil if none does.
func (r *run) leader(ctx context.Context) *replica {
	for _, p := range r.replicas {
		_, metrics, err := fetch(ctx, "http://"+p.metrics+"/metrics")
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(metrics)) {
			if strings.HasPrefix(line, "leader_election_master_status{") && strings.HasSuffix(strings.TrimSpace(line), " 1") {
				return p
			}
		}
	}
	return nil
}

// conflict has a second writer annotate users and groups all the time.
func (r *run) conflict(ctx context.Context) (string, time.Time, error) {
	users, groups := &v1alpha1.UserList{}, &v1alpha1.GroupList{}
	if err := r.admin.List(ctx, users, client.InNamespace(syncNamespace)); err != nil {
		return "", time.Time{}, err
	}
	if err := r.admin.List(ctx, groups, client.InNamespace(syncNamespace)); err != nil {
		return "", time.Time{}, err
	}
	var objects []client.Object
	for i := range users.Items {
		objects = append(objects, &users.Items[i])
	}
	for i := range groups.Items {
		// Groups are what everybody changes: they get most of it.
		objects = append(objects, &groups.Items[i], &groups.Items[i], &groups.Items[i])
	}
	storm, stop := context.WithTimeout(ctx, r.between(3*time.Second, 6*time.Second))
	defer stop()
	var writers sync.WaitGroup
	var written atomic.Int64
	for range 3 {
		writers.Go(func() {
			for storm.Err() == nil {
				o := objects[rand.IntN(len(objects))]
				patch := fmt.Appendf(nil, `{"metadata":{"annotations":{"chaos.example.com/note":"%d"}}}`, rand.Int())
				target, ok := o.DeepCopyObject().(client.Object)
				if ok && r.admin.Patch(storm, target, client.RawPatch(types.MergePatchType, patch)) == nil {
					written.Add(1)
				}
				_ = pause(storm, 4*time.Millisecond)
			}
		})
	}
	writers.Wait()
	return fmt.Sprintf("%d annotations written to %d users and groups", written.Load(), len(users.Items)+len(groups.Items)), time.Now(), nil
}

func (r *run) updateSync(ctx context.Context, change func(*v1alpha1.IdentityProviderSyncSpec)) error {
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		sync := &v1alpha1.IdentityProviderSync{}
		if err := r.admin.Get(ctx, client.ObjectKey{Namespace: syncNamespace, Name: syncName}, sync); err != nil {
			return err
		}
		change(&sync.Spec)
		return r.admin.Update(ctx, sync)
	})
}

func (r *run) pauseSync(ctx context.Context) (string, time.Time, error) {
	if err := r.updateSync(ctx, func(s *v1alpha1.IdentityProviderSyncSpec) { s.State = v1alpha1.SyncPaused }); err != nil {
		return "", time.Time{}, err
	}
	began := time.Now()
	if err := pause(ctx, r.between(time.Second, 4*time.Second)); err != nil {
		return "", time.Time{}, err
	}
	err := r.updateSync(ctx, func(s *v1alpha1.IdentityProviderSyncSpec) { s.State = v1alpha1.SyncActive })
	return fmt.Sprintf("for %s", round(time.Since(began))), time.Now(), err
}

// rotateToken adds a token, goes over to it, and removes the old one, which must
// then be refused.
func (r *run) rotateToken(ctx context.Context) (string, time.Time, error) {
	r.rotations++
	name, fresh := fmt.Sprintf("token-%d", r.rotations), token.Generate()
	if err := r.createSecret(ctx, name, fresh); err != nil {
		return "", time.Time{}, err
	}
	both := v1alpha1.Token{Name: name, SecretRef: v1alpha1.SecretKeyReference{Name: name}}
	if err := r.updateSync(ctx, func(s *v1alpha1.IdentityProviderSyncSpec) { s.Tokens = append(s.Tokens, both) }); err != nil {
		return "", time.Time{}, err
	}
	if err := r.everywhere(ctx, fresh, 200); err != nil {
		return "", time.Time{}, err
	}
	old, release := r.bearer.take()
	release()
	r.bearer.set(fresh)
	if err := until(ctx, func() error {
		if n := r.bearer.uses(old); n > 0 {
			return fmt.Errorf("%d requests carry the old token", n)
		}
		return nil
	}); err != nil {
		return "", time.Time{}, err
	}
	if err := r.updateSync(ctx, func(s *v1alpha1.IdentityProviderSyncSpec) { s.Tokens = []v1alpha1.Token{both} }); err != nil {
		return "", time.Time{}, err
	}
	removed := time.Now()
	if err := r.everywhere(ctx, old, 401); err != nil {
		r.tally.find(kindAnswer, "a token that was removed is still accepted: %v", err)
	}
	return fmt.Sprintf("the old one was refused after %s", round(time.Since(removed))), time.Now(), nil
}

// everywhere waits until all replicas answer a token with a status.
func (r *run) everywhere(ctx context.Context, bearerToken string, status int) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	b := &bearer{}
	b.set(bearerToken)
	for _, p := range r.replicas {
		c := newSCIMClient(endpoint(p.scim), b, &tally{})
		if err := until(ctx, func() error {
			if a := c.do(ctx, "GET", "/ServiceProviderConfig", ""); a.status != status {
				return fmt.Errorf("%s answers %d %s %w", p.name, a.status, a.body, a.err)
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// recreateNamespace deletes a team's namespace with all that is in it, and makes
// it again, as a GitOps tool does.
func (r *run) recreateNamespace(ctx context.Context) (string, time.Time, error) {
	names := []string{"team-0", "team-1", "team-2", "team-3"}
	name := names[r.rng.IntN(len(names))]
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if err := ignoreGone(r.admin.Delete(ctx, namespace)); err != nil {
		return "", time.Time{}, err
	}
	began := time.Now()
	patience, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	if err := until(patience, func() error {
		err := r.admin.Get(patience, client.ObjectKey{Name: name}, namespace)
		if err == nil {
			return fmt.Errorf("namespace %s is still there: %s %v", name, namespace.Status.Phase, namespace.Status.Conditions)
		}
		return ignoreGone(err)
	}); err != nil {
		return "", time.Time{}, err
	}
	gone := time.Since(began)
	err := r.createTeam(ctx, name)
	return fmt.Sprintf("%s, gone after %s", name, round(gone)), time.Now(), err
}

// withdrawRights takes the operator's rights away for a while, and cuts its
// connections, so that what it watched is refused too.
func (r *run) withdrawRights(ctx context.Context) (string, time.Time, error) {
	rights := &rbacv1.ClusterRoleBinding{}
	if err := r.admin.Get(ctx, client.ObjectKey{Name: "rollcall-manager"}, rights); err != nil {
		return "", time.Time{}, err
	}
	if err := r.admin.Delete(ctx, rights.DeepCopy()); err != nil {
		return "", time.Time{}, err
	}
	began := time.Now()
	for _, p := range r.replicas {
		p.line.cut()
	}
	err := pause(ctx, r.between(time.Second, 10*time.Second))
	rights.ObjectMeta = metav1.ObjectMeta{Name: rights.Name, Labels: rights.Labels, Annotations: rights.Annotations}
	err = errors.Join(err, r.admin.Create(context.WithoutCancel(ctx), rights))
	return fmt.Sprintf("for %s", round(time.Since(began))), time.Now(), err
}

// drift edits or deletes a RoleBinding of each binding by hand.
func (r *run) drift(ctx context.Context) (string, time.Time, error) {
	list := &rbacv1.RoleBindingList{}
	if err := r.admin.List(ctx, list, client.MatchingLabels{"app.kubernetes.io/managed-by": "rollcall"}); err != nil {
		return "", time.Time{}, err
	}
	edited, deleted := 0, 0
	for i := range list.Items {
		b := &list.Items[i]
		if !slices.Contains([]string{"team-0", "team-1", "team-2", "team-3"}, b.Namespace) {
			continue
		}
		if r.rng.IntN(2) == 0 {
			if err := ignoreGone(r.admin.Delete(ctx, b)); err != nil {
				return "", time.Time{}, err
			}
			deleted++
			continue
		}
		mallory := rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "mallory@example.com"}
		b.Subjects = append(b.Subjects[:len(b.Subjects)/2], mallory)
		err := r.admin.Update(ctx, b)
		if err != nil && !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
			return "", time.Time{}, err
		}
		edited++
	}
	return fmt.Sprintf("%d RoleBindings edited, %d deleted", edited, deleted), time.Now(), nil
}
