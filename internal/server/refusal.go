package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/token"
)

// refusal is the least time a refused token is answered in. Reading Secrets
// for a wrong token takes a little less, so the time does not tell whether
// there is a sync.
const refusal = 20 * time.Millisecond

// refusalWrite is how long who has no valid token may take to receive that answer.
const refusalWrite = 5 * time.Second

// letGo bounds what a request keeps while its client does not receive the answer,
// when nothing counts it any more. On one HTTP/2 connection, without a token, 100
// streams with a window of 0 would keep 60 MB of header fields for Timeouts.Write.
func (rq *request) letGo(w http.ResponseWriter, r *http.Request) {
	if rq.token == "" {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(refusalWrite))
	}
	if r.ProtoMajor == 2 { // net/http keeps r until the answer is gone; for HTTP/1 it looks at the fields once more
		r.Header = nil
	}
}

// refuseUnknown answers where there is no sync as a sync does to a wrong token,
// also while Secrets cannot be read.
func (ro *router) refuseUnknown(ctx context.Context, presented string) error {
	rq := requestOf(ctx)
	if err := ro.capacity.admitStranger(rq); err != nil {
		return err
	}
	defer ro.capacity.releaseStranger(rq)
	return refusedAs(ctx, rq, ro.options.Tokens.Refuse(ctx, ro.options.UnknownNamespace, presented))
}

// refusedAs is the answer to a token that was not accepted; nil if it was.
func refusedAs(ctx context.Context, rq *request, err error) error {
	if err == nil {
		return nil
	}
	rq.reason = err
	if !errors.Is(err, token.ErrRefused) {
		turnedAway.WithLabelValues("tokens").Inc()
		return scim.Unavailable(tokensRetry, "the bearer token cannot be checked right now; try again")
	}
	select {
	case <-time.After(refusal - time.Since(rq.began)):
	case <-ctx.Done():
	}
	return handler.InvalidToken()
}
