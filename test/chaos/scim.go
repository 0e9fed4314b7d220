package chaos

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// requestTimeout is how long a client waits for an answer.
const requestTimeout = 10 * time.Second

// endpoint is the base URL of the sync at an address, host:port.
func endpoint(address string) string {
	return "http://" + address + "/" + syncNamespace + "/" + syncName + "/scim/v2"
}

// bearer is the token that requests carry, which can be changed, and how many
// requests with each are under way.
type bearer struct {
	mu       sync.Mutex
	current  string
	underway map[string]int
}

func (b *bearer) set(token string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.current = token
}

func (b *bearer) take() (token string, release func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	token = b.current
	if b.underway == nil {
		b.underway = map[string]int{}
	}
	b.underway[token]++
	return token, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.underway[token]--
	}
}

func (b *bearer) uses(token string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.underway[token]
}

// scimClient sends requests over connections of its own.
type scimClient struct {
	base   string
	bearer *bearer
	http   *http.Client
	tally  *tally
}

func newSCIMClient(base string, b *bearer, t *tally) *scimClient {
	return &scimClient{base, b, &http.Client{Timeout: requestTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: 4}}, t}
}

// answer is what came back; err is set if nothing did.
type answer struct {
	status     int
	body       []byte
	retryAfter string
	err        error
}

// succeeded says the change has happened.
func (a answer) succeeded() bool { return a.err == nil && a.status/100 == 2 }

// unclear says that it is not known whether the change has happened or will.
func (a answer) unclear() bool {
	return a.err != nil || a.status >= 500 || a.status == http.StatusTooManyRequests
}

// complaint says what is wrong with the answer to a request that could not be
// served: it must be a 429 or 503 with Retry-After and a SCIM error.
func (a answer) complaint() string {
	if !a.unclear() || a.err != nil {
		return ""
	}
	var e struct {
		Schemas []string
		Status  string
	}
	switch {
	case a.status != http.StatusTooManyRequests && a.status != http.StatusServiceUnavailable:
		return "it is neither 429 nor 503"
	case a.retryAfter == "":
		return "it has no Retry-After"
	case json.Unmarshal(a.body, &e) != nil || !slices.Contains(e.Schemas, scimError) || e.Status != strconv.Itoa(a.status):
		return "it is no SCIM error"
	}
	return ""
}

const scimError = "urn:ietf:params:scim:api:messages:2.0:Error"

// do sends a request, and counts it and its answer.
func (c *scimClient) do(ctx context.Context, method, path, body string) answer {
	a := c.send(ctx, method, path, body)
	if ctx.Err() == nil {
		c.tally.count(a)
	}
	if wrong := a.complaint(); wrong != "" {
		c.tally.find(kindAnswer, "%s %s was answered %d %s: %s", method, path, a.status, a.body, wrong)
	}
	return a
}

func (c *scimClient) send(ctx context.Context, method, path, body string) answer {
	token, release := c.bearer.take()
	defer release()
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, strings.NewReader(body))
	if err != nil {
		return answer{err: err}
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		request.Header.Set("Content-Type", "application/scim+json")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return answer{err: err}
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	return answer{status: response.StatusCode, body: content, retryAfter: response.Header.Get("Retry-After"), err: err}
}

// resource is what this check looks at of a SCIM resource or list.
type resource struct {
	ID          string
	ExternalID  string
	UserName    string
	DisplayName string
	Title       string
	NickName    string
	Active      *bool
	Enterprise  struct{ Department string } `json:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`
	Members     []struct{ Value string }
	Groups      []struct{ Value string }

	TotalResults int
	Resources    []resource
}

func (a answer) resource() (resource, error) {
	var r resource
	err := json.Unmarshal(a.body, &r)
	return r, err
}

func filtered(path, filter string) string { return path + "?filter=" + url.QueryEscape(filter) }
