package mapping

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/labelvalue"
)

// MaxAnnotationValue is the longest value of an annotation that is set, in
// bytes. A longer one is not set: half of it would be another value.
const MaxAnnotationValue = 4096

// Changes are what is to be set (or, where nil, removed) on an object.
type Changes struct {
	Labels, Annotations map[string]*string
}

// Empty tells whether there is nothing to change.
func (c *Changes) Empty() bool { return len(c.Labels) == 0 && len(c.Annotations) == 0 }

// SetLabel adds a label to the changes.
func (c *Changes) SetLabel(name, value string) { c.change(key{label, name}, &value) }

// RemoveLabel adds the removal of a label to the changes.
func (c *Changes) RemoveLabel(name string) { c.change(key{label, name}, nil) }

func (c *Changes) change(k key, value *string) {
	changes := &c.Labels
	if k.sort == annotation {
		changes = &c.Annotations
	}
	if *changes == nil {
		*changes = map[string]*string{}
	}
	(*changes)[k.name] = value
}

// Apply makes the changes on an object, which must not be shared.
func (c *Changes) Apply(o metav1.Object) {
	o.SetLabels(apply(o.GetLabels(), c.Labels))
	o.SetAnnotations(apply(o.GetAnnotations(), c.Annotations))
}

func apply(to map[string]string, changes map[string]*string) map[string]string {
	for name, value := range changes {
		switch {
		case value == nil:
			delete(to, name)
		case to == nil:
			to = map[string]string{name: *value}
		default:
			to[name] = *value
		}
	}
	return to
}

// User gives what the mappings change on a user.
func (m *Mappings) User(u *v1alpha1.User) Changes {
	if m == nil {
		return Changes{}
	}
	return m.users.changes(u, u)
}

// Group gives what the mappings change on a group.
func (m *Mappings) Group(g *v1alpha1.Group) Changes {
	if m == nil {
		return Changes{}
	}
	return m.groups.changes(g, g)
}

// Removal gives the changes that take away everything mappings have set.
func Removal(o metav1.Object) Changes {
	none := rules[metav1.Object]{}
	return none.changes(o, o)
}

// changes compares an object, which is also the resource that the rules read,
// with what it should be.
func (r *rules[T]) changes(o metav1.Object, resource T) Changes {
	recorded := recordOf(o)
	if len(r.list) == 0 && recorded == nil {
		return Changes{}
	}
	var c Changes
	var owned []key
	for _, rule := range r.list {
		mine := slices.Contains(recorded, rule.key)
		current, exists := valueOf(o, rule.key)
		if rule.value == nil { // broken
			if mine {
				owned = append(owned, rule.key)
			}
			continue
		}
		if exists && !mine {
			continue // somebody else's
		}
		want, ok := rule.want(resource)
		if ok {
			owned = append(owned, rule.key)
			if !exists || current != want {
				c.change(rule.key, &want)
			}
		} else if exists {
			c.change(rule.key, nil)
		}
	}
	for _, k := range recorded {
		switch _, exists := valueOf(o, k); {
		case r.keys[k]:
		case r.held[k.sort]:
			owned = append(owned, k)
		case exists:
			c.change(k, nil)
		}
	}
	c.record(o, owned)
	return c
}

// want gives the value for a resource; false if it is to have none. That an
// attribute is absent, or of a type that does not fit, means that there is none.
func (r rule[T]) want(resource T) (string, bool) {
	value, err := r.value(resource)
	if err != nil || value == "" {
		return "", false
	}
	if r.key.sort == label {
		return labelvalue.Escape(value), true
	}
	// Bytes that are not UTF-8 would not come back as they were written.
	return strings.ToValidUTF8(value, "\uFFFD"), len(value) <= MaxAnnotationValue
}

func valueOf(o metav1.Object, k key) (string, bool) {
	values := o.GetLabels()
	if k.sort == annotation {
		values = o.GetAnnotations()
	}
	value, ok := values[k.name]
	return value, ok
}

// recordOf reads which keys of an object were set by mappings. Only keys that
// a mapping may set count, whatever somebody wrote there.
func recordOf(o metav1.Object) []key {
	text, ok := o.GetAnnotations()[v1alpha1.AnnotationMapped]
	if !ok {
		return nil
	}
	record := []key{}
	for entry := range strings.SplitSeq(text, ",") {
		which, name, _ := strings.Cut(entry, ":")
		k := key{sort(which), name}
		if (k.sort == label || k.sort == annotation) && k.check() == nil && !slices.Contains(record, k) {
			record = append(record, k)
		}
	}
	return record
}

// record adds to the changes which keys are set by mappings from now on.
func (c *Changes) record(o metav1.Object, owned []key) {
	entries := make([]string, len(owned))
	for i, k := range owned {
		entries[i] = string(k.sort) + ":" + k.name
	}
	slices.Sort(entries)
	text := strings.Join(entries, ",")
	before, exists := o.GetAnnotations()[v1alpha1.AnnotationMapped]
	switch {
	case text == "" && exists:
		c.change(key{annotation, v1alpha1.AnnotationMapped}, nil)
	case text != before:
		c.change(key{annotation, v1alpha1.AnnotationMapped}, &text)
	}
}
