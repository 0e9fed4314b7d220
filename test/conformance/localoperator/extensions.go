package localoperator

import "github.com/rollcall-scim/rollcall/api/v1alpha1"

// extensions have an attribute of each kind that the suite asks for.
func extensions() []v1alpha1.ExtensionSchema {
	attribute := func(name, kind string) v1alpha1.ExtensionAttribute {
		return v1alpha1.ExtensionAttribute{ExtensionCharacteristics: characteristics(name), Type: kind}
	}
	badge, tags, desk := attribute("badge", "string"), attribute("tags", "string"), attribute("desk", "complex")
	serial, issuer, note, code, pin := attribute("serial", "string"), attribute("issuer", "string"), attribute("note", "string"), attribute("code", "string"), attribute("pin", "string")
	serial.Mutability, issuer.Mutability, note.Returned, code.CaseExact = "immutable", "readOnly", "request", true
	pin.Mutability, pin.Returned = "writeOnly", "never"
	keys, number := attribute("keys", "complex"), v1alpha1.ExtensionSubAttribute{ExtensionCharacteristics: characteristics("number"), Type: "string"}
	number.Mutability, keys.MultiValued = "immutable", true
	keys.SubAttributes = []v1alpha1.ExtensionSubAttribute{{ExtensionCharacteristics: characteristics("value"), Type: "string"}, number}
	badge.Uniqueness, tags.MultiValued = "server", true
	desk.SubAttributes = []v1alpha1.ExtensionSubAttribute{{ExtensionCharacteristics: characteristics("seat"), Type: "string"}}
	return []v1alpha1.ExtensionSchema{
		{URN: "urn:ietf:params:scim:schemas:extension:example:2.0:User", Resource: "User", Name: "ExampleUser", Attributes: []v1alpha1.ExtensionAttribute{
			attribute("team", "string"), badge, tags, attribute("level", "integer"), attribute("rate", "decimal"),
			attribute("remote", "boolean"), attribute("since", "dateTime"), desk, serial, issuer, note, code, pin, keys,
		}},
		{URN: "urn:ietf:params:scim:schemas:extension:example:2.0:Group", Resource: "Group", Name: "ExampleGroup", Attributes: []v1alpha1.ExtensionAttribute{
			attribute("team", "string"),
		}},
	}
}

func characteristics(name string) v1alpha1.ExtensionCharacteristics {
	return v1alpha1.ExtensionCharacteristics{Name: name, Description: name}
}
