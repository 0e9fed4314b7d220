package bench

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/rollcall-scim/rollcall/test/replica"
)

// etcdWrites is what has been put into etcd since it started, by anybody: keys
// with their values, as etcd counts them before it writes its log and database.
// Deletions count nothing.
type etcdWrites struct{ puts, bytes float64 }

// The metrics of etcd, at /metrics of its client URL.
const (
	metricPuts  = "etcd_mvcc_put_total"
	metricBytes = "etcd_mvcc_total_put_size_in_bytes"
	// Until etcd 3.5 it was called:
	metricBytesOld = "etcd_debugging_mvcc_total_put_size_in_bytes"
)

func readEtcd(ctx context.Context, url string) (etcdWrites, error) {
	content, err := replica.Fetch(ctx, http.DefaultClient, http.MethodGet, url+"/metrics", http.NoBody)
	if err != nil {
		return etcdWrites{}, fmt.Errorf("reading the metrics of etcd: %w", err)
	}
	puts, hasPuts := gauge(content, metricPuts)
	size, hasSize := gauge(content, metricBytes)
	if !hasSize {
		size, hasSize = gauge(content, metricBytesOld)
	}
	if !hasPuts || !hasSize {
		return etcdWrites{}, fmt.Errorf("etcd has no metrics %s and %s", metricPuts, metricBytes)
	}
	return etcdWrites{puts, size}, nil
}

// gauge finds a metric without labels.
func gauge(metrics []byte, name string) (float64, bool) {
	for line := range bytes.Lines(metrics) {
		value, ok := bytes.CutPrefix(line, []byte(name+" "))
		if !ok {
			continue
		}
		number, err := strconv.ParseFloat(string(bytes.TrimSpace(value)), 64)
		return number, err == nil
	}
	return 0, false
}
