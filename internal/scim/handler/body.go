package handler

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"unicode/utf8"

	"github.com/rollcall-scim/rollcall/internal/scim"
)

// Bounds of the JSON of a body, beside its size: three bytes of text can become
// 340 bytes of memory.
const (
	maxDepth   = 64      // a SCIM resource needs four levels, an extension of somebody's own a few more
	maxObjects = 1 << 18 // objects and lists; a group with 100,000 members has as many
	maxValues  = 1 << 20 // commas, which are less than the values
	maxItems   = 1 << 18 // in one list
	maxKeys    = 4096    // in one object, each of which is looked up; an extension has room for fewer
)

// readBody reads the JSON object that a request carries, of at most limit bytes.
func readBody(rq *request, limit int64) (scim.Object, error) {
	if rq.data != nil {
		return rq.data, nil
	}
	if err := checkContent(rq.Header); err != nil {
		return nil, err
	}
	if rq.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	var buf bytes.Buffer
	if rq.ContentLength > 0 {
		buf.Grow(int(rq.ContentLength) + bytes.MinRead)
	}
	if _, err := buf.ReadFrom(http.MaxBytesReader(rq.writer, rq.Body, limit)); err != nil {
		var over *http.MaxBytesError
		if errors.As(err, &over) {
			return nil, tooLarge(limit)
		}
		if known := (*scim.Error)(nil); errors.As(err, &known) {
			return nil, known // of whom the body comes through
		}
		if ctxErr := rq.Context().Err(); ctxErr != nil {
			return nil, ctxErr
		}
		return nil, scim.BadRequest(scim.TypeInvalidSyntax, "the body broke off before its end; send it again")
	}
	return decodeObject(buf.Bytes())
}

// checkContent accepts bodies called application/scim+json or application/json
// with any parameters, or nothing at all (RFC 7644 §3.1).
func checkContent(header http.Header) error {
	if encoding := header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return &scim.Error{Status: http.StatusUnsupportedMediaType, Detail: fmt.Sprintf("a body with Content-Encoding %q is not read: send it uncompressed", encoding)}
	}
	sent := header.Get("Content-Type")
	if sent == "" {
		return nil
	}
	// The parameters do not matter, so neither does an error in them.
	media, _, err := mime.ParseMediaType(sent)
	if (err == nil || errors.Is(err, mime.ErrInvalidMediaParameter)) && (media == mediaSCIM || media == mediaJSON) {
		return nil
	}
	return &scim.Error{Status: http.StatusUnsupportedMediaType, Detail: fmt.Sprintf("a body of Content-Type %q is not read: send %s or %s", sent, mediaSCIM, mediaJSON)}
}

func tooLarge(limit int64) *scim.Error {
	return &scim.Error{
		Status: http.StatusRequestEntityTooLarge,
		Detail: fmt.Sprintf("the body is larger than %d bytes, the most that is read: send less, or members in several PATCH requests", limit),
	}
}

var byteOrderMark = []byte("\uFEFF")

// decodeObject decodes one JSON object and nothing behind it. Of equal keys
// the last counts; numbers stay as written.
func decodeObject(body []byte) (scim.Object, error) {
	body = bytes.TrimPrefix(body, byteOrderMark)
	if !utf8.Valid(body) {
		return nil, scim.BadRequest(scim.TypeInvalidSyntax, "the body is not UTF-8 (RFC 8259 §8.1)")
	}
	if err := checkStructure(body); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, malformed(err, body)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, scim.BadRequest(scim.TypeInvalidSyntax, "the body goes on after its JSON object, at byte %d", decoder.InputOffset())
	}
	object, ok := value.(scim.Object)
	if !ok {
		return nil, scim.BadRequest(scim.TypeInvalidSyntax, "the body must be a JSON object")
	}
	return object, nil
}

func malformed(err error, body []byte) *scim.Error {
	var syntax *json.SyntaxError
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return scim.BadRequest(scim.TypeInvalidSyntax, "the body is empty: send a JSON object")
	case errors.As(err, &syntax):
		return scim.BadRequest(scim.TypeInvalidSyntax, "the body is not JSON: %v at byte %d of %d", syntax, syntax.Offset, len(body))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return scim.BadRequest(scim.TypeInvalidSyntax, "the body is not JSON: it ends too early, at byte %d", len(body))
	}
	return scim.BadRequest(scim.TypeInvalidSyntax, "the body is not JSON: %v", err)
}

// checkStructure looks at the brackets and commas before the decoder does, which
// would build everything first.
func checkStructure(body []byte) error {
	depth, objects, values, quoted := 0, 0, 0, false
	var items [maxDepth + 1]int // after the first, of the object or list that is open at each depth
	most := [maxDepth + 1]int{maxValues}
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			objects++
			if depth++; depth > maxDepth {
				return scim.BadRequest(scim.TypeInvalidSyntax, "the body nests deeper than %d levels at byte %d", maxDepth, i+1)
			}
			if items[depth], most[depth] = 0, maxItems; c == '{' {
				most[depth] = maxKeys
			}
		case c == '}' || c == ']':
			depth = max(0, depth-1)
		case c == ',':
			values++
			if items[depth]++; items[depth] >= most[depth] {
				return &scim.Error{
					Status: http.StatusRequestEntityTooLarge,
					Detail: fmt.Sprintf("an object or list of the body goes on after %d members at byte %d: send less, or members in several PATCH requests", most[depth], i+1),
				}
			}
		}
	}
	if objects > maxObjects || values > maxValues {
		return &scim.Error{
			Status: http.StatusRequestEntityTooLarge,
			Detail: fmt.Sprintf("the body has more than %d objects and lists, or more than %d values: send less, or members in several PATCH requests", maxObjects, maxValues),
		}
	}
	return nil
}
