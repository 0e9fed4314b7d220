package chaos

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
)

const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

type object = map[string]any

// request gives the SCIM request for a change of a resource that is in a state.
func (o *owned) request(rng *rand.Rand, c change, put bool, s state) (method, path string, body object) {
	path = "/Users"
	if o.kind != user {
		path = "/Groups"
	}
	if c.kind == create {
		return http.MethodPost, path, o.document(c, c)
	}
	path += "/" + o.id
	switch {
	case c.kind == remove:
		return http.MethodDelete, path, nil
	case put:
		after, _ := c.apply(s)
		whole := change{token: c.token, name: after.name, active: &after.active, add: after.parts}
		return http.MethodPut, path, o.document(c, whole)
	}
	return http.MethodPatch, path, o.patch(rng, c)
}

// document is the whole resource.
func (o *owned) document(c, whole change) object {
	if o.kind == group {
		return object{
			"schemas":     []string{"urn:ietf:params:scim:schemas:core:2.0:Group"},
			"displayName": whole.name, "externalId": c.token, "members": references(o.members(whole.add)),
		}
	}
	active := whole.active == nil || *whole.active
	return object{
		"schemas":  []string{"urn:ietf:params:scim:schemas:core:2.0:User", enterprise},
		"userName": whole.name, "externalId": c.token, "title": c.token, "nickName": c.token, "active": active,
		"emails":   []object{{"value": o.key + "@example.com", "type": "work", "primary": true}},
		enterprise: object{"department": c.token},
	}
}

// patch has an operation for each attribute, in any order.
func (o *owned) patch(rng *rand.Rand, c change) object {
	var operations []object
	replace := func(path string, value any) {
		operations = append(operations, object{"op": "replace", "path": path, "value": value})
	}
	switch o.kind {
	case user:
		for _, path := range []string{"externalId", "title", "nickName", enterprise + ":department"} {
			replace(path, c.token)
		}
		if c.name != "" {
			replace("userName", c.name)
		}
		if c.active != nil {
			replace("active", *c.active)
		}
	case group, share:
		if c.token != "" {
			replace("externalId", c.token)
		}
		if c.name != "" {
			replace("displayName", c.name)
		}
		for op, parts := range map[string]uint64{"add": c.add, "remove": c.drop} {
			if ids := o.members(parts); len(ids) > 0 {
				operations = append(operations, object{"op": op, "path": "members", "value": references(ids)})
			}
		}
	}
	rng.Shuffle(len(operations), func(i, j int) { operations[i], operations[j] = operations[j], operations[i] })
	return object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, "Operations": operations}
}

func references(ids []string) []object {
	list := make([]object, len(ids))
	for i, id := range ids {
		list[i] = object{"value": id}
	}
	return list
}

// text is a body as JSON; empty for none.
func text(body object) string {
	if body == nil {
		return ""
	}
	content, err := json.Marshal(body)
	if err != nil {
		panic(err) // it is made of strings
	}
	return string(content)
}
