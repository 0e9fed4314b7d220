package rolebinding

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/internal/projection"
)

var devs = projection.BindingKey{Kind: "GroupRoleBinding", Namespace: "team", Name: "devs"}

func syncName(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: "team", Name: name}
}

func version(name, version string) client.Object {
	return &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: name, UID: types.UID("uid-" + name), ResourceVersion: version}}
}

func TestWritten(t *testing.T) {
	now := time.Now()
	key := objectKey{"team", "a"}
	tests := map[string]struct {
		steps  func(t *testing.T, w *written)
		cached []client.Object
		want   []string // versions
		left   int      // entries remembered after
	}{
		"an object that the informer does not show yet": {
			steps:  func(_ *testing.T, w *written) { w.begin(devs, key); w.wrote(key, version("a", "10"), "") },
			cached: []client.Object{version("b", "3")},
			want:   []string{"b 3", "a 10"}, left: 1,
		},
		"an object that the informer shows in an old version": {
			steps:  func(_ *testing.T, w *written) { w.begin(devs, key); w.wrote(key, version("a", "10"), "") },
			cached: []client.Object{version("a", "9")},
			want:   []string{"a 10"}, left: 1,
		},
		"an object that somebody changed since": {
			steps:  func(_ *testing.T, w *written) { w.begin(devs, key); w.wrote(key, version("a", "10"), "") },
			cached: []client.Object{version("a", "11")},
			want:   []string{"a 11"},
		},
		"an object that is deleted, and shown still": {
			steps:  func(_ *testing.T, w *written) { w.begin(devs, key); w.wrote(key, nil, "uid-a") },
			cached: []client.Object{version("a", "9")},
			left:   1,
		},
		"a write that failed": {
			steps:  func(_ *testing.T, w *written) { w.begin(devs, key); w.wrote(key, nil, "") },
			cached: []client.Object{version("a", "9")},
			want:   []string{"a 9"},
		},
		"an object that the informer never shows": {
			steps: func(_ *testing.T, w *written) {
				w.begin(devs, key)
				w.wrote(key, version("a", "10"), "")
				now = now.Add(trust + 1)
			},
		},
		"the event of an own write": {
			steps: func(t *testing.T, w *written) {
				w.begin(devs, key)
				w.wrote(key, version("a", "10"), "")
				if !w.isOwn(version("a", "9"), false) || !w.isOwn(version("a", "10"), false) {
					t.Error("own events led to a reconcile")
				}
				if w.isOwn(version("a", "11"), false) {
					t.Error("the event of somebody else's change led to none")
				}
			},
			cached: []client.Object{version("a", "11")},
			want:   []string{"a 11"},
		},
		"somebody else's change while a write is under way": {
			steps: func(t *testing.T, w *written) {
				w.begin(devs, key)
				w.isOwn(version("a", "10"), false)
				w.isOwn(version("a", "11"), false)
				if !w.wrote(key, version("a", "10"), "") {
					t.Error("the change was missed")
				}
			},
			cached: []client.Object{version("a", "11")},
			want:   []string{"a 11"},
		},
		"the event before the answer": {
			steps: func(t *testing.T, w *written) {
				w.begin(devs, key)
				w.isOwn(version("a", "10"), false)
				if w.wrote(key, version("a", "10"), "") {
					t.Error("the own write was taken for somebody else's")
				}
			},
			cached: []client.Object{version("a", "10")},
			want:   []string{"a 10"},
		},
		"the event of an own deletion": {
			steps: func(t *testing.T, w *written) {
				w.begin(devs, key)
				w.wrote(key, nil, "uid-a")
				if !w.isOwn(version("a", "12"), true) {
					t.Error("the own deletion led to a reconcile")
				}
			},
		},
		"somebody deletes what was just written": {
			steps: func(t *testing.T, w *written) {
				w.begin(devs, key)
				w.wrote(key, version("a", "10"), "")
				if w.isOwn(version("a", "11"), true) {
					t.Error("the deletion led to no reconcile")
				}
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWritten(func() time.Time { return now })
			test.steps(t, w)
			var got []string
			for _, o := range w.overlay(devs, test.cached) {
				got = append(got, o.GetName()+" "+o.GetResourceVersion())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
			if len(w.objects) != test.left || len(w.of[devs]) != test.left {
				t.Errorf("%d and %d entries are left, want %d", len(w.objects), len(w.of[devs]), test.left)
			}
		})
	}
}
