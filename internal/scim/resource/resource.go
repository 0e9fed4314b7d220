package resource

import (
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

type Decoded struct {
	Attributes scim.Object
	Present    map[string]bool
}

func Decode(rt *schema.ResourceType, body scim.Object) (*Decoded, error)    { return nil, nil }
func Create(rt *schema.ResourceType, body scim.Object) (scim.Object, error) { return nil, nil }
func Replace(rt *schema.ResourceType, body scim.Object) (scim.Change, error) {
	return scim.Change{}, nil
}
func Validate(rt *schema.ResourceType, attributes scim.Object) error { return nil }
