// Package extension turns the extension schemas that an IdentityProviderSync
// declares into resource types of the SCIM protocol.
//
// A declaration that cannot be served is left out: for SCIM it is as if nobody
// had declared it, so values under its URN are kept and returned as they come.
// Nothing is lost by a slip in a spec, and no other declaration suffers.
package extension

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// Problem tells why a declaration is left out, and what to do about it.
type Problem struct {
	URN, Resource string
	Err           error
}

func (p Problem) String() string {
	return fmt.Sprintf("%s for %s: %v", p.URN, p.Resource, p.Err)
}

// Types are User and Group as a sync has them. Without declarations they are
// the very types of RFC 7643. The result is to be kept as long as the
// declarations stay the same: a Store tells by it that nothing has changed.
func Types(declared []v1alpha1.ExtensionSchema) ([]*schema.ResourceType, []Problem) {
	types := []*schema.ResourceType{schema.UserType(), schema.GroupType()}
	if len(declared) == 0 {
		return types, nil
	}
	var problems []Problem
	good := map[string][]schema.Extension{}
	for i := range declared {
		d := &declared[i]
		if err := contradicts(declared[:i], d); err != nil {
			problems = append(problems, Problem{d.URN, d.Resource, err})
			continue
		}
		good[d.Resource] = append(good[d.Resource], extensionOf(d))
	}
	for i, base := range types {
		extended, errs := schema.Extend(base, good[base.Name]...)
		if len(extended.Extensions) > len(base.Extensions) {
			types[i] = extended
		}
		for n, err := range errs {
			if err != nil {
				problems = append(problems, Problem{good[base.Name][n].Schema.ID, base.Name, err})
			}
		}
		delete(good, base.Name)
	}
	for resource, extensions := range good { // the API server lets none through
		for _, e := range extensions {
			problems = append(problems, Problem{e.Schema.ID, resource, errors.New("there is no such resource: name User or Group")})
		}
	}
	return types, problems
}

// contradicts tells why one URN cannot mean what is declared here and before:
// /Schemas has one schema for a URN (RFC 7643 §7).
func contradicts(before []v1alpha1.ExtensionSchema, d *v1alpha1.ExtensionSchema) error {
	for i := range before {
		b := &before[i]
		if !strings.EqualFold(b.URN, d.URN) || b.Resource == d.Resource {
			continue // the same for the same resource is the matter of schema.Extend
		}
		same := b.URN == d.URN && b.Name == d.Name && b.Description == d.Description && equality.Semantic.DeepEqual(b.Attributes, d.Attributes)
		if !same {
			return fmt.Errorf("it is declared for %s too, with other attributes: declare the same for both, or choose another URN", b.Resource)
		}
	}
	return nil
}

func extensionOf(d *v1alpha1.ExtensionSchema) schema.Extension {
	s := &schema.Schema{ID: d.URN, Name: cmp.Or(d.Name, d.URN), Description: d.Description}
	for i := range d.Attributes {
		s.Attributes = append(s.Attributes, attribute(&d.Attributes[i]))
	}
	return schema.Extension{Schema: s, Required: d.Required}
}

func attribute(d *v1alpha1.ExtensionAttribute) *schema.Attribute {
	a := characteristics(&d.ExtensionCharacteristics, d.Type)
	a.MultiValued = d.MultiValued
	a.Uniqueness = cmp.Or(schema.Uniqueness(d.Uniqueness), schema.None)
	for i := range d.SubAttributes {
		sub := &d.SubAttributes[i]
		a.SubAttributes = append(a.SubAttributes, characteristics(&sub.ExtensionCharacteristics, sub.Type))
	}
	return a
}

// characteristics has the defaults of RFC 7643 §2.2 for what is not said.
func characteristics(d *v1alpha1.ExtensionCharacteristics, kind string) *schema.Attribute {
	return &schema.Attribute{
		Name: d.Name, Type: cmp.Or(schema.Type(kind), schema.String), Description: d.Description,
		Required: d.Required, CaseExact: d.CaseExact, CanonicalValues: d.CanonicalValues,
		Mutability: cmp.Or(schema.Mutability(d.Mutability), schema.ReadWrite),
		Returned:   cmp.Or(schema.Returned(d.Returned), schema.Default),
		Uniqueness: schema.None, ReferenceTypes: d.ReferenceTypes,
	}
}
