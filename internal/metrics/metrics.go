// Package metrics has everything that Rollcall measures, for Prometheus. All
// of it, in whatever package, is declared through here, which also keeps what
// docs/metrics.md is generated from.
//
// No label ever names a user or a group, or holds what a client chose: the
// number of series grows with the syncs, tokens and kinds there are, and with
// nothing else. A sync is always the label `sync`, as namespace/name.
//
// What a request does is counted through handles that each sync looks up once
// (Requests). What is known anyway, such as how many users a sync has, is
// read when somebody scrapes (State), so it costs nothing otherwise, and is
// gone with the sync.
package metrics

import (
	"cmp"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

// Metric describes one metric.
type Metric struct {
	Name   string
	Type   Type
	Labels []string
	Help   string
}

// Type is the type of a metric.
type Type string

// The types of metrics.
const (
	Counter   Type = "counter"
	Gauge     Type = "gauge"
	Histogram Type = "histogram"
)

// Labels says what the labels are.
var Labels = map[string]string{
	"sync":          "the IdentityProviderSync, as namespace/name; empty for a request to none",
	"resource_type": "first segment of the path: `Users`, `Groups`, `Bulk`, `.search`, `ServiceProviderConfig`, `ResourceTypes`, `Schemas`, or `other`",
	"method":        "`GET`, `POST`, `PUT`, `PATCH`, `DELETE`, or `other`",
	"code":          "HTTP status; `other` for one that is not usual, `none` when the API server could not be reached",
	"reason":        "why, one of a fixed list",
	"which":         "one of a fixed list",
	"result":        "`ok` or `error`",
	"kind":          "Kubernetes kind; of entries of the provisioning log `User` or `Group`",
	"verb":          "`create`, `update`, `patch`, or `delete`",
	"token":         "name of the token in `spec.tokens`",
	"provider":      "`spec.provider` of the sync",
	"state":         "`spec.state` of the sync",
	"ready":         "status of the condition Ready: `True`, `False`, or `Unknown`",
	"action":        "as in the [provisioning log](provisioning-log.md)",
	"version":       "version of the program",
	"goversion":     "version of Go that it was built with",
}

var (
	all    []Metric
	bySync []interface {
		DeletePartialMatch(prometheus.Labels) int
	}
)

// All are the metrics, by name.
func All() []Metric {
	sorted := slices.Clone(all)
	slices.SortFunc(sorted, func(a, b Metric) int { return cmp.Compare(a.Name, b.Name) })
	return sorted
}

// Forget ends the series of a sync that is gone.
func Forget(sync types.NamespacedName) {
	for _, vec := range bySync {
		vec.DeletePartialMatch(prometheus.Labels{labelSync: sync.String()})
	}
}

const labelSync = "sync"

// buckets are for those who do not scrape native histograms yet.
var buckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

// nativeReset is how long a native histogram keeps its resolution at least.
const nativeReset = time.Hour

func declare(t Type, name, help string, labels []string) {
	for _, label := range labels {
		if Labels[label] == "" {
			panic("the label " + label + " of " + name + " is not described")
		}
	}
	all = append(all, Metric{Name: name, Type: t, Labels: labels, Help: help})
}

// vec is what all vectors have in common.
type vec interface {
	prometheus.Collector
	DeletePartialMatch(prometheus.Labels) int
}

func register(v vec, labels []string) {
	metrics.Registry.MustRegister(v)
	if slices.Contains(labels, labelSync) {
		bySync = append(bySync, v)
	}
}

// NewCounterVec declares a counter.
func NewCounterVec(name, help string, labels ...string) *prometheus.CounterVec {
	declare(Counter, name, help, labels)
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	register(v, labels)
	return v
}

// NewGaugeVec declares a gauge.
func NewGaugeVec(name, help string, labels ...string) *prometheus.GaugeVec {
	declare(Gauge, name, help, labels)
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	register(v, labels)
	return v
}

// NewHistogramVec declares a histogram of durations in seconds.
func NewHistogramVec(name, help string, labels ...string) *prometheus.HistogramVec {
	declare(Histogram, name, help, labels)
	v := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: name, Help: help, Buckets: buckets,
		NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100, NativeHistogramMinResetDuration: nativeReset,
	}, labels)
	register(v, labels)
	return v
}
