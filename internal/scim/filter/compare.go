package filter

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// comparer makes the test of one value that a comparison with eq, co, sw, ew,
// gt, ge, lt or le is for an attribute of a type. For ne it makes that of eq.
func comparer(name string, leaf *schema.Attribute, c Comparison) (func(any) bool, error) {
	switch leaf.Type {
	case schema.Boolean:
		return compareBoolean(name, c)
	case schema.DateTime:
		return compareTime(name, c)
	case schema.Integer, schema.Decimal:
		return compareNumber(name, c)
	}
	return compareText(name, leaf, c)
}

func compareText(name string, leaf *schema.Attribute, c Comparison) (func(any) bool, error) {
	want, ok := textOf(c.Value)
	if !ok {
		return nil, mismatch(name, c, "a string")
	}
	form := schema.Fold
	if leaf.CaseExact {
		form = func(s string) string { return s }
	}
	want = form(want)
	holds := map[Operator]func(string) bool{
		Contains:   func(s string) bool { return strings.Contains(s, want) },
		StartsWith: func(s string) bool { return strings.HasPrefix(s, want) },
		EndsWith:   func(s string) bool { return strings.HasSuffix(s, want) },
	}[c.Operator]
	if holds == nil {
		if leaf.Type == schema.Binary && c.Operator != Equal && c.Operator != NotEqual {
			return nil, syntaxError("%s is binary and cannot be compared by %s", name, c.Operator)
		}
		ordered, err := ordering(name, c)
		if err != nil {
			return nil, err
		}
		holds = func(s string) bool { return ordered(strings.Compare(s, want)) }
	}
	return func(value any) bool {
		s, ok := value.(string)
		return ok && holds(form(s))
	}, nil
}

// textOf is the text of a literal; a number without quotes is one for a client
// that quotes nothing.
func textOf(literal any) (string, bool) {
	switch literal := literal.(type) {
	case string:
		return literal, true
	case json.Number:
		return literal.String(), true
	}
	return "", false
}

func compareBoolean(name string, c Comparison) (func(any) bool, error) {
	if c.Operator != Equal && c.Operator != NotEqual {
		return nil, syntaxError("%s is a boolean and cannot be compared by %s", name, c.Operator)
	}
	want, ok := boolOf(c.Value)
	if !ok {
		return nil, mismatch(name, c, "true or false")
	}
	return func(value any) bool { return value == want }, nil
}

// boolOf takes "True" for true: Entra ID sends roles[primary eq "True"].
func boolOf(literal any) (value, ok bool) {
	switch literal := literal.(type) {
	case bool:
		return literal, true
	case string:
		isTrue := strings.EqualFold(literal, "true")
		return isTrue, isTrue || strings.EqualFold(literal, "false")
	}
	return false, false
}

func compareTime(name string, c Comparison) (func(any) bool, error) {
	ordered, err := ordering(name, c)
	if err != nil {
		return nil, err
	}
	want, ok := timeOf(c.Value)
	if !ok {
		return nil, mismatch(name, c, `a date and time such as "2026-01-31T08:00:00Z"`)
	}
	return func(value any) bool {
		at, ok := timeOf(value)
		return ok && ordered(at.Compare(want))
	}, nil
}

// timeOf reads an xsd:dateTime; without a zone it is in UTC.
func timeOf(value any) (time.Time, bool) {
	switch value := value.(type) {
	case time.Time:
		return value, !value.IsZero()
	case string:
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateOnly} {
			if at, err := time.Parse(layout, value); err == nil {
				return at, true
			}
		}
	}
	return time.Time{}, false
}

func compareNumber(name string, c Comparison) (func(any) bool, error) {
	ordered, err := ordering(name, c)
	if err != nil {
		return nil, err
	}
	want, ok := numberOf(c.Value)
	if !ok {
		return nil, mismatch(name, c, "a number")
	}
	return func(value any) bool {
		number, ok := numberOf(value)
		return ok && ordered(strings.Compare(number, want))
	}, nil
}

// numberOf is the key of a number, see numberKey.
func numberOf(value any) (key string, ok bool) {
	text, ok := textOf(value)
	if !ok {
		return "", false
	}
	return numberKey(text)
}

// ordering turns the result of a three-way comparison into that of the operator.
func ordering(name string, c Comparison) (func(int) bool, error) {
	switch c.Operator {
	case Equal, NotEqual:
		return func(order int) bool { return order == 0 }, nil
	case GreaterThan:
		return func(order int) bool { return order > 0 }, nil
	case GreaterOrEqual:
		return func(order int) bool { return order >= 0 }, nil
	case LessThan:
		return func(order int) bool { return order < 0 }, nil
	case LessOrEqual:
		return func(order int) bool { return order <= 0 }, nil
	}
	return nil, syntaxError("%s cannot be compared by %s", name, c.Operator)
}

func mismatch(name string, c Comparison, want string) error {
	return syntaxError("%s %s: the value must be %s", name, c.Operator, want)
}
