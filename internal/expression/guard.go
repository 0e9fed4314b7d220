package expression

import (
	"errors"
	"fmt"
	"regexp/syntax"

	celast "github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// CEL counts the cost of a call once it has returned. That is too late for a
// replace that makes a long text a million times longer, and for lists that
// hold one another twice, forty times over, which no comparison ever ends on.
// Whoever may write a binding may write an expression, so none may take the
// operator's memory or time: before it is checked, an expression is changed so
// that no text grows beyond maxText and no list or map holds another, but for
// attributes as they are.

// maxText is the longest text that is made of others, in bytes. All that an
// attribute can have is within it.
const maxText = 1 << 14

// The types of what is nested deep take long to find.
const (
	maxLoops    = 16 // map(), filter(), exists() and all() of an expression
	maxLiterals = 24 // lists and maps that are written out in an expression
)

// maxPattern is the largest regular expression, in instructions of its program.
const maxPattern = 2000

// The names of functions begin with a character that no expression can have.
const (
	plainFunction   = "@plain"
	replaceFunction = "@replace"
	joinFunction    = "@join"
)

// errNested is told as an error of types, which it is.
var errNested = errors.New("no such overload: a list or map can be no element of another, nor be added to one")

var errTooLong = fmt.Errorf("a text of more than %d bytes is made", maxText)

// guard changes an expression that was parsed.
func guard(parsed *celast.AST) error {
	g := &guardian{factory: celast.NewExprFactory(), id: celast.MaxID(parsed), macros: map[int64]bool{}}
	celast.PreOrderVisit(parsed.Expr(), celast.NewExprVisitor(g.findMacros))
	switch {
	case g.loops > maxLoops:
		return fmt.Errorf("the expression has %d of map, filter, exists and all; %d are allowed", g.loops, maxLoops)
	case g.literals > maxLiterals+2*g.loops:
		return fmt.Errorf("more than %d lists and maps are written out in the expression", maxLiterals)
	}
	celast.PostOrderVisit(parsed.Expr(), celast.NewExprVisitor(g.change))
	return g.err
}

type guardian struct {
	factory celast.ExprFactory
	id      int64
	// macros are what the expansion of map() and filter() brings with it: the
	// addition to the result, and the list that filter() takes an element over in.
	macros map[int64]bool
	// How many there are; a loop brings up to two literals with it.
	loops, literals int
	err             error
}

func (g *guardian) findMacros(e celast.Expr) {
	switch e.Kind() {
	case celast.ListKind, celast.MapKind:
		g.literals++
		return
	case celast.ComprehensionKind:
		g.loops++
	default:
		return
	}
	c := e.AsComprehension()
	step := c.LoopStep()
	if step.Kind() == celast.CallKind && step.AsCall().FunctionName() == operators.Conditional {
		step = step.AsCall().Args()[1]
	}
	if step.Kind() != celast.CallKind || step.AsCall().FunctionName() != operators.Add {
		return
	}
	result, added := step.AsCall().Args()[0], step.AsCall().Args()[1]
	if !isIdent(result, c.AccuVar()) || added.Kind() != celast.ListKind {
		return
	}
	g.macros[step.ID()] = true
	if elements := added.AsList().Elements(); len(elements) == 1 && isIdent(elements[0], c.IterVar()) {
		g.macros[added.ID()] = true
	}
}

func isIdent(e celast.Expr, name string) bool {
	return e.Kind() == celast.IdentKind && e.AsIdent() == name
}

func (g *guardian) change(e celast.Expr) {
	if g.err != nil || g.macros[e.ID()] {
		return
	}
	switch e.Kind() {
	case celast.CallKind:
		call := e.AsCall()
		switch name := call.FunctionName(); {
		case name == operators.Add && len(call.Args()) == 2:
			e.SetKindCase(g.factory.NewCall(e.ID(), name, g.plain(call.Args()[0]), g.plain(call.Args()[1])))
		case name == "replace" && call.IsMemberFunction():
			e.SetKindCase(g.factory.NewMemberCall(e.ID(), replaceFunction, call.Target(), call.Args()...))
		case name == "join" && call.IsMemberFunction():
			e.SetKindCase(g.factory.NewMemberCall(e.ID(), joinFunction, call.Target(), call.Args()...))
		case name == "matches" && len(call.Args()) > 0:
			g.err = checkPattern(call.Args()[len(call.Args())-1])
		case name == "format":
			g.err = errors.New("the function format is not available: use + and string()")
		}
	case celast.ListKind:
		list := e.AsList()
		elements := make([]celast.Expr, len(list.Elements()))
		for i, element := range list.Elements() {
			elements[i] = g.plain(element)
		}
		e.SetKindCase(g.factory.NewList(e.ID(), elements, list.OptionalIndices()))
	case celast.MapKind:
		entries := make([]celast.EntryExpr, e.AsMap().Size())
		for i, entry := range e.AsMap().Entries() {
			m := entry.AsMapEntry()
			entries[i] = g.factory.NewMapEntry(entry.ID(), m.Key(), g.plain(m.Value()), m.IsOptional())
		}
		e.SetKindCase(g.factory.NewMap(e.ID(), entries))
	case celast.StructKind:
		g.err = errors.New("messages cannot be made in an expression")
	}
}

// checkPattern bounds the work of matching a regular expression, which is its
// size, with what is repeated written out, times the length of the text.
func checkPattern(e celast.Expr) error {
	if e.Kind() != celast.LiteralKind {
		return errors.New("the pattern of matches must be written out")
	}
	text, _ := e.AsLiteral().(types.String)
	parsed, err := syntax.Parse(string(text), syntax.Perl)
	if err != nil {
		return fmt.Errorf("the pattern of matches is invalid: %w", err)
	}
	compiled, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return fmt.Errorf("the pattern of matches is invalid: %w", err)
	}
	if len(compiled.Inst) > maxPattern {
		return errors.New("the pattern of matches repeats too much")
	}
	return nil
}

// plain has the value of an expression checked.
func (g *guardian) plain(e celast.Expr) celast.Expr {
	if e.Kind() == celast.LiteralKind {
		return e
	}
	g.id++
	return g.factory.NewCall(g.id, plainFunction, e)
}

// checkPlain refuses lists, maps, and texts that are too long.
func checkPlain(value ref.Val) ref.Val {
	inner := value
	for {
		optional, ok := inner.(*types.Optional)
		if !ok || !optional.HasValue() {
			break
		}
		inner = optional.GetValue()
	}
	switch inner := inner.(type) {
	case types.String:
		if len(inner) > maxText {
			return types.WrapErr(errTooLong)
		}
	case types.Bytes:
		if len(inner) > maxText {
			return types.WrapErr(errTooLong)
		}
	case traits.Lister, traits.Mapper:
		return types.WrapErr(errNested)
	}
	return value
}
