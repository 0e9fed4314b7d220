package projection

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/ext"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// Bounds of kubernetesUsername.
const (
	// MaxExpressionLength is the longest expression, in characters.
	MaxExpressionLength = 1024
	// maxCost is what one evaluation may cost, in CEL units: a tenth of what
	// Kubernetes allows for one call, since it is done for every member.
	maxCost = 100_000
)

// Username is a compiled kubernetesUsername. It is safe for concurrent use.
type Username struct {
	program    cel.Program
	extensions bool // the expression may read extensions that nobody declared
}

// environment is CEL with the standard library and the extensions that
// Kubernetes 1.34 has for strings, lists, sets and optionals.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	return cel.NewEnv(
		cel.HomogeneousAggregateLiterals(),
		cel.EagerlyValidateDeclarations(true),
		cel.DefaultUTCTimeZone(true),
		cel.CrossTypeNumericComparisons(true),
		cel.OptionalTypes(),
		cel.ASTValidators(
			cel.ValidateDurationLiterals(),
			cel.ValidateTimestampLiterals(),
			cel.ValidateRegexLiterals(),
			cel.ValidateHomogeneousAggregateLiterals(),
		),
		cel.ParserExpressionSizeLimit(MaxExpressionLength),
		ext.Strings(ext.StringsVersion(2)),
		ext.Sets(),
		ext.Lists(ext.ListsVersion(3)),
		ext.TwoVarComprehensions(),
		cel.Variable("user", cel.MapType(cel.StringType, cel.DynType)),
	)
})

// CompileUsername compiles a CEL expression that gives a user's name in RBAC
// subjects.
//
// Its variable `user` is a map of the SCIM attributes of the user, named as in
// RFC 7643 §4: user.userName, user.externalId, user.name.givenName,
// user.emails (a list of maps with value, type, display and primary), and so
// on. The enterprise attributes are under user.enterprise and under their URN,
// as user["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]; other
// extensions are under their URNs. An attribute that the user does not have is
// no key of the map, so reading it fails, and has(user.title) tells.
//
// An error says what is wrong with the expression, for the person who wrote it.
func CompileUsername(expression string) (*Username, error) {
	if n := len([]rune(expression)); n > MaxExpressionLength {
		return nil, fmt.Errorf("the expression has %d characters; %d are allowed", n, MaxExpressionLength)
	}
	env, err := environment()
	if err != nil {
		return nil, fmt.Errorf("set up CEL: %w", err)
	}
	checked, issues := env.Compile(expression)
	if err := issues.Err(); err != nil {
		return nil, err
	}
	if out := checked.OutputType(); !out.IsExactType(cel.StringType) && !out.IsExactType(cel.DynType) {
		return nil, fmt.Errorf("the expression gives a value of type %s; it must give a string", out)
	}
	extensions, err := checkAttributes(checked.NativeRep())
	if err != nil {
		return nil, err
	}
	program, err := env.Program(checked,
		cel.EvalOptions(cel.OptOptimize, cel.OptTrackCost),
		cel.CostLimit(maxCost))
	if err != nil {
		return nil, err
	}
	username := &Username{program: program, extensions: extensions}
	// Attributes have no declared types, so only a trial finds `user.active`.
	if _, err := username.value(exampleUser); errors.Is(err, errWrongType) {
		return nil, err
	}
	return username, nil
}

// errWrongType marks errors that do not depend on what a user is like.
var errWrongType = errors.New("wrong type")

// Evaluate gives the name of a user in RBAC subjects. It is an error if an
// attribute that the expression needs is missing, and if the name is one that
// is never bound (CheckSubjectName).
func (u *Username) Evaluate(user *v1alpha1.User) (string, error) {
	name, err := u.value(user)
	if err != nil {
		return "", err
	}
	return name, CheckSubjectName(name)
}

func (u *Username) value(user *v1alpha1.User) (string, error) {
	values := attributes(user)
	if u.extensions {
		addExtensions(values, user.Spec.Extensions)
	}
	out, _, err := u.program.Eval(map[string]any{"user": values})
	switch {
	case err != nil && strings.HasPrefix(err.Error(), "no such overload"):
		return "", fmt.Errorf("%w: the expression combines or compares values of types that do not fit: %w", errWrongType, err)
	case err != nil:
		return "", fmt.Errorf("evaluate kubernetesUsername: %w", err)
	}
	name, ok := out.(types.String)
	if !ok {
		return "", fmt.Errorf("%w: the expression gives a value of type %s; it must give a string", errWrongType, out.Type().TypeName())
	}
	return string(name), nil
}
