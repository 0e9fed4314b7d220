package expression

import (
	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// Result is what an expression may give.
type Result int

const (
	// String is one string.
	String Result = iota
	// Strings is a list of strings; a string counts as a list of one.
	Strings
)

func (r Result) String() string {
	if r == Strings {
		return "a string or a list of strings"
	}
	return "a string"
}

// User is a compiled expression over `user`. It is safe for concurrent use.
type User struct{ program *program }

// Group is a compiled expression over `group`. It is safe for concurrent use.
type Group struct{ program *program }

// CompileUser compiles an expression over `user` that gives what is wanted. An
// error says what is wrong with it, for the person who wrote it.
func CompileUser(expression string, want Result) (*User, error) {
	p, err := compile("user", expression, want, exampleUser)
	if err != nil {
		return nil, err
	}
	return &User{program: p}, nil
}

// CompileGroup is CompileUser for an expression over `group`.
func CompileGroup(expression string, want Result) (*Group, error) {
	p, err := compile("group", expression, want, exampleGroup)
	if err != nil {
		return nil, err
	}
	return &Group{program: p}, nil
}

// String evaluates the expression for a user. The error is ErrAbsent if the
// user does not have an attribute that it needs.
func (e *User) String(user *v1alpha1.User) (string, error) {
	return e.program.text(userAttributes(user))
}

// Strings is String for an expression that may give a list, in its order.
func (e *User) Strings(user *v1alpha1.User) ([]string, error) {
	return e.program.texts(userAttributes(user))
}

// String evaluates the expression for a group. The error is ErrAbsent if the
// group does not have an attribute that it needs.
func (e *Group) String(group *v1alpha1.Group) (string, error) {
	return e.program.text(groupAttributes(group))
}

// Strings is String for an expression that may give a list, in its order.
func (e *Group) Strings(group *v1alpha1.Group) ([]string, error) {
	return e.program.texts(groupAttributes(group))
}
