package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/token"
)

// patience is how long something may take to be ready, or to follow.
const patience = 30 * time.Second

// newSync makes a sync, whose groups may be bound anywhere, and gives its
// endpoint.
func (r *runner) newSync(ctx context.Context, name string) (endpoint, error) {
	e := endpoint{
		base:   fmt.Sprintf("http://%s/%s/%s/scim/v2", r.operator.Address, syncNamespace, name),
		bearer: token.Generate(),
	}
	if err := r.cluster.CreateSync(ctx, name, e.bearer); err != nil {
		return e, err
	}
	return e, until(ctx, func() error { return e.do(ctx, http.StatusOK, http.MethodGet, "/ServiceProviderConfig", "", nil) })
}

// until repeats what fails.
func until(ctx context.Context, holds func() error) error {
	for deadline := time.Now().Add(patience); ; {
		err := holds()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// people is a sync with many users. Each is in two groups: one of everybody
// and one of a hundred.
type people struct {
	endpoint
	ids       []string
	firstRead float64 // pages a second when everybody was read for the first time; 0: not yet
}

const (
	teamSize   = 100
	fillers    = 16 // connections that create users
	userDigits = 7
)

// peopleName is the name of a user; all are of one length, so that all answers are.
func peopleName(i int) string { return fmt.Sprintf("person-%0*d", userDigits, i) }

// everybody gives the sync with many users. The first who asks waits for them.
func (r *runner) everybody(ctx context.Context) (*people, error) {
	if r.people != nil {
		return r.people, nil
	}
	r.say("creating %d users", r.Users)
	e, err := r.newSync(ctx, "people")
	if err != nil {
		return nil, err
	}
	p := &people{endpoint: e, ids: make([]string, r.Users)}
	if err := parallel(ctx, r.Users, fillers, func(ctx context.Context, i int) (err error) {
		p.ids[i], err = e.create(ctx, "/Users", userBody(peopleName(i)))
		return err
	}); err != nil {
		return nil, err
	}
	if _, err := e.create(ctx, "/Groups", groupBody("everybody", p.ids)); err != nil {
		return nil, err
	}
	teams := (r.Users + teamSize - 1) / teamSize
	if err := parallel(ctx, teams, fillers, func(ctx context.Context, i int) error {
		_, err := e.create(ctx, "/Groups", groupBody(fmt.Sprintf("team-%06d", i), p.ids[i*teamSize:min((i+1)*teamSize, r.Users)]))
		return err
	}); err != nil {
		return nil, err
	}
	r.people = p
	return p, nil
}

// strangers are ids of the form that the operator gives out, of nobody.
func strangers(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		name := fmt.Sprintf("member-%0*d", userDigits, i)
		ids[i] = name + "-example-com-" + strings.Repeat("q", 13) + "-uqqqqqq"
	}
	return ids
}

func (r *runner) userObject(ctx context.Context, id string) (*v1alpha1.User, error) {
	user := &v1alpha1.User{}
	return user, r.cluster.Admin.Get(ctx, objectKey(id), user)
}

func (r *runner) groupObject(ctx context.Context, id string) (*v1alpha1.Group, error) {
	group := &v1alpha1.Group{}
	return group, r.cluster.Admin.Get(ctx, objectKey(id), group)
}

var errNotFollowed = errors.New("nothing followed in time")
