package schema

import "strings"

// KeyOf is the key that a JSON object has for a name, in whatever letter case
// (RFC 7643 §2.1). The name itself comes first, then the first in order, so that
// an object always has the same one.
func KeyOf(object map[string]any, name string) (key string, found bool) {
	if _, exact := object[name]; exact {
		return name, true
	}
	for one := range object {
		if strings.EqualFold(one, name) && (!found || one < key) {
			key, found = one, true
		}
	}
	return key, found
}
