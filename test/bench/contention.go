package bench

import (
	"context"
	"fmt"
	"sync/atomic"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// contention compares many who add a member to one group with as many who
// change one such object with client-go.
func contention(workers int) measurement {
	name := fmt.Sprintf("contended_members_%d", workers)
	return measurement{name, []string{name}, func(ctx context.Context, r *runner) ([]Row, error) {
		p, err := r.everybody(ctx)
		if err != nil {
			return nil, err
		}
		groups, err := r.cluster.bareGroups()
		if err != nil {
			return nil, err
		}
		var costs meter
		refused, rounds := 0, 0
		add := func(ctx context.Context) (float64, error) {
			rounds++
			group, err := p.create(ctx, "/Groups", groupBody(fmt.Sprintf("%s-%d", name, rounds), strangers(workers)))
			if err != nil {
				return 0, err
			}
			var got result
			var next atomic.Int64
			err = r.count(ctx, &costs, func() (_ int, err error) {
				got, err = load(ctx, workers, r.Side, &next, func(ctx context.Context, i int) error {
					if i >= len(p.ids) {
						return errUsedUp
					}
					return p.addMember(ctx, group, p.ids[i])
				})
				return min(int(next.Load()), len(p.ids)), err
			})
			refused += got.refused
			return got.rate(), err
		}
		model, err := r.crowdedRoot(ctx, p)
		if err != nil {
			return nil, err
		}
		if err := groups.create(ctx, model, &v1alpha1.Group{}); err != nil {
			return nil, err
		}
		exhausted := 0
		update := func(ctx context.Context) (float64, error) {
			var next atomic.Int64
			got, err := load(ctx, workers, r.Side, &next, func(ctx context.Context, i int) error {
				err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
					group := &v1alpha1.Group{}
					if err := groups.get(ctx, model.Name, group); err != nil {
						return err
					}
					group.Spec.Members[i%len(group.Spec.Members)] = p.ids[i%len(p.ids)]
					return groups.update(ctx, group, &v1alpha1.Group{})
				})
				if apierrors.IsConflict(err) {
					return errRefused
				}
				return err
			})
			exhausted += got.refused
			return got.rate(), err
		}
		var pairs []pair
		err = r.profiled(ctx, name, func() (err error) {
			pairs, err = interleave(ctx, r.Rounds, add, r.undisturbed(update))
			return err
		})
		if err != nil {
			return nil, err
		}
		row := compared(name, "1/s", pairs, atLeast(2))
		row.Cost = costs.each()
		row.Note = fmt.Sprintf("%d PATCHes were refused (429, 503), %d updates had a conflict at every retry; neither is counted", refused, exhausted)
		return []Row{row}, nil
	}}
}

// crowdedRoot is an object for client-go to change, as large as the root of a
// large group gets: that lists the members added and removed last.
func (r *runner) crowdedRoot(ctx context.Context, p *people) (*v1alpha1.Group, error) {
	id, err := p.create(ctx, "/Groups", groupBody("crowded", p.ids[:v1alpha1.MaxAddedMembers+v1alpha1.MaxRemovedMembers]))
	if err != nil {
		return nil, err
	}
	group, err := r.groupObject(ctx, id)
	if err != nil {
		return nil, err
	}
	return &v1alpha1.Group{
		ObjectMeta: metav1.ObjectMeta{Namespace: bareNamespace, Name: group.Name, Labels: group.Labels, Annotations: group.Annotations},
		Spec:       group.Spec,
	}, nil
}
