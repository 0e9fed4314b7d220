package expression

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/ext"
)

// Bounds of an expression.
const (
	// MaxLength is the longest expression, in characters.
	MaxLength = 1024
	// MaxValues is how many strings an expression may give.
	MaxValues = 256
	// maxMessage is the longest message about an expression, in bytes.
	maxMessage = 512
	// maxCost is what one evaluation may cost, in CEL units: a tenth of what
	// Kubernetes allows for one call, since it is done for every member.
	maxCost = 100_000
)

// ErrAbsent means that the resource does not have an attribute, or a value in a
// list, that the expression reads.
var ErrAbsent = errors.New("an attribute is absent")

// errWrongType marks errors that do not depend on what a resource is like.
var errWrongType = errors.New("wrong type")

// program is a compiled expression over one variable.
type program struct {
	variable string
	program  cel.Program
	reads    reads
}

// environments are CEL with the standard library and the extensions for strings
// and optionals. Unlike in Kubernetes a list may hold literals and attributes,
// which have no declared type. The extensions for lists and sets are left out:
// they make long lists of nothing, and compare each element with each.
var environments = map[string]func() (*cel.Env, error){
	"user":  sync.OnceValues(func() (*cel.Env, error) { return newEnvironment("user") }),
	"group": sync.OnceValues(func() (*cel.Env, error) { return newEnvironment("group") }),
}

func newEnvironment(variable string) (*cel.Env, error) {
	return cel.NewEnv(append(guardFunctions(),
		cel.EagerlyValidateDeclarations(true),
		cel.DefaultUTCTimeZone(true),
		cel.CrossTypeNumericComparisons(true),
		cel.OptionalTypes(),
		// Without optMap and optFlatMap: each doubles what it is called on.
		cel.ClearMacros(),
		cel.Macros(cel.StandardMacros...),
		cel.ASTValidators(
			cel.ValidateDurationLiterals(),
			cel.ValidateTimestampLiterals(),
			cel.ValidateRegexLiterals(),
		),
		cel.ParserExpressionSizeLimit(MaxLength),
		cel.EnableHiddenAccumulatorName(true),
		ext.Strings(ext.StringsVersion(5)), // the first to say what its functions cost
		cel.Variable(variable, cel.MapType(cel.StringType, cel.DynType)),
	)...)
}

// compile compiles an expression; example is a resource that has everything.
// An error is short enough for a condition, whatever it quotes.
func compile(variable, expression string, want Result, example source) (*program, error) {
	p, err := prepare(variable, expression, want, example)
	if err != nil && len(err.Error()) > 2*maxMessage {
		err = errors.New(strings.ToValidUTF8(err.Error()[:2*maxMessage-len("...")], "") + "...")
	}
	return p, err
}

func prepare(variable, expression string, want Result, example source) (*program, error) {
	if n := len([]rune(expression)); n > MaxLength {
		return nil, fmt.Errorf("the expression has %d characters; %d are allowed", n, MaxLength)
	}
	env, err := environments[variable]()
	if err != nil {
		return nil, fmt.Errorf("set up CEL: %w", err)
	}
	checked, err := parse(env, expression)
	if err != nil {
		return nil, err
	}
	if out := checked.OutputType(); !want.allows(out) {
		return nil, fmt.Errorf("the expression gives a value of type %s; it must give %s", out, want)
	}
	p := &program{variable: variable}
	if p.reads, err = check(checked.NativeRep(), variable, example); err != nil {
		return nil, err
	}
	p.program, err = env.Program(checked,
		cel.EvalOptions(cel.OptOptimize),
		cel.CostTracking(cost{}),
		cel.CostLimit(maxCost))
	if err != nil {
		return nil, err
	}
	// Attributes have no declared types, so only a trial finds `user.active`.
	if want == String {
		_, err = p.text(example)
	} else {
		_, err = p.texts(example)
	}
	if errors.Is(err, errWrongType) {
		return nil, err
	}
	return p, nil
}

// parse parses, guards and checks an expression.
func parse(env *cel.Env, expression string) (*cel.Ast, error) {
	parsed, issues := env.Parse(expression)
	if err := first(issues); err != nil {
		return nil, err
	}
	if err := guard(parsed.NativeRep()); err != nil {
		return nil, err
	}
	checked, issues := env.Check(parsed)
	return checked, first(issues)
}

// first gives the first of the errors in an expression, in one line: it is
// read in conditions, and the others often follow from it.
func first(issues *cel.Issues) error {
	if issues.Err() == nil {
		return nil
	}
	e := issues.Errors()[0]
	// The names that guard gives are not those that were written.
	message := strings.ReplaceAll(e.Message, "'@", "'")
	if len(message) > maxMessage {
		message = strings.ToValidUTF8(message[:maxMessage], "") + "..."
	}
	return fmt.Errorf("at character %d: %s", e.Location.Column()+1, message)
}

// allows tells whether a value of a type can be what is wanted.
func (r Result) allows(t *cel.Type) bool {
	allowed := []*cel.Type{cel.StringType, cel.DynType}
	if r == Strings {
		allowed = append(allowed, cel.ListType(cel.StringType), cel.ListType(cel.DynType))
	}
	return slices.ContainsFunc(allowed, t.IsExactType)
}

func (p *program) text(resource source) (string, error) {
	out, err := p.evaluate(resource)
	if err != nil {
		return "", err
	}
	text, ok := out.(types.String)
	if !ok {
		return "", wrongType(String, out)
	}
	return string(text), nil
}

func (p *program) texts(resource source) ([]string, error) {
	out, err := p.evaluate(resource)
	if err != nil {
		return nil, err
	}
	if text, ok := out.(types.String); ok {
		return []string{string(text)}, nil
	}
	list, ok := out.(traits.Lister)
	if !ok {
		return nil, wrongType(Strings, out)
	}
	n, _ := list.Size().(types.Int)
	if n > MaxValues {
		return nil, fmt.Errorf("the expression gives a list of %d; at most %d are allowed", n, MaxValues)
	}
	texts := make([]string, n)
	for i := range texts {
		text, ok := list.Get(types.Int(i)).(types.String)
		if !ok {
			return nil, wrongType(Strings, list.Get(types.Int(i)))
		}
		texts[i] = string(text)
	}
	return texts, nil
}

func wrongType(want Result, got ref.Val) error {
	return fmt.Errorf("%w: the expression gives a value of type %s; it must give %s", errWrongType, got.Type().TypeName(), want)
}

func (p *program) evaluate(resource source) (ref.Val, error) {
	out, _, err := p.program.Eval(map[string]any{p.variable: p.reads.from(resource)})
	switch {
	case err == nil:
		return out, nil
	case isAbsence(err):
		return nil, fmt.Errorf("%w: %w", ErrAbsent, err)
	case strings.HasPrefix(err.Error(), "no such overload"):
		return nil, fmt.Errorf("%w: the expression combines or compares values of types that do not fit: %w", errWrongType, err)
	}
	return nil, err
}

// isAbsence goes by the text, since cel-go has no errors to compare with.
func isAbsence(err error) bool {
	return slices.ContainsFunc([]string{"no such key", "index out of bounds", "optional.none() dereference"},
		func(prefix string) bool { return strings.HasPrefix(err.Error(), prefix) })
}
