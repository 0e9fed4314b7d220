package handler

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/internal/scim"
)

// A cursor (RFC 9865 §2) says where in an order a list goes on, so no server
// keeps anything for it: it works on every replica, at any time, and a client
// that makes one up only chooses where to begin. It holds a digest of the query
// that it belongs to and, for each resource type, a position.
const (
	maxCursor  = 16 << 10 // bytes of its text
	digestSize = 12
)

// position tells how far the resources of one type were read: empty for not
// begun, finished, or the Next of a page.
type position = string

const finished position = "\xff"

// digest is of all that decides which resources a query gives, and in which order.
func (p parameters) digest(types []*resourceType) []byte {
	h := sha256.New()
	for _, t := range types {
		_, _ = h.Write(append([]byte(t.Name), 0))
	}
	for _, part := range []string{p.filter, strings.ToLower(p.sortBy), strings.ToLower(p.sortOrder)} {
		_, _ = h.Write(binary.AppendUvarint(nil, uint64(len(part))))
		_, _ = h.Write([]byte(part))
	}
	return h.Sum(nil)[:digestSize]
}

// makeCursor is a text of unreserved characters.
func makeCursor(digest []byte, positions []position) string {
	b := slices.Clone(digest)
	for _, p := range positions {
		b = binary.AppendUvarint(b, uint64(len(p)))
		b = append(b, p...)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// readCursor gives the positions, one for each type; an empty cursor begins.
func readCursor(cursor string, digest []byte, types int) ([]position, error) {
	positions := make([]position, types)
	if cursor == "" {
		return positions, nil
	}
	if len(cursor) > maxCursor {
		return nil, scim.BadRequest(scim.TypeInvalidCursor, "the cursor is longer than %d bytes, so it is none of this server's", maxCursor)
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(b) < digestSize {
		return nil, badCursor()
	}
	if string(b[:digestSize]) != string(digest) {
		return nil, scim.BadRequest(scim.TypeInvalidCursor,
			"the cursor belongs to another query: filter, sortBy and sortOrder must stay as they were; begin again with an empty cursor")
	}
	b = b[digestSize:]
	for i := range positions {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return nil, badCursor()
		}
		positions[i] = string(b[n : n+int(size)])
		b = b[n+int(size):]
	}
	if len(b) > 0 {
		return nil, badCursor()
	}
	return positions, nil
}

func badCursor() *scim.Error {
	return scim.BadRequest(scim.TypeInvalidCursor, "the cursor is none of this server's: send nextCursor of the page before as it is, or begin with an empty cursor")
}
