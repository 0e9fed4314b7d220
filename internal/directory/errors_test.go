package directory

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
)

func TestAnswersForErrorsOfTheAPIServer(t *testing.T) {
	users := v1alpha1.GroupVersion.WithResource("users").GroupResource()
	later := apierrors.NewServerTimeout(users, "get", 7)
	tests := map[string]struct {
		err        error
		status     int
		retryAfter time.Duration
	}{
		"already an answer":  {fmt.Errorf("wrapped: %w", scim.NotFound(KindUser, "x")), 404, 0},
		"throttled":          {apierrors.NewTooManyRequests("slow down", 9), 429, 9 * time.Second},
		"server timeout":     {later, 503, 7 * time.Second},
		"timeout":            {apierrors.NewTimeoutError("etcd", 0), 503, time.Second},
		"internal":           {apierrors.NewInternalError(errors.New("etcdserver: leader changed")), 503, time.Second},
		"unavailable":        {apierrors.NewServiceUnavailable("starting"), 503, time.Second},
		"always a conflict":  {apierrors.NewConflict(users, "x", errors.New("changed")), 503, time.Second},
		"not allowed":        {apierrors.NewForbidden(users, "x", errors.New("quota")), 503, time.Second},
		"no credentials":     {apierrors.NewUnauthorized("expired"), 503, time.Second},
		"deadline":           {context.DeadlineExceeded, 503, time.Second},
		"canceled":           {context.Canceled, 503, time.Second},
		"no connection":      {errors.New("dial tcp: connection refused"), 503, time.Second},
		"too large for etcd": {apierrors.NewInternalError(errors.New("etcdserver: request is too large")), 413, 0},
		"too large":          {apierrors.NewRequestEntityTooLargeError("limit is 3145728"), 413, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			known := (*scim.Error)(nil)
			if err := (&Directory{}).answer(test.err); !errors.As(err, &known) {
				t.Fatalf("answer %v", err)
			}
			if known.Status != test.status || known.RetryAfter != test.retryAfter || strings.Contains(known.Detail, "tcp") {
				t.Errorf("answer %d, retry after %v: %s", known.Status, known.RetryAfter, known.Detail)
			}
		})
	}
}

// TestTheAPIServerIsAway puts a proxy between a replica's writes and the API
// server that answers as an API server in trouble does, or not at all.
func TestTheAPIServerIsAway(t *testing.T) {
	throttle := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }
	over := make(chan struct{})
	silent := func(http.ResponseWriter, *http.Request) { <-over }
	hangUp := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	tests := map[string]struct {
		behave http.HandlerFunc
		status int
	}{
		"throttling": {throttle, http.StatusTooManyRequests},
		"silent":     {silent, http.StatusServiceUnavailable},
		"hanging up": {hangUp, http.StatusServiceUnavailable},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			trouble := httptest.NewServer(test.behave)
			defer trouble.Close()
			if name == "silent" {
				defer close(over)
			}
			broken, err := client.New(&rest.Config{Host: trouble.URL, QPS: -1}, client.Options{Scheme: scheme, Mapper: api.RESTMapper()})
			if err != nil {
				t.Fatal(err)
			}
			sync := newSync(t)
			jane := serve(t, newReplica(t), sync).createUser("jane")
			s := serve(t, newReplica(t, func(o *Options) { o.Client, o.Timeout = broken, time.Second }), sync)
			_, createErr := s.store.Create(context.Background(), s.users, scim.Object{"userName": "john"}, scim.Need{})
			_, modifyErr := s.store.Modify(context.Background(), s.users, jane.ID, scim.Change{Apply: set("title", "x")})
			_, missErr := s.store.Get(context.Background(), s.users, newID(KindUser, randomText(20)), scim.Need{})
			for what, err := range map[string]error{
				"create": createErr, "modify": modifyErr, "a miss": missErr,
				"delete": s.store.Delete(context.Background(), s.users, jane.ID, nil),
			} {
				known := (*scim.Error)(nil)
				if !errors.As(err, &known) || known.Status != test.status || known.RetryAfter == 0 {
					t.Errorf("%s: %v", what, err)
				}
			}
			if diff := cmp.Diff(jane, s.get(s.users, jane.ID)); diff != "" {
				t.Errorf("what is cached is not served:\n%s", diff)
			}
		})
	}
}

// TestALostAnswerToACreation is one that the API server carried out.
func TestALostAnswerToACreation(t *testing.T) {
	sync := newSync(t)
	s := serve(t, newReplica(t, mortal), sync)
	f := &fate{crashAt: 1, lost: true, heals: true}
	id, err := s.doCreate(withFate(f), s.users, "jane")
	if err != nil {
		t.Fatal(err)
	}
	if got := s.get(s.users, id); got.Attributes["userName"] != "jane" {
		t.Errorf("stored is %v", got)
	}
}

// TestInvalidReason tells refusals of values from those of the cluster: a
// ValidatingAdmissionPolicy without a reason of its own answers Invalid as well.
func TestInvalidReason(t *testing.T) {
	for name, test := range map[string]struct {
		causes []metav1.StatusCause
		status int
		detail string
	}{
		"a value": {[]metav1.StatusCause{{Field: "spec.title", Message: "Too long"}, {Field: "spec", Message: "id is immutable"}},
			http.StatusBadRequest, "title: Too long; spec: id is immutable"},
		"an admission policy": {[]metav1.StatusCause{{Message: "ValidatingAdmissionPolicy 'secret' denied request"}},
			http.StatusServiceUnavailable, "the cluster does not let the operator do this; its log says more"},
		"no cause": {nil, http.StatusServiceUnavailable, "the cluster does not let the operator do this; its log says more"},
	} {
		t.Run(name, func(t *testing.T) {
			err := apierrors.NewInvalid(v1alpha1.GroupVersion.WithKind(KindUser).GroupKind(), "x", nil)
			err.ErrStatus.Details.Causes = test.causes
			known := (*scim.Error)(nil)
			if answer := (&Directory{}).answer(fmt.Errorf("wrapped: %w", err)); !errors.As(answer, &known) || known.Status != test.status || known.Detail != test.detail {
				t.Errorf("answer %+v", known)
			}
		})
	}
}

// TestErrorsInTheLogNameNobody: object names begin with a userName.
func TestErrorsInTheLogNameNobody(t *testing.T) {
	object := slot(KindUser, "entra", "jane.doe@example.com", false)
	hash := object[len(object)-hashLength:]
	users := v1alpha1.GroupVersion.WithResource("users").GroupResource()
	unreachable, err := client.New(&rest.Config{Host: "127.0.0.1:1"}, client.Options{Scheme: scheme, Mapper: api.RESTMapper()})
	if err != nil {
		t.Fatal(err)
	}
	u := &v1alpha1.User{}
	u.SetNamespace("identity")
	u.SetName(object)
	for name, err := range map[string]error{
		"a refusal":     apierrors.NewForbidden(users, object, errors.New("quota")),
		"no connection": unreachable.Delete(t.Context(), u),
	} {
		t.Run(name, func(t *testing.T) {
			line := ""
			d := &Directory{log: funcr.New(func(_, args string) { line += args }, funcr.Options{})}
			_ = d.answer(err)
			if strings.Contains(line, "jane") || !strings.Contains(line, hash) {
				t.Errorf("logged is %s", line)
			}
		})
	}
}

func TestKeyedMutex(t *testing.T) {
	var m keyedMutex
	var running sync.WaitGroup
	counts := map[string]*int{"a": new(int), "b": new(int)}
	for key, count := range counts {
		for range 50 {
			running.Go(func() {
				unlock, err := m.lock(context.Background(), key)
				if err != nil {
					t.Error(err)
					return
				}
				defer unlock()
				*count++
			})
		}
	}
	running.Wait()
	if *counts["a"] != 50 || *counts["b"] != 50 || len(m.locks) != 0 {
		t.Errorf("counted %d and %d, %d locks are left", *counts["a"], *counts["b"], len(m.locks))
	}
	unlock, err := m.lock(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := m.lock(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a held lock was taken: %v", err)
	}
	unlock()
	if len(m.locks) != 0 {
		t.Errorf("%d locks are left", len(m.locks))
	}
}
