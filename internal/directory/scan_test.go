package directory

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/filter"
)

// TestAnExpensiveQueryIsTooMany has no time at all for what needs a look at
// every user; what an index or a kept order answers is not affected.
func TestAnExpensiveQueryIsTooMany(t *testing.T) {
	s := serve(t, newReplica(t, func(o *Options) { o.ScanTimeout = time.Nanosecond }), newSync(t))
	ids := []string{}
	for _, name := range []string{"ada", "bob"} {
		ids = append(ids, s.create(s.users, scim.Object{"userName": name, "externalId": name,
			"emails": []any{scim.Object{"value": name + "@example.com"}}}).ID)
	}
	s.createGroup("staff", ids...)
	by := func(name, sub string) *scim.Sort {
		return &scim.Sort{Path: filter.AttributePath{Name: name, SubAttribute: sub}}
	}
	for name, test := range map[string]struct {
		filter  string
		sort    *scim.Sort
		groups  bool
		tooMany bool
	}{
		"everybody":                  {},
		"by userName":                {sort: by("userName", "")},
		"by id":                      {sort: by("id", "")},
		"id":                         {filter: `id eq "` + ids[0] + `"`},
		"userName":                   {filter: `userName eq "ada"`},
		"externalId":                 {filter: `externalId eq "ada"`},
		"e-mail":                     {filter: `emails[type eq "work"].value eq "ada@example.com"`},
		"a side of and":              {filter: `title pr and userName eq "ada"`},
		"member":                     {filter: `members eq "` + ids[0] + `"`, groups: true},
		"no index":                   {filter: `title eq "Dr."`, tooMany: true},
		"part of a userName":         {filter: `userName co "da"`, tooMany: true},
		"a side of or":               {filter: `userName eq "ada" or title pr`, tooMany: true},
		"sorted by no kept order":    {sort: by("meta", "created"), tooMany: true},
		"no index, groups":           {filter: `members.display eq "ada"`, groups: true, tooMany: true},
		"sorted by number of groups": {sort: by("groups", ""), tooMany: true},
	} {
		t.Run(name, func(t *testing.T) {
			query := scim.Query{Sort: test.sort, StartIndex: 1, Count: 10}
			if test.filter != "" {
				query.Filter = parse(t, test.filter)
			}
			rt := s.users
			if test.groups {
				rt = s.group
			}
			_, err := s.store.List(t.Context(), rt, query)
			known := (*scim.Error)(nil)
			if tooMany := errors.As(err, &known) && known.Status == 400 && known.Type == scim.TypeTooMany; tooMany != test.tooMany || !tooMany && err != nil {
				t.Errorf("error %v, want tooMany: %v", err, test.tooMany)
			}
		})
	}
}

// TestAnExpensiveSearchAmongMembersIsTooMany has no time at all for a PATCH that
// needs a look at every member; one that names members is not affected.
func TestAnExpensiveSearchAmongMembersIsTooMany(t *testing.T) {
	s := serve(t, newReplica(t, func(o *Options) { o.ScanTimeout = time.Nanosecond }), newSync(t))
	ada := s.createUser("ada").ID
	staff := s.createGroup("staff", ada, "x").ID
	match := func(m scim.Member) bool { return m.Display == "ada" }
	for name, test := range map[string]struct {
		change  scim.MemberChange
		tooMany bool
	}{
		"remove by filter":  {scim.MemberChange{Op: scim.RemoveMatching, Match: match}, true},
		"require by filter": {scim.MemberChange{Op: scim.RequireMatch, Match: match}, true},
		"remove by value":   {scim.MemberChange{Op: scim.RemoveMembers, Values: []string{"y"}}, false},
		"require by value":  {scim.MemberChange{Op: scim.RequireMatch, Values: []string{"x"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.store.Modify(t.Context(), s.group, staff, scim.Change{Members: []scim.MemberChange{test.change}})
			known := (*scim.Error)(nil)
			if tooMany := errors.As(err, &known) && known.Status == 400 && known.Type == scim.TypeTooMany; tooMany != test.tooMany || !tooMany && err != nil {
				t.Errorf("error %v, want tooMany: %v", err, test.tooMany)
			}
		})
	}
	if got := s.membersOf(staff); len(got) != 2 {
		t.Errorf("members are %v", got)
	}
}

// TestWaitingForTheAPIServerIsNotScanning has reads that take longer than all of
// the scan may.
func TestWaitingForTheAPIServerIsNotScanning(t *testing.T) {
	slow := interceptor.NewClient(api, interceptor.Funcs{
		Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
			time.Sleep(50 * time.Millisecond)
			return apierrors.NewServiceUnavailable("slow")
		},
	})
	const limit = 10 * time.Second
	ctx, s := (&Directory{scanTimeout: limit}).startScan(t.Context())
	_ = scanClient{slow}.Get(ctx, client.ObjectKey{Name: "x"}, &v1alpha1.User{})
	if s.waited < 50*time.Millisecond {
		t.Errorf("waited %v", s.waited)
	}
	s.began, s.waited = s.began.Add(-2*limit), s.waited+2*limit // another read
	if err := s.check(ctx); err != nil {
		t.Errorf("after waiting for %v: %v", s.waited, err)
	}
	s.began = s.began.Add(-limit)
	known := (*scim.Error)(nil)
	if err := s.check(ctx); !errors.As(err, &known) || known.Type != scim.TypeTooMany {
		t.Errorf("after %v of looking at resources: %v", limit, err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := s.check(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of the request: %v", err)
	}
}

// TestOnlyTheClustersTroubleIsLogged: what a client has caused is no error of
// the operator.
func TestOnlyTheClustersTroubleIsLogged(t *testing.T) {
	for name, test := range map[string]struct {
		err    error
		logged bool
	}{
		"a resource too large": {apierrors.NewInternalError(errors.New("etcdserver: request is too large")), false},
		"a request too large":  {apierrors.NewRequestEntityTooLargeError("limit is 3145728"), false},
		"a 404":                {scim.NotFound(KindUser, "x"), false},
		"a lost race":          {errConflict, false},
		"throttling":           {apierrors.NewTooManyRequests("slow down", 9), true},
		"no connection":        {errors.New("connection refused"), true},
	} {
		t.Run(name, func(t *testing.T) {
			lines := 0
			d := &Directory{log: funcr.New(func(string, string) { lines++ }, funcr.Options{})}
			if _ = d.answer(test.err); lines > 0 != test.logged {
				t.Errorf("%d lines are logged", lines)
			}
		})
	}
}
