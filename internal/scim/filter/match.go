package filter

import (
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// Candidate is a resource as a filter sees it.
type Candidate struct {
	ID           string
	Created      time.Time
	LastModified time.Time
	Version      string
	// Attributes are the others, spelled as the schema does; those of an
	// extension are a map under its URN.
	Attributes map[string]any
}

// Predicate tells whether a filter holds for a resource.
type Predicate func(Candidate) bool

// Compile resolves a filter against a resource type once, for many resources.
//
// An attribute that the type does not have has no value: nothing but ne and
// not matches it. ne is the negation of eq, also where there is no value or
// are several. A complex attribute compares by its `value`. Text compares as
// the attribute's caseExact says. An error, for a comparison that makes no
// sense for the attribute's type or for one that must not be read, is a
// *SyntaxError. A nil filter holds always.
func Compile(rt *schema.ResourceType, e Expression) (Predicate, error) {
	if e == nil {
		return func(Candidate) bool { return true }, nil
	}
	predicate, err := compile(e, func(path AttributePath) field[Candidate] { return resolve(rt, path) })
	return predicate, err
}

// Check says what Compile would find wrong.
func Check(rt *schema.ResourceType, e Expression) error {
	_, err := Compile(rt, e)
	return err
}

// Match tells whether a filter holds for one resource; one that does not
// compile holds for none.
func Match(rt *schema.ResourceType, e Expression, c Candidate) bool {
	predicate, err := Compile(rt, e)
	return err == nil && predicate(c)
}

// CompileValue resolves the filter of attr[filter] for the values of the
// attribute: names in it are those of sub-attributes. Of several simple values
// each is the only sub-attribute, `value`, of itself.
func CompileValue(attribute *schema.Attribute, e Expression) (func(value map[string]any) bool, error) {
	simple := attribute.Type != schema.Complex
	if simple && !attribute.MultiValued {
		return nil, syntaxError("%s has no sub-attributes that a filter in brackets could compare", attribute.Name)
	}
	return compile(e, func(path AttributePath) field[map[string]any] {
		if path.URN != "" || path.SubAttribute != "" {
			return field[map[string]any]{}
		}
		sub := attribute.SubAttribute(path.Name)
		if simple && strings.EqualFold(path.Name, "value") {
			one := *attribute
			one.Name, one.MultiValued = "value", false
			sub = &one
		}
		if sub == nil {
			return field[map[string]any]{}
		}
		return field[map[string]any]{
			name:      attribute.Name + "." + sub.Name,
			attribute: sub,
			get:       func(value map[string]any) any { return value[sub.Name] },
		}
	})
}

// field is where the value of a path is found in a T. attribute is nil when
// nothing of that name exists, or when undeclared says that no schema knows.
type field[T any] struct {
	name       string
	attribute  *schema.Attribute
	sub        *schema.Attribute
	undeclared bool
	wrong      *SyntaxError // why nothing can be compared
	get        func(T) any  // of the attribute, not of its sub-attribute
}

func resolve(rt *schema.ResourceType, path AttributePath) field[Candidate] {
	target, found := rt.Lookup(path.URN, path.Name, path.SubAttribute)
	if !found && path.Name != "" {
		return resolveUndeclared(rt, path)
	}
	if target.Attribute == nil {
		return field[Candidate]{wrong: syntaxError("%s names a schema; an attribute name must follow", path.URN)}
	}
	f := field[Candidate]{name: target.String(), attribute: target.Attribute, sub: target.Sub}
	switch {
	case target.URN != "":
		f.get = func(c Candidate) any { return target.Value(c.Attributes) }
	case target.Attribute.Name == "id":
		f.get = func(c Candidate) any { return c.ID }
	case target.Attribute.Name == "schemas":
		f.get = func(c Candidate) any { return schemas(rt, c) }
	case target.Attribute.Name == "meta":
		f.get = func(c Candidate) any { return meta(rt, c) }
	default:
		f.get = func(c Candidate) any { return target.Value(c.Attributes) }
	}
	return f
}

// schemas are the URNs of the schemas whose attributes the resource has.
func schemas(rt *schema.ResourceType, c Candidate) any {
	urns := []any{rt.Schema.ID}
	for key := range c.Attributes {
		if schema.IsURN(key) {
			urns = append(urns, key)
		}
	}
	return urns
}

// meta lacks the location, which only the HTTP server knows.
func meta(rt *schema.ResourceType, c Candidate) any {
	return map[string]any{
		"resourceType": rt.Name,
		"created":      c.Created,
		"lastModified": c.LastModified,
		"version":      c.Version,
	}
}
