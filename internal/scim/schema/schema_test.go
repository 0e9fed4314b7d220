package schema

import (
	"encoding/json"
	"testing"
)

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
