package scim

import (
	"cmp"
	"strings"

	"github.com/rollcall-scim/rollcall/internal/scim/filter"
)

// Place is where a resource is in an order: by a sort key, which is empty in
// the store's own order, and among equals by a name that no other one has.
type Place struct {
	Key  string // see filter.CompileKey
	Name string // no NUL in it
}

// Compare orders two places; descending turns the whole order over.
func (p Place) Compare(other Place, descending bool) int {
	order := cmp.Or(filter.CompareKeys(p.Key, other.Key), strings.Compare(p.Name, other.Name))
	if descending {
		return -order
	}
	return order
}

// String is the place as Page.Next and Query.After have it.
func (p Place) String() string { return p.Key + "\x00" + p.Name }

// ParsePlace reads what String gave.
func ParsePlace(text string) (Place, error) {
	at := strings.LastIndexByte(text, 0)
	if at < 0 {
		return Place{}, BadRequest(TypeInvalidCursor, "the cursor names no place in a list: begin again with an empty cursor")
	}
	return Place{Key: text[:at], Name: text[at+1:]}, nil
}
