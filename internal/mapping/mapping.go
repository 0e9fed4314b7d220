// Package mapping decides which labels and annotations a sync's mappings give
// to a User or Group: pure functions from the spec and an object to what is to
// be changed on it.
//
// An annotation of the object records which keys were set by mappings, so that
// a mapping that is removed takes away what it had set and nothing else. A key
// that is on an object without being recorded belongs to somebody else and
// stays as it is. A mapping that is broken sets nothing and takes nothing away:
// a slip must not remove what others select by.
package mapping

import (
	"fmt"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/expression"
)

// Mappings are the compiled mappings of a sync. They are safe for concurrent
// use, and may be nil, which maps nothing.
type Mappings struct {
	// Problems are the mappings that cannot be used.
	Problems []Problem

	users  rules[*v1alpha1.User]
	groups rules[*v1alpha1.Group]
}

// Problem is one mapping that cannot be used, and why.
type Problem struct {
	Path string // such as spec.mappings.users[0]
	Err  error
}

func (p Problem) String() string { return fmt.Sprintf("%s: %v", p.Path, p.Err) }

// rules are the mappings of one kind of object.
type rules[T any] struct {
	list []rule[T]
	keys map[key]bool
	// held says that no key of this sort is taken away, since a mapping whose
	// key is broken may have had any key before.
	held map[sort]bool
}

// rule is one mapping.
type rule[T any] struct {
	key   key
	value func(T) (string, error) // nil: broken
}

// Compile compiles the mappings of a sync.
func Compile(spec *v1alpha1.AttributeMappings) *Mappings {
	m := &Mappings{}
	if spec == nil {
		return m
	}
	m.users = compile(m, "users", spec.Users, func(text string) (func(*v1alpha1.User) (string, error), error) {
		e, err := expression.CompileUser(text, expression.String)
		if err != nil {
			return nil, err
		}
		return e.String, nil
	})
	m.groups = compile(m, "groups", spec.Groups, func(text string) (func(*v1alpha1.Group) (string, error), error) {
		e, err := expression.CompileGroup(text, expression.String)
		if err != nil {
			return nil, err
		}
		return e.String, nil
	})
	return m
}

func compile[T any](m *Mappings, list string, specs []v1alpha1.AttributeMapping, expression func(string) (func(T) (string, error), error)) rules[T] {
	r := rules[T]{keys: map[key]bool{}, held: map[sort]bool{}}
	first := map[key]int{}
	for i, spec := range specs {
		path := fmt.Sprintf("spec.mappings.%s[%d]", list, i)
		k := keyOf(spec)
		if err := k.check(); err != nil {
			m.Problems = append(m.Problems, Problem{path, err})
			r.held[k.sort] = true
			continue
		}
		if other, ok := first[k]; ok {
			m.Problems = append(m.Problems, Problem{path, fmt.Errorf("%s is set by spec.mappings.%s[%d] already: remove one of the two", k, list, other)})
			continue
		}
		first[k], r.keys[k] = i, true
		value, err := expression(spec.Value)
		if err != nil {
			m.Problems = append(m.Problems, Problem{path, fmt.Errorf("%s: correct its value: %w", k, err)})
			value = nil
		}
		r.list = append(r.list, rule[T]{k, value})
	}
	return r
}
