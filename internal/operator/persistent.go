package operator

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/time/rate"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	toolscache "k8s.io/client-go/tools/cache"
)

// watchRetry is how soon an informer tries again, on average, while the API server
// cannot be reached or refuses it: a dozen requests a second of each replica's.
// client-go's own pauses grow to a minute, and that is then how long after the end of
// an outage nobody's access is revoked.
const watchRetry = time.Second

// newInformer gives the caches informers that are back soon after an outage: what
// client-go retries ever more slowly never fails for it.
func newInformer(log logr.Logger, pause time.Duration) func(toolscache.ListerWatcher, runtime.Object, time.Duration, toolscache.Indexers) toolscache.SharedIndexInformer {
	return func(lw toolscache.ListerWatcher, o runtime.Object, resync time.Duration, indexers toolscache.Indexers) toolscache.SharedIndexInformer {
		p := &persistent{ListerWatcherWithContext: toolscache.ToListerWatcherWithContext(lw), pause: pause,
			log: log.WithValues("kind", fmt.Sprintf("%T", o)), tells: rate.Sometimes{Interval: time.Minute}}
		return toolscache.NewSharedIndexInformer(&toolscache.ListWatch{
			ListWithContextFunc: p.list, WatchFuncWithContext: p.watch,
		}, o, resync, indexers)
	}
}

// persistent lists and watches one kind.
type persistent struct {
	toolscache.ListerWatcherWithContext
	pause time.Duration
	log   logr.Logger
	tells rate.Sometimes
}

func (p *persistent) list(ctx context.Context, options metav1.ListOptions) (list runtime.Object, err error) {
	err = p.persist(ctx, func() error { list, err = p.ListWithContext(ctx, options); return err })
	return list, err
}

func (p *persistent) watch(ctx context.Context, options metav1.ListOptions) (w watch.Interface, err error) {
	err = p.persist(ctx, func() error { w, err = p.WatchWithContext(ctx, options); return err })
	return w, err
}

func (p *persistent) persist(ctx context.Context, try func() error) error {
	for {
		err := try()
		if err == nil || ctx.Err() != nil || !passes(err) {
			return err
		}
		p.tells.Do(func() { p.log.Error(err, "what is stored cannot be read; trying again") })
		select {
		case <-time.After(p.pause/2 + rand.N(p.pause)):
		case <-ctx.Done():
			return err
		}
	}
}

// passes tells whether the same request may have another answer later: there was
// none, or the API server is not well or lacks the rules that allow it. All else is
// for client-go: to obey flow control, or to ask for another version.
func passes(err error) bool {
	if status := apierrors.APIStatus(nil); !errors.As(err, &status) {
		return true
	}
	switch apierrors.ReasonForError(err) {
	case metav1.StatusReasonForbidden, metav1.StatusReasonUnauthorized, metav1.StatusReasonInternalError, metav1.StatusReasonServiceUnavailable:
		return true
	case metav1.StatusReasonTimeout:
		return !apierrors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge)
	}
	return false
}
