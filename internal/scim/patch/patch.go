package patch

import (
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

type Request struct{}

func Parse(rt *schema.ResourceType, id string, body scim.Object) (*Request, error) { return nil, nil }
func (r *Request) Change() scim.Change                                             { return scim.Change{} }
