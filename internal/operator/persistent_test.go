package operator

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	toolscache "k8s.io/client-go/tools/cache"
)

// outage is an API server that can be away.
type outage struct {
	away     atomic.Bool
	attempts atomic.Int64
	watching chan *watch.FakeWatcher
}

func (o *outage) fails() error {
	if o.attempts.Add(1); o.away.Load() {
		return errors.New("connection refused")
	}
	return nil
}

func (o *outage) list(context.Context, metav1.ListOptions) (runtime.Object, error) {
	return &corev1.NamespaceList{ListMeta: metav1.ListMeta{ResourceVersion: "1"}}, o.fails()
}

func (o *outage) watch(_ context.Context, options metav1.ListOptions) (watch.Interface, error) {
	if err := o.fails(); err != nil {
		return nil, err
	}
	if options.SendInitialEvents != nil {
		return nil, apierrors.NewInvalid(schema.GroupKind{}, "", nil) // it does not stream lists
	}
	w := watch.NewFakeWithOptions(watch.FakeOptions{ChannelSize: 10})
	o.watching <- w
	return w, nil
}

func (o *outage) next(t *testing.T, within time.Duration) *watch.FakeWatcher {
	t.Helper()
	select {
	case w := <-o.watching:
		return w
	case <-time.After(within):
		t.Fatalf("nobody watches after %s and %d attempts", within, o.attempts.Load())
		return nil
	}
}

// TestInformersAreBackSoonAfterAnOutage: the pause before the next attempt does not
// grow with the outage. client-go's is 30 to 60 seconds after a dozen attempts.
func TestInformersAreBackSoonAfterAnOutage(t *testing.T) {
	const pause = 10 * time.Millisecond
	o := &outage{watching: make(chan *watch.FakeWatcher, 1)}
	informer := newInformer(logr.Discard(), pause)(
		&toolscache.ListWatch{ListWithContextFunc: o.list, WatchFuncWithContext: o.watch}, &corev1.Namespace{}, 0, toolscache.Indexers{})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { informer.RunWithContext(ctx); close(ended) }()
	w := o.next(t, 10*time.Second)
	o.away.Store(true)
	before := o.attempts.Load()
	w.Stop()
	for deadline := time.Now().Add(20 * time.Second); o.attempts.Load() < before+50; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d attempts in 20 s, want 50 with a pause of %s", o.attempts.Load()-before, pause)
		}
	}
	o.away.Store(false)
	o.next(t, 5*time.Second)
	cancel()
	<-ended
}

func TestPasses(t *testing.T) {
	namespaces := schema.GroupResource{Resource: "namespaces"}
	late := apierrors.NewTimeoutError("Too large resource version", 1)
	late.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: metav1.CauseTypeResourceVersionTooLarge}}
	tests := map[string]struct {
		err  error
		want bool
	}{
		"no answer":                    {errors.New("connection refused"), true},
		"no rights":                    {apierrors.NewForbidden(namespaces, "", nil), true},
		"no longer who it was":         {apierrors.NewUnauthorized("expired"), true},
		"etcd is away":                 {apierrors.NewInternalError(errors.New("etcdserver: no leader")), true},
		"starting":                     {apierrors.NewServiceUnavailable("storage is initializing"), true},
		"too late":                     {apierrors.NewTimeoutError("request did not complete", 1), true},
		"a version of another replica": {late, false},
		"a version that is compacted":  {apierrors.NewResourceExpired("too old resource version"), false},
		"flow control":                 {apierrors.NewTooManyRequests("", 1), false},
		"no such kind":                 {apierrors.NewNotFound(namespaces, ""), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := passes(test.err); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
}
