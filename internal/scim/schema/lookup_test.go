package schema

import "testing"

func TestLookup(t *testing.T) {
	tests := map[string]struct {
		rt             *ResourceType
		urn, name, sub string
		want           string // the target, or empty if there is none
	}{
		"core attribute":                     {user, "", "userName", "", "userName"},
		"any letter case":                    {user, "", "USERNAME", "", "userName"},
		"sub-attribute":                      {user, "", "Name", "givenname", "name.givenName"},
		"core URN":                           {user, UserURN, "emails", "value", "emails.value"},
		"core URN in another case":           {user, "URN:IETF:params:scim:schemas:core:2.0:user", "emails", "", "emails"},
		"extension URN":                      {user, EnterpriseUserURN, "employeeNumber", "", EnterpriseUserURN + ":employeeNumber"},
		"extension sub-attribute":            {user, EnterpriseUserURN, "manager", "$REF", EnterpriseUserURN + ":manager.$ref"},
		"whole extension":                    {user, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:USER", "", "", EnterpriseUserURN},
		"bare name that an extension has":    {user, "", "Manager", "", EnterpriseUserURN + ":manager"},
		"common attribute":                   {group, "", "externalid", "", "externalId"},
		"common attribute with the core URN": {group, GroupURN, "id", "", "id"},
		"metadata":                           {group, "", "meta", "lastModified", "meta.lastModified"},
		"core wins over an extension":        {user, "", "displayName", "", "displayName"},

		"unknown attribute":             {user, "", "shoeSize", "", ""},
		"unknown sub-attribute":         {user, "", "name", "nick", ""},
		"sub-attribute of a simple":     {user, "", "userName", "value", ""},
		"unknown URN":                   {user, "urn:example:2.0:User", "userName", "", ""},
		"URN of another resource type":  {group, UserURN, "userName", "", ""},
		"core attribute, extension URN": {user, EnterpriseUserURN, "userName", "", ""},
		"extension name with core URN":  {user, UserURN, "manager", "", ""},
		"sub-attribute of an extension": {user, EnterpriseUserURN, "", "value", ""},
		"nothing":                       {user, "", "", "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			target, found := tt.rt.Lookup(tt.urn, tt.name, tt.sub)
			if found != (tt.want != "") {
				t.Fatalf("found = %v", found)
			}
			if found && target.String() != tt.want {
				t.Errorf("got %s, want %s", target, tt.want)
			}
		})
	}
}

func TestLookupRefusesNamesOfSeveralExtensions(t *testing.T) {
	other := &Schema{ID: "urn:example:User", Attributes: []*Attribute{text("manager", "")}}
	rt := &ResourceType{Schema: user.Schema, Extensions: []Extension{{Schema: enterpriseUser}, {Schema: other}}}
	if target, found := rt.Lookup("", "manager", ""); found {
		t.Errorf("manager is ambiguous, got %s", target)
	}
	if target, found := rt.Lookup("", "department", ""); !found || target.URN != EnterpriseUserURN {
		t.Errorf("department is in one extension only, got %s", target)
	}
}

func TestTargetValue(t *testing.T) {
	attributes := map[string]any{
		"userName":        "bjensen",
		EnterpriseUserURN: map[string]any{"department": "Tours"},
	}
	tests := map[string]struct {
		urn, name string
		want      any
	}{
		"core":             {"", "userName", "bjensen"},
		"extension":        {EnterpriseUserURN, "department", "Tours"},
		"absent":           {"", "title", nil},
		"absent extension": {EnterpriseUserURN, "division", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			target, found := user.Lookup(tt.urn, tt.name, "")
			if got := target.Value(attributes); !found || got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	if target, _ := user.Lookup(EnterpriseUserURN, "department", ""); target.Value(nil) != nil {
		t.Error("a resource without the extension has no value")
	}
}
