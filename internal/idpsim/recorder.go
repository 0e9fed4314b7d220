package idpsim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const maxExamples = 3 // of failures of one sort

// recorder counts what happens during a run.
type recorder struct {
	retries atomic.Int64
	skipped atomic.Int64
	adopted atomic.Int64

	mu       sync.Mutex
	all      histogram
	kinds    map[string]*histogram
	statuses map[string]int
	failed   int
	failures map[string]*Failure
}

func newRecorder() *recorder {
	return &recorder{kinds: map[string]*histogram{}, statuses: map[string]int{}, failures: map[string]*Failure{}}
}

// sent records one request on the wire. A nil answer is a failed transport.
func (r *recorder) sent(req *request, a *answer, took time.Duration) {
	status := req.method + " error"
	if a != nil {
		status = req.method + " " + statusText[a.status]
		if statusText[a.status] == "" {
			status = fmt.Sprintf("%s %d", req.method, a.status)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all.add(took)
	kind := r.kinds[req.kind]
	if kind == nil {
		kind = &histogram{}
		r.kinds[req.kind] = kind
	}
	kind.add(took)
	r.statuses[status]++
}

// statusText spares the formatting of the statuses that are answered most.
var statusText = map[int]string{200: "200", 201: "201", 204: "204", 404: "404", 409: "409"}

func (r *recorder) requests() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all.count
}

// Failure is one sort of failed request.
type Failure struct {
	Kind     string    `json:"kind"`   // what the request was for
	Status   int       `json:"status"` // 0: no answer
	Count    int       `json:"count"`
	Examples []Example `json:"examples"` // the first few
}

// Example is one failed request.
type Example struct {
	Request string `json:"request"` // method and URL
	Body    string `json:"body,omitempty"`
	Status  int    `json:"status"`
	Detail  string `json:"detail"` // the server's words, or what is wrong with its answer
}

// fail records a request that did not have the effect that an identity provider expects.
func (r *recorder) fail(req *request, url string, body any, a *answer, problem string) {
	example := Example{Request: req.method + " " + url, Detail: problem}
	if a != nil {
		example.Status = a.status
		if problem == "" {
			example.Detail = detailOf(a)
		}
	}
	if body != nil {
		if b, err := json.Marshal(body); err == nil {
			example.Body = shorten(string(b), 500)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed++
	key := fmt.Sprintf("%s\x00%d", req.kind, example.Status)
	f := r.failures[key]
	if f == nil {
		f = &Failure{Kind: req.kind, Status: example.Status}
		r.failures[key] = f
	}
	f.Count++
	if len(f.Examples) < maxExamples {
		f.Examples = append(f.Examples, example)
	}
}

// detailOf finds the words of a SCIM error (RFC 7644 §3.12), or what comes closest.
func detailOf(a *answer) string {
	var e struct {
		Detail   string `json:"detail"`
		ScimType string `json:"scimType"`
	}
	switch {
	case json.Unmarshal(a.body, &e) == nil && e.Detail != "":
		if e.ScimType != "" {
			return e.Detail + " (" + e.ScimType + ")"
		}
		return e.Detail
	case a.status >= 300 && a.status < 400:
		return "redirected to " + a.header.Get("Location") + ": give that base URL instead; identity providers follow no redirects"
	case len(a.body) == 0:
		return http.StatusText(a.status) + ", without a body"
	default:
		return shorten(strings.ToValidUTF8(string(a.body), "?"), 300)
	}
}

func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}

// sortedFailures has the most frequent first.
func (r *recorder) sortedFailures() []*Failure {
	list := make([]*Failure, 0, len(r.failures))
	for _, f := range r.failures {
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b *Failure) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.Kind, b.Kind)
	})
	return list
}
