package handler

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/filter"
)

// parameters are the query parameters that mean something here (RFC 7644
// §3.4.2, §3.9). Unknown ones are ignored, since identity providers append
// their own to the tenant URL.
type parameters struct {
	filter             string
	startIndex         string
	count              string
	attributes         string
	excludedAttributes string
	sortBy             string
	sortOrder          string
	cursor             string
	byCursor           bool // cursor is there; empty, it asks for the first page
}

// readParameters reads a query string. It is not left to net/url, which drops
// what it cannot read: a filter that is dropped would list everybody. Where a
// parameter is repeated the first one counts.
func readParameters(query string) (parameters, error) {
	var p parameters
	if query == "" {
		return p, nil
	}
	for pair := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(key); err == nil {
			key = plain
		}
		target, scimType := p.field(key)
		p.byCursor = p.byCursor || target == &p.cursor
		if target == nil || *target != "" {
			continue
		}
		plain, err := unescape(value)
		if err != nil {
			return p, scim.BadRequest(scimType, "the query parameter %s is not percent-encoded: %v", key, err)
		}
		*target = strings.TrimSpace(plain)
	}
	return p, nil
}

// unescape decodes the value of a parameter. Spaces come as "+" or as "%20". A
// client that writes %20 may leave a plus as it is (encodeURI of JavaScript
// does), so beside %20 a plus is a plus: "ada+test@example.com" has to be found.
func unescape(value string) (string, error) {
	if strings.Contains(value, "%20") {
		return url.PathUnescape(value)
	}
	return url.QueryUnescape(value)
}

// field is where the parameter of a name goes, with the scimType of one that
// is wrong; nil for unknown names.
func (p *parameters) field(key string) (target *string, scimType string) {
	switch {
	case strings.EqualFold(key, "filter"):
		return &p.filter, scim.TypeInvalidFilter
	case strings.EqualFold(key, "startIndex"):
		return &p.startIndex, scim.TypeInvalidValue
	case strings.EqualFold(key, "count"):
		return &p.count, scim.TypeInvalidValue
	case strings.EqualFold(key, "attributes"):
		return &p.attributes, scim.TypeInvalidValue
	case strings.EqualFold(key, "excludedAttributes"):
		return &p.excludedAttributes, scim.TypeInvalidValue
	case strings.EqualFold(key, "sortBy"):
		return &p.sortBy, scim.TypeInvalidValue
	case strings.EqualFold(key, "sortOrder"):
		return &p.sortOrder, scim.TypeInvalidValue
	case strings.EqualFold(key, "cursor"):
		return &p.cursor, scim.TypeInvalidCursor
	}
	return nil, ""
}

// page reads startIndex and count (RFC 7644 §3.4.2.4, RFC 9865 §2): a start below 1 is 1, a
// count below 0 is 0, and a count above the maximum is the maximum.
func (p parameters) page(limits Limits) (start, count int, err error) {
	count, err = integer("count", p.count, limits.Page)
	if p.byCursor {
		if err != nil { // RFC 9865 §2.1 has a scimType of its own for this
			return 0, 0, scim.BadRequest(scim.TypeInvalidCount, "count must be an integer from 0 to %d, not %q", limits.MaxPage, p.count)
		}
		return 1, min(max(0, count), limits.MaxPage), nil
	}
	if err != nil {
		return 0, 0, err
	}
	start, err = integer("startIndex", p.startIndex, 1)
	if err != nil {
		return 0, 0, err
	}
	return max(1, start), min(max(0, count), limits.MaxPage), nil
}

// sort reads sortBy and sortOrder (RFC 7644 §3.4.2.3). Without sortBy the order
// does not matter; an attribute that no resource has sorts nothing.
func (p parameters) sort(t *resourceType) (*scim.Sort, error) {
	if p.sortBy == "" {
		return nil, nil
	}
	path, err := filter.ParseAttribute(p.sortBy)
	if err == nil {
		_, err = filter.CompileKey(t.ResourceType, path)
	}
	if err != nil {
		return nil, scim.BadRequest(scim.TypeInvalidValue, "sortBy=%s: %v", p.sortBy, err)
	}
	by := &scim.Sort{Path: path, Descending: strings.EqualFold(p.sortOrder, "descending")}
	if p.sortOrder != "" && !by.Descending && !strings.EqualFold(p.sortOrder, "ascending") {
		return nil, scim.BadRequest(scim.TypeInvalidValue, "sortOrder must be ascending or descending, not %q", p.sortOrder)
	}
	return by, nil
}

// integer reads a number of any length; one too large for 32 bits is the
// largest of them, so that adding to it cannot overflow.
func integer(name, value string, absent int) (int, error) {
	if value == "" {
		return absent, nil
	}
	n, err := strconv.ParseInt(value, 10, 32)
	// Out of range, ParseInt still gives the nearest number that fits.
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, scim.BadRequest(scim.TypeInvalidValue, "%s must be an integer, not %q", name, value)
	}
	return int(n), nil
}
