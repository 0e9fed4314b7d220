package handler

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-scim/rollcall/internal/scim"
)

// The media types of RFC 7644 §3.1. They carry no charset parameter: several
// identity providers compare the header as a string.
const (
	mediaSCIM = "application/scim+json"
	mediaJSON = "application/json"
)

const errorURN = "urn:ietf:params:scim:api:messages:2.0:Error"

// answer is what an operation gives to the client.
type answer struct {
	status   int
	body     *[]byte // from newBuffer; nil for none
	etag     string
	location string
	id       string // of the resource that was created
}

// write sends the answer and gives its buffer back.
func (a answer) write(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	if a.etag != "" {
		header["Etag"] = []string{a.etag}
	}
	if a.location != "" {
		location := []string{a.location}
		header["Location"] = location
		if a.body != nil || a.status == http.StatusNotModified {
			header["Content-Location"] = location // the body is that resource (RFC 9110 §8.7, §15.4.5)
		}
	}
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	sent := compress(header, r, *a.body)
	header["Content-Type"] = mediaType(r)
	header["Content-Length"] = []string{strconv.Itoa(len(sent))}
	w.WriteHeader(a.status)
	// A failed write means that the client is gone: nobody is left to be told.
	_, _ = w.Write(sent)
	freeBuffer(a.body)
}

// WriteError answers with a SCIM error body (RFC 7644 §3.12). An error that is
// no *scim.Error becomes a 500 that shows nothing of it; it is for the caller
// to log.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	header := w.Header()
	id := header.Get(headerRequestID)
	if id == "" {
		id = requestID(r)
		header.Set(headerRequestID, id)
	}
	var e *scim.Error
	if !errors.As(err, &e) {
		e = internalError(id)
	}
	switch e.Status {
	case http.StatusUnauthorized:
		header.Set("WWW-Authenticate", challenge(r))
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		header.Set("Retry-After", strconv.FormatInt(retrySeconds(e.RetryAfter), 10))
	}
	buf := newBuffer()
	*buf = appendError(*buf, e)
	answer{status: e.Status, body: buf}.write(w, r)
}

// appendError writes the body of an error.
func appendError(b []byte, e *scim.Error) []byte {
	b = append(b, `{"schemas":["`+errorURN+`"],"status":"`...)
	b = strconv.AppendInt(b, int64(e.Status), 10)
	b = append(b, '"')
	if e.Type != "" {
		b = append(b, `,"scimType":`...)
		b = appendString(b, e.Type)
	}
	b = append(b, `,"detail":`...)
	b = appendString(b, e.Detail)
	return append(b, '}')
}

// retrySeconds rounds up: a client that comes back a moment early is refused again.
func retrySeconds(d time.Duration) int64 {
	return max(1, int64((d+time.Second-1)/time.Second))
}

// The values of Content-Type, which nobody changes.
var contentJSON, contentSCIM = []string{mediaJSON}, []string{mediaSCIM}

// mediaType is application/json for a client that asks for it and not for
// application/scim+json.
func mediaType(r *http.Request) []string {
	if accepts(r, mediaJSON) && !accepts(r, mediaSCIM) {
		return contentJSON
	}
	return contentSCIM
}

// accepts tells whether the Accept header names a media type. Wildcards do not.
func accepts(r *http.Request, media string) bool {
	for _, line := range r.Header["Accept"] {
		for item := range strings.SplitSeq(line, ",") {
			name, parameters, _ := strings.Cut(item, ";")
			if strings.EqualFold(strings.TrimSpace(name), media) && hasWeight(parameters) {
				return true
			}
		}
	}
	return false
}

// hasWeight tells whether the parameters of what a client accepts leave it above
// nothing: q=0 is what it does not accept (RFC 9110 §12.4.2).
func hasWeight(parameters string) bool {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(parameter, "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return err == nil && q > 0
		}
	}
	return true
}

// Buffers are used again, so that a page costs no new memory. A buffer that
// one huge answer has grown is let go.
const keepBuffer = 1 << 20

var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 4096); return &b }}

func newBuffer() *[]byte {
	b := buffers.Get().(*[]byte)
	*b = (*b)[:0]
	return b
}

func freeBuffer(b *[]byte) {
	if cap(*b) <= keepBuffer {
		buffers.Put(b)
	}
}
