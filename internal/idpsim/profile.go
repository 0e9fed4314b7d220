package idpsim

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

// profile turns changes of the directory into the requests of one identity
// provider. Its methods only write requests: they send nothing and keep nothing.
type profile interface {
	traits() *standard

	// connectionTest is what a click on "Test connection" sends.
	connectionTest() []request

	findUser(*Person) request
	createUser(*Person) request
	linkUser(*Person) []request           // references to other users, once all are there
	updateUser(*Person, []diff) []request // attributes, active among them
	deleteUser(*Person, []diff) []request // the diffs are those of a deactivation
	findGroup(*Team) request
	createGroup(*Team) request
	renameGroup(*Team) []request
	deleteGroup(*Team) []request
	addMembers(*Team, []*Person) []request
	removeMembers(*Team, []*Person) []request
	replaceMembers(*Team, []*Person) []request
}

// standard is what the profiles have in common: their data, and requests as the
// RFCs have them. A profile overrides what its identity provider does otherwise.
type standard struct {
	name        string
	header      http.Header // of every request; Content-Type only where there is a body
	tenantQuery string      // on the URL of every request
	table       []attribute
	encode      func(filter string) string

	userQuery, groupQuery string // formats of look-ups, with one %s for the filter

	idPrefix, idSuffix string // formats of an externalId: seed and kind, index
	groupExternalID    bool   // groups have one as well

	membersPerRequest   int
	wholeGroups         bool // the first push of a group replaces its members; later ones may
	keepsUsers          bool // users are deactivated, never deleted
	linksUsers          bool // the manager is the id of another user, set once all are there
	tryOut              bool // the connection test makes and deletes a user and a group
	minimalWhenDisabled bool // deactivation replaces the user by a minimal one
}

// profiles by name.
var profiles = map[string]func() profile{
	"entra":     func() profile { return newEntra("entra", false) },
	"entra-aad": func() profile { return newEntra("entra-aad", true) },
	"okta":      newOkta,
	"jumpcloud": newJumpCloud,
	"onelogin":  newOneLogin,
}

// Profiles lists the identity providers that can be played.
func Profiles() []string {
	return []string{"entra", "entra-aad", "okta", "jumpcloud", "onelogin"}
}

func (s *standard) traits() *standard { return s }

// The kinds of externalIds.
const (
	userID = iota
	groupID
)

// ownPrefix is how externalIds begin that were made for a seed.
func (s *standard) ownPrefix(seed uint64, kind int) string {
	return fmt.Sprintf(s.idPrefix, seed%10_000, kind)
}

// newID makes externalIds as the identity provider's look.
func (s *standard) newID(seed uint64) func(kind, index int) string {
	prefixes := []string{s.ownPrefix(seed, userID), s.ownPrefix(seed, groupID)}
	return func(kind, index int) string { return prefixes[kind] + fmt.Sprintf(s.idSuffix, index) }
}

func (s *standard) findUser(p *Person) request {
	return s.lookUp("find user", "/Users", s.userQuery, "userName eq "+quote(p.UserName))
}

func (s *standard) findGroup(t *Team) request {
	return s.lookUp("find group", "/Groups", s.groupQuery, "displayName eq "+quote(t.DisplayName))
}

func (s *standard) lookUp(kind, path, format, filter string) request {
	return request{kind: kind, method: http.MethodGet, path: path + "?" + fmt.Sprintf(format, s.encode(filter)),
		want: ok, check: checkList}
}

// testLookUp looks for a user who does not exist.
func (s *standard) testLookUp(userName string) request {
	r := s.findUser(&Person{UserName: userName})
	r.kind, r.check = "test connection", checkEmptyList
	return r
}

func (s *standard) linkUser(*Person) []request { return nil }

func (s *standard) deleteUser(p *Person, _ []diff) []request {
	return []request{{kind: "delete user", method: http.MethodDelete, path: userPath(p.Account), want: deleted}}
}

func (s *standard) deleteGroup(t *Team) []request {
	return []request{{kind: "delete group", method: http.MethodDelete, path: groupPath(t.Circle), want: deleted}}
}

func (s *standard) createGroup(t *Team) request {
	body := object{"schemas": []string{groupURN}, "displayName": t.DisplayName, "members": []any{}}
	if s.groupExternalID {
		body["externalId"] = t.ExternalID
	}
	return post("create group", "/Groups", body)
}

func (s *standard) addMembers(t *Team, people []*Person) []request {
	return []request{patchGroup("add members", t, operation{Op: "add", Path: "members", Value: memberValues(people)})}
}

func (s *standard) removeMembers(t *Team, people []*Person) []request {
	operations := make([]operation, len(people))
	for i, p := range people {
		operations[i] = operation{Op: "remove", Path: "members[value eq " + quote(p.ID) + "]"}
	}
	return []request{patchGroup("remove members", t, operations...)}
}

func (s *standard) replaceMembers(t *Team, people []*Person) []request {
	return []request{patchGroup("replace members", t, operation{Op: "replace", Path: "members", Value: memberValues(people)})}
}

func (s *standard) renameGroup(t *Team) []request {
	return []request{patchGroup("rename group", t, operation{Op: "replace", Path: "displayName", Value: t.DisplayName})}
}

// member is a value of members in a request.
type member struct {
	Value   string `json:"value"`
	Display string `json:"display,omitempty"`
}

func memberValues(people []*Person) []member {
	values := make([]member, len(people))
	for i, p := range people {
		values[i] = member{Value: p.ID}
	}
	return values
}

func post(kind, path string, body any) request {
	return request{kind: kind, method: http.MethodPost, path: path, body: body, want: created, check: checkID}
}

func put(kind, path string, body any) request {
	return request{kind: kind, method: http.MethodPut, path: path, body: body, want: modified}
}

func patchGroup(kind string, t *Team, operations ...operation) request {
	return request{kind: kind, method: http.MethodPatch, path: groupPath(t.Circle), body: patchOf(operations...), want: modified}
}

// onlyActive says whether nothing but active changes.
func onlyActive(changes []diff) bool {
	return len(changes) == 1 && changes[0].name == "active"
}

// without is a table without some attributes.
func without(table []attribute, paths ...string) []attribute {
	return slices.DeleteFunc(slices.Clone(table), func(at attribute) bool { return slices.Contains(paths, at.path) })
}

func getByID(kind, path, query string) request {
	return request{kind: kind, method: http.MethodGet, path: path + query, want: ok, check: checkID}
}

// referenceQuery asks whether a resource refers to a user, and for no more than ids.
func referenceQuery(encode func(string) string, id, reference, user string) string {
	return "?filter=" + encode("id eq "+quote(id)+" and "+reference+" eq "+quote(user)) + "&attributes=" + url.QueryEscape("id")
}
