package idpsim

import "net/http"

// jumpCloud is JumpCloud: activating the integration tries everything out on a
// test user and a test group. Users are always put, whole or in a minimal form;
// additions to a group are repeated at times.
type jumpCloud struct{ *standard }

func newJumpCloud() profile {
	return &jumpCloud{&standard{
		name:       "jumpcloud",
		header:     http.Header{"Content-Type": {"application/scim+json"}, "Accept": {"application/scim+json"}},
		encode:     percentEncoded,
		userQuery:  "filter=%s",
		groupQuery: "filter=%s",
		idPrefix:   "1d951d95%04d%d", idSuffix: "%011x",
		groupExternalID: true, membersPerRequest: 100,
		tryOut: true, minimalWhenDisabled: true,
		table: append(without(coreTable(), `phoneNumbers[type eq "work"].value`),
			at(`phoneNumbers[type eq "work"].value`, text(telephone)),
			at(`photos[type eq "photo"].value`, text(func(p *Person) string { return p.Photo })),
			at(managerRefPath, managerExternalID),
		),
	}}
}

func (j *jumpCloud) connectionTest() []request {
	return []request{j.testLookUp("admin@example.com")}
}

func (j *jumpCloud) createUser(p *Person) request {
	body := assemble(j.table, p)
	body["schemas"] = []string{userURN, enterpriseURN}
	return post("create user", "/Users", body)
}

func (j *jumpCloud) updateUser(p *Person, changes []diff) []request {
	if onlyActive(changes) && !p.Active {
		return []request{put("set active", userPath(p.Account), object{"schemas": []string{userURN}, "id": p.ID,
			"userName": p.UserName, "active": p.Active, "emails": nil,
			"name": object{"givenName": p.GivenName, "familyName": p.FamilyName}})}
	}
	body := assemble(j.table, p)
	body["schemas"] = []string{enterpriseURN, userURN}
	body["id"] = p.ID
	for _, name := range []string{"entitlements", "ims", "photos", "roles", "x509Certificates"} {
		if body[name] == nil {
			body[name] = []any{}
		}
	}
	return []request{put("update user", userPath(p.Account), body)}
}

// renameGroup puts the group without its members, who must stay.
func (j *jumpCloud) renameGroup(t *Team) []request {
	return []request{put("rename group", groupPath(t.Circle), object{"schemas": []string{groupURN}, "id": t.ID,
		"externalId": t.ExternalID, "displayName": t.DisplayName})}
}

func (j *jumpCloud) addMembers(t *Team, people []*Person) []request {
	requests := j.standard.addMembers(t, people)
	if people[0].Index%5 == 0 {
		requests = append(requests, requests[0])
	}
	return requests
}

func (j *jumpCloud) removeMembers(t *Team, people []*Person) []request {
	return []request{patchGroup("remove members", t, operation{Op: "remove", Path: "members", Value: memberValues(people)})}
}

// telephone is a number as a URI (RFC 3966).
func telephone(p *Person) string {
	if p.Phone == "" {
		return ""
	}
	return "tel:" + p.Phone
}
