package filter

import (
	"strings"
	"unicode/utf8"

	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// maxKey bounds a sort key, in bytes: values that agree so far are equal in
// order, and a cursor that holds a key stays fit for a URL.
const maxKey = 1024

// CompileKey resolves an attribute to sort by (RFC 7644 §3.4.2.3). The key of a
// resource orders as its value does, see CompareKeys; a resource without a value
// has the empty key. Of several values the primary one counts, else the first. A
// complex attribute sorts by its `value`. An attribute that the type does not
// have gives every resource the empty key. An error is a *SyntaxError.
func CompileKey(rt *schema.ResourceType, path AttributePath) (func(Candidate) string, error) {
	f := resolve(rt, path)
	if f.attribute == nil {
		return func(Candidate) string { return "" }, nil
	}
	leaf, sub := f.attribute, f.sub
	if sub != nil {
		leaf = sub
	}
	if f.attribute.Returned == schema.Never || isHidden(leaf) {
		return nil, syntaxError("%s cannot be sorted by", f.name)
	}
	if leaf.Type == schema.Complex {
		if sub = leaf.SubAttribute("value"); sub == nil {
			return nil, syntaxError("%s has several parts; sort by one of its sub-attributes", f.name)
		}
		if leaf = sub; isHidden(leaf) {
			return nil, syntaxError("%s cannot be sorted by", f.name)
		}
	}
	key := keyOf(leaf)
	return func(c Candidate) string { return key(chosen(part(chosen(f.get(c)), sub))) }, nil
}

// CompareKeys orders two keys ascending: those of no value come last.
func CompareKeys(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == "":
		return 1
	case b == "":
		return -1
	}
	return strings.Compare(a, b)
}

// TextKey is the key of a text.
func TextKey(text string, caseExact bool) string {
	if !caseExact {
		text = schema.Fold(text)
	}
	if len(text) <= maxKey {
		return text
	}
	end := maxKey
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

// chosen is the value that counts where there may be several.
func chosen(value any) any {
	several, ok := value.([]any)
	if !ok {
		return value
	}
	for _, one := range several {
		if object, ok := one.(map[string]any); ok && object["primary"] == true {
			return one
		}
	}
	if len(several) == 0 {
		return nil
	}
	return several[0]
}

// keyOf gives the key of one value of an attribute.
func keyOf(leaf *schema.Attribute) func(any) string {
	switch leaf.Type {
	case schema.Boolean:
		return func(value any) string {
			switch value {
			case false:
				return "0"
			case true:
				return "1"
			}
			return ""
		}
	case schema.DateTime:
		return func(value any) string {
			at, ok := timeOf(value)
			if !ok {
				return ""
			}
			return at.UTC().Format("2006-01-02T15:04:05.000000000")
		}
	case schema.Integer, schema.Decimal:
		return func(value any) string {
			key, _ := numberOf(value)
			return key
		}
	}
	return func(value any) string {
		text, _ := value.(string)
		return TextKey(text, leaf.CaseExact)
	}
}
