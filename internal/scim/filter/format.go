package filter

import (
	"encoding/json"
	"fmt"
	"strings"
)

// String is the expression as a filter; Parse gives the same expression again.
func (e And) String() string { return group(e.Left, isOr) + " and " + group(e.Right, isAndOr) }

// String is the expression as a filter; Parse gives the same expression again.
func (e Or) String() string { return e.Left.String() + " or " + group(e.Right, isOr) }

// String is the expression as a filter; Parse gives the same expression again.
func (e Not) String() string { return "not (" + e.Operand.String() + ")" }

// String is the expression as a filter; Parse gives the same expression again.
func (e Comparison) String() string {
	text := e.Path.String() + " " + string(e.Operator)
	if e.Operator == Present {
		return text
	}
	return text + " " + literal(e.Value)
}

// String is the expression as a filter; Parse gives the same expression again.
func (e ValuePath) String() string {
	text := e.Path.String() + "[" + e.Filter.String() + "]"
	if e.Then != nil {
		text += "." + e.Then.String()
	}
	return text
}

// String is the path in the notation of RFC 7644 §3.10.
func (p AttributePath) String() string {
	text := p.URN
	if text != "" && p.Name != "" {
		text += ":"
	}
	text += p.Name
	if p.SubAttribute != "" {
		text += "." + p.SubAttribute
	}
	return text
}

// String is the path as in a PATCH operation.
func (p Path) String() string {
	if p.Filter == nil {
		return p.AttributePath.String()
	}
	whole := p.AttributePath
	whole.SubAttribute = ""
	text := whole.String() + "[" + p.Filter.String() + "]"
	if p.SubAttribute != "" {
		text += "." + p.SubAttribute
	}
	return text
}

// group puts parentheses around an operand that would not stay whole.
func group(operand Expression, loose func(Expression) bool) string {
	if loose(operand) {
		return "(" + operand.String() + ")"
	}
	return operand.String()
}

func isOr(e Expression) bool {
	_, ok := e.(Or)
	return ok
}

func isAndOr(e Expression) bool {
	_, ok := e.(And)
	return ok || isOr(e)
}

func literal(value any) string {
	text, quoted := value.(string)
	if !quoted {
		if value == nil {
			return "null"
		}
		return fmt.Sprint(value)
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	// Encoding a string into a strings.Builder cannot fail.
	_ = encoder.Encode(text)
	return strings.TrimSuffix(b.String(), "\n")
}
