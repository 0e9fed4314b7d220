package bench

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

func TestLine(t *testing.T) {
	pairs := []pair{{75, 100}, {160, 200}, {30, 50}}
	tests := map[string]struct {
		row  Row
		want string
	}{
		"reached": {compared("a", "1/s", pairs, atLeast(0.75)),
			"BENCH name=a value=75 baseline=100 ratio=0.75 goal=ratio>=0.75 unit=1/s spread=0.6..0.8 met=yes"},
		"not reached": {compared("a", "1/s", pairs, atLeast(0.9)),
			"BENCH name=a value=75 baseline=100 ratio=0.75 goal=ratio>=0.9 unit=1/s spread=0.6..0.8 met=no"},
		"at most": {compared("a", "ms", []pair{{3, 2}}, atMost(1.5)),
			"BENCH name=a value=3 baseline=2 ratio=1.5 goal=ratio<=1.5 unit=ms spread=1.5..1.5 met=yes"},
		"a value": {alone("a", "B", []float64{8194, 100, 9000, 9001}, within(8<<10)),
			"BENCH name=a value=8597 baseline=- ratio=- goal=value<=8192 unit=B spread=100..9001 met=no"},
		"no goal": {alone("a", "ms", []float64{0.01234}, Goal{}),
			"BENCH name=a value=0.012 baseline=- ratio=- goal=- unit=ms spread=0.012..0.012 met=-"},
		"with its cost": {Row{Name: "a", Unit: "ms", Cost: &Cost{412.3, 80_000, 1.04, 1626.4}},
			"BENCH name=a value=0 baseline=- ratio=- goal=- unit=ms spread=0..0 met=- operator_cpu_us=412 operator_alloc_bytes=80000 etcd_puts=1.04 etcd_bytes=1626"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.row.Line()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestQuantile(t *testing.T) {
	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(100-i)*time.Millisecond)
	}
	for q, want := range map[float64]float64{0: 1, 0.5: 51, 0.99: 100, 1: 100} {
		if got := quantile(hundred, q); got != want {
			t.Errorf("quantile %v is %v ms, want %v", q, got, want)
		}
	}
}

func TestInterleave(t *testing.T) {
	var order []string
	measure := func(name string, value float64) side {
		round := -1.0
		return func(context.Context) (float64, error) {
			order = append(order, name)
			round++
			return value * round, nil
		}
	}
	pairs, err := interleave(t.Context(), 2, measure("A", 1), measure("B", 10))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("AB BA AB", strings.Join([]string{strings.Join(order[:2], ""), strings.Join(order[2:4], ""), strings.Join(order[4:], "")}, " ")); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(pairs, []pair{{1, 10}, {2, 20}}) {
		t.Errorf("the pairs are %v: the first round is not to count", pairs)
	}
}

func TestLoadCountsWhatSucceedsInTime(t *testing.T) {
	var next atomic.Int64
	got, err := load(t.Context(), 4, 200*time.Millisecond, &next, func(_ context.Context, i int) error {
		time.Sleep(10 * time.Millisecond)
		if i%2 == 1 {
			return errRefused
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.done == 0 || got.refused == 0 || got.done+got.refused > int(next.Load()) || got.rate() > 400 {
		t.Errorf("got %+v, %v a second, of %d calls", got, got.rate(), next.Load())
	}
	if _, err := load(t.Context(), 1, time.Millisecond, &next, func(context.Context, int) error { return errUsedUp }); err == nil {
		t.Error("nothing was done, and that was no error")
	}
}

func TestTheBaselineCreatesTheSameObjects(t *testing.T) {
	active := true
	model := &v1alpha1.User{
		ObjectMeta: metav1.ObjectMeta{Namespace: bareNamespace, Name: "n0000000-example-com-abcdefghijklm", Labels: map[string]string{v1alpha1.LabelSync: "created-8"}},
		Spec: v1alpha1.UserSpec{
			ResourceSpec: v1alpha1.ResourceSpec{ID: "n0000000-example-com-abcdefghijklm-uabcdef", ExternalID: "4e5f6071-n0000000"},
			UserName:     "n0000000@example.com", DisplayName: "Ann n0000000", Active: &active,
			Name:       &v1alpha1.Name{Formatted: "Ann n0000000", FamilyName: "n0000000", GivenName: "Ann"},
			Emails:     []v1alpha1.MultiValue{{Value: "n0000000@example.com", Type: "work", Primary: &active}},
			Enterprise: &v1alpha1.EnterpriseUser{EmployeeNumber: "n0000000", Department: "Platform"},
		},
	}
	text := func(u *v1alpha1.User) string {
		content, err := json.MarshalIndent(u, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	before := text(model)
	got := text(likeUser(model, created(0), "0800001"))
	if diff := cmp.Diff(strings.ReplaceAll(before, "n0000000", "m0800001"), got); diff != "" {
		t.Error(diff)
	}
	if text(model) != before {
		t.Error("the model was changed")
	}
}

func TestGauge(t *testing.T) {
	metrics := []byte("# HELP etcd_mvcc_put_total x\netcd_mvcc_put_total_of_others 1\netcd_mvcc_put_total 1.5e+06\n")
	if got, ok := gauge(metrics, "etcd_mvcc_put_total"); !ok || got != 1.5e6 {
		t.Errorf("got %v, %v", got, ok)
	}
	if _, ok := gauge(metrics, "etcd_mvcc_put"); ok {
		t.Error("found what is not there")
	}
}

func TestSum(t *testing.T) {
	metrics := []byte("# TYPE ended counter\nended{group=\"a b\"} 2\nended{group=\"c\"} 1\nended_also{} 5\n")
	if got := sum(metrics, "ended"); got != 3 {
		t.Errorf("got %d, want 3", got)
	}
}
