package patch

import (
	"reflect"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// isRequired is the error of a remove that would leave a required attribute
// without a value (RFC 7644 §3.5.2.2).
func isRequired(target schema.Target) error {
	return scim.BadRequest(scim.TypeMutability, "%s is required and cannot be removed", target)
}

// keepsImmutable tells whether a value of a multi-valued attribute keeps what is
// immutable in it (RFC 7644 §3.5.2). Another value in its place may have
// anything.
func keepsImmutable(target schema.Target, before, after any) error {
	was, _ := before.(scim.Object)
	is, _ := after.(scim.Object)
	for _, sub := range target.Attribute.SubAttributes {
		value, set := was[sub.Name]
		if set && sub.Mutability == schema.Immutable && !reflect.DeepEqual(value, is[sub.Name]) {
			part := schema.Target{URN: target.URN, Attribute: target.Attribute, Sub: sub}
			return scim.BadRequest(scim.TypeMutability, "%s is immutable and has a value already", part)
		}
	}
	return nil
}
