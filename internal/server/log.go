package server

import (
	"net/http"
	"strings"
	"time"
)

// recorder notes the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

func (w *recorder) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController find the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// log writes one line for a request. It holds neither the token nor the path
// below the resource type nor the query: those name people.
func (ro *router) log(r *http.Request, rq *request, answer *recorder) {
	if rq.token == "" && !ro.refused.Allow() {
		return
	}
	values := []any{
		"method", r.Method,
		"resourceType", resourceTypeOf(rq.path),
		"status", answer.status,
		"duration", time.Since(rq.began).Round(time.Microsecond).String(),
		"requestID", answer.Header().Get("X-Request-Id"),
	}
	if rq.sync != nil {
		values = append(values, "sync", rq.key.String())
	}
	if rq.token != "" {
		values = append(values, "token", rq.token)
	}
	if rq.reason != nil {
		values = append(values, "reason", rq.reason.Error())
	}
	ro.options.Log.Info("request", values...)
}

// resourceTypeOf names the first segment of a path if it is one that exists,
// so that nothing a stranger sends gets into the log.
func resourceTypeOf(path string) string {
	segment, _, _ := strings.Cut(strings.TrimLeft(path, "/"), "/")
	for _, known := range []string{"Users", "Groups", "Bulk", ".search", "ServiceProviderConfig", "ResourceTypes", "Schemas"} {
		if strings.EqualFold(segment, known) {
			return known
		}
	}
	return "other"
}
