package idpsim

import (
	"net/http"
	"strconv"
)

// oneLogin is OneLogin: the body of a user is a template that an administrator
// wrote, with URNs of SCIM 1.0, a boolean as a string and a single e-mail. It
// reads application/json, and its URLs end in "?" or "&".
type oneLogin struct{ *standard }

func newOneLogin() profile {
	return &oneLogin{&standard{
		name:       "onelogin",
		header:     http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}, "User-Agent": {""}},
		encode:     percentEncoded,
		userQuery:  "filter=%s&",
		groupQuery: "filter=%s&",
		idPrefix:   "1951%04d%d", idSuffix: "%07d",
		membersPerRequest: 100,
		table: append(coreTable(),
			at("preferredLanguage", text(func(p *Person) string { return p.Locale })),
			at(managerRefPath, managerExternalID),
		),
	}}
}

// connectionTest looks up nobody and imports the groups. A 404 is as good to it
// as an empty list.
func (o *oneLogin) connectionTest() []request {
	nobody := o.testLookUp("idpsim-nobody@example.com")
	nobody.want = []int{http.StatusOK, http.StatusNotFound}
	groups := request{kind: "test connection", method: http.MethodGet, path: "/Groups?", want: ok, check: checkList}
	return []request{nobody, groups}
}

// template is the body of a user.
func (o *oneLogin) template(p *Person) object {
	body := assemble(o.table, p)
	body["schemas"] = []string{"urn:scim:schemas:core:1.0"}
	if p.Index%2 == 1 {
		body["schemas"] = []string{"urn:scim:schemas:core:2.0", enterpriseURN}
	}
	body["id"] = nil
	body["active"] = strconv.FormatBool(p.Active)
	if emails, isList := body["emails"].([]any); isList {
		body["emails"] = emails[0]
	}
	return body
}

func (o *oneLogin) createUser(p *Person) request {
	return post("create user", "/Users?", o.template(p))
}

func (o *oneLogin) updateUser(p *Person, _ []diff) []request {
	return []request{put("update user", userPath(p.Account), o.template(p))}
}
