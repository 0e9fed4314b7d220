package filter

import (
	"encoding/json"

	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// Extensions that no schema declares are stored as they were sent, so nothing
// tells the types of their attributes: each value compares as the JSON that it
// is. Texts compare ignoring letter case, numbers as numbers, booleans by eq
// and ne, an object by its `value`. Names compare ignoring letter case.

// resolveUndeclared finds the attribute of a path with the URN of an extension
// that rt does not declare; any other path names nothing. Nothing of a declared
// extension is found here, where nobody knows what must not be read.
func resolveUndeclared(rt *schema.ResourceType, path AttributePath) field[Candidate] {
	// The parser can only guess where the URN ends: the extension may be all of it.
	whole := path.URN + ":" + path.Name
	if path.URN == "" || rt.Owns(whole) || rt.Owns(path.String()) {
		return field[Candidate]{}
	}
	return field[Candidate]{name: path.String(), undeclared: true, get: func(c Candidate) any {
		if extension, ok := member(c.Attributes, path.URN).(map[string]any); ok {
			if value := member(extension, path.Name); value != nil {
				return members(value, path.SubAttribute)
			}
		}
		return members(member(c.Attributes, whole), path.SubAttribute)
	}}
}

// undeclaredPart finds what a name in brackets means for a value.
func undeclaredPart(path AttributePath) field[map[string]any] {
	if path.URN != "" {
		return field[map[string]any]{}
	}
	return field[map[string]any]{name: path.String(), undeclared: true, get: func(value map[string]any) any {
		return members(member(value, path.Name), path.SubAttribute)
	}}
}

// member is the value of a name in any letter case.
func member(object map[string]any, name string) any {
	if key, found := schema.KeyOf(object, name); found {
		return object[key]
	}
	return nil
}

// members is the sub-attribute of an object, or those of several; without a
// name it is the value itself.
func members(value any, sub string) any {
	if sub == "" {
		return value
	}
	switch value := value.(type) {
	case map[string]any:
		return member(value, sub)
	case []any:
		var found []any
		for _, one := range value {
			if object, ok := one.(map[string]any); ok {
				found = append(found, member(object, sub))
			}
		}
		return found
	}
	return nil
}

// undeclaredTest makes the test that a comparison is for a value of any type.
func undeclaredTest(name string, c Comparison) (func(any) bool, error) {
	if c.Operator == Present || c.Value == nil {
		return presence(name, nil, c)
	}
	if _, isBool := c.Value.(bool); isBool && c.Operator != Equal && c.Operator != NotEqual {
		return nil, syntaxError("%s: a boolean cannot be compared by %s", name, c.Operator)
	}
	text, isText := compareAs(name, schema.String, c)
	number, isNumber := compareAs(name, schema.Decimal, c)
	truth, isBool := compareAs(name, schema.Boolean, c)
	scalar := func(value any) bool {
		switch value.(type) {
		case string:
			return isText && text(value)
		case json.Number:
			return isNumber && number(value)
		case bool:
			return isBool && truth(value)
		}
		return false
	}
	test := func(value any) bool {
		return anyValue(value, func(one any) bool {
			if object, ok := one.(map[string]any); ok {
				one = member(object, "value")
			}
			return anyValue(one, scalar)
		})
	}
	if c.Operator == NotEqual {
		return func(value any) bool { return !test(value) }, nil
	}
	return test, nil
}

// compareAs is the comparison as it is for an attribute of a type, if it makes
// sense there.
func compareAs(name string, kind schema.Type, c Comparison) (func(any) bool, bool) {
	holds, err := comparer(name, &schema.Attribute{Type: kind}, c)
	return holds, err == nil
}
