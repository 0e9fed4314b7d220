package scim

import (
	"context"

	"github.com/rollcall-scim/rollcall/internal/scim/filter"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// Store keeps the resources of one service provider. Every error that a client
// should see is an *Error. What a call returned without an error is durable.
type Store interface {
	// Create stores a new resource. It gives it an id and metadata. `members`
	// of a Group come as an attribute. A userName or displayName that is taken,
	// ignoring case, is a Conflict.
	Create(ctx context.Context, rt *schema.ResourceType, attributes Object, need Need) (*Resource, error)

	// Get reads a resource by id; NotFound if there is none.
	Get(ctx context.Context, rt *schema.ResourceType, id string, need Need) (*Resource, error)

	// List reads the resources that match, in the order that the query asks for
	// or else in a stable one of the store's own.
	List(ctx context.Context, rt *schema.ResourceType, query Query) (*Page, error)

	// Modify changes a resource at once or not at all; NotFound if there is
	// none. A change that alters nothing writes nothing and keeps the version.
	Modify(ctx context.Context, rt *schema.ResourceType, id string, change Change) (*Resource, error)

	// Delete removes a resource; NotFound if there is none. precondition may be
	// nil; otherwise it sees the version as stored and its error ends the call.
	Delete(ctx context.Context, rt *schema.ResourceType, id string, precondition func(version string) error) error
}

// Need names the attributes that cost something to put together and are
// filled in only when the answer will show them.
type Need struct {
	Members bool // `members` of a Group
	Groups  bool // `groups` of a User
	// Encoder, unless nil, will write the resource from what the other fields ask
	// for, and from nothing else. A Store may do that itself, and keep it for as
	// long as the resource does not change: Resource.Encoded.
	Encoder Encoder
	// Afford, unless nil, is asked before what takes much memory is put together,
	// with about how many bytes it will take in all, also once it is written; its
	// error is that of the call. Members are what takes much.
	Afford func(ctx context.Context, bytes int) error
}

// MemberBytes is about what a member takes in an answer, with its share of the text.
const MemberBytes = 256

// AffordMembers asks for so many members, if the answer has them.
func (n Need) AffordMembers(ctx context.Context, members int) error {
	if n.Afford == nil || !n.Members || members == 0 {
		return nil
	}
	return n.Afford(ctx, members*MemberBytes)
}

// Query chooses the resources of a list (RFC 7644 §3.4.2).
type Query struct {
	Filter     filter.Expression // nil: every resource
	Sort       *Sort             // nil: the store's own order
	StartIndex int               // 1-based; of no effect with After
	Count      int               // 0: only the total is wanted
	// After continues behind a Page: it is the Next of a page of the same filter
	// and order, which may be from another replica and any time ago. Empty: from
	// StartIndex on. A text that is no such thing is an invalidCursor.
	After string
	// MaxMembers ends the page before a group with whose members those of the
	// page would be more, but not before the first; 0: no bound. It counts only
	// when Need asks for members.
	MaxMembers int
	Need       Need
}

// Sort is an order (RFC 7644 §3.4.2.3). Resources without a value come last, in
// a descending order first; among equals the store's own order decides.
type Sort struct {
	Path       filter.AttributePath
	Descending bool
}

// Page is one part of the resources that match a query.
type Page struct {
	Total     int // how many match in all
	Resources []*Resource
	Places    []Place // of each of them, if the query has a Sort
	// Next tells where the page ends in its order, for Query.After; empty when
	// nothing follows it. It says so by value, so whatever is added or deleted
	// meanwhile, what stays is seen once.
	Next string
}

// Change is a change of one resource, committed as a whole.
type Change struct {
	// Precondition, unless nil, sees the version as stored; its error ends the call.
	Precondition func(version string) error

	// Apply, unless nil, gives the new attributes from a copy of the current
	// ones, without `members` and `groups`. It may be called again when another
	// writer was faster, so it must not have effects of its own.
	Apply func(current Object) (Object, error)

	// Members are changes of a Group's members, in order.
	Members []MemberChange

	// Need is for the resource that Modify returns.
	Need Need
}

// MemberOp is what a MemberChange does.
type MemberOp int

// The member operations. All are idempotent.
const (
	AddMembers     MemberOp = iota // Values become members
	RemoveMembers                  // Values are members no more; others stay
	ReplaceMembers                 // Values are all the members there are
	RemoveMatching                 // members for which Match is true are members no more
	RequireMatch                   // nothing changes; with no member in Values, or for which Match is true, the request fails with noTarget
)

// MemberChange is one change of a Group's members.
type MemberChange struct {
	Op     MemberOp
	Values []string          // ids, for all but RemoveMatching
	Match  func(Member) bool // for RemoveMatching, and for RequireMatch without Values; costs a look at every member
}
