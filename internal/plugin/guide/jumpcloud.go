package guide

// jumpCloud is the way through the JumpCloud Admin Portal.
func (v values) jumpCloud() []Step {
	return []Step{
		{
			Title: "Make the application",
			Lines: []string{
				"In https://console.jumpcloud.com: SSO Applications > Add New Application > Custom Application.",
				"Choose \"Export users to this app (Identity Management)\", and save.",
			},
			Fields: []Field{{"Display Label", "Rollcall"}},
		}, {
			Title: "Connect it",
			Lines: []string{
				"In the application: Identity Management > Configuration settings.",
				"JumpCloud makes a user with the test address and a test group, changes them, and deletes both.",
			},
			Fields: []Field{
				{"API Type", "SCIM API"},
				{"SCIM Version", "SCIM 2.0"},
				{"Base URL", v.url},
				{"Token Key", TokenPlaceholder},
				{"Test User Email", "an address that no user of yours has"},
			},
		}, {
			Title: "Test Connection, then Activate",
			Lines: []string{
				"Turn on \"Enable management of User Groups and Group Membership in this application\" before you activate.",
			},
		}, {
			Title: "Look at the attributes",
			Lines: []string{"JumpCloud maps them itself; this is what arrives:"},
			Mapping: []Mapping{
				{"userName", "email", "JumpCloud sends the company e-mail address"},
				{"emails[type eq \"work\"].value", "email", ""},
				{"externalId", "the user's id in JumpCloud", ""},
				{"active", "true unless suspended", ""},
				{"displayName", "displayname", ""},
				{"name.givenName", "firstname", ""},
				{"name.familyName", "lastname", ""},
			},
		}, {
			Title: "Choose who is provisioned",
			Lines: append([]string{
				"User Groups: check each group, then Save. Groups that exist here under the same name are adopted.",
			}, v.scope()...),
		},
	}
}
