package server

import (
	"context"
	"errors"
	"time"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/token"
)

// refusal is the least time a refused token is answered in. Reading Secrets
// for a wrong token takes a little less, so the time does not tell whether
// there is a sync.
const refusal = 20 * time.Millisecond

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
