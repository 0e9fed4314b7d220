package networkpolicy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/expression"
	"github.com/rollcall-scim/rollcall/internal/labelvalue"
)

// Kind is how the result of an expression is read.
type Kind string

// The kinds of expressions.
const (
	LabelValue Kind = "labelValue" // the value of a label, escaped
	Address    Kind = "address"    // canonical CIDRs
	Namespace  Kind = "namespace"  // the name of a namespace
)

// Values gives what an expression makes of a user. With an error there may be
// values all the same: those of a list that can be used.
type Values func(*v1alpha1.User) ([]string, error)

var errNoValue = errors.New("no value")

// Compile compiles an expression over `user`. An error says what is wrong with
// it, for the person who wrote it.
func Compile(kind Kind, text string) (Values, error) {
	want := expression.String
	if kind == Address {
		want = expression.Strings
	}
	compiled, err := expression.CompileUser(text, want)
	if err != nil {
		return nil, err
	}
	switch kind {
	case Address:
		return addresses(compiled), nil
	case Namespace:
		return one(compiled, func(name string) (string, error) {
			if problems := validation.IsDNS1123Label(name); len(problems) > 0 {
				return "", fmt.Errorf("%q is no name of a namespace: %s", name, problems[0])
			}
			return name, nil
		}), nil
	default:
		return one(compiled, func(text string) (string, error) { return labelvalue.Escape(text), nil }), nil
	}
}

// one reads an expression that gives one string. An empty one is no value: as
// a label it would be shared by all that have the label without a value.
func one(compiled *expression.User, read func(string) (string, error)) Values {
	return func(user *v1alpha1.User) ([]string, error) {
		text, err := compiled.String(user)
		if err == nil && strings.TrimSpace(text) == "" {
			err = errNoValue
		}
		if err != nil {
			return nil, err
		}
		value, err := read(text)
		if err != nil {
			return nil, err
		}
		return []string{value}, nil
	}
}

// maxAddresses is how many addresses of one user are let through by a peer: an
// identity provider must not fill a policy with those of one.
const maxAddresses = 32

func addresses(compiled *expression.User) Values {
	return func(user *v1alpha1.User) ([]string, error) {
		texts, err := compiled.Strings(user)
		if err == nil && len(texts) == 0 {
			err = errNoValue
		}
		if err != nil {
			return nil, err
		}
		var cidrs []string
		var failures []error
		if n := len(texts); n > maxAddresses {
			failures = append(failures, fmt.Errorf("%d addresses; the first %d are used", n, maxAddresses))
			texts = texts[:maxAddresses]
		}
		for _, text := range texts {
			prefix, err := ParseAddress(text)
			if err != nil {
				failures = append(failures, err)
				continue
			}
			cidrs = append(cidrs, prefix.String())
		}
		slices.Sort(cidrs)
		return slices.Compact(cidrs), errors.Join(failures...)
	}
}
