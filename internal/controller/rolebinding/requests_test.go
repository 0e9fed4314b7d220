package rolebinding_test

import (
	"net/http"
	"strings"
	"sync"
)

// requests counts what the operator writes.
var requests = &counter{}

type counter struct {
	mu     sync.Mutex
	counts map[place]count
}

// place is a resource in a namespace.
type place struct{ resource, namespace string }

func placeOf(path string) place {
	parts := strings.Split(strings.Trim(path, "/"), "/") // apis/<group>/<version>/namespaces/<namespace>/<resource>/…
	if len(parts) < 6 || parts[3] != "namespaces" {
		return place{}
	}
	return place{resource: parts[5], namespace: parts[4]}
}

type count struct {
	creates, updates, deletes, patches int
	bytes                              int64
}

func (c *counter) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(rq *http.Request) (*http.Response, error) {
		answer, err := next.RoundTrip(rq)
		if err == nil && rq.Method != http.MethodGet && answer.StatusCode < 300 {
			c.add(rq)
		}
		return answer, err
	})
}

func (c *counter) add(rq *http.Request) {
	at := placeOf(rq.URL.Path)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[place]count{}
	}
	n := c.counts[at]
	switch rq.Method {
	case http.MethodPost:
		n.creates++
	case http.MethodPut:
		n.updates++
	case http.MethodDelete:
		n.deletes++
	case http.MethodPatch:
		n.patches++
	}
	n.bytes += max(0, rq.ContentLength)
	c.counts[at] = n
}

// of gives what was written of a resource in some namespaces.
func (c *counter) of(resource string, namespaces ...string) (sum count) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, namespace := range namespaces {
		n := c.counts[place{resource, namespace}]
		sum.creates, sum.updates, sum.deletes = sum.creates+n.creates, sum.updates+n.updates, sum.deletes+n.deletes
		sum.patches, sum.bytes = sum.patches+n.patches, sum.bytes+n.bytes
	}
	return sum
}

func (n count) minus(other count) count {
	return count{n.creates - other.creates, n.updates - other.updates, n.deletes - other.deletes, n.patches - other.patches, n.bytes - other.bytes}
}
