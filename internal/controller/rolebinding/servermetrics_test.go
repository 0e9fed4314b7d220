package rolebinding_test

import (
	"bufio"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// served is what the API server says it has done to RoleBindings since it
// started, for whomever, and what etcd says was put into it.
type served struct {
	creates, updates, deletes, patches int
	etcdBytes                          float64
}

func (s served) minus(other served) served {
	return served{s.creates - other.creates, s.updates - other.updates, s.deletes - other.deletes, s.patches - other.patches, s.etcdBytes - other.etcdBytes}
}

// readServed reads both programs' own metrics.
func readServed(t testing.TB) served {
	t.Helper()
	var s served
	eachMetric(t, cluster.client, strings.TrimSuffix(cluster.apiServer, "/")+"/metrics", func(name, labels string, value float64) {
		if name != "apiserver_request_total" || !strings.Contains(labels, `resource="rolebindings"`) || !strings.Contains(labels, `code="2`) {
			return
		}
		for verb, count := range map[string]*int{"POST": &s.creates, "PUT": &s.updates, "DELETE": &s.deletes, "PATCH": &s.patches} {
			if strings.Contains(labels, `verb="`+verb+`"`) {
				*count += int(value)
			}
		}
	})
	eachMetric(t, http.DefaultClient, cluster.etcd+"/metrics", func(name, _ string, value float64) {
		if name == "etcd_mvcc_total_put_size_in_bytes" || name == "etcd_debugging_mvcc_total_put_size_in_bytes" {
			s.etcdBytes = value
		}
	})
	if s.creates == 0 || s.etcdBytes == 0 {
		t.Fatalf("the metrics say %+v; they must have other names", s)
	}
	return s
}

func eachMetric(t testing.TB, client *http.Client, url string, do func(name, labels string, value float64)) {
	t.Helper()
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		t.Fatal(fmt.Errorf("%s: %s", url, answer.Status))
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		metric := lines.Text()
		end := strings.LastIndex(metric, " ")
		if strings.HasPrefix(metric, "#") || end < 0 {
			continue
		}
		value, err := strconv.ParseFloat(metric[end+1:], 64)
		if err != nil {
			t.Fatalf("%s: %q: %v", url, metric, err)
		}
		name, labels, _ := strings.Cut(metric[:end], "{")
		do(name, labels, value)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}
