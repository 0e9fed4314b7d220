package filter

import "github.com/rollcall-scim/rollcall/internal/scim/schema"

// Plan splits a filter for a store with indexes: it holds exactly where all
// terms and the residual do; a nil residual holds always. Terms are equalities
// of strings and booleans, with the path as the schema spells it, down to the
// `value` of a complex attribute: `members eq "x"`, `members.value eq "x"` and
// `members[value eq "x"]` all become members.value. The store may answer any
// of the terms by an index and compile the others, for a term is an Expression.
//
// Terms of emails[type eq "work"].value eq "x" hold also where one value is of
// that type and another is "x", so the residual then has it too.
func Plan(rt *schema.ResourceType, e Expression) (terms []Comparison, residual Expression) {
	if e == nil {
		return nil, nil
	}
	for _, operand := range conjuncts(e) {
		found, exact := equalities(rt, operand)
		terms = append(terms, found...)
		if exact {
			continue
		}
		if residual == nil {
			residual = operand
		} else {
			residual = And{residual, operand}
		}
	}
	return terms, residual
}

// conjuncts are the operands of the conjunction that e is, in order.
func conjuncts(e Expression) []Expression {
	if and, ok := e.(And); ok {
		return append(conjuncts(and.Left), conjuncts(and.Right)...)
	}
	return []Expression{e}
}

// equalities are terms that hold wherever e does; exact if e does wherever
// they do.
func equalities(rt *schema.ResourceType, e Expression) (terms []Comparison, exact bool) {
	switch e := e.(type) {
	case Comparison:
		if term, ok := equality(rt, e.Path, e); ok {
			return []Comparison{term}, true
		}
	case ValuePath:
		parts := conjuncts(e.Filter)
		if e.Then != nil {
			parts = append(parts, *e.Then)
		}
		for _, part := range parts {
			comparison, ok := part.(Comparison)
			if !ok || comparison.Path.URN != "" || comparison.Path.SubAttribute != "" {
				continue
			}
			path := e.Path
			path.SubAttribute = comparison.Path.Name
			if term, ok := equality(rt, path, comparison); ok {
				terms = append(terms, term)
			}
		}
		return terms, len(parts) == 1 && len(terms) == 1
	}
	return nil, false
}

// equality is the comparison, of the path, in the form that Plan promises.
func equality(rt *schema.ResourceType, path AttributePath, c Comparison) (Comparison, bool) {
	target, found := rt.Lookup(path.URN, path.Name, path.SubAttribute)
	if !found || target.Attribute == nil || c.Operator != Equal {
		return Comparison{}, false
	}
	if name := target.Attribute.Name; target.URN == "" && (name == "meta" || name == "schemas") {
		return Comparison{}, false // computed, so in no index
	}
	if target.Attribute.Returned == schema.Never {
		return Comparison{}, false
	}
	if leaf := target.Leaf(); leaf.Type == schema.Complex {
		if target.Sub = leaf.SubAttribute("value"); target.Sub == nil {
			return Comparison{}, false
		}
	}
	var ok bool
	term := Comparison{Path: canonicalPath(target), Operator: Equal}
	switch target.Leaf().Type {
	case schema.Boolean:
		term.Value, ok = boolOf(c.Value)
	case schema.String, schema.Reference, schema.Binary:
		term.Value, ok = textOf(c.Value)
	}
	return term, ok
}

func canonicalPath(target schema.Target) AttributePath {
	path := AttributePath{URN: target.URN, Name: target.Attribute.Name}
	if target.Sub != nil {
		path.SubAttribute = target.Sub.Name
	}
	return path
}
