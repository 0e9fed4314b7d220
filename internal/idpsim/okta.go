package idpsim

import (
	"net/http"
)

// okta is Okta: users are read, altered and put back whole, read-only and
// unknown attributes included; they are deactivated, never deleted. Groups are
// pushed whole at first.
type okta struct{ *standard }

func newOkta() profile {
	return &okta{&standard{
		name: "okta",
		header: http.Header{"Content-Type": {scimContentType}, "Accept": {"application/scim+json"},
			"Accept-Charset": {"utf-8"}, "User-Agent": {"Okta SCIM Client 1.0.0"}},
		encode:     percentEncoded,
		userQuery:  "filter=%s&startIndex=1&count=100",
		groupQuery: "filter=%s&startIndex=1&count=100",
		idPrefix:   "00u1d951%04d%d", idSuffix: "%07x",
		membersPerRequest: 1000, wholeGroups: true, keepsUsers: true,
		table: append(coreTable(),
			at("locale", text(func(p *Person) string { return p.Locale })),
			at("timezone", text(func(p *Person) string { return p.Timezone })),
			at(`phoneNumbers[type eq "mobile"].value`, text(func(p *Person) string { return p.Mobile })),
			at(managerRefPath, managerExternalID),
		),
	}}
}

func (o *okta) connectionTest() []request {
	return []request{
		{kind: "test connection", method: http.MethodGet, path: "/Users?startIndex=1&count=2", want: ok, check: checkList},
		{kind: "test connection", method: http.MethodGet, path: "/Groups?startIndex=1&count=100", want: ok, check: checkList},
	}
}

func (o *okta) createUser(p *Person) request {
	body := assemble(o.table, p)
	body["schemas"] = []string{userURN, enterpriseURN}
	body["groups"] = []any{}
	body["password"] = "1mz050nq" // one is sent, though nobody signs in with it
	return post("create user", "/Users", body)
}

func (o *okta) updateUser(p *Person, changes []diff) []request {
	if onlyActive(changes) {
		op := operation{Op: "replace", Value: object{"active": changes[0].new}}
		if p.Index%3 == 0 {
			op.Op = ""
		}
		return []request{{kind: "set active", method: http.MethodPatch, path: userPath(p.Account), body: patchOf(op), want: modified}}
	}
	replace := put("update user", userPath(p.Account), nil)
	replace.rebuild = func(user object) any {
		for _, c := range changes {
			if c.new == nil {
				c.remove(user)
			} else {
				c.set(user, c.new)
			}
		}
		user["schemas"] = []string{userURN, enterpriseURN}
		user["badgeColor"] = "green" // an attribute of the application's profile that no schema has
		return user
	}
	return []request{getByID("get user", userPath(p.Account), ""), replace}
}

func (o *okta) deleteUser(p *Person, changes []diff) []request { return o.updateUser(p, changes) }

// renameGroup repeats the id within the value.
func (o *okta) renameGroup(t *Team) []request {
	return []request{patchGroup("rename group", t,
		operation{Op: "replace", Value: object{"id": t.ID, "displayName": t.DisplayName}})}
}

func (o *okta) addMembers(t *Team, people []*Person) []request {
	return []request{patchGroup("add members", t, operation{Op: "add", Path: "members", Value: displayed(people)})}
}

// replaceMembers takes turns between the three ways to push a whole group.
func (o *okta) replaceMembers(t *Team, people []*Person) []request {
	switch t.Index % 3 {
	case 0:
		return []request{patchGroup("replace members", t, operation{Op: "replace", Path: "members", Value: displayed(people)})}
	case 1:
		return []request{patchGroup("replace members", t, operation{Op: "replace",
			Value: object{"id": t.ID, "displayName": t.DisplayName, "members": displayed(people)}})}
	default:
		return []request{put("replace members", groupPath(t.Circle), object{"schemas": []string{groupURN}, "id": t.ID,
			"displayName": t.DisplayName, "members": displayed(people)})}
	}
}

func displayed(people []*Person) []member {
	values := memberValues(people)
	for i, p := range people {
		values[i].Display = p.UserName
	}
	return values
}
