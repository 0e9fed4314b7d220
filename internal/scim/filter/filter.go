// Package filter is the filter and path grammar of SCIM (RFC 7644 §3.4.2.2 and
// §3.5.2): a parser that also takes what identity providers really send, and
// an evaluator over JSON objects.
package filter

// Expression is a parsed filter: And, Or, Not, Comparison or ValuePath.
type Expression interface {
	expression()
	// String is the expression as a filter; Parse gives the same expression again.
	String() string
}

// And holds when both sides do.
type And struct{ Left, Right Expression }

// Or holds when either side does.
type Or struct{ Left, Right Expression }

// Not holds when its operand does not.
type Not struct{ Operand Expression }

// Operator compares an attribute with a value.
type Operator string

// The operators of RFC 7644 §3.4.2.2.
const (
	Equal          Operator = "eq"
	NotEqual       Operator = "ne"
	Contains       Operator = "co"
	StartsWith     Operator = "sw"
	EndsWith       Operator = "ew"
	Present        Operator = "pr"
	GreaterThan    Operator = "gt"
	GreaterOrEqual Operator = "ge"
	LessThan       Operator = "lt"
	LessOrEqual    Operator = "le"
)

// Comparison compares the values of an attribute.
type Comparison struct {
	Path     AttributePath
	Operator Operator
	Value    any // string, bool, json.Number or nil (null); nil for Present
}

// ValuePath holds when one value of a multi-valued attribute satisfies Filter
// (attr[filter]), and, with Then, its sub-attribute compares so: the form
// emails[type eq "work"].value eq "x" that Entra sends beyond the grammar.
type ValuePath struct {
	Path   AttributePath
	Filter Expression
	Then   *Comparison // its Path has only a Name, relative to the value
}

// AttributePath names an attribute: URN:name.sub, each part as written.
type AttributePath struct {
	URN          string // schema URN, or empty
	Name         string
	SubAttribute string // or empty
}

// Path is the target of a PATCH operation (RFC 7644 §3.5.2).
type Path struct {
	AttributePath
	Filter Expression // the value filter in attr[filter].sub, or nil
}

func (And) expression()        {}
func (Or) expression()         {}
func (Not) expression()        {}
func (Comparison) expression() {}
func (ValuePath) expression()  {}
