package guide

// entra is the way through the Microsoft Entra admin center.
func (v values) entra() []Step {
	return []Step{
		{
			Title: "Make the application",
			Lines: []string{
				"In https://entra.microsoft.com: Enterprise apps > New application > Create your own application.",
				"Choose \"Integrate any other application you don't find in the gallery (Non-gallery)\".",
			},
			Fields: []Field{{"Name", "Rollcall"}},
		}, {
			Title: "Connect it",
			Lines: []string{
				"In the application: Provisioning > New configuration (Get started; Provisioning Mode: Automatic).",
				"The flag at the end of the URL has Entra ID send PATCH as RFC 7644 has it; without it all works too.",
			},
			Fields: []Field{
				{"Tenant URL", v.url + "?aadOptscim062020"},
				{"Secret Token", TokenPlaceholder},
			},
		}, {
			Title: "Test Connection, then Save or Create",
			Lines: []string{"Entra ID asks for a user who cannot exist and wants an empty list."},
		}, {
			Title: "Map the attributes of users",
			Lines: []string{
				"Attribute mapping > Provision Microsoft Entra ID Users. Keep what is there and see to these:",
			},
			Mapping: []Mapping{
				{"userName", "userPrincipalName", "matching precedence 1"},
				{"emails[type eq \"work\"].value", "mail", "matching precedence 2"},
				{"externalId", "objectId", "instead of mailNickname, which may change"},
				{"active", "Switch([IsSoftDeleted], , \"False\", \"True\", \"True\", \"False\")", "as it is there"},
				{"displayName", "displayName", ""},
				{"name.givenName", "givenName", ""},
				{"name.familyName", "surname", ""},
			},
		}, {
			Title: "Map the attributes of groups",
			Lines: []string{"Attribute mapping > Provision Microsoft Entra ID Groups:"},
			Mapping: []Mapping{
				{"displayName", "displayName", "matching precedence 1"},
				{"externalId", "objectId", ""},
				{"members", "members", ""},
			},
		}, {
			Title: "Choose who is provisioned",
			Lines: append([]string{
				"Settings > Scope: Sync only assigned users and groups.",
				"Users and groups > Add user/group. Entra ID provisions the direct members of an assigned group, not those of groups nested in it: assign these too.",
			}, v.scope()...),
		}, {
			Title: "Start",
			Lines: []string{
				"Try one person first: Provision on demand. Then Overview > Start provisioning.",
				"The first cycle begins at once; after it Entra ID sends changes every 40 minutes.",
			},
		},
	}
}
