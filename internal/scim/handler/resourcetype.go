package handler

import (
	"net/url"
	"strings"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// resourceType is a resource type with what answering for it takes, worked out
// once.
type resourceType struct {
	*schema.ResourceType
	foldedURN string // of its core schema
	bodyLimit int64
	members   *schema.Attribute // nil unless the type has members
	groups    *schema.Attribute // nil unless the type has groups
	onRequest bool              // an attribute is returned on request only

	// What an answer is written from, in order.
	schemas    string // `"schemas":["urn:…"` without the bracket at its end
	externalID field
	core       []field
	extensions []extensionFields
	meta       field
	declared   map[string]bool // the keys that the above cover
}

// field is an attribute with its key in JSON: `"userName":`.
type field struct {
	*schema.Attribute
	key string
	sub []field
	// reference gives the $ref of a value by its `value` and `type`; nil if the
	// server adds none.
	reference func(id, kind string) string
}

type extensionFields struct {
	urn, foldedURN string
	key            string // `"urn:…":`
	fields         []field
	declared       bool // by an administrator
}

func newResourceType(t *schema.ResourceType, all []*schema.ResourceType, limits Limits) *resourceType {
	rt := &resourceType{
		ResourceType: t,
		foldedURN:    schema.Fold(t.Schema.ID),
		bodyLimit:    limits.Body,
		members:      t.Schema.Attribute("members"),
		groups:       t.Schema.Attribute("groups"),
		schemas:      `"schemas":[` + string(appendString(nil, t.Schema.ID)),
		declared:     map[string]bool{},
	}
	if rt.members != nil {
		rt.bodyLimit = limits.GroupBody
	}
	for _, a := range schema.Common() {
		switch a.Name {
		case "externalId":
			rt.externalID = newField(a)
			rt.declared[a.Name] = true
		case "meta":
			rt.meta = newField(a)
		}
	}
	for _, a := range t.Schema.Attributes {
		f := newField(a)
		switch a {
		case rt.members:
			f.reference = references(all)
		case rt.groups:
			// Their `type` is direct or indirect: all are groups.
			f.reference = func(id, _ string) string { return "Groups/" + url.PathEscape(id) }
		}
		rt.core = append(rt.core, f)
		rt.declared[a.Name] = true
	}
	rt.onRequest = returnsOnRequest(t.Schema.Attributes)
	for _, e := range t.Extensions {
		rt.onRequest = rt.onRequest || returnsOnRequest(e.Schema.Attributes)
		ext := extensionFields{urn: e.Schema.ID, foldedURN: schema.Fold(e.Schema.ID), key: jsonKey(e.Schema.ID), declared: e.Schema.Declared}
		for _, a := range e.Schema.Attributes {
			ext.fields = append(ext.fields, newField(a))
		}
		rt.extensions = append(rt.extensions, ext)
		rt.declared[e.Schema.ID] = true
	}
	return rt
}

// Encode implements scim.Encoder: it writes a resource with all that is returned
// by default.
func (t *resourceType) Encode(r *scim.Resource) *scim.Encoded {
	buf := newBuffer()
	defer freeBuffer(buf)
	v := view{resourceType: t}
	*buf = v.appendResource(*buf, r)
	if v.at == 0 {
		return nil // no place for the base: it is left to appendResource
	}
	whole := string(*buf)
	return &scim.Encoded{Head: whole[:v.at], Tail: whole[v.at:]}
}

func newField(a *schema.Attribute) field {
	f := field{Attribute: a, key: jsonKey(a.Name)}
	for _, sub := range a.SubAttributes {
		f.sub = append(f.sub, newField(sub))
	}
	return f
}

func jsonKey(name string) string { return string(appendString(nil, name)) + ":" }

// references gives relative references by resource type: an id whose type is
// unknown has none.
func references(types []*schema.ResourceType) func(id, kind string) string {
	endpoints := map[string]string{}
	for _, t := range types {
		endpoints[t.Name] = strings.Trim(t.Endpoint, "/") + "/"
	}
	return func(id, kind string) string {
		endpoint, ok := endpoints[kind]
		if !ok {
			return ""
		}
		return endpoint + url.PathEscape(id)
	}
}
