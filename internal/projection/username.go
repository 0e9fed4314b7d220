package projection

import (
	"fmt"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/expression"
)

// Username is a compiled kubernetesUsername, or subject.name of a binding. It is safe for concurrent use.
type Username struct{ expression *expression.User }

// CompileUsername compiles a CEL expression that gives a user's name in RBAC
// subjects. An error says what is wrong with the expression, for the person who
// wrote it.
func CompileUsername(text string) (*Username, error) {
	e, err := expression.CompileUser(text, expression.String)
	if err != nil {
		return nil, err
	}
	return &Username{expression: e}, nil
}

// Evaluate gives the name of a user in RBAC subjects. It is an error if an
// attribute that the expression needs is missing, and if the name is one that
// is never bound (CheckSubjectName).
func (u *Username) Evaluate(user *v1alpha1.User) (string, error) {
	name, err := u.expression.String(user)
	if err != nil {
		return "", fmt.Errorf("evaluate the name: %w", err)
	}
	return name, CheckSubjectName(name)
}

// Names gives what Evaluate does as a list, for an index of users by name.
func (u *Username) Names(user *v1alpha1.User) ([]string, error) {
	name, err := u.Evaluate(user)
	if err != nil {
		return nil, err
	}
	return []string{name}, nil
}
