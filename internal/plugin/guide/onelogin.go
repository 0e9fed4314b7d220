package guide

// oneLoginTemplate is the body that OneLogin fills in for each user.
const oneLoginTemplate = `{
  "schemas": [
    "urn:ietf:params:scim:schemas:core:2.0:User",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
  ],
  "userName": "{$parameters.scimusername}",
  "externalId": "{$user.id}",
  "displayName": "{$user.display_name}",
  "active": "{$user.active}",
  "name": {"givenName": "{$user.firstname}", "familyName": "{$user.lastname}"},
  "emails": [{"value": "{$user.email}", "type": "work", "primary": true}],
  "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "{$user.department}"}
}`

// oneLogin is the way through the OneLogin Administration.
func (v values) oneLogin() []Step {
	return []Step{
		{
			Title:  "Make the application",
			Lines:  []string{"In OneLogin Administration: Applications > Add App > \"SCIM Provisioner with SAML (SCIM v2 Enterprise)\" > Save."},
			Fields: []Field{{"Display Name", "Rollcall"}},
		}, {
			Title: "Connect it",
			Lines: []string{"In the application: Configuration."},
			Fields: []Field{
				{"SCIM Base URL", v.url},
				{"SCIM Bearer Token", TokenPlaceholder},
				{"Custom Headers", "leave empty"},
			},
		}, {
			Title: "Paste the template",
			Lines: []string{"Configuration > SCIM JSON Template:"},
			Block: oneLoginTemplate,
		}, {
			Title: "API Connection: Enable, then Save",
			Lines: []string{"OneLogin asks for a page of users."},
		}, {
			Title: "Name the users and groups",
			Lines: []string{"Parameters:"},
			Mapping: []Mapping{
				{"userName", "scimusername", "Value: Email, or Username"},
				{"members", "Groups", "check \"Include in User Provisioning\""},
			},
		}, {
			Title: "Choose who is provisioned",
			Lines: append([]string{
				"Provisioning: Enable provisioning; \"When users are deleted\": Suspend or Delete. Both end access here.",
				"Rules: set Groups from roles or departments. Access: the roles whose people are provisioned.",
			}, v.scope()...),
		},
	}
}
