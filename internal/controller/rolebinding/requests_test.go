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
	counts map[string]count // by resource
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
	resource := "other"
	for _, known := range []string{"clusterrolebindings", "rolebindings", "clustergrouprolebindings", "grouprolebindings"} {
		if strings.Contains(rq.URL.Path, "/"+known) {
			resource = known
			break
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[string]count{}
	}
	n := c.counts[resource]
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
	c.counts[resource] = n
}

func (c *counter) of(resource string) count {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts[resource]
}

func (n count) minus(other count) count {
	return count{n.creates - other.creates, n.updates - other.updates, n.deletes - other.deletes, n.patches - other.patches, n.bytes - other.bytes}
}
