package handler_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/scim/memory"
)

func bulkBody(operations string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":` + operations + `}`
}

func (p *provider) bulk(operations string) *answered {
	p.t.Helper()
	got := p.do("POST", "/Bulk", bulkBody(operations)).want(200)
	equal(p.t, "schemas", got.at("schemas"), any([]any{"urn:ietf:params:scim:api:messages:2.0:BulkResponse"}))
	return got
}

// created is the id in the location of an operation of a BulkResponse.
func (a *answered) created(i int) string {
	a.t.Helper()
	location := a.texts("Operations", "location")[i]
	return location[strings.LastIndex(location, "/")+1:]
}

// RFC 7644 §3.7: every method, with what the answer says of each.
func TestBulk(t *testing.T) {
	p := serve(t)
	old, gone, group := p.user("old"), p.user("gone"), p.group("g")
	got := p.bulk(`[
		{"method":"POST","path":"/Users","bulkId":"q","data":{"userName":"Alice"}},
		{"method":"PUT","path":"/Users/` + old + `","data":{"userName":"Bob"}},
		{"method":"patch","PATH":"Groups/` + group + `","data":{"Operations":[{"op":"add","path":"members","value":[{"value":"` + old + `"}]}]}},
		{"method":"DELETE","path":"/Users/` + gone + `"}]`)
	equal(t, "status", got.texts("Operations", "status"), []string{"201", "200", "204", "204"})
	equal(t, "method", got.texts("Operations", "method"), []string{"POST", "PUT", "PATCH", "DELETE"})
	equal(t, "bulkId", got.texts("Operations", "bulkId"), []string{"q", "", "", ""})
	alice := got.created(0)
	equal(t, "location", got.texts("Operations", "location"), []string{
		p.base + "/Users/" + alice, p.base + "/Users/" + old, p.base + "/Groups/" + group, p.base + "/Users/" + gone})
	equal(t, "version", got.texts("Operations", "version"), []string{
		p.get("/Users/"+alice).text("meta", "version"), got.texts("Operations", "version")[1], p.get("/Groups/"+group).text("meta", "version"), ""})
	equal(t, "replaced", p.get("/Users/"+old).text("userName"), "Bob")
	equal(t, "members", p.members(group), []string{old})
	p.get("/Users/"+gone).wantError(404, "")
	p.bulk(`[]`).wantBody(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkResponse"],"Operations":[]}`)
}

// RFC 7644 §3.7.2 and §3.7.1.
func TestBulkReferences(t *testing.T) {
	const enterprise = `"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`
	for name, test := range map[string]struct {
		operations string
		members    map[int][]int // of the group that operation made: which operations made them
		managers   map[int]int
	}{
		"backward": {`[
			{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"a"}},
			{"method":"POST","path":"/Groups","bulkId":"g","data":{"displayName":"g","members":[{"type":"User","value":"bulkId:a"}]}}]`,
			map[int][]int{1: {0}}, nil},
		"forward": {`[
			{"method":"POST","path":"/Groups","bulkId":"g","data":{"displayName":"g","members":[{"value":"bulkId:a"},{"value":"bulkId:b"}]}},
			{"method":"POST","path":"/Users","bulkId":"b","data":{"userName":"b",` + enterprise + `:{"manager":{"value":"bulkId:a"}}}},
			{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"a"}}]`,
			map[int][]int{0: {2, 1}}, map[int]int{1: 2}},
		"in the value of a PATCH": {`[
			{"method":"POST","path":"/Groups","bulkId":"g","data":{"displayName":"g"}},
			{"method":"PATCH","path":"/Groups/bulkId:g","data":{"Operations":[{"op":"add","path":"members","value":[{"value":"bulkId:a"}]}]}},
			{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"a"}}]`,
			map[int][]int{0: {2}}, nil},
		"in the filter of a path": {`[
			{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"a"}},
			{"method":"POST","path":"/Users","bulkId":"b","data":{"userName":"b"}},
			{"method":"POST","path":"/Groups","bulkId":"g","data":{"displayName":"g","members":[{"value":"bulkId:a"},{"value":"bulkId:b"}]}},
			{"method":"PATCH","path":"/Groups/bulkId:g","data":{"Operations":[{"op":"remove","path":"members[value eq \"bulkId:a\"]"}]}}]`,
			map[int][]int{2: {1}}, nil},
		"two groups in each other": {`[
			{"method":"POST","path":"/Groups","bulkId":"x","data":{"displayName":"x","members":[{"type":"Group","value":"bulkId:y"},{"value":"bulkId:a"}]}},
			{"method":"POST","path":"/Groups","bulkId":"y","data":{"displayName":"y","members":[{"type":"Group","value":"bulkId:x"}]}},
			{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"a"}}]`,
			map[int][]int{0: {1, 2}, 1: {0}}, nil},
		"three managers in a circle": {`[
			{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"a",` + enterprise + `:{"department":"d","manager":{"value":"bulkId:b"}}}},
			{"method":"POST","path":"/Users","bulkId":"b","data":{"userName":"b",` + enterprise + `:{"manager":"bulkId:c"}}},
			{"method":"POST","path":"/Users","bulkId":"c","data":{"userName":"c",` + enterprise + `:{"manager":{"value":"bulkId:a"}}}}]`,
			nil, map[int]int{0: 1, 1: 2, 2: 0}},
		"a user who manages himself": {`[
			{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"a",` + enterprise + `:{"manager":{"value":"bulkId:a"}}}}]`,
			nil, map[int]int{0: 0}},
	} {
		t.Run(name, func(t *testing.T) {
			p := serve(t)
			got := p.bulk(test.operations)
			for _, status := range got.texts("Operations", "status") {
				if status[0] != '2' {
					t.Fatal(got.body)
				}
			}
			for group, members := range test.members {
				want := []string{}
				for _, i := range members {
					want = append(want, got.created(i))
				}
				have := p.members(got.created(group))
				slices.Sort(want)
				slices.Sort(have)
				equal(t, "members", have, want)
				if name != "two groups in each other" {
					continue // changed once more since, or by being put into a group
				}
				equal(t, "version", got.texts("Operations", "version")[0], p.get(strings.TrimPrefix(got.texts("Operations", "location")[0], p.base)).text("meta", "version"))
			}
			for user, manager := range test.managers {
				equal(t, "manager", p.get("/Users/"+got.created(user)).text(strings.Trim(enterprise, `"`), "manager", "value"), got.created(manager))
			}
			if name == "three managers in a circle" {
				equal(t, "department", p.get("/Users/"+got.created(0)).text(strings.Trim(enterprise, `"`), "department"), "d")
			}
		})
	}
}

// What fails, fails alone, with the error that its own request would get.
func TestBulkFailures(t *testing.T) {
	p := serve(t)
	ada := p.user("ada")
	for name, test := range map[string]struct{ operation, status, scimType string }{
		"taken name":            {`{"method":"POST","path":"/Users","bulkId":"x","data":{"userName":"ADA"}}`, "409", "uniqueness"},
		"no userName":           {`{"method":"POST","path":"/Users","bulkId":"x","data":{}}`, "400", "invalidValue"},
		"no data":               {`{"method":"POST","path":"/Users","bulkId":"x"}`, "400", "invalidSyntax"},
		"unknown id":            {`{"method":"DELETE","path":"/Users/nobody"}`, "404", ""},
		"unknown endpoint":      {`{"method":"DELETE","path":"/Printers/1"}`, "404", ""},
		"discovery":             {`{"method":"PUT","path":"/Schemas","data":{}}`, "404", ""},
		"bulk within":           {`{"method":"POST","path":"/Bulk","bulkId":"x","data":{"Operations":[]}}`, "404", ""},
		"a search":              {`{"method":"POST","path":"/Users/.search","bulkId":"x","data":{}}`, "404", ""},
		"no path":               {`{"method":"DELETE"}`, "404", ""},
		"GET":                   {`{"method":"GET","path":"/Users/` + ada + `"}`, "400", "invalidSyntax"},
		"no method":             {`{"path":"/Users/` + ada + `"}`, "400", "invalidSyntax"},
		"POST to one":           {`{"method":"POST","path":"/Users/` + ada + `","bulkId":"x","data":{}}`, "405", ""},
		"DELETE of all":         {`{"method":"DELETE","path":"/Users"}`, "405", ""},
		"another version":       {`{"method":"DELETE","path":"/Users/` + ada + `","version":"W/\"0\""}`, "412", ""},
		"unknown bulkId":        {`{"method":"PATCH","path":"/Users/bulkId:nobody","data":{"Operations":[]}}`, "400", "invalidValue"},
		"unknown bulkId within": {`{"method":"POST","path":"/Groups","bulkId":"x","data":{"displayName":"g","members":[{"value":"bulkId:nobody"}]}}`, "400", "invalidValue"},
		"bad PATCH":             {`{"method":"PATCH","path":"/Users/` + ada + `","data":{"Operations":[{"op":"move"}]}}`, "400", "invalidSyntax"},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.in(t)
			got := p.bulk(`[` + test.operation + `,{"method":"PATCH","path":"/Users/` + ada + `","data":{"Operations":[]}}]`)
			equal(t, "status", got.texts("Operations", "status")[0], test.status)
			operation, _ := got.at("Operations").([]any)[0].(scim.Object)
			response, _ := operation["response"].(scim.Object)
			equal(t, "response.status", response["status"], any(test.status))
			scimType, _ := response["scimType"].(string)
			equal(t, "scimType", scimType, test.scimType)
			if status := got.texts("Operations", "status")[1]; status != "200" && status != "204" {
				t.Errorf("the operation behind it: %s", got.body)
			}
		})
	}
	got := p.bulk(`[{"method":"POST","path":"/Groups","bulkId":"g","data":{"displayName":"g","members":[{"value":"bulkId:u"}]}},
		{"method":"POST","path":"/Users","bulkId":"u","data":{"userName":"ada"}}]`)
	equal(t, "what refers to a failure", got.texts("Operations", "status"), []string{"409", "409"})
	equal(t, "groups", p.found("/Groups", "displayName pr"), []string{})

	version := p.get("/Users/"+ada).text("meta", "version")
	got = p.bulk(`[{"method":"DELETE","path":"/Users/` + ada + `","version":"` + strings.ReplaceAll(version, `"`, `\"`) + `"}]`)
	equal(t, "right version", got.texts("Operations", "status"), []string{"204"})
}

func TestBulkStopsAfterFailures(t *testing.T) {
	const wrong, right = `{"method":"DELETE","path":"/Users/nobody"}`, `{"method":"POST","path":"/Users","bulkId":"%d","data":{"userName":"u%d"}}`
	var operations []string
	for i := range 6 {
		operations = append(operations, wrong, fmt.Sprintf(right, i, i))
	}
	for limit, want := range map[string]int{`1`: 1, `2`: 3, `0`: 1, `6`: 11, `7`: 12, `null`: 12} {
		p := serve(t)
		body := `{"failOnErrors":` + limit + `,"Operations":[` + strings.Join(operations, ",") + `]}`
		got := p.do("POST", "/Bulk", body).want(200)
		equal(t, "failOnErrors "+limit, len(got.texts("Operations", "status")), want)
		equal(t, "created", len(p.found("/Users", "userName pr")), want/2)
	}
}

func TestBulkRefusedAsAWhole(t *testing.T) {
	p := serveWith(t, handler.Options{Store: memory.New(), Limits: handler.Limits{Bulk: 3, GroupBody: 1000}})
	const one = `{"method":"POST","path":"/Users","bulkId":"1","data":{"userName":"u"}}`
	for name, test := range map[string]struct {
		body     string
		status   int
		scimType string
	}{
		"too many operations": {bulkBody(`[` + one + `,{},{},{}]`), 413, ""},
		"too large":           {bulkBody(`["` + strings.Repeat("x", 1000) + `"]`), 413, ""},
		"a bulkId twice":      {bulkBody(`[` + one + `,` + one + `]`), 400, "invalidValue"},
		"POST without bulkId": {bulkBody(`[` + one + `,{"method":"POST","path":"/Users","data":{"userName":"v"}}]`), 400, "invalidValue"},
		"no operations":       {`{}`, 400, "invalidSyntax"},
		"operations no list":  {bulkBody(`{}`), 400, "invalidSyntax"},
		"an operation no one": {bulkBody(`[` + one + `,1]`), 400, "invalidSyntax"},
		"method no string":    {bulkBody(`[` + one + `,{"method":1}]`), 400, "invalidSyntax"},
		"data no object":      {bulkBody(`[` + one + `,{"method":"PUT","path":"/Users/1","data":[]}]`), 400, "invalidSyntax"},
		"failOnErrors wrong":  {`{"failOnErrors":"x","Operations":[` + one + `]}`, 400, "invalidValue"},
		"failOnErrors below":  {`{"failOnErrors":-1,"Operations":[` + one + `]}`, 400, "invalidValue"},
		"no JSON":             {`x`, 400, "invalidSyntax"},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.in(t)
			p.do("POST", "/Bulk", test.body).wantError(test.status, test.scimType)
			equal(t, "users", p.found("/Users", "userName pr"), []string{})
		})
	}
	p.get("/Bulk").wantError(405, "")
	equal(t, "bulk", p.get("/ServiceProviderConfig").at("bulk"), any(decode(t, `{"supported":true,"maxOperations":3,"maxPayloadSize":1000}`)))
}

// A chain of references as long as a request may be.
func TestBulkOfManyReferences(t *testing.T) {
	const n = 1000
	var operations []string
	for i := range n {
		operations = append(operations, fmt.Sprintf(
			`{"method":"POST","path":"/Groups","bulkId":"%d","data":{"displayName":"g%d","members":[{"value":"bulkId:%d"}]}}`, i, i, (i+1)%n))
	}
	p := serve(t)
	got := p.bulk("[" + strings.Join(operations, ",") + "]")
	for i, status := range got.texts("Operations", "status") {
		if status != "201" {
			t.Fatalf("operation %d: %s", i, status)
		}
	}
	equal(t, "members of the last", p.members(got.created(n-1)), []string{got.created(0)})
	equal(t, "members of the first", p.members(got.created(0)), []string{got.created(1)})
}
