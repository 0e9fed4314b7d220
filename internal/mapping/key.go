package mapping

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// sort is what a key is the key of.
type sort string

const (
	label      sort = "label"
	annotation sort = "annotation"
)

// key is one label or annotation.
type key struct {
	sort sort
	name string
}

func (k key) String() string { return fmt.Sprintf("%s %q", k.sort, k.name) }

func keyOf(m v1alpha1.AttributeMapping) key {
	if m.Label != "" {
		return key{label, m.Label}
	}
	return key{annotation, m.Annotation}
}

// reserved are the domains whose labels and annotations have meaning to
// Kubernetes or Rollcall, and which no mapping sets; nor those below them.
var reserved = []string{"kubernetes.io", "k8s.io", "rollcall.dev"}

// check says what is wrong with a key, and what to do.
func (k key) check() error {
	if k.name == "" {
		return errors.New("it sets neither a label nor an annotation: give it one of the two")
	}
	// The API server takes annotations in any case, but not labels.
	name := k.name
	if k.sort == annotation {
		name = strings.ToLower(name)
	}
	if problems := validation.IsQualifiedName(name); len(problems) > 0 {
		return fmt.Errorf("%s is no valid key: %s", k, problems[0])
	}
	domain, _, prefixed := strings.Cut(strings.ToLower(name), "/")
	if prefixed && slices.ContainsFunc(reserved, func(r string) bool { return domain == r || strings.HasSuffix(domain, "."+r) }) {
		return fmt.Errorf("%s is reserved: use a key without a prefix or with a domain of your own; kubernetes.io, k8s.io, rollcall.dev and the domains below them are not for mappings", k)
	}
	return nil
}
