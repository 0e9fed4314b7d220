package idpsim

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ann has every attribute; her boss was provisioned before.
func ann() *Person {
	return &Person{
		Account:  &Account{Index: 1, ExternalID: "ext-1", ID: "u1"},
		UserName: "ann.o'brien@example.com", GivenName: "Ann", FamilyName: "O'Brien", DisplayName: "Ann O'Brien",
		Email: "ann.o'brien@example.com", Phone: "+1-541-555-0100", Mobile: "+1-541-555-0101", Photo: "https://photos.example.com/1.jpg",
		Title: "Engineer", UserType: "Employee", EmployeeNumber: "0000001", Department: "Platform", Division: "Cloud", CostCenter: "CC-1000",
		Locale: "en-US", Timezone: "America/Los_Angeles", Street: "1 Example Way", City: "Springfield", Region: "OR", Zip: "97477", Country: "US",
		Active: true, Manager: &Account{Index: 0, ExternalID: "ext-0", ID: "u0"},
	}
}

func team() *Team {
	return &Team{Circle: &Circle{Index: 0, ExternalID: "ext-g", ID: "g1"}, DisplayName: "All Staff"}
}

// with is ann after a change, and what changed.
func with(e profile, change func(*Person)) (*Person, []diff) {
	before, after := ann(), *ann()
	after.Account = before.Account
	change(&after)
	return &after, diffs(e.traits().table, version(before), &after)
}

// updating gives the last request of an update: the others read.
func updating(e profile, change func(*Person)) request {
	p, changes := with(e, change)
	requests := e.updateUser(p, changes)
	return requests[len(requests)-1]
}

// Each identity provider's requests, as /Users and /Groups receive them.
func TestRequests(t *testing.T) {
	entra, aad, okta, jumpCloud, oneLogin := newEntra("entra", false), newEntra("entra-aad", true), newOkta(), newJumpCloud(), newOneLogin()
	people := []*Person{ann()}
	patched := func(operations string) string {
		return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + operations + `]}`
	}
	disable := func(p *Person) { p.Active = false }
	promote := func(p *Person) { p.Title, p.EmployeeNumber, p.Email = "VP", "A", "a@example.com" }
	noManager := func(p *Person) { p.Manager = nil }
	untitled := func(p *Person) { p.Title = "" }
	const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	tests := map[string]struct {
		request request
		want    string // method and path
		body    string // JSON; empty: not sent
	}{
		"entra tests the connection": {
			request: entra.connectionTest()[0],
			want:    "GET /Users?filter=userName+eq+%225f0c1f7e-6e1c-4d2b-9c39-0b6f5c1e8f11%22",
		},
		"entra finds a user": {
			request: entra.findUser(ann()),
			want:    "GET /Users?filter=userName+eq+%22ann.o%27brien%40example.com%22",
		},
		"entra finds a group": {
			request: entra.findGroup(team()),
			want:    "GET /Groups?excludedAttributes=members&filter=displayName+eq+%22All+Staff%22",
		},
		"entra creates a group": {
			request: entra.createGroup(team()),
			want:    "POST /Groups",
			body: `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
				"externalId":"ext-g","displayName":"All Staff","meta":{"resourceType":"Group"}}`,
		},
		"entra checks a member": {
			request: entra.addMembers(team(), people)[0],
			want:    "GET /Groups?filter=id+eq+%22g1%22+and+members+eq+%22u1%22&attributes=id",
		},
		"entra adds a member": {
			request: entra.addMembers(team(), people)[1],
			want:    "PATCH /Groups/g1",
			body:    patched(`{"op":"Add","path":"members","value":[{"$ref":null,"value":"u1"}]}`),
		},
		"entra removes a member": {
			request: entra.removeMembers(team(), people)[0],
			want:    "PATCH /Groups/g1",
			body:    patched(`{"op":"Remove","path":"members","value":[{"value":"u1"}]}`),
		},
		"entra disables": {
			request: updating(entra, disable),
			want:    "PATCH /Users/u1",
			body:    patched(`{"op":"Replace","path":"active","value":"False"}`),
		},
		"entra updates path by path": {
			request: updating(entra, promote),
			want:    "PATCH /Users/u1",
			body: patched(`{"op":"Replace","path":"title","value":"VP"},
				{"op":"Replace","path":"emails[type eq \"work\"].value","value":"a@example.com"},
				{"op":"Replace","path":"` + enterprise + `:employeeNumber","value":"A"}`),
		},
		"entra adds to an element that may not be there": {
			request: updating(entra, func(p *Person) { p.UserType = "Intern" }),
			want:    "PATCH /Users/u1",
			body: patched(`{"op":"Replace","path":"userType","value":"Intern"},
				{"op":"Replace","path":"roles[primary eq \"True\"].value","value":"Intern"}`),
		},
		"entra clears": {
			request: updating(entra, untitled),
			want:    "PATCH /Users/u1",
			body:    patched(`{"op":"Remove","path":"title"}`),
		},
		"entra clears the manager": {
			request: updating(entra, noManager),
			want:    "PATCH /Users/u1",
			body:    patched(`{"op":"Replace","path":"manager","value":""}`),
		},
		"entra checks the manager": {
			request: entra.linkUser(ann())[0],
			want:    "GET /Users?filter=id+eq+%22u1%22+and+manager+eq+%22u0%22&attributes=id",
		},
		"entra sets the manager": {
			request: entra.linkUser(ann())[1],
			want:    "PATCH /Users/u1",
			body:    patched(`{"op":"Add","path":"manager","value":{"value":"u0"}}`),
		},
		"entra with the flag disables": {
			request: updating(aad, disable),
			want:    "PATCH /Users/u1",
			body:    patched(`{"op":"replace","value":{"active":false}}`),
		},
		"entra with the flag gathers dotted keys": {
			request: updating(aad, func(p *Person) { p.DisplayName, p.GivenName, p.EmployeeNumber = "B", "K", "A" }),
			want:    "PATCH /Users/u1",
			body:    patched(`{"op":"replace","value":{"displayName":"B","name.givenName":"K","` + enterprise + `:employeeNumber":"A"}}`),
		},
		"entra with the flag removes a member": {
			request: aad.removeMembers(team(), people)[0],
			want:    "PATCH /Groups/g1",
			body:    patched(`{"op":"remove","path":"members[value eq \"u1\"]"}`),
		},
		"okta tests the connection": {
			request: okta.connectionTest()[0],
			want:    "GET /Users?startIndex=1&count=2",
		},
		"okta tests the groups": {
			request: okta.connectionTest()[1],
			want:    "GET /Groups?startIndex=1&count=100",
		},
		"okta finds a user": {
			request: okta.findUser(ann()),
			want:    "GET /Users?filter=userName%20eq%20%22ann.o%27brien%40example.com%22&startIndex=1&count=100",
		},
		"okta deactivates": {
			request: updating(okta, disable),
			want:    "PATCH /Users/u1",
			body:    patched(`{"op":"replace","value":{"active":false}}`),
		},
		"okta renames a group": {
			request: okta.renameGroup(team())[0],
			want:    "PATCH /Groups/g1",
			body:    patched(`{"op":"replace","value":{"id":"g1","displayName":"All Staff"}}`),
		},
		"okta adds a member": {
			request: okta.addMembers(team(), people)[0],
			want:    "PATCH /Groups/g1",
			body:    patched(`{"op":"add","path":"members","value":[{"value":"u1","display":"ann.o'brien@example.com"}]}`),
		},
		"okta empties a group": {
			request: okta.replaceMembers(team(), nil)[0],
			want:    "PATCH /Groups/g1",
			body:    patched(`{"op":"replace","path":"members","value":[]}`),
		},
		"jumpcloud deactivates with a minimal user": {
			request: updating(jumpCloud, disable),
			want:    "PUT /Users/u1",
			body: `{"active":false,"emails":null,"id":"u1","name":{"givenName":"Ann","familyName":"O'Brien"},
				"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ann.o'brien@example.com"}`,
		},
		"jumpcloud puts a whole user": {
			request: updating(jumpCloud, promote),
			want:    "PUT /Users/u1",
			body: `{"schemas":["` + enterprise + `","urn:ietf:params:scim:schemas:core:2.0:User"],"id":"u1","externalId":"ext-1",
				"userName":"ann.o'brien@example.com","active":true,"displayName":"Ann O'Brien","name":{"givenName":"Ann","familyName":"O'Brien"},
				"title":"VP","userType":"Employee","emails":[{"type":"work","value":"a@example.com","primary":true}],
				"phoneNumbers":[{"type":"work","value":"tel:+1-541-555-0100"}],"photos":[{"type":"photo","value":"https://photos.example.com/1.jpg"}],
				"addresses":[{"type":"work","streetAddress":"1 Example Way","locality":"Springfield","region":"OR","postalCode":"97477","country":"US"}],
				"entitlements":[],"ims":[],"roles":[],"x509Certificates":[],
				"` + enterprise + `":{"employeeNumber":"A","department":"Platform","division":"Cloud","costCenter":"CC-1000",
					"organization":"Example Corp.","manager":{"value":"ext-0"}}}`,
		},
		"jumpcloud removes a member": {
			request: jumpCloud.removeMembers(team(), people)[0],
			want:    "PATCH /Groups/g1",
			body:    patched(`{"op":"remove","path":"members","value":[{"value":"u1"}]}`),
		},
		"jumpcloud renames a group without its members": {
			request: jumpCloud.renameGroup(team())[0],
			want:    "PUT /Groups/g1",
			body:    `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"id":"g1","externalId":"ext-g","displayName":"All Staff"}`,
		},
		"onelogin finds a user": {
			request: oneLogin.findUser(ann()),
			want:    "GET /Users?filter=userName%20eq%20%22ann.o%27brien%40example.com%22&",
		},
		"onelogin imports groups": {
			request: oneLogin.connectionTest()[1],
			want:    "GET /Groups?",
		},
		"onelogin creates from a template": {
			request: oneLogin.createUser(ann()),
			want:    "POST /Users?",
			body: `{"schemas":["urn:scim:schemas:core:2.0","` + enterprise + `"],"id":null,"externalId":"ext-1","active":"true",
				"userName":"ann.o'brien@example.com","displayName":"Ann O'Brien","name":{"givenName":"Ann","familyName":"O'Brien"},
				"title":"Engineer","userType":"Employee","preferredLanguage":"en-US",
				"emails":{"type":"work","value":"ann.o'brien@example.com","primary":true},
				"phoneNumbers":[{"type":"work","value":"+1-541-555-0100"}],
				"addresses":[{"type":"work","streetAddress":"1 Example Way","locality":"Springfield","region":"OR","postalCode":"97477","country":"US"}],
				"` + enterprise + `":{"employeeNumber":"0000001","department":"Platform","division":"Cloud","costCenter":"CC-1000",
					"organization":"Example Corp.","manager":{"value":"ext-0"}}}`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := test.request.method + " " + test.request.path; got != test.want {
				t.Errorf("request = %s\n   want   %s", got, test.want)
			}
			if test.body == "" {
				if test.request.body != nil {
					t.Errorf("body = %v, want none", test.request.body)
				}
				return
			}
			sent, err := json.Marshal(test.request.body)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(decode(t, test.body), decode(t, string(sent))); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
		})
	}
}

func decode(t *testing.T, s string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		t.Fatalf("%v in %s", err, s)
	}
	return v
}

func TestEntraCreatesWithNulls(t *testing.T) {
	p := ann()
	p.Title, p.Department, p.Mobile, p.UserType = "", "", "", ""
	p.Index = 5
	sent, err := json.Marshal(newEntra("entra", false).createUser(p).body)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0User"],
		"externalId":"ext-1","userName":"ann.o'brien@example.com","active":true,"displayName":"Ann O'Brien","title":null,"userType":null,
		"name":{"givenName":"Ann","familyName":"O'Brien"},"preferredLanguage":"en-US","meta":{"resourceType":"User"},"roles":[],
		"emails":[{"type":"work","value":"ann.o'brien@example.com","primary":true}],
		"phoneNumbers":[{"type":"work","value":"+1-541-555-0100"}],
		"addresses":[{"type":"work","streetAddress":"1 Example Way","locality":"Springfield","region":"OR","postalCode":"97477","country":"US",
			"formatted":"1 Example Way, Springfield"}],
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"0000001","department":null,"division":"Cloud",
			"costCenter":"CC-1000","organization":"Example Corp."}}`
	if diff := cmp.Diff(decode(t, want), decode(t, string(sent))); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
}

// Okta reads a user, alters it, and puts back all it has read.
func TestOktaPutsBackWhatItRead(t *testing.T) {
	put := updating(newOkta(), func(p *Person) { p.Title, p.Photo, p.Mobile = "VP", "", "" })
	read := decode(t, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"u1","userName":"ann","title":"Engineer",
		"meta":{"version":"W/\"1\""},"groups":[{"value":"g1"}],"phoneNumbers":[{"type":"mobile","value":"1"},{"type":"work","value":"2"}]}`)
	got, err := json.Marshal(put.rebuild(read.(object)))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"id":"u1",
		"userName":"ann","title":"VP","meta":{"version":"W/\"1\""},"groups":[{"value":"g1"}],"phoneNumbers":[{"type":"work","value":"2"}],"badgeColor":"green"}`
	if diff := cmp.Diff(decode(t, want), decode(t, string(got))); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
}
