package guide

// generic is for any other identity provider.
func (v values) generic() []Step {
	return []Step{
		{
			Title: "Connect it",
			Lines: []string{"Enter in the SCIM 2.0 settings of the identity provider:"},
			Fields: []Field{
				{"Base URL", v.url},
				{"Authentication", "bearer token (Authorization: Bearer ...)"},
				{"Token", TokenPlaceholder},
			},
		}, {
			Title: "Map the attributes",
			Mapping: []Mapping{
				{"userName", "the unique login name", "what users are looked up by"},
				{"emails[type eq \"work\"].value", "the work e-mail address", ""},
				{"externalId", "an id that never changes", ""},
				{"active", "whether the person may log in", "false ends access at once"},
				{"displayName", "the full name", ""},
				{"displayName (groups)", "the group's name", "what bindings name"},
				{"members (groups)", "the members", ""},
			},
		}, {
			Title: "Choose who is provisioned",
			Lines: append([]string{"Assign the people, and the groups that bindings are to name."}, v.scope()...),
		}, {
			Title: "Test the connection",
		},
	}
}
