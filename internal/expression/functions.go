package expression

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// guardFunctions declares what guard puts into expressions.
func guardFunctions() []cel.EnvOption {
	any, text, texts := cel.TypeParamType("T"), cel.StringType, cel.ListType(cel.StringType)
	return []cel.EnvOption{
		cel.Function(plainFunction, cel.Overload("plain", []*cel.Type{any}, any, cel.UnaryBinding(checkPlain))),
		cel.Function(replaceFunction,
			cel.MemberOverload("replace_all", []*cel.Type{text, text, text}, text, cel.FunctionBinding(replace)),
			cel.MemberOverload("replace_some", []*cel.Type{text, text, text, cel.IntType}, text, cel.FunctionBinding(replace))),
		cel.Function(joinFunction,
			cel.MemberOverload("join_all", []*cel.Type{texts}, text, cel.UnaryBinding(func(list ref.Val) ref.Val { return join(list, types.String("")) })),
			cel.MemberOverload("join_separated", []*cel.Type{texts, text}, text, cel.BinaryBinding(join))),
	}
}

// replace is text.replace(before, after) and text.replace(before, after, times).
func replace(args ...ref.Val) ref.Val {
	text, before, after, times := string(args[0].(types.String)), string(args[1].(types.String)), string(args[2].(types.String)), -1
	if len(args) > 3 {
		times = int(max(-1, min(args[3].(types.Int), utf8.MaxRune)))
	}
	n := strings.Count(text, before)
	if times >= 0 {
		n = min(n, times)
	}
	// It may not become longer than what it was, or than maxText.
	if len(text)+n*(len(after)-len(before)) > max(maxText, len(text)) {
		return types.WrapErr(errTooLong)
	}
	return types.String(strings.Replace(text, before, after, times))
}

// join is list.join() and list.join(separator).
func join(list, separator ref.Val) ref.Val {
	var b strings.Builder
	for it, first := list.(traits.Lister).Iterator(), true; it.HasNext() == types.True; first = false {
		text, ok := it.Next().(types.String)
		if !ok {
			return types.WrapErr(errors.New("no such overload: only strings can be joined"))
		}
		if !first {
			b.WriteString(string(separator.(types.String)))
		}
		b.WriteString(string(text))
		if b.Len() > maxText {
			return types.WrapErr(errTooLong)
		}
	}
	return types.String(b.String())
}

// cost counts what the functions of guard cost: a tenth of a unit for each
// byte or element, as CEL counts those of its own.
type cost struct{}

// CallCost implements interpreter.ActualCostEstimator.
func (cost) CallCost(function, _ string, args []ref.Val, result ref.Val) *uint64 {
	switch function {
	case plainFunction:
		return new(uint64(0))
	case replaceFunction, joinFunction:
		size := types.Int(0)
		for _, value := range append(args, result) {
			if sized, ok := value.(traits.Sizer); ok {
				n, _ := sized.Size().(types.Int)
				size += n
			}
		}
		return new(uint64(size)/10 + 1)
	}
	return nil
}
