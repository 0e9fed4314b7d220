package handler_test

import (
	"testing"

	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/scim/memory"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// RFC 7643 §7: each value of `returned`, for attributes, those of an extension
// and sub-attributes, under every way to ask.
func TestReturned(t *testing.T) {
	const urn = "urn:example:badge:2.0:User"
	text := func(name string, returned schema.Returned) *schema.Attribute {
		return &schema.Attribute{Name: name, Type: schema.String, Mutability: schema.ReadWrite, Returned: returned, MaxLength: 64}
	}
	parts := func() []*schema.Attribute {
		return []*schema.Attribute{text("a", schema.Always), text("d", schema.Default), text("r", schema.Request), text("n", schema.Never)}
	}
	user := *schema.UserType()
	user.Extensions = []schema.Extension{{Schema: &schema.Schema{ID: urn, Name: "Badge", Attributes: append([]*schema.Attribute{
		{Name: "whole", Type: schema.Complex, Mutability: schema.ReadWrite, Returned: schema.Default, SubAttributes: parts()},
		{Name: "asked", Type: schema.Complex, Mutability: schema.ReadWrite, Returned: schema.Request, SubAttributes: []*schema.Attribute{text("x", schema.Default)}},
	}, parts()...)}}}
	p := serveWith(t, handler.Options{Store: memory.New(), Types: []*schema.ResourceType{&user, schema.GroupType()}})

	const object = `{"a":"1","d":"2","r":"3","n":"4","whole":{"a":"1","d":"2","r":"3","n":"4"},"asked":{"x":"5"}}`
	const sent = `{"a":"1","d":"2","r":"3","whole":{"a":"1","d":"2","r":"3"},"asked":{"x":"5"}}`
	const plain = `{"a":"1","d":"2","whole":{"a":"1","d":"2"}}`
	body := `{"userName":"ada","` + urn + `":` + object + `}`
	created := p.do("POST", "/Users", body).want(201)
	path := "/Users/" + created.text("id")
	shown := func(a *answered) any { return a.object()[urn] }
	equal(t, "POST shows what was sent", shown(created), any(decode(t, sent)))
	equal(t, "PUT shows what was sent", shown(p.do("PUT", path, body).want(200)), any(decode(t, sent)))
	equal(t, "PUT shows nothing else", shown(p.do("PUT", path, `{"userName":"ada","`+urn+`":{"a":"1","d":"2","r":"3","n":"4","whole":{"a":"1","d":"2","r":"3","n":"4"}}}`).want(200)),
		any(decode(t, `{"a":"1","d":"2","r":"3","whole":{"a":"1","d":"2","r":"3"}}`)))
	p.do("PUT", path, body).want(200)
	for operation, want := range map[string]string{
		`{"op":"add","path":"title","value":"T"}`:                        plain,
		`{"op":"add","path":"` + urn + `:r","value":"3"}`:                `{"a":"1","d":"2","r":"3","whole":{"a":"1","d":"2"}}`,
		`{"op":"add","path":"` + urn + `:whole.r","value":"3"}`:          `{"a":"1","d":"2","whole":{"a":"1","d":"2","r":"3"}}`,
		`{"op":"add","path":"` + urn + `","value":{"r":"3"}}`:            `{"a":"1","d":"2","r":"3","whole":{"a":"1","d":"2"}}`,
		`{"op":"replace","value":{"` + urn + `":{"asked":{"x":"5"}}}}`:   `{"a":"1","d":"2","whole":{"a":"1","d":"2"},"asked":{"x":"5"}}`,
		`{"op":"replace","value":{"` + urn + `:asked.x":"5"}}`:           `{"a":"1","d":"2","whole":{"a":"1","d":"2"},"asked":{"x":"5"}}`,
		`{"op":"replace","path":"` + urn + `:n","value":"4"}`:            plain,
		`{"op":"replace","value":{"urn:example:none:r":"3","shoe":"3"}}`: plain,
	} {
		equal(t, "PATCH "+operation, shown(p.do("PATCH", path, patchBody(`[`+operation+`]`), "Accept: application/scim+json").want(200)), any(decode(t, want)))
	}
	for query, want := range map[string]string{
		"":                                                plain,
		"attributes=userName":                             `{"a":"1"}`,
		"attributes=" + urn:                               plain,
		"attributes=" + urn + ":r":                        `{"a":"1","r":"3"}`,
		"attributes=" + urn + ":n":                        `{"a":"1"}`,
		"attributes=" + urn + ":whole":                    `{"a":"1","whole":{"a":"1","d":"2"}}`,
		"attributes=" + urn + ":whole.r":                  `{"a":"1","whole":{"a":"1","r":"3"}}`,
		"attributes=" + urn + ":whole.n":                  `{"a":"1","whole":{"a":"1"}}`,
		"attributes=" + urn + ":asked":                    `{"a":"1","asked":{"x":"5"}}`,
		"excludedAttributes=" + urn + ":d":                `{"a":"1","whole":{"a":"1","d":"2"}}`,
		"excludedAttributes=" + urn + ":a,userName":       plain,
		"excludedAttributes=" + urn:                       `{"a":"1"}`,
		"excludedAttributes=" + urn + ":whole.a,userName": plain,
		"excludedAttributes=" + urn + ":whole":            `{"a":"1","d":"2"}`,
	} {
		equal(t, "GET "+query, shown(p.get(path+"?"+query).want(200)), any(decode(t, want)))
	}
}
