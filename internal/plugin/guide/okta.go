package guide

// okta is the way through the Okta Admin Console.
func (v values) okta() []Step {
	return []Step{
		{
			Title: "Make the application",
			Lines: []string{
				"In the Okta Admin Console: Applications > Create App Integration > SWA or SAML 2.0 (Okta offers SCIM with these).",
				"Then General > App Settings > Edit > Provisioning: SCIM > Save.",
			},
			Fields: []Field{{"App name", "Rollcall"}},
		}, {
			Title: "Connect it",
			Lines: []string{"In the application: Provisioning > Integration > Edit."},
			Fields: []Field{
				{"SCIM connector base URL", v.url},
				{"Unique identifier field for users", "userName"},
				{"Supported provisioning actions", "Push New Users, Push Profile Updates, Push Groups"},
				{"Authentication Mode", "HTTP Header"},
				{"Authorization: Bearer", TokenPlaceholder},
			},
		}, {
			Title: "Test Connector Configuration, then Save",
			Lines: []string{"Okta lists a few users and groups. Imports are not needed: Okta is the source."},
		}, {
			Title: "Allow it to write",
			Lines: []string{"Provisioning > To App > Edit: check Create Users, Update User Attributes, Deactivate Users. Do not sync passwords."},
		}, {
			Title: "Look at the attributes",
			Lines: []string{"Provisioning > To App > Attribute Mappings:"},
			Mapping: []Mapping{
				{"userName", "userName", "Sign On > Application username format: Email or Okta username"},
				{"emails[type eq \"work\"].value", "user.email", ""},
				{"externalId", "the user's id in Okta", "Okta sends it itself"},
				{"active", "whether the app is assigned", "Okta never deletes a user: it deactivates"},
				{"displayName", "user.displayName", ""},
				{"name.givenName", "user.firstName", ""},
				{"name.familyName", "user.lastName", ""},
			},
		}, {
			Title: "Choose who is provisioned",
			Lines: append([]string{
				"Assignments > Assign to Groups: the people. Okta creates nobody who is not assigned.",
				"Push Groups > Find groups by name, or by rule (name starts with): the groups. Use other groups than those of Assignments: Okta asks for it.",
			}, v.scope()...),
		},
	}
}
