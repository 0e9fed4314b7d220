package idpsim

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// cleanupTimeout is how long a round trip may take to remove what it made,
// also when it was interrupted.
const cleanupTimeout = 30 * time.Second

// Trip is what a round trip did.
type Trip struct {
	UserName string     `json:"userName"`
	Group    string     `json:"group"`
	Steps    []TripStep `json:"steps"`
	// Left is what could not be removed again; empty if nothing is left.
	Left []string `json:"left,omitempty"`
}

// TripStep is one step of a round trip.
type TripStep struct {
	Name    string        `json:"name"`
	Took    time.Duration `json:"durationNanoseconds"`
	Problem string        `json:"problem,omitempty"`
}

// OK tells whether every step had its effect, and nothing is left.
func (t *Trip) OK() bool {
	return len(t.Left) == 0 && !slices.ContainsFunc(t.Steps, func(s TripStep) bool { return s.Problem != "" })
}

// RoundTrip makes one user and one group with names that nobody else has,
// changes them as the profile's identity provider does, reads back what came of
// it, and deletes both. It touches nothing else, so it is safe against an
// endpoint in use. A step that fails ends it; what was made is removed. An error
// says why nothing could be tried.
func RoundTrip(ctx context.Context, c Config) (*Trip, error) {
	c.Phase, c.Users, c.Groups = PhaseTest, 1, -1
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	r, err := newRunner(&c)
	if err != nil {
		return nil, err
	}
	defer r.client.http.CloseIdleConnections()
	r.stop = func(error) {}
	name := "rollcall-test-" + strings.ToLower(rand.Text()[:10])
	p := &Person{Account: &Account{ExternalID: name}, UserName: name + "@example.invalid", GivenName: "Rollcall", FamilyName: "Test",
		DisplayName: "Rollcall Test (may be deleted)", Email: name + "@example.invalid", Active: true}
	t := &tour{runner: r, person: p, team: &Team{Circle: &Circle{ExternalID: name}, DisplayName: name}}
	t.trip = &Trip{UserName: p.UserName, Group: name}
	t.play(ctx)
	t.cleanUp(ctx)
	return t.trip, nil
}

// tour is one round trip under way.
type tour struct {
	*runner
	person *Person
	team   *Team
	trip   *Trip
}

// play goes through the steps until one fails.
func (t *tour) play(ctx context.Context) {
	changed, disabled := *t.person, *t.person
	changed.Title = "Changed"
	disabled.Title, disabled.Active = changed.Title, false
	steps := []struct {
		name string
		do   func(context.Context) error
	}{
		{"test the connection", func(ctx context.Context) error { return t.all(ctx, t.idp.connectionTest()...) }},
		{"create a user", func(ctx context.Context) (err error) {
			t.person.ID, err = t.create(ctx, t.idp.findUser(t.person), t.idp.createUser(t.person))
			return err
		}},
		{"look the user up", func(ctx context.Context) error { return t.finds(ctx, t.idp.findUser(t.person), t.person.ID) }},
		{"change the user", func(ctx context.Context) error { return t.update(ctx, t.person, &changed) }},
		{"create a group", func(ctx context.Context) (err error) {
			t.team.ID, err = t.create(ctx, t.idp.findGroup(t.team), t.idp.createGroup(t.team))
			return err
		}},
		{"add the user to the group", func(ctx context.Context) error {
			return errors.Join(t.all(ctx, t.idp.addMembers(t.team, []*Person{t.person})...), t.wantMember(ctx, true))
		}},
		{"remove the user from the group", func(ctx context.Context) error {
			return errors.Join(t.all(ctx, t.idp.removeMembers(t.team, []*Person{t.person})...), t.wantMember(ctx, false))
		}},
		{"disable the user", func(ctx context.Context) error {
			return errors.Join(t.update(ctx, &changed, &disabled), t.wantDisabled(ctx))
		}},
	}
	for _, step := range steps {
		if !t.step(ctx, step.name, step.do) {
			return
		}
	}
}

func (t *tour) step(ctx context.Context, name string, do func(context.Context) error) bool {
	began := time.Now()
	err := do(ctx)
	if ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	s := TripStep{Name: name, Took: time.Since(began)}
	if err != nil {
		s.Problem = err.Error()
	}
	t.trip.Steps = append(t.trip.Steps, s)
	return err == nil
}

// cleanUp removes what was made, also after a failure or an interrupt. A
// creation whose answer was lost is found by its name.
func (t *tour) cleanUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	for _, made := range []struct {
		what, name string
		find       request
		remove     func(id string) []request
	}{
		{"group", t.team.DisplayName, t.idp.findGroup(t.team), func(id string) []request {
			return t.idp.deleteGroup(&Team{Circle: &Circle{ID: id}})
		}},
		{"user", t.person.UserName, t.idp.findUser(t.person), func(id string) []request {
			return t.about.deleteUser(&Person{Account: &Account{ID: id}}, nil)
		}},
	} {
		if len(t.trip.Steps) == 1 && t.trip.Steps[0].Problem != "" {
			return // nothing was made: not even the connection test passed
		}
		removed := t.step(ctx, "delete the "+made.what, func(ctx context.Context) error {
			found, err := t.found(ctx, made.find)
			if err != nil || len(found) == 0 {
				return err
			}
			id, _ := found[0]["id"].(string)
			return t.all(ctx, made.remove(id)...)
		})
		if !removed {
			t.trip.Left = append(t.trip.Left, fmt.Sprintf("%s %s", made.what, made.name))
		}
	}
}

// one sends a request and judges the answer.
func (t *tour) one(ctx context.Context, q request, body any) (*answer, error) {
	a, err := t.client.do(ctx, &q, body)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s %s: %w%s", q.method, t.client.url(q.path), err, hint(err))
	case !slices.Contains(q.want, a.status):
		return nil, fmt.Errorf("%s %s was answered %d: %s", q.method, t.client.url(q.path), a.status, detailOf(a))
	case q.check != nil:
		if problem := q.check(a); problem != "" {
			return nil, fmt.Errorf("%s %s: %s", q.method, t.client.url(q.path), problem)
		}
	}
	return a, nil
}

func (t *tour) all(ctx context.Context, requests ...request) error {
	var last *answer
	for i := 0; i < len(requests); i++ {
		q, body := requests[i], requests[i].body
		if q.rebuild != nil {
			body = q.rebuild(last.object())
		}
		a, err := t.one(ctx, q, body)
		if err != nil {
			return err
		}
		last = a
		if l, _ := a.list(); q.guard && len(l.Resources) > 0 {
			i++
		}
	}
	return nil
}

func (t *tour) found(ctx context.Context, find request) ([]object, error) {
	a, err := t.one(ctx, find, nil)
	if err != nil {
		return nil, err
	}
	l, _ := a.list()
	return l.Resources, nil
}

func (t *tour) finds(ctx context.Context, find request, id string) error {
	found, err := t.found(ctx, find)
	if err == nil && (len(found) != 1 || found[0]["id"] != id) {
		err = fmt.Errorf("GET %s found %d resources, and should find the one that was created", t.client.url(find.path), len(found))
	}
	return err
}

// create makes a resource of a name that nobody has.
func (t *tour) create(ctx context.Context, find, post request) (string, error) {
	found, err := t.found(ctx, find)
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		return "", fmt.Errorf("GET %s found %d resources of a random name", t.client.url(find.path), len(found))
	}
	a, err := t.one(ctx, post, post.body)
	if err != nil {
		return "", err
	}
	id, _ := a.object()["id"].(string)
	return id, nil
}

func (t *tour) update(ctx context.Context, before, after *Person) error {
	return t.all(ctx, t.idp.updateUser(after, diffs(t.unlinked(), version(before), after))...)
}

func (t *tour) wantMember(ctx context.Context, want bool) error {
	a, err := t.one(ctx, getByID("get group", groupPath(t.team.Circle), ""), nil)
	if err == nil && slices.Contains(memberIDs(a.object()), t.person.ID) != want {
		err = fmt.Errorf("the user is a member of the group: %t, and should be: %t", !want, want)
	}
	return err
}

func (t *tour) wantDisabled(ctx context.Context) error {
	a, err := t.one(ctx, request{kind: "get user", method: http.MethodGet, path: userPath(t.person.Account), want: ok}, nil)
	if err == nil && a.object()["active"] != false {
		err = fmt.Errorf("the user's active attribute is %v, and should be false", a.object()["active"])
	}
	return err
}
