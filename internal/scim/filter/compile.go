package filter

import "github.com/rollcall-scim/rollcall/internal/scim/schema"

// compile turns an expression into a function of a T, in which resolve finds
// the values of a path.
func compile[T any](e Expression, resolve func(AttributePath) field[T]) (func(T) bool, error) {
	switch e := e.(type) {
	case And:
		left, right, err := compileBoth(e.Left, e.Right, resolve)
		return func(t T) bool { return left(t) && right(t) }, err
	case Or:
		left, right, err := compileBoth(e.Left, e.Right, resolve)
		return func(t T) bool { return left(t) || right(t) }, err
	case Not:
		operand, err := compile(e.Operand, resolve)
		return func(t T) bool { return !operand(t) }, err
	case Comparison:
		return compileComparison(e, resolve(e.Path))
	case ValuePath:
		return compileValuePath(e, resolve(e.Path))
	}
	return nil, syntaxError("the filter is incomplete")
}

func compileBoth[T any](left, right Expression, resolve func(AttributePath) field[T]) (l, r func(T) bool, err error) {
	if l, err = compile(left, resolve); err != nil {
		return nil, nil, err
	}
	r, err = compile(right, resolve)
	return l, r, err
}

func compileComparison[T any](c Comparison, f field[T]) (func(T) bool, error) {
	if f.wrong != nil {
		return nil, f.wrong
	}
	if f.undeclared {
		test, err := undeclaredTest(f.name, c)
		return func(t T) bool { return test(f.get(t)) }, err
	}
	if f.attribute == nil {
		holds := absent(c)
		return func(T) bool { return holds }, nil
	}
	test, err := newTest(f.name, f.attribute, f.sub, c)
	return func(t T) bool { return test(f.get(t)) }, err
}

// absent tells whether a comparison holds where there is no value.
func absent(c Comparison) bool {
	if c.Value == nil {
		return c.Operator == Equal
	}
	return c.Operator == NotEqual
}

func compileValuePath[T any](e ValuePath, f field[T]) (func(T) bool, error) {
	if f.wrong != nil {
		return nil, f.wrong
	}
	if f.attribute == nil && !f.undeclared {
		return func(T) bool { return false }, nil
	}
	if f.sub != nil {
		return nil, syntaxError("%s is a sub-attribute and takes no filter in brackets", f.name)
	}
	if f.attribute != nil && isHidden(f.attribute) {
		return nil, syntaxError("%s cannot be filtered by", f.name)
	}
	values := func(e Expression) (func(map[string]any) bool, error) {
		if f.undeclared {
			return compile(e, undeclaredPart)
		}
		return CompileValue(f.attribute, e)
	}
	chosen, err := values(e.Filter)
	if err != nil {
		return nil, err
	}
	holds := chosen
	if e.Then != nil {
		then, err := values(*e.Then)
		if err != nil {
			return nil, err
		}
		holds = func(value map[string]any) bool { return chosen(value) && then(value) }
	}
	return func(t T) bool {
		return anyValue(f.get(t), func(value any) bool {
			return holds(element(value))
		})
	}, nil
}

// element is one of several values as a filter in brackets sees it: what is no
// object is its `value`.
func element(value any) map[string]any {
	if object, ok := value.(map[string]any); ok {
		return object
	}
	return map[string]any{"value": value}
}

// anyValue tells whether the test holds for a value, or for one of several.
func anyValue(value any, test func(any) bool) bool {
	several, ok := value.([]any)
	if !ok {
		return value != nil && test(value)
	}
	for _, one := range several {
		if test(one) {
			return true
		}
	}
	return false
}

// newTest makes the test that a comparison is for the value of an attribute,
// or, with sub, of its sub-attribute.
func newTest(name string, attribute, sub *schema.Attribute, c Comparison) (func(any) bool, error) {
	leaf := attribute
	if sub != nil {
		leaf = sub
	}
	if attribute.Returned == schema.Never || isHidden(leaf) {
		return nil, syntaxError("%s cannot be filtered by", name)
	}
	if c.Operator == Present || c.Value == nil {
		return presence(name, sub, c)
	}
	if leaf.Type == schema.Complex {
		sub = leaf.SubAttribute("value")
		if sub == nil {
			return nil, syntaxError("%s has several parts; compare one of its sub-attributes", name)
		}
		if leaf = sub; isHidden(leaf) {
			return nil, syntaxError("%s cannot be filtered by", name)
		}
	}
	scalar, err := comparer(name, leaf, c)
	if err != nil {
		return nil, err
	}
	holds := func(value any) bool { return anyValue(part(value, sub), scalar) }
	test := func(value any) bool { return anyValue(value, holds) }
	if c.Operator == NotEqual {
		return func(value any) bool { return !test(value) }, nil
	}
	return test, nil
}

// isHidden tells whether a filter must not tell what a value is, or cannot.
func isHidden(a *schema.Attribute) bool { return a.Returned == schema.Never || a.Derived }

// presence tests for pr, eq null and ne null.
func presence(name string, sub *schema.Attribute, c Comparison) (func(any) bool, error) {
	present := func(value any) bool {
		return anyValue(value, func(one any) bool { return assigned(part(one, sub)) })
	}
	switch c.Operator {
	case Present, NotEqual:
		return present, nil
	case Equal:
		return func(value any) bool { return !present(value) }, nil
	}
	return nil, syntaxError("%s cannot be compared with null by %s", name, c.Operator)
}

// part is the sub-attribute of a complex value, or the value itself.
func part(value any, sub *schema.Attribute) any {
	if sub == nil {
		return value
	}
	object, _ := value.(map[string]any)
	return object[sub.Name]
}

// assigned tells whether there is anything in a value (RFC 7643 §2.5).
func assigned(value any) bool {
	switch value := value.(type) {
	case nil:
		return false
	case string:
		return value != ""
	case []any:
		return len(value) > 0
	case map[string]any:
		for _, sub := range value {
			if assigned(sub) {
				return true
			}
		}
		return false
	}
	return true
}
