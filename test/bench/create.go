package bench

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/directory"
)

// creation compares POST /Users with client-go creating the same objects.
func creation(workers int, goal float64) measurement {
	name := fmt.Sprintf("create_users_%d", workers)
	return measurement{name, []string{name}, func(ctx context.Context, r *runner) ([]Row, error) {
		e, err := r.newSync(ctx, fmt.Sprintf("created-%d", workers))
		if err != nil {
			return nil, err
		}
		id, err := e.create(ctx, "/Users", userBody(created(0)))
		if err != nil {
			return nil, err
		}
		model, err := r.userObject(ctx, id)
		if err != nil {
			return nil, err
		}
		users, err := r.cluster.bareUsers()
		if err != nil {
			return nil, err
		}
		var posted, written atomic.Int64
		posted.Store(1)
		var costs meter
		post := func(ctx context.Context) (float64, error) {
			var got result
			err := r.count(ctx, &costs, func() (int, error) {
				first := posted.Load()
				var err error
				got, err = load(ctx, workers, r.Side, &posted, func(ctx context.Context, i int) error {
					return e.do(ctx, http.StatusCreated, http.MethodPost, "/Users", userBody(created(i)), nil)
				})
				return int(posted.Load() - first), err
			})
			return got.rate(), err
		}
		create := func(ctx context.Context) (float64, error) {
			got, err := load(ctx, workers, r.Side, &written, func(ctx context.Context, i int) error {
				return users.create(ctx, likeUser(model, created(0), fmt.Sprintf("%02d%05d", workers, i)), &v1alpha1.User{})
			})
			return got.rate(), err
		}
		var pairs []pair
		err = r.profiled(ctx, name, func() (err error) {
			pairs, err = interleave(ctx, r.Rounds, post, r.undisturbed(create))
			return err
		})
		if err != nil {
			return nil, err
		}
		row := compared(name, "1/s", pairs, atLeast(goal))
		row.Cost = costs.each()
		return []Row{row}, nil
	}}
}

// created is a name that is easily replaced by another one.
func created(i int) string { return fmt.Sprintf("n%0*d", userDigits, i) }

// likeUser is a new object with the content of another user: only the name is
// another one, wherever it stands.
func likeUser(model *v1alpha1.User, name, number string) *v1alpha1.User {
	to := "m" + number
	user := &v1alpha1.User{
		ObjectMeta: metav1.ObjectMeta{Namespace: bareNamespace, Name: strings.Replace(model.Name, name, to, 1), Labels: model.Labels, Annotations: model.Annotations},
	}
	model.Spec.DeepCopyInto(&user.Spec)
	s := &user.Spec
	fields := []*string{&s.ID, &s.ExternalID, &s.UserName, &s.DisplayName, &s.Name.Formatted, &s.Name.FamilyName, &s.Enterprise.EmployeeNumber}
	for i := range s.Emails {
		fields = append(fields, &s.Emails[i].Value)
	}
	for _, field := range fields {
		*field = strings.Replace(*field, name, to, 1)
	}
	return user
}

// objectKey finds the object of a resource.
func objectKey(id string) client.ObjectKey {
	name, _, _ := directory.ObjectName(id)
	return client.ObjectKey{Namespace: syncNamespace, Name: name}
}
