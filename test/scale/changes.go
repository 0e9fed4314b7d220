package scale

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// pace is how often the largest group is changed, at most: an identity
// provider is no faster, and additions to RoleBindings have a budget.
const pace = 250 * time.Millisecond

func containsText(content []byte, text string) bool { return bytes.Contains(content, []byte(text)) }

// sighting is what a watch of RoleBindings showed, and when.
type sighting struct {
	at       time.Time
	name     string
	subjects []rbacv1.Subject
}

// changes times members that leave and join the largest group, from the request
// to the answer and from there to the RoleBinding.
func (r *runner) changes(ctx context.Context) error {
	r.say("timing changes of the largest group")
	e, g := r.endpoint(), r.groups[0]
	var before rbacv1.RoleBindingList
	if err := r.cluster.Admin.List(ctx, &before, client.InNamespace(bindingsNamespace)); err != nil {
		return err
	}
	bound := places{}
	for i := range before.Items {
		bound.see(g, before.Items[i].Name, before.Items[i].Subjects)
	}
	watcher, err := r.cluster.Admin.Watch(ctx, &rbacv1.RoleBindingList{}, client.InNamespace(bindingsNamespace),
		&client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: before.ResourceVersion}})
	if err != nil {
		return err
	}
	defer watcher.Stop()
	seen := make(chan sighting, 4096)
	go func() {
		defer close(seen)
		for event := range watcher.ResultChan() {
			b, ok := event.Object.(*rbacv1.RoleBinding)
			if !ok {
				continue
			}
			if event.Type == watch.Deleted {
				b.Subjects = nil
			}
			seen <- sighting{time.Now(), b.Name, b.Subjects}
		}
	}()
	var removed, added, revoked, projected []time.Duration
	for i := range r.Samples / 4 {
		began := time.Now()
		p := r.people[g.members[(i*7919)%len(g.members)]]
		sent := time.Now()
		if err := e.removeMember(ctx, g.id, p.id); err != nil {
			return err
		}
		removed = append(removed, time.Since(sent))
		lag, err := bound.await(ctx, seen, p, g, false)
		if err != nil {
			return err
		}
		revoked = append(revoked, lag)
		sent = time.Now()
		if err := e.addMember(ctx, g.id, p.id); err != nil {
			return err
		}
		added = append(added, time.Since(sent))
		if lag, err = bound.await(ctx, seen, p, g, true); err != nil {
			return err
		}
		projected = append(projected, lag)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pace - time.Since(began)):
		}
	}
	for _, l := range []struct {
		name string
		took []time.Duration
	}{{"patch_remove_member", removed}, {"patch_add_member", added}, {"revocation_lag", revoked}, {"projection_lag", projected}} {
		for _, q := range quantiles(l.name, l.took) {
			r.add(q.with("members", len(g.members)))
		}
	}
	return nil
}

// places are the RoleBindings of the largest group, with the names in each.
type places map[string][]rbacv1.Subject

func (b places) see(g *group, name string, subjects []rbacv1.Subject) {
	if belongsTo(name, g) {
		b[name] = subjects
	}
}

func (b places) have(p person) bool {
	for _, subjects := range b {
		if slices.ContainsFunc(subjects, func(s rbacv1.Subject) bool { return s.Name == p.userName }) {
			return true
		}
	}
	return false
}

// await waits from an answer until the user is a subject in one of the group's
// RoleBindings, or in none. Others of them may change meanwhile: subjects are
// moved together when there is much room.
func (b places) await(ctx context.Context, seen <-chan sighting, p person, g *group, bound bool) (time.Duration, error) {
	answered := time.Now()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		select {
		case s, ok := <-seen:
			if !ok {
				return 0, errors.New("the watch of RoleBindings ended")
			}
			b.see(g, s.name, s.subjects)
			if b.have(p) == bound {
				return max(0, s.at.Sub(answered)), nil
			}
		case <-timeout.C:
			return 0, fmt.Errorf("%s is not seen as bound=%t in time", p.userName, bound)
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// belongsTo tells whether a RoleBinding is one of a group's.
func belongsTo(binding string, g *group) bool {
	return len(binding) > len(g.name) && binding[:len(g.name)+1] == g.name+"-"
}
