package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// trouble is what an API server does under stress. Chances are of each request,
// from 0 to 1.
type trouble struct {
	delay                               time.Duration // at most, before a request is passed on
	tooMany, conflict, internal, losing float64
	injected                            atomic.Int64
}

// disturb answers some requests in place of the API server, and delays others.
func (l *line) disturb(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := l.trouble.Load()
		if t == nil {
			next.ServeHTTP(w, r)
			return
		}
		if t.delay > 0 {
			select {
			case <-time.After(rand.N(t.delay)):
			case <-r.Context().Done():
				return
			}
		}
		changes := r.Method == http.MethodPut || r.Method == http.MethodPatch || r.Method == http.MethodDelete
		switch chance := rand.Float64(); {
		case chance < t.tooMany:
			w.Header().Set("Retry-After", "1")
			t.fail(w, http.StatusTooManyRequests, metav1.StatusReasonTooManyRequests, "too many requests, please try again later")
			return
		case chance < t.tooMany+t.internal:
			t.fail(w, http.StatusInternalServerError, metav1.StatusReasonInternalError, "etcdserver: leader changed")
			return
		case chance < t.tooMany+t.internal+t.conflict && changes:
			t.fail(w, http.StatusConflict, metav1.StatusReasonConflict, "the object has been modified; please apply your changes to the latest version and try again")
			return
		case chance > 1-t.losing && (changes || r.Method == http.MethodPost):
			t.injected.Add(1)
			r = r.WithContext(context.WithValue(r.Context(), lost{}, true))
		}
		next.ServeHTTP(w, r)
	})
}

// fail answers as the API server does.
func (t *trouble) fail(w http.ResponseWriter, code int, reason metav1.StatusReason, message string) {
	t.injected.Add(1)
	status := metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure,
		Code: int32(code), Reason: reason, Message: message,
	}
	if code == http.StatusTooManyRequests {
		status.Details = &metav1.StatusDetails{RetryAfterSeconds: 1}
	}
	body, err := json.Marshal(status)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	_, _ = w.Write(body)
}

// lost marks the request whose answer does not arrive, though it is carried out.
type lost struct{}

var errLost = errors.New("this answer is lost on purpose")

func lose(r *http.Response) error {
	if r.Request.Context().Value(lost{}) != nil {
		return errLost
	}
	return nil
}
