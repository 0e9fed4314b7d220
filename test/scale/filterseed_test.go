package scale_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/test/conformance/localoperator"
)

// writers is how many clients create users at once. Each has connections of its
// own: one HTTP/2 connection takes no more than a hundred requests.
const writers = 32

// idOf is the id of a user: an object name, "u" for a user and six characters.
func idOf(number string) string { return "user" + number + "-aaaaaaaaaaaaa-uabcdef" }

func newClient(config *rest.Config) (client.Client, error) {
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	return client.New(config, client.Options{Scheme: scheme})
}

// direct asks the API server what the operator asks it.
func direct(ctx context.Context, c client.Client, what string, number int) error {
	if what == getNobody {
		err := c.Get(ctx, client.ObjectKey{Namespace: localoperator.Namespace, Name: fmt.Sprint("nobody", number)}, &v1alpha1.User{})
		return client.IgnoreNotFound(err)
	}
	title := fmt.Sprintf(`{"spec":{"title":"title %d"}}`, time.Now().UnixNano())
	return c.Patch(ctx, user(number), client.RawPatch(types.MergePatchType, []byte(title)))
}

// seed creates the users from one number, which there is already, to another.
func seed(ctx context.Context, config *rest.Config, from, to int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	numbers := make(chan int)
	var running sync.WaitGroup
	for range writers {
		c, err := newClient(rest.CopyConfig(config))
		if err != nil {
			return err
		}
		running.Go(func() {
			for number := range numbers {
				if err := c.Create(ctx, user(number)); err != nil {
					cancel(err)
				}
			}
		})
	}
	for number := from + 1; number <= to && ctx.Err() == nil; number++ {
		numbers <- number
	}
	close(numbers)
	running.Wait()
	return context.Cause(ctx)
}

// user is a user as the operator stores it.
func user(number int) *v1alpha1.User {
	id := idOf(fmt.Sprint(number))
	active := true
	now := metav1.NewMicroTime(time.Now().Truncate(time.Microsecond))
	return &v1alpha1.User{
		ObjectMeta: metav1.ObjectMeta{Namespace: localoperator.Namespace, Name: id[:len(id)-len("-uabcdef")]},
		Spec: v1alpha1.UserSpec{
			ResourceSpec: v1alpha1.ResourceSpec{
				SyncRef: v1alpha1.SyncReference{Name: localoperator.SyncName}, ID: id,
				ExternalID: fmt.Sprintf("external-%d", number), Created: &now, LastModified: &now,
			},
			UserName: fmt.Sprintf("User%d@example.com", number), Active: &active,
			DisplayName: fmt.Sprintf("User %d", number), Title: fmt.Sprintf("title %d", number%100),
			Name:   &v1alpha1.Name{GivenName: "User", FamilyName: fmt.Sprint(number)},
			Emails: []v1alpha1.MultiValue{{Value: fmt.Sprintf("user%d@mail.example.com", number), Type: "work", Primary: &active}},
		},
	}
}
