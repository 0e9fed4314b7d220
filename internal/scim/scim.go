// Package scim is the SCIM 2.0 protocol (RFC 7643, 7644) over a Store. It
// knows nothing of Kubernetes.
//
// The sub-packages are its parts: schema describes resource types, filter
// parses and evaluates filters and paths, patch turns a PATCH request into a
// change, handler speaks HTTP, memory is a Store without a database.
package scim

import "time"

// Object is a JSON object as encoding/json decodes it with UseNumber: values
// are string, bool, json.Number, []any, or Object. Never nil: an explicit null
// is the same as an absent attribute (RFC 7643 §2.5) and is left out.
//
// Within a resource, keys are the attribute names exactly as the schema spells
// them; the attributes of an extension are one Object under its URN. The
// values of undeclared extensions are kept as sent, also nulls within them.
type Object = map[string]any

// Resource is one SCIM resource (RFC 7643 §3).
type Resource struct {
	// Encoded is the resource as Need.Encoder wrote it; Attributes may then be
	// missing. It and the Resource that holds it are shared: nobody changes them.
	// A page looks at nothing else, so it comes first.
	Encoded *Encoded

	ID   string
	Meta Meta
	// Attributes has all attributes but id, schemas and meta. `members` of a
	// Group and `groups` of a User are there only when asked for by Need;
	// `members` may be a []Member, so that 100,000 need no Object each.
	Attributes Object
	// MemberCount is the number of members of a Group, filled in whatever Need
	// says, so that nobody loads members only to count them.
	MemberCount int
}

// Encoded is a resource as an answer shows it. Only the URL of the SCIM base is
// missing, which belongs between the two parts: it may differ in each request.
type Encoded struct{ Head, Tail string }

// Encoder writes resources in one way. It is comparable: equal Encoders write
// the same resource alike.
type Encoder interface {
	Encode(*Resource) *Encoded
}

// Meta is the metadata of a resource (RFC 7643 §3.1). Its location is known
// to the handler alone.
type Meta struct {
	ResourceType string
	Created      time.Time
	LastModified time.Time
	Version      string // an entity tag: W/"…" or "…"
}

// Member is one member of a group (RFC 7643 §4.2).
type Member struct {
	Value   string // the id of a user or group
	Type    string // "User", "Group", or empty when the id names nothing
	Display string
}
