package server

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/go-logr/logr"

	"github.com/rollcall-scim/rollcall/internal/logging"
)

// recorder notes the status of an answer.
type recorder struct {
	http.ResponseWriter
	status  int
	failure []byte // the beginning of an error's body
}

func (w *recorder) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController find the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// requestLines is where the lines of requests go: straight to the handler below
// the logger, for a line of typed values costs half of one made of any.
func requestLines(log logr.Logger) slog.Handler {
	return logr.ToSlogHandler(log).WithAttrs([]slog.Attr{slog.String("logger", "scim")})
}

// mayWait is for the lines of reads, which come by the thousands a second and
// are written together.
var mayWait = logging.MayWait(context.Background())

// log writes one line for a request. It holds neither the token nor the path
// below the resource type nor the query: those name people.
func (ro *router) log(r *http.Request, rq *request, answer *recorder) {
	if rq.token == "" && !ro.refused.Allow() {
		return
	}
	ctx := context.Background()
	if rq.token != "" && answer.status < http.StatusBadRequest && !writes(r.Method) {
		ctx = mayWait
	}
	lines := ro.lines
	if rq.endpoint != nil {
		lines = rq.endpoint.lines(rq.token)
	}
	if !lines.Enabled(ctx, slog.LevelInfo) {
		return
	}
	now := time.Now()
	line := slog.NewRecord(now, slog.LevelInfo, "request", 0)
	line.AddAttrs(
		slog.String("method", r.Method),
		slog.String("resourceType", resourceTypeOf(rq.path)),
		slog.Int("status", answer.status),
		slog.String("duration", now.Sub(rq.began).Round(time.Microsecond).String()),
		slog.String("requestID", answer.Header().Get("X-Request-Id")),
	)
	if rq.reason != nil {
		line.AddAttrs(slog.String("reason", rq.reason.Error()))
	}
	_ = lines.Handle(ctx, line)
}

// tokenLines is where the lines of requests with one token go.
type tokenLines struct {
	token string
	slog.Handler
}

// lines begin with the sync and the token, which are written once for many: most
// requests come with the token of the one before.
func (e *endpoint) lines(token string) slog.Handler {
	if last := e.lastLines.Load(); last != nil && last.token == token {
		return last
	}
	attrs := []slog.Attr{slog.String("sync", e.key.String())}
	if token != "" {
		attrs = append(attrs, slog.String("token", token))
	}
	next := &tokenLines{token, e.ro.lines.WithAttrs(attrs)}
	e.lastLines.Store(next)
	return next
}

// resourceTypes are the first segments of paths that exist.
var resourceTypes = []string{"Users", "Groups", "Bulk", ".search", "ServiceProviderConfig", "ResourceTypes", "Schemas"}

// resourceTypeOf names the first segment of a path if it is one that exists,
// so that nothing a stranger sends gets into the log.
func resourceTypeOf(path string) string {
	segment, _, _ := strings.Cut(strings.TrimLeft(path, "/"), "/")
	for _, known := range resourceTypes {
		if strings.EqualFold(segment, known) {
			return known
		}
	}
	return "other"
}
