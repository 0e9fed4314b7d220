package scim

import (
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"
)

// Error is a failed request (RFC 7644 §3.12). It is made once, where the
// failure arises, and is safe to show to the client.
type Error struct {
	Status     int           // the HTTP status
	Type       string        // the scimType, one of the Type constants, or empty
	Detail     string        // what is wrong and what to do about it
	RetryAfter time.Duration // for 429 and 503: when to try again; 0: not said
}

// The scimTypes of RFC 7644 §3.12, table 9.
const (
	TypeInvalidFilter = "invalidFilter"
	TypeTooMany       = "tooMany"
	TypeUniqueness    = "uniqueness"
	TypeMutability    = "mutability"
	TypeInvalidSyntax = "invalidSyntax"
	TypeInvalidPath   = "invalidPath"
	TypeNoTarget      = "noTarget"
	TypeInvalidValue  = "invalidValue"
	TypeInvalidVers   = "invalidVers"
	TypeSensitive     = "sensitive"
)

// The scimTypes of RFC 9865 §2.1. Cursors here do not expire.
const (
	TypeInvalidCursor = "invalidCursor"
	TypeInvalidCount  = "invalidCount"
)

// Error gives the detail.
func (e *Error) Error() string { return e.Detail }

// BadRequest is a 400 of the given scimType.
func BadRequest(scimType, format string, args ...any) *Error {
	return &Error{Status: http.StatusBadRequest, Type: scimType, Detail: detail(format, args)}
}

// NotFound is a 404 for a resource of a type.
func NotFound(resourceType, id string) *Error {
	return &Error{Status: http.StatusNotFound, Detail: detail("%s %q does not exist", []any{resourceType, id})}
}

// Conflict is a 409 of scimType uniqueness.
func Conflict(format string, args ...any) *Error {
	return &Error{Status: http.StatusConflict, Type: TypeUniqueness, Detail: detail(format, args)}
}

// Unavailable is a 503 that says when to try again.
func Unavailable(retryAfter time.Duration, format string, args ...any) *Error {
	return &Error{Status: http.StatusServiceUnavailable, Detail: fmt.Sprintf(format, args...), RetryAfter: retryAfter}
}

// maxShown is how many bytes of a text are shown in a detail. A client may send
// one of megabytes, of which a quoted copy has several times as many.
const maxShown = 1024

// detail is what fmt.Sprintf gives, with long texts cut.
func detail(format string, args []any) string {
	shown := make([]any, len(args))
	for i, arg := range args {
		shown[i] = arg
		if text, ok := arg.(string); ok && len(text) > maxShown {
			end := maxShown
			for end > maxShown-utf8.UTFMax && !utf8.RuneStart(text[end]) { // it may be no UTF-8
				end--
			}
			shown[i] = text[:end] + "…"
		}
	}
	return fmt.Sprintf(format, shown...)
}
