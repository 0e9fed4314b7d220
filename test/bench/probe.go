package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// boundMembers are the members of the group whose projection is timed.
const boundMembers = 20

// probe is a bound group and a user who joins and leaves it, and a RoleBinding
// of the same size for client-go.
type probe struct {
	endpoint
	name      string // of the sync and of the group
	group, id string // SCIM ids, of the group and of the user
	subject   string
	seen      <-chan sighting
	stop      func()

	bare    *bare
	binding *rbacv1.RoleBinding

	joined, left, updated []time.Duration
}

// sighting is a RoleBinding as a watch delivered it.
type sighting struct {
	at       time.Time
	subjects []rbacv1.Subject
}

// newProbe makes users, a group and its binding in a sync, and waits until it
// is in effect. stop is to be called on it.
func (r *runner) newProbe(ctx context.Context, e endpoint, name string) (*probe, error) {
	p := &probe{endpoint: e, name: name, subject: name + "-last@example.com"}
	var ids []string
	for i := range boundMembers {
		id, err := e.create(ctx, "/Users", userBody(fmt.Sprintf("%s-%02d", name, i)))
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	var err error
	if p.id, err = e.create(ctx, "/Users", userBody(name+"-last")); err != nil {
		return nil, err
	}
	if p.bare, err = r.cluster.bareRoleBindings(); err != nil {
		return nil, err
	}
	if err := r.watchBindings(ctx, p); err != nil {
		return nil, err
	}
	if err := r.bind(ctx, name, name); err != nil {
		return nil, err
	}
	if p.group, err = e.create(ctx, "/Groups", groupBody(name, append(ids, p.id))); err != nil {
		return nil, err
	}
	if _, err := p.await(ctx, true); err != nil {
		return nil, err
	}
	return p, p.likeBinding(ctx)
}

// bind binds a group of the sync to a role.
func (r *runner) bind(ctx context.Context, sync, displayName string) error {
	return r.cluster.Admin.Create(ctx, &v1alpha1.GroupRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: bindingsNamespace, GenerateName: sync + "-"},
		Spec: v1alpha1.GroupRoleBindingSpec{GroupGrant: v1alpha1.GroupGrant{
			GroupRefs: []v1alpha1.GroupReference{{SyncRef: v1alpha1.NamespacedSyncReference{Namespace: syncNamespace, Name: sync}, DisplayName: displayName}},
			RoleRef:   &v1alpha1.RoleReference{Kind: "ClusterRole", Name: "view"},
		}},
	})
}

// watchBindings notes when RoleBindings that name the probe's first member arrive.
func (r *runner) watchBindings(ctx context.Context, p *probe) error {
	watcher, err := r.cluster.Admin.Watch(ctx, &rbacv1.RoleBindingList{}, client.InNamespace(bindingsNamespace))
	if err != nil {
		return err
	}
	seen := make(chan sighting, 1024)
	p.seen, p.stop = seen, watcher.Stop
	go func() {
		defer close(seen)
		for event := range watcher.ResultChan() {
			at := time.Now()
			binding, ok := event.Object.(*rbacv1.RoleBinding)
			if !ok || event.Type == watch.Deleted || !names(binding.Subjects, p.name+"-00@example.com") {
				continue
			}
			seen <- sighting{at, binding.Subjects}
		}
	}()
	return nil
}

func names(subjects []rbacv1.Subject, name string) bool {
	return slices.ContainsFunc(subjects, func(s rbacv1.Subject) bool { return s.Name == name })
}

// likeBinding makes a RoleBinding for client-go with the subjects of the probe's.
func (p *probe) likeBinding(ctx context.Context) error {
	p.binding = &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: bareNamespace, Name: p.name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"},
	}
	for i := range boundMembers {
		p.binding.Subjects = append(p.binding.Subjects, userSubject(fmt.Sprintf("%s-%02d@example.com", p.name, i)))
	}
	return p.bare.create(ctx, p.binding.DeepCopy(), p.binding)
}

func userSubject(name string) rbacv1.Subject {
	return rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name}
}

// await waits until the user is bound, or not, and tells when that was seen.
func (p *probe) await(ctx context.Context, bound bool) (time.Time, error) {
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		select {
		case s, ok := <-p.seen:
			if !ok {
				return time.Time{}, fmt.Errorf("the watch of RoleBindings ended")
			}
			if names(s.subjects, p.subject) == bound {
				return s.at, nil
			}
		case <-timeout.C:
			return time.Time{}, errNotFollowed
		case <-ctx.Done():
			return time.Time{}, ctx.Err()
		}
	}
}

// once has the user leave and join, with an update by client-go after each. It
// starts and ends with the user bound.
func (p *probe) once(ctx context.Context) error {
	for _, bound := range []bool{false, true} {
		change := p.removeMember
		if bound {
			change = p.addMember
		}
		if err := change(ctx, p.group, p.id); err != nil {
			return err
		}
		answered := time.Now()
		seen, err := p.await(ctx, bound)
		if err != nil {
			return err
		}
		lag := max(0, seen.Sub(answered)) // it may have been seen before the answer was
		if bound {
			p.joined = append(p.joined, lag)
		} else {
			p.left = append(p.left, lag)
		}
		if err := p.updateBare(ctx, bound); err != nil {
			return err
		}
	}
	return nil
}

// updateBare does what client-go needs for the same change.
func (p *probe) updateBare(ctx context.Context, bound bool) error {
	p.binding.Subjects = p.binding.Subjects[:boundMembers]
	if bound {
		p.binding.Subjects = append(p.binding.Subjects, userSubject(p.subject))
	}
	updated := &rbacv1.RoleBinding{}
	began := time.Now()
	if err := p.bare.update(ctx, p.binding, updated); err != nil {
		return err
	}
	p.updated = append(p.updated, time.Since(began))
	p.binding = updated
	return nil
}

// forget drops the samples so far.
func (p *probe) forget() { p.joined, p.left, p.updated = nil, nil, nil }
