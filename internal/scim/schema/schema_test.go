package schema

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"sigs.k8s.io/yaml"
)

// openAPI is the part of an OpenAPI schema that bounds a value.
type openAPI struct {
	MaxLength            int                `json:"maxLength"`
	MaxItems             int                `json:"maxItems"`
	Items                *openAPI           `json:"items"`
	Properties           map[string]openAPI `json:"properties"`
	AdditionalProperties *openAPI           `json:"additionalProperties"`
}

// crdSpec is the schema of `spec` in a custom resource definition.
func crdSpec(t *testing.T, plural string) openAPI {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "..", "config", "crd", "bases", "scim.rollcall.dev_"+plural+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var crd struct {
		Spec struct {
			Versions []struct {
				Schema struct {
					OpenAPIV3Schema openAPI `json:"openAPIV3Schema"`
				} `json:"schema"`
			} `json:"versions"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal(content, &crd); err != nil {
		t.Fatal(err)
	}
	return crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
}

// What passes here must be accepted by the API server, else a client would get
// an error that is none of SCIM's.
func TestBoundsEqualThoseOfTheCustomResources(t *testing.T) {
	users, groups := crdSpec(t, "users"), crdSpec(t, "groups")
	for _, a := range user.Schema.Attributes {
		if a.Name == "groups" || a.Name == "password" {
			continue // never stored with a user
		}
		compareBounds(t, a.Name, a, users.Properties[a.Name])
	}
	for _, a := range enterpriseUser.Attributes {
		compareBounds(t, a.Name, a, users.Properties["enterprise"].Properties[a.Name])
	}
	externalID, _ := user.Lookup("", "externalId", "")
	compareBounds(t, "externalId", externalID.Attribute, users.Properties["externalId"])
	compareBounds(t, "displayName", group.Schema.Attribute("displayName"), groups.Properties["displayName"])

	member := group.Schema.Attribute("members").SubAttribute("value")
	if limit := groups.Properties["members"].Items.MaxLength; member.MaxLength != limit {
		t.Errorf("members.value: %d, the custom resource has %d", member.MaxLength, limit)
	}
}

func compareBounds(t *testing.T, name string, a *Attribute, stored openAPI) {
	t.Helper()
	if a.MaxItems != stored.MaxItems {
		t.Errorf("%s: MaxItems %d, the custom resource has %d", name, a.MaxItems, stored.MaxItems)
	}
	if stored.Items != nil {
		stored = *stored.Items
	}
	if a.Type != Boolean && a.Type != Complex && (stored.MaxLength == 0 || a.MaxLength != stored.MaxLength) {
		t.Errorf("%s: MaxLength %d, the custom resource has %d", name, a.MaxLength, stored.MaxLength)
	}
	for _, sub := range a.SubAttributes {
		property := sub.Name
		if property == "$ref" {
			property = "ref"
		}
		known, ok := stored.Properties[property]
		if !ok {
			t.Errorf("%s.%s: the custom resource does not have it", name, sub.Name)
		}
		compareBounds(t, name+"."+sub.Name, sub, known)
	}
	if len(a.SubAttributes) != len(stored.Properties) {
		t.Errorf("%s: %d sub-attributes, the custom resource has %d", name, len(a.SubAttributes), len(stored.Properties))
	}
}

// RFC 7643 §7: what a characteristic may be depends on the type.
func TestCharacteristics(t *testing.T) {
	var check func(name string, a *Attribute)
	check = func(name string, a *Attribute) {
		if a.Description == "" {
			t.Errorf("%s has no description", name)
		}
		if (a.Type == Complex) != (len(a.SubAttributes) > 0) {
			t.Errorf("%s: type %s with %d sub-attributes", name, a.Type, len(a.SubAttributes))
		}
		if (a.Type == Reference) != (len(a.ReferenceTypes) > 0) {
			t.Errorf("%s: type %s with referenceTypes %v", name, a.Type, a.ReferenceTypes)
		}
		if (a.Type == Reference || a.Type == Binary) && !a.CaseExact {
			t.Errorf("%s: type %s is case-exact (§2.3.6, §2.3.7)", name, a.Type)
		}
		for _, sub := range a.SubAttributes {
			if a.Mutability == ReadOnly && sub.Mutability != ReadOnly {
				t.Errorf("%s.%s is within a read-only attribute", name, sub.Name)
			}
			check(name+"."+sub.Name, sub)
		}
	}
	for _, s := range []*Schema{user.Schema, enterpriseUser, group.Schema, {ID: "common", Attributes: common}} {
		for _, a := range s.Attributes {
			check(s.ID+":"+a.Name, a)
		}
	}
}

func TestAttributesOfNote(t *testing.T) {
	tests := map[string]struct {
		rt        *ResourceType
		name, sub string
		want      string
	}{
		"userName": {user, "userName", "", `{"name":"userName","type":"string","multiValued":false,` +
			`"description":"The name of the account, unique whatever the letter case.","required":true,"caseExact":false,` +
			`"mutability":"readWrite","returned":"default","uniqueness":"server"}`},
		"password": {user, "password", "", `{"name":"password","type":"string","multiValued":false,` +
			`"description":"Accepted from clients that send it, and forgotten.","required":false,"caseExact":false,` +
			`"mutability":"writeOnly","returned":"never","uniqueness":"none"}`},
		"emails.type": {user, "emails", "type", `{"name":"type","type":"string","multiValued":false,` +
			`"description":"What the value is for.","required":false,"canonicalValues":["work","home","other"],"caseExact":false,` +
			`"mutability":"readWrite","returned":"default","uniqueness":"none"}`},
		"members.$ref": {group, "members", "$ref", `{"name":"$ref","type":"reference","multiValued":false,` +
			`"description":"The URI of the member.","required":false,"caseExact":true,` +
			`"mutability":"immutable","returned":"default","uniqueness":"none","referenceTypes":["User","Group"]}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			target, _ := tt.rt.Lookup("", tt.name, tt.sub)
			got, err := json.Marshal(target.Leaf())
			if err != nil || string(got) != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
