package idpsim

import (
	"fmt"
	"net/http"
	"strings"
)

// entra is Microsoft Entra ID. Without the flag aadOptscim062020 on the tenant
// URL it writes PATCH in a dialect of its own: capitalized operations, one per
// path, booleans as strings, and removals with a value.
type entra struct {
	*standard
	flag bool
}

const (
	managerPath     = enterpriseURN + ":manager"
	managerRefPath  = managerPath + ".value"
	mistypedURN     = "urn:ietf:params:scim:schemas:extension:enterprise:2.0User"
	entraGroupURN   = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
	withoutMembers  = "?excludedAttributes=members"
	entraFlag       = "aadOptscim062020"
	scimContentType = "application/scim+json; charset=utf-8"
)

func newEntra(name string, flag bool) profile {
	e := &entra{flag: flag, standard: &standard{
		name: name,
		// It names itself in no header and asks for no media type.
		header:     http.Header{"Content-Type": {scimContentType}, "User-Agent": {""}},
		encode:     plusEncoded,
		userQuery:  "filter=%s",
		groupQuery: "excludedAttributes=members&filter=%s",
		idPrefix:   "1d951d95-%04d-4%03d-8000-", idSuffix: "%012x",
		groupExternalID: true, membersPerRequest: 1, linksUsers: true,
		table: append(coreTable(), []attribute{
			at("preferredLanguage", text(func(p *Person) string { return p.Locale })),
			at(`phoneNumbers[type eq "mobile"].value`, text(func(p *Person) string { return p.Mobile })),
			at(`addresses[type eq "work"].formatted`, text(func(p *Person) string { return p.Street + ", " + p.City })),
			at(`roles[primary eq "True"].value`, text(func(p *Person) string { return p.UserType })),
			at(managerRefPath, managerID),
		}...),
	}}
	if flag {
		e.tenantQuery = entraFlag
	}
	return e
}

// managerID is the id that the server gave to the manager.
func managerID(p *Person) any {
	if p.Manager == nil || p.Manager.ID == "" {
		return nil
	}
	return p.Manager.ID
}

func (e *entra) connectionTest() []request {
	return []request{e.testLookUp("5f0c1f7e-6e1c-4d2b-9c39-0b6f5c1e8f11")}
}

func (e *entra) createUser(p *Person) request {
	body := assemble(without(e.table, managerRefPath), p)
	for i := range e.table { // what is empty is sent as an explicit null
		if at := &e.table[i]; at.key == "" && at.sub == "" && at.value(p) == nil {
			at.set(body, nil)
		}
	}
	extension := enterpriseURN
	if p.Index%8 == 5 {
		extension = mistypedURN
	}
	body["schemas"] = []string{userURN, extension}
	body["meta"] = object{"resourceType": "User"}
	if body["roles"] == nil {
		body["roles"] = []any{}
	}
	return post("create user", "/Users", body)
}

// linkUser sets the manager, which is a user as well and must be there first.
func (e *entra) linkUser(p *Person) []request {
	id := managerID(p)
	if id == nil {
		return nil
	}
	check := request{kind: "check manager", method: http.MethodGet, want: ok, check: checkList, guard: true,
		path: "/Users" + referenceQuery(e.encode, p.ID, "manager", fmt.Sprint(id))}
	return []request{check, e.patchUser("set manager", p, []diff{{attribute: e.manager(), new: id}})}
}

func (e *entra) manager() *attribute { return &e.table[len(e.table)-1] }

func (e *entra) updateUser(p *Person, changes []diff) []request {
	kind := "update user"
	if onlyActive(changes) {
		kind = "set active"
	}
	return []request{getByID("get user", userPath(p.Account), ""), e.patchUser(kind, p, changes)}
}

// deleteUser deactivates the user, and deletes it 30 days later.
func (e *entra) deleteUser(p *Person, changes []diff) []request {
	return append(e.updateUser(p, changes), e.standard.deleteUser(p, nil)...)
}

func (e *entra) patchUser(kind string, p *Person, changes []diff) request {
	r := request{kind: kind, method: http.MethodPatch, path: userPath(p.Account), want: modified}
	if e.flag {
		r.body = patchOf(e.compliantOperations(p, changes)...)
	} else {
		r.body = patchOf(e.operations(p, changes)...)
	}
	return r
}

// operations writes one operation per path.
func (e *entra) operations(p *Person, changes []diff) []operation {
	operations := make([]operation, len(changes))
	for i, c := range changes {
		op := operation{Op: "Replace", Path: c.path, Value: c.new}
		switch {
		case c.path == managerRefPath:
			op = managerOperation(p.Index, c)
		case c.new == nil:
			op = operation{Op: "Remove", Path: c.path}
		case c.old == nil:
			op.Op = "Add"
		}
		switch v := op.Value.(type) {
		case bool:
			op.Value = map[bool]string{true: "True", false: "False"}[v]
		case string:
			if p.Index%8 == 3 && op.Op == "Add" && c.key == "" && c.path != managerRefPath {
				op.Value = []string{v} // a scalar wrapped in an array, as happens
			}
		}
		operations[i] = op
	}
	return operations
}

// compliantOperations gathers what has no value filter in one operation without
// a path, with dotted keys.
func (e *entra) compliantOperations(p *Person, changes []diff) []operation {
	var operations []operation
	gathered := map[string]object{}
	for _, c := range changes {
		op := "replace"
		if c.old == nil {
			op = "add"
		}
		switch {
		case c.path == managerRefPath:
			m := managerOperation(p.Index, c)
			m.Op = strings.ToLower(m.Op)
			operations = append(operations, m)
		case c.new == nil:
			operations = append(operations, operation{Op: "remove", Path: c.path})
		case c.key != "":
			operations = append(operations, operation{Op: op, Path: c.path, Value: c.new})
		default:
			if gathered[op] == nil {
				gathered[op] = object{}
				operations = append(operations, operation{Op: op, Value: gathered[op]})
			}
			gathered[op][c.path] = c.new
		}
	}
	return operations
}

// managerOperation takes turns between the forms in which a manager arrives.
func managerOperation(turn int, c diff) operation {
	path := managerPath
	if turn%2 == 1 {
		path = "manager"
	}
	if c.new == nil {
		switch turn % 4 {
		case 0:
			return operation{Op: "Remove", Path: path}
		case 1:
			return operation{Op: "Replace", Path: path, Value: ""}
		case 2:
			return operation{Op: "Replace", Path: path, Value: object{"value": ""}}
		default:
			return operation{Op: "Replace", Path: path, Value: null}
		}
	}
	op := operation{Op: "Replace", Path: path}
	if c.old == nil {
		op.Op = "Add"
	}
	switch turn % 3 {
	case 0:
		op.Value = c.new
	case 1:
		op.Value = object{"value": c.new}
	default:
		op.Value = []object{{"$ref": nil, "value": c.new}}
	}
	return op
}

func (e *entra) createGroup(t *Team) request {
	schemas := []string{groupURN}
	if !e.flag {
		schemas = append(schemas, entraGroupURN)
	}
	return post("create group", "/Groups", object{"schemas": schemas, "externalId": t.ExternalID,
		"displayName": t.DisplayName, "meta": object{"resourceType": "Group"}})
}

func (e *entra) renameGroup(t *Team) []request {
	op := operation{Op: "Replace", Path: "displayName", Value: t.DisplayName}
	if e.flag {
		op = operation{Op: "replace", Value: object{"displayName": t.DisplayName}}
	}
	return []request{getByID("get group", groupPath(t.Circle), withoutMembers), patchGroup("rename group", t, op)}
}

// addMembers asks first whether the user is a member, as long as there is one
// user to a request.
func (e *entra) addMembers(t *Team, people []*Person) []request {
	values := make([]object, len(people))
	for i, p := range people {
		values[i] = object{"$ref": nil, "value": p.ID}
	}
	add := patchGroup("add members", t, operation{Op: e.verb("Add"), Path: "members", Value: values})
	if len(people) != 1 {
		return []request{add}
	}
	check := request{kind: "check member", method: http.MethodGet, want: ok, check: checkList, guard: true,
		path: "/Groups" + referenceQuery(e.encode, t.ID, "members", people[0].ID)}
	return []request{check, add}
}

func (e *entra) removeMembers(t *Team, people []*Person) []request {
	if e.flag {
		return e.standard.removeMembers(t, people)
	}
	return []request{patchGroup("remove members", t, operation{Op: "Remove", Path: "members", Value: memberValues(people)})}
}

func (e *entra) verb(op string) string {
	if e.flag {
		return strings.ToLower(op)
	}
	return op
}
