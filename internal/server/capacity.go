package server

import (
	"context"
	"io"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/internal/scim"
)

const (
	defaultMaxRequests    = 1024
	defaultMaxBodyBytes   = 64 << 20
	defaultMaxAnswerBytes = 128 << 20
	defaultMaxConnections = 4096

	// maxBody is the largest body that is read; a larger one is a 413 unread.
	maxBody = 16 << 20
	// smallBody is how many bytes a request may bring without asking: the bound
	// on requests bounds those.
	smallBody = 16 << 10
	// MinBodyBytes is the least that Options.MaxBodyBytes can be: one sync gets
	// half of it, which must do for one body.
	MinBodyBytes = 2 * maxBody

	// smallAnswer is how many bytes an answer may take without asking.
	smallAnswer = 64 << 10

	// bodyWait is how long a request waits until its body may be read, or its
	// answer put together.
	bodyWait = 10 * time.Second
	// busyRetry is when to try again after the server had too much to do.
	busyRetry = time.Second
)

// capacity is what the server can do at once, and its division between syncs.
type capacity struct {
	requests *shares // with a valid token
	bodies   *shares // bytes of bodies of requests that are not answered yet
	answers  *shares // bytes that large answers take until they are written
	// largest is what the largest answer counts as, so that it gets its turn.
	largest int64
	// strangers are requests whose token has yet to be checked at the API
	// server, or is being refused, by the path's sync, which need not exist.
	strangers *shares
}

func newCapacity(o Options) capacity {
	return capacity{
		requests:  newShares(int64(o.MaxRequests)),
		bodies:    newShares(o.MaxBodyBytes),
		answers:   newShares(o.MaxAnswerBytes),
		largest:   o.MaxAnswerBytes / 2,
		strangers: newShares(int64(o.MaxRequests)),
	}
}

// admit lets a request begin at once or not at all, and read its body in turn:
// a body takes several times its size while it is decoded.
func (c *capacity) admit(ctx context.Context, rq *request) error {
	if !c.requests.take(rq.key, 1) {
		turnedAway.WithLabelValues("requests").Inc()
		return scim.Unavailable(busyRetry, "%d requests of this identity provider are being answered already; try again", c.requests.holds(rq.key))
	}
	rq.admitted = true
	if rq.body <= smallBody {
		return nil
	}
	return c.admitBody(ctx, rq, rq.body)
}

func (c *capacity) admitBody(ctx context.Context, rq *request, bytes int64) error {
	ctx, cancel := context.WithTimeout(ctx, bodyWait)
	defer cancel()
	if !c.bodies.wait(ctx, rq.key, bytes) {
		turnedAway.WithLabelValues("bodies").Inc()
		return scim.Unavailable(busyRetry, "as many large bodies are being read as may be at once; try again, or send less at once")
	}
	rq.holds = bytes
	return nil
}

// unannounced is a body whose length its client does not tell. If it turns out
// not to be small, it waits for its turn as the largest does.
type unannounced struct {
	io.ReadCloser
	small int64        // bytes until then; negative: it has had its turn
	wait  func() error // for its turn
}

func (b *unannounced) Read(p []byte) (int, error) {
	if b.small == 0 {
		if err := b.wait(); err != nil {
			return 0, err
		}
		b.small = -1
	}
	if b.small < 0 {
		return b.ReadCloser.Read(p)
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.small)])
	b.small -= int64(n)
	return n, err
}

// afford lets a request put together an answer that takes so many bytes in all.
// One that waits for its client to read keeps them.
func (c *capacity) afford(ctx context.Context, rq *request, bytes int64) error {
	more := min(bytes, c.largest) - rq.answers
	if bytes <= smallAnswer || more <= 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, bodyWait)
	defer cancel()
	if !c.answers.wait(ctx, rq.key, more) {
		turnedAway.WithLabelValues("answers").Inc()
		return scim.Unavailable(busyRetry, "as many large answers are being written as may be at once; try again, ask for less with count or excludedAttributes=members, or read answers faster")
	}
	rq.answers += more
	return nil
}

// release gives back what the request took.
func (c *capacity) release(rq *request) {
	if rq.admitted {
		c.requests.give(rq.key, 1)
	}
	if rq.holds > 0 {
		c.bodies.give(rq.key, rq.holds)
	}
	if rq.answers > 0 {
		c.answers.give(rq.key, rq.answers)
	}
}

func (c *capacity) admitStranger(rq *request) error {
	if c.strangers.take(rq.stranger(), 1) {
		return nil
	}
	turnedAway.WithLabelValues("strangers").Inc()
	return scim.Unavailable(busyRetry, "the server has too many tokens to check; try again")
}

func (c *capacity) releaseStranger(rq *request) { c.strangers.give(rq.stranger(), 1) }

// stranger is whose share a request takes before it is known who sent it. It is
// made from the path alone, so it does not tell whether there is such a sync.
func (rq *request) stranger() types.NamespacedName { return rq.key }

// bodySize is how many bytes of a request may be read before it is looked at
// again: see unannounced.
func bodySize(r *http.Request) int64 {
	switch {
	case r.ContentLength > maxBody:
		return 0
	case r.ContentLength < 0:
		return smallBody
	}
	return r.ContentLength
}
