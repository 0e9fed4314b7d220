package handler

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/internal/scim"
)

// readSearch reads a SearchRequest (RFC 7644 §3.4.3): the query parameters as
// members of an object. What it does not name is ignored, as in a URL.
func (h *Handler) readSearch(rq *request) (parameters, error) {
	var p parameters
	body, err := readBody(rq, h.limits.Body)
	if err != nil {
		return p, err
	}
	for _, key := range slices.Sorted(maps.Keys(body)) {
		target, scimType := p.field(key)
		value := body[key]
		if target == nil || value == nil {
			continue
		}
		text, ok := searchText(value, target == &p.attributes || target == &p.excludedAttributes)
		if !ok {
			return p, scim.BadRequest(scimType, "%s of the search request must be a string, a number for startIndex and count, or a list of strings for attributes", key)
		}
		p.byCursor = p.byCursor || target == &p.cursor
		*target = strings.TrimSpace(text)
	}
	return p, nil
}

// searchText is a member as it would be in a URL.
func searchText(value any, list bool) (string, bool) {
	switch value := value.(type) {
	case string:
		return value, true
	case json.Number:
		return value.String(), true
	case []any:
		names := make([]string, 0, len(value))
		for _, item := range value {
			name, ok := item.(string)
			if !ok {
				return "", false
			}
			names = append(names, name)
		}
		return strings.Join(names, ","), list
	}
	return "", false
}
