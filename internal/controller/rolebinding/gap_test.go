package rolebinding_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// watches are the controller's watches of this API group, which can be broken.
var watches = &breakable{open: map[string]io.Closer{}}

type breakable struct {
	mu     sync.Mutex
	broken bool
	open   map[string]io.Closer // the latest watch, by path
}

// breakAll gives how many watches there were.
func (b *breakable) breakAll() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = true
	count := len(b.open)
	for _, watch := range b.open {
		_ = watch.Close()
	}
	b.open = map[string]io.Closer{}
	return count
}

func (b *breakable) mend() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = false
}

func (b *breakable) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.open)
}

// wrap lets a broken watch fail in a way that makes the informer list again.
func (b *breakable) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(rq *http.Request) (*http.Response, error) {
		if !strings.Contains(rq.URL.Path, "scim.rollcall.dev") || rq.URL.Query().Get("watch") == "" {
			return next.RoundTrip(rq)
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.broken {
			return nil, errors.New("the watch is broken")
		}
		answer, err := next.RoundTrip(rq)
		if err == nil {
			b.open[rq.URL.Path] = answer.Body
		}
		return answer, err
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(rq *http.Request) (*http.Response, error) { return f(rq) }

// What is deleted and made again while no watch sees it comes as one update,
// with the generation it had before.
func TestMadeAgainUnseen(t *testing.T) {
	tests := map[string]func(w world, devs *v1alpha1.Group, ann *v1alpha1.User, b *v1alpha1.GroupRoleBinding){
		"the user, who has another id now": func(w world, _ *v1alpha1.Group, ann *v1alpha1.User, _ *v1alpha1.GroupRoleBinding) {
			w.delete(ann)
			again := &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: ann.Name}, Spec: *ann.Spec.DeepCopy()}
			again.Spec.ID = ann.Name + "-ubbbbbb"
			w.create(again)
		},
		"the group, without the user": func(w world, devs *v1alpha1.Group, _ *v1alpha1.User, _ *v1alpha1.GroupRoleBinding) {
			w.delete(devs)
			w.group("Devs")
		},
		"the sync, with a filter": func(w world, _ *v1alpha1.Group, _ *v1alpha1.User, _ *v1alpha1.GroupRoleBinding) {
			w.delete(w.sync)
			w.createSync(func(s *v1alpha1.IdentityProviderSyncSpec) {
				s.GroupFilter = &v1alpha1.GroupFilter{Prefixes: []string{"k8s-"}}
			})
		},
		"the binding, of another group": func(w world, _ *v1alpha1.Group, _ *v1alpha1.User, b *v1alpha1.GroupRoleBinding) {
			w.delete(b)
			w.bind("pod-reader", "Ops")
		},
	}
	for name, again := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			ann := w.user("ann")
			devs := w.group("Devs", ann.Spec.ID)
			b := w.bind("pod-reader", "Devs")
			w.wantAccess(access{"ann": true})

			count := watches.breakAll()
			again(w, devs, ann, b)
			watches.mend()
			// An informer waits some seconds before it tries again.
			for end := time.Now().Add(20 * time.Second); watches.count() < count; time.Sleep(20 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("the watches do not come back")
				}
			}
			w.wantAccess(access{"ann": false})
		})
	}
}
