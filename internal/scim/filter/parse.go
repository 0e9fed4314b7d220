package filter

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Bounds of a filter or path. Clients stay far below; without them a request
// could cost as much as it likes.
const (
	MaxLength = 8 << 10 // bytes
	MaxDepth  = 32      // of parentheses and brackets within each other
	MaxTerms  = 256     // comparisons
)

// SyntaxError is a text that is no filter or path, or a filter that makes no
// sense for a resource type. Detail is for the client. In an answer it is a
// 400 with scimType invalidFilter or invalidPath.
type SyntaxError struct{ Detail string }

// Error gives the detail.
func (e *SyntaxError) Error() string { return e.Detail }

func syntaxError(format string, args ...any) *SyntaxError {
	return &SyntaxError{Detail: fmt.Sprintf(format, args...)}
}

// Parse reads a filter (RFC 7644 §3.4.2.2). Beyond the grammar it takes
// attr[filter].sub op value, values without quotes, any number of spaces, and
// keywords in any letter case. An error is a *SyntaxError.
func Parse(text string) (Expression, error) {
	p, err := newParser(text)
	if err != nil {
		return nil, err
	}
	expression, err := p.disjunction(false)
	if err != nil {
		return nil, err
	}
	if !p.done() {
		return nil, p.expected(`"and", "or" or the end of the filter`)
	}
	return expression, nil
}

// parser reads from the text at pos. The methods named for a piece of grammar
// read that piece; those with a parameter inValue do so within attr[…], where
// no further brackets may be.
type parser struct {
	text  string
	pos   int
	depth int
	terms int
}

func newParser(text string) (*parser, error) {
	if len(text) > MaxLength {
		return nil, syntaxError("the text has %d bytes; at most %d are accepted", len(text), MaxLength)
	}
	if !utf8.ValidString(text) {
		return nil, syntaxError("the text is not UTF-8")
	}
	p := &parser{text: text}
	p.skipSpace()
	return p, nil
}

func (p *parser) disjunction(inValue bool) (Expression, error) {
	left, err := p.conjunction(inValue)
	for err == nil && p.keyword("or") {
		var right Expression
		if right, err = p.conjunction(inValue); err == nil {
			left = Or{left, right}
		}
	}
	return left, err
}

func (p *parser) conjunction(inValue bool) (Expression, error) {
	left, err := p.operand(inValue)
	for err == nil && p.keyword("and") {
		var right Expression
		if right, err = p.operand(inValue); err == nil {
			left = And{left, right}
		}
	}
	return left, err
}

// operand is a term, or a filter in parentheses, or one that is negated.
func (p *parser) operand(inValue bool) (Expression, error) {
	p.skipSpace()
	if p.negation() {
		operand, err := p.enclosed('(', ')', inValue)
		return Not{operand}, err
	}
	if p.at('(') {
		return p.enclosed('(', ')', inValue)
	}
	return p.term(inValue)
}

// enclosed is a filter between two brackets, the first of which is next.
func (p *parser) enclosed(opening, closing byte, inValue bool) (Expression, error) {
	if !p.take(opening) {
		return nil, p.expected(fmt.Sprintf("%q", opening))
	}
	if p.depth++; p.depth > MaxDepth {
		return nil, syntaxError("position %d: brackets are nested more than %d deep", p.pos, MaxDepth)
	}
	expression, err := p.disjunction(inValue)
	if err != nil {
		return nil, err
	}
	p.skipSpace()
	if !p.take(closing) {
		return nil, p.expected(fmt.Sprintf("%q", closing))
	}
	p.depth--
	return expression, nil
}

func (p *parser) term(inValue bool) (Expression, error) {
	if p.terms++; p.terms > MaxTerms {
		return nil, syntaxError("position %d: more than %d comparisons", p.pos+1, MaxTerms)
	}
	path, err := p.attribute()
	if err != nil {
		return nil, err
	}
	if path.Name == "" && isCoreURN(path.URN) {
		return nil, syntaxError("position %d: %s names a schema; an attribute name must follow", p.pos, path.URN)
	}
	if !p.at('[') || inValue {
		return p.comparison(path)
	}
	if path.SubAttribute != "" {
		return nil, syntaxError("position %d: a sub-attribute takes no filter in brackets", p.pos+1)
	}
	values, err := p.enclosed('[', ']', true)
	if err != nil {
		return nil, err
	}
	valuePath := ValuePath{Path: path, Filter: values}
	if !p.at('.') {
		return valuePath, nil
	}
	sub, err := p.subAttribute()
	if err != nil {
		return nil, err
	}
	then, err := p.comparison(AttributePath{Name: sub})
	valuePath.Then = &then
	return valuePath, err
}

// comparison is what follows the path: an operator and, but for pr, a value.
func (p *parser) comparison(path AttributePath) (Comparison, error) {
	p.skipSpace()
	start := p.pos
	operator := Operator(strings.ToLower(p.letters()))
	switch operator {
	case Present:
		return Comparison{Path: path, Operator: Present}, nil
	case Equal, NotEqual, Contains, StartsWith, EndsWith, GreaterThan, GreaterOrEqual, LessThan, LessOrEqual:
	default:
		p.pos = start
		return Comparison{}, p.expected("an operator (eq, ne, co, sw, ew, pr, gt, ge, lt, le)")
	}
	p.skipSpace()
	value, err := p.value()
	return Comparison{Path: path, Operator: operator, Value: value}, err
}
