package scale

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
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
	watcher, err := r.cluster.Admin.Watch(ctx, &rbacv1.RoleBindingList{}, client.InNamespace(bindingsNamespace))
	if err != nil {
		return err
	}
	defer watcher.Stop()
	seen := make(chan sighting, 4096)
	go func() {
		defer close(seen)
		for event := range watcher.ResultChan() {
			if b, ok := event.Object.(*rbacv1.RoleBinding); ok && event.Type != watch.Deleted {
				seen <- sighting{time.Now(), b.Name, b.Subjects}
			}
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
		lag, err := await(ctx, seen, p, g, false)
		if err != nil {
			return err
		}
		revoked = append(revoked, lag)
		sent = time.Now()
		if err := e.addMember(ctx, g.id, p.id); err != nil {
			return err
		}
		added = append(added, time.Since(sent))
		if lag, err = await(ctx, seen, p, g, true); err != nil {
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

// await waits from an answer until a change of the largest group is seen: the
// user is a subject in one of its RoleBindings, or in one that had it before no
// more. Nobody else changes meanwhile, so the first event of the group is it.
func await(ctx context.Context, seen <-chan sighting, p person, g *group, bound bool) (time.Duration, error) {
	answered := time.Now()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		select {
		case s, ok := <-seen:
			if !ok {
				return 0, errors.New("the watch of RoleBindings ended")
			}
			is := slices.ContainsFunc(s.subjects, func(s rbacv1.Subject) bool { return s.Name == p.userName })
			if belongsTo(s.name, g) && is == bound {
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
