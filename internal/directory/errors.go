package directory

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/internal/scim"
)

// errConflict says that another writer was faster: read again and start over.
var errConflict = errors.New("the object was changed by another writer")

// retryAfter is what a client is told when the API server names no time.
const retryAfter = time.Second

// isConflict tells whether a write failed because the object is not, or no
// more, what it was based on.
func isConflict(err error) bool {
	return errors.Is(err, errConflict) || apierrors.IsConflict(err) || apierrors.IsNotFound(err) || apierrors.IsAlreadyExists(err)
}

// isNotFound tells whether an error is the SCIM answer 404.
func isNotFound(err error) bool {
	known := (*scim.Error)(nil)
	return errors.As(err, &known) && known.Status == http.StatusNotFound
}

// isAmbiguous tells whether a failed write may have been committed.
func isAmbiguous(err error) bool {
	if known := (*scim.Error)(nil); errors.As(err, &known) {
		return false // it was not begun
	}
	return apierrors.ReasonForError(err) == metav1.StatusReasonUnknown || apierrors.IsTimeout(err) ||
		apierrors.IsServerTimeout(err) || apierrors.IsInternalError(err)
}

// answer turns an error into what a SCIM client is told. The API server's own
// words are logged only: they are about a cluster that the client does not know.
// What the client itself has caused is not logged.
func (d *Directory) answer(err error) error {
	if err == nil {
		return nil
	}
	if known := (*scim.Error)(nil); errors.As(err, &known) {
		return known
	}
	if reason := invalidReason(err); reason != "" {
		return scim.BadRequest(scim.TypeInvalidValue, "%s", reason)
	}
	if errors.Is(err, context.Canceled) {
		return scim.Unavailable(retryAfter, "the request was canceled; if it was a change, it may or may not have been stored")
	}
	if isConflict(err) {
		return scim.Unavailable(retryAfter, "other requests keep changing the same resource; try again")
	}
	if apierrors.IsRequestEntityTooLargeError(err) || strings.Contains(err.Error(), "request is too large") {
		return &scim.Error{Status: http.StatusRequestEntityTooLarge,
			Detail: "the resource is larger than can be stored; shorten its photos, certificates or extensions"}
	}
	d.log.Error(nameless(err), "a request to the API server failed")
	switch {
	case apierrors.IsTooManyRequests(err):
		return &scim.Error{Status: http.StatusTooManyRequests, RetryAfter: delay(err),
			Detail: "the cluster is handling too many requests; try again"}
	case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err), apierrors.IsInvalid(err):
		return scim.Unavailable(delay(err), "the cluster does not let the operator do this; its log says more")
	case errors.Is(err, context.DeadlineExceeded):
		return scim.Unavailable(delay(err), "the cluster did not answer in time; a change may or may not have been stored")
	}
	return scim.Unavailable(delay(err), "the cluster cannot be reached at the moment; a change may or may not have been stored")
}

func delay(err error) time.Duration {
	if seconds, ok := apierrors.SuggestsClientDelay(err); ok && seconds > 0 {
		return time.Duration(seconds) * time.Second
	}
	return retryAfter
}

// invalidReason gives the API server's reasons for refusing values, which come
// from the descriptions in the CRDs; empty if the refusal names no field. An
// admission policy of the cluster refuses so, as a rule.
func invalidReason(err error) string {
	status := apierrors.APIStatus(nil)
	if !apierrors.IsInvalid(err) || !errors.As(err, &status) || status.Status().Details == nil {
		return ""
	}
	var reasons []string
	for _, cause := range status.Status().Details.Causes {
		if cause.Field != "" {
			reasons = append(reasons, strings.TrimPrefix(cause.Field, "spec.")+": "+cause.Message)
		}
	}
	return strings.Join(reasons, "; ")
}

// objectNames are the names of objects as the API server's errors and the URLs in
// those of its client have them: what was made of a name, and a hash.
var objectNames = regexp.MustCompile(`((?:users|groups)(?:/|\.[a-z.]+ "))[a-z0-9-]+-([a-z2-7]{13})\b`)

// nameless leaves out of an error what names people, which the log does not. The
// rest of an object's name is enough to find it by.
func nameless(err error) error {
	return errors.New(objectNames.ReplaceAllString(err.Error(), "${1}…-${2}"))
}
