package handler_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/scim/memory"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// hrURN has dots, digits and underscores, and ends in what may be a name.
const hrURN = "urn:acme-corp:hr_2.0.1:Person"

// hr declares an attribute of every type and characteristic.
func hr(change func(attributes map[string]*schema.Attribute)) []*schema.ResourceType {
	var attributes []*schema.Attribute
	byName := map[string]*schema.Attribute{}
	add := func(name string, kind schema.Type, subs ...*schema.Attribute) *schema.Attribute {
		a := &schema.Attribute{Name: name, Type: kind, SubAttributes: subs, Mutability: schema.ReadWrite, Returned: schema.Default, Uniqueness: schema.None}
		attributes, byName[name] = append(attributes, a), a
		return a
	}
	sub := func(name string, kind schema.Type) *schema.Attribute {
		return &schema.Attribute{Name: name, Type: kind, Mutability: schema.ReadWrite, Returned: schema.Default, Uniqueness: schema.None}
	}
	add("team", schema.String)
	add("login", schema.String).CaseExact = true
	add("badge", schema.String).Uniqueness = schema.Server
	add("level", schema.Integer)
	add("rate", schema.Decimal)
	add("remote", schema.Boolean)
	add("since", schema.DateTime)
	add("key", schema.Binary)
	add("page", schema.Reference)
	add("tags", schema.String).MultiValued = true
	add("numbers", schema.Integer).MultiValued = true
	add("desk", schema.Complex, sub("floor", schema.Integer), sub("value", schema.String), sub("seat", schema.String))
	kind := sub("type", schema.String)
	kind.CanonicalValues = []string{"work", "home"}
	add("cars", schema.Complex, sub("value", schema.String), kind, sub("doors", schema.Integer), sub("primary", schema.Boolean)).MultiValued = true
	add("serial", schema.String).Mutability = schema.Immutable
	add("score", schema.Integer).Mutability = schema.ReadOnly
	pin := add("pin", schema.String)
	pin.Mutability, pin.Returned = schema.WriteOnly, schema.Never
	add("group", schema.String)
	add("members", schema.String).MultiValued = true
	add("active", schema.Boolean)
	if change != nil {
		change(byName)
	}
	user, errs := schema.Extend(schema.UserType(), schema.Extension{Schema: &schema.Schema{ID: hrURN, Name: "HR", Attributes: attributes}})
	if errs[0] != nil {
		panic(errs[0])
	}
	return []*schema.ResourceType{user, schema.GroupType()}
}

func serveHR(t *testing.T) *provider {
	t.Helper()
	return serveWith(t, handler.Options{Store: memory.New(), Types: hr(nil)})
}

// RFC 7643 §2.3: what is sent has the form of its type, or is refused.
func TestDeclaredTypes(t *testing.T) {
	p := serveHR(t)
	for name, test := range map[string]struct{ sent, want string }{ // want empty: 400 invalidValue
		"string":                     {`"team":"A"`, `"team":"A"`},
		"number for a string":        {`"team":7`, `"team":"7"`},
		"boolean for a string":       {`"team":true`, ``},
		"integer":                    {`"level":-7`, `"level":-7`},
		"integer in a string":        {`"level":"7"`, `"level":7`},
		"a long integer":             {`"level":12345678901234567890`, `"level":12345678901234567890`},
		"fraction for an integer":    {`"level":7.5`, ``},
		"exponent for an integer":    {`"level":1e3`, ``},
		"zeros in front":             {`"level":"007"`, ``},
		"too many digits":            {`"level":` + strings.Repeat("9", 200), ``},
		"text for an integer":        {`"level":"high"`, ``},
		"decimal":                    {`"rate":1.50`, `"rate":1.50`},
		"decimal in a string":        {`"rate":"-1.5e3"`, `"rate":-1.5e3`},
		"text for a decimal":         {`"rate":"1,5"`, ``},
		"boolean":                    {`"remote":false`, `"remote":false`},
		"boolean in a string":        {`"remote":"True"`, `"remote":true`},
		"no boolean":                 {`"remote":"yes"`, ``},
		"dateTime":                   {`"since":"2026-01-31T08:00:00.5+01:00"`, `"since":"2026-01-31T08:00:00.5+01:00"`},
		"dateTime without a zone":    {`"since":"2026-01-31T08:00:00"`, `"since":"2026-01-31T08:00:00"`},
		"a date alone":               {`"since":"2026-01-31"`, ``},
		"a comma for the point":      {`"since":"2026-01-31T08:00:00,5Z"`, ``},
		"no such day":                {`"since":"2026-02-31T08:00:00Z"`, ``},
		"binary":                     {`"key":"AQI="`, `"key":"AQI="`},
		"binary, the other alphabet": {`"key":"_-8"`, `"key":"_-8"`},
		"no base64":                  {`"key":"A*"`, ``},
		"reference":                  {`"page":"https://example.com/x?y#z"`, `"page":"https://example.com/x?y#z"`},
		"no URI":                     {`"page":"ht tp"`, ``},
		"an object":                  {`"team":{"a":1}`, ``},
		"a value in an object":       {`"level":[{"$ref":null,"value":"3"}]`, `"level":3`},
		"several for one":            {`"team":["A","B"]`, ``},
		"several":                    {`"tags":["a","b","a"]`, `"tags":["a","b"]`},
		"one for several":            {`"tags":"a"`, `"tags":["a"]`},
		"several integers":           {`"numbers":[1,"2"]`, `"numbers":[1,2]`},
		"one of several is wrong":    {`"numbers":[1,"x"]`, ``},
		"complex":                    {`"desk":{"FLOOR":"3","seat":"b","shoe":1}`, `"desk":{"floor":3,"seat":"b"}`},
		"complex by its value":       {`"desk":"d"`, `"desk":{"value":"d"}`},
		"a wrong part":               {`"desk":{"floor":"top"}`, ``},
		"several complex":            {`"cars":[{"value":"a","type":"boat","doors":2},{"value":"b","primary":"true"}]`, `"cars":[{"value":"a","type":"boat","doors":2},{"value":"b","primary":true}]`},
		"two primary":                {`"cars":[{"value":"a","primary":true},{"value":"b","primary":true}]`, ``},
		"null and empty":             {`"team":null,"tags":[],"desk":{},"level":"","cars":[{}],"login":"x"`, `"login":"x"`},
		"readOnly":                   {`"score":7,"login":"x"`, `"login":"x"`},
		"writeOnly":                  {`"pin":"1234","login":"x"`, `"login":"x"`},
		"unknown":                    {`"shoe":43,"login":"x"`, `"login":"x"`},
		"names of core attributes":   {`"members":["m"],"active":"false","group":"g"`, `"members":["m"],"active":false,"group":"g"`},
		"more than is kept":          {`"team":"` + strings.Repeat("x", 17000) + `"`, ``},
		"too many":                   {`"numbers":[` + sequence(257) + `]`, ``},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.in(t)
			for form, body := range map[string]string{
				"object":      `"` + hrURN + `":{` + test.sent + `}`,
				"other case":  `"` + strings.ToUpper(hrURN) + `":{` + test.sent + `}`,
				"whole names": strings.ReplaceAll(`,`+test.sent, `,"`, `,"`+hrURN+`:`)[1:],
			} {
				if form == "whole names" && strings.ContainsAny(test.sent, "{[") {
					continue
				}
				a := p.do("POST", "/Users", fmt.Sprintf(`{"userName":%q,%s}`, name+form, body))
				if test.want == "" {
					a.wantError(400, scim.TypeInvalidValue)
					continue
				}
				equal(t, form, a.want(201).object()[hrURN], any(decode(t, `{`+test.want+`}`)))
				equal(t, form+", read", p.get("/Users/" + a.text("id")).want(200).object()[hrURN], any(decode(t, `{`+test.want+`}`)))
			}
		})
	}
}

func sequence(n int) string {
	numbers := make([]string, n)
	for i := range numbers {
		numbers[i] = fmt.Sprint(i)
	}
	return strings.Join(numbers, ",")
}

// Both dialects of Entra ID, and the whole extension as an object.
func TestDeclaredPatch(t *testing.T) {
	p := serveHR(t)
	const at = `"path":"` + hrURN
	for name, test := range map[string]struct{ stored, operations, want string }{ // want: an object, or a scimType
		"a path":                         {`{"team":"A"}`, `{"op":"Replace",` + at + `:level","value":"7"}`, `{"team":"A","level":7}`},
		"a path in another case":         {`{}`, `{"op":"Add","path":"` + strings.ToUpper(hrURN) + `:LEVEL","value":7}`, `{"level":7}`},
		"a sub-attribute":                {`{"desk":{"seat":"b"}}`, `{"op":"Add",` + at + `:desk.floor","value":"3"}`, `{"desk":{"seat":"b","floor":3}}`},
		"a dotted key":                   {`{"desk":{"seat":"b"}}`, `{"op":"replace","value":{"` + hrURN + `:desk.floor":3,"` + hrURN + `:team":"B","title":"T"}}`, `{"desk":{"seat":"b","floor":3},"team":"B"}`},
		"the object":                     {`{"desk":{"seat":"b"},"team":"A"}`, `{"op":"add","value":{"` + hrURN + `":{"desk":{"floor":3},"remote":"False"}}}`, `{"desk":{"seat":"b","floor":3},"remote":false,"team":"A"}`},
		"the extension as a path":        {`{"team":"A"}`, `{"op":"add",` + at + `","value":{"remote":true}}`, `{"team":"A","remote":true}`},
		"a complex one keeps its rest":   {`{"desk":{"value":"d","seat":"b"}}`, `{"op":"replace",` + at + `:desk","value":{"seat":"c"}}`, `{"desk":{"value":"d","seat":"c"}}`},
		"several are added":              {`{"tags":["a"]}`, `{"op":"add",` + at + `:tags","value":["b","a"]}`, `{"tags":["a","b"]}`},
		"several are replaced":           {`{"tags":["a"]}`, `{"op":"replace",` + at + `:tags","value":["b"]}`, `{"tags":["b"]}`},
		"those sent are removed":         {`{"numbers":[1,2,3]}`, `{"op":"remove",` + at + `:numbers","value":["2"]}`, `{"numbers":[1,3]}`},
		"those chosen are removed":       {`{"numbers":[1,2,3]}`, `{"op":"remove",` + at + `:numbers[value gt 1]"}`, `{"numbers":[1]}`},
		"one chosen is replaced":         {`{"tags":["a","b"]}`, `{"op":"replace",` + at + `:tags[value eq \"A\"]","value":"c"}`, `{"tags":["c","b"]}`},
		"of the chosen":                  {`{"cars":[{"value":"a","type":"work"}]}`, `{"op":"replace",` + at + `:cars[type eq \"work\"].doors","value":"4"}`, `{"cars":[{"value":"a","type":"work","doors":4}]}`},
		"a canonical one is made":        {`{}`, `{"op":"replace",` + at + `:cars[type eq \"home\"].value","value":"b"}`, `{"cars":[{"value":"b","type":"home"}]}`},
		"no such one":                    {`{"cars":[{"value":"a"}]}`, `{"op":"replace",` + at + `:cars[doors gt 4].value","value":"b"}`, `noTarget`},
		"primary moves":                  {`{"cars":[{"value":"a","primary":true}]}`, `{"op":"add",` + at + `:cars","value":[{"value":"b","primary":true}]}`, `{"cars":[{"value":"a","primary":false},{"value":"b","primary":true}]}`},
		"removed":                        {`{"team":"A","remote":true}`, `{"op":"remove",` + at + `:team"}`, `{"remote":true}`},
		"cleared":                        {`{"team":"A","remote":true}`, `{"op":"replace",` + at + `:team","value":""}`, `{"remote":true}`},
		"all removed":                    {`{"team":"A","remote":true}`, `{"op":"remove",` + at + `"}`, ``},
		"of a wrong type":                {`{"team":"A"}`, `{"op":"replace",` + at + `:level","value":"high"}`, `invalidValue`},
		"readOnly":                       {`{}`, `{"op":"replace",` + at + `:score","value":1}`, `mutability`},
		"immutable, first":               {`{}`, `{"op":"add",` + at + `:serial","value":"1"}`, `{"serial":"1"}`},
		"immutable, again":               {`{"serial":"1"}`, `{"op":"add",` + at + `:serial","value":"2"}`, `mutability`},
		"writeOnly":                      {`{"team":"A"}`, `{"op":"add",` + at + `:pin","value":"2"}`, `{"team":"A"}`},
		"unknown":                        {`{}`, `{"op":"add",` + at + `:shoe","value":"2"}`, `invalidPath`},
		"unknown sub-attribute":          {`{}`, `{"op":"add",` + at + `:desk.shoe","value":"2"}`, `invalidPath`},
		"a wrong filter":                 {`{"cars":[{"value":"a"}]}`, `{"op":"remove",` + at + `:cars[doors eq \"x\"]"}`, `invalidFilter`},
		"named like a core URN's end":    {`{}`, `{"op":"add",` + at + `:group","value":"g"}`, `{"group":"g"}`},
		"named like members":             {`{"members":["a"]}`, `{"op":"add",` + at + `:members","value":"b"}`, `{"members":["a","b"]}`},
		"an extension with a longer URN": {`{"team":"A"}`, `{"op":"add","value":{"` + hrURN + `:more":{"x":1},"` + hrURN + `":{"shoe":{"x":1}}}},{"op":"replace",` + at + `:more","value":{"x":2}}`, `{"team":"A"}`},
		"named like active":              {`{"active":true,"team":"A"}`, `{"op":"remove",` + at + `:active"}`, `{"team":"A"}`},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.in(t)
			id := p.create("/Users", fmt.Sprintf(`{"userName":%q,"%s":%s}`, name, hrURN, test.stored))
			a := p.do("PATCH", "/Users/"+id, patchBody(`[`+test.operations+`]`), "Accept: application/scim+json")
			if test.want != "" && test.want[0] != '{' {
				a.wantError(400, test.want)
				return
			}
			want := any(nil)
			if test.want != "" {
				want = decode(t, test.want)
			}
			equal(t, "PATCH", a.want(200).object()[hrURN], want)
			version := a.header.Get("ETag")
			if strings.Contains(test.operations, `"remove"`) {
				return
			}
			again := p.do("PATCH", "/Users/"+id, patchBody(`[`+test.operations+`]`), "Accept: application/scim+json")
			if again.status == 200 && again.header.Get("ETag") != version {
				t.Errorf("the same once more is a change: %s", again.body)
			}
		})
	}
}

// RFC 7644 §3.4.2.2: filters compare by the declared types.
func TestDeclaredFilters(t *testing.T) {
	p := serveHR(t)
	p.create("/Users", `{"userName":"ada","`+hrURN+`":{"team":"Red","login":"Ada","badge":"B-1","level":9,"rate":1.50,"remote":true,"since":"2026-01-31T08:00:00+01:00",
		"key":"AQI=","page":"https://example.com","tags":["x","y"],"numbers":[1,12345678901234567891],"desk":{"floor":3,"value":"d"},
		"cars":[{"value":"v","type":"work","doors":4},{"value":"w","type":"home","doors":2}],"pin":"1234","group":"g"}}`)
	for filter, want := range map[string]int{ // -1: 400 invalidFilter
		`team eq "RED"`: 1, `team sw "r"`: 1, `team eq "blue"`: 0, `team ne "blue"`: 1, `login eq "ada"`: 0, `login eq "Ada"`: 1,
		`badge eq "b-1"`: 1, `badge eq "b-2"`: 0, `badge eq "b-1" and userName eq "ada"`: 1, `badge eq "b-1" and team eq "blue"`: 0,
		`level eq 9`: 1, `level eq "9"`: 1, `level gt 10`: 0, `level lt 10`: 1, `level eq "nine"`: -1, `level co 9`: -1, `level eq true`: -1,
		`rate eq 1.5`: 1, `rate ge 1.51`: 0, `remote eq true`: 1, `remote eq "False"`: 0, `remote gt true`: -1,
		`since eq "2026-01-31T07:00:00Z"`: 1, `since gt "2026-01-31T07:00:01Z"`: 0, `since gt "soon"`: -1,
		`key eq "AQI="`: 1, `page eq "https://example.com"`: 1, `page eq "HTTPS://example.com"`: 0,
		`tags eq "Y"`: 1, `tags eq "z"`: 0, `tags[value sw "x"]`: 1, `tags[value eq "z"]`: 0, `tags pr`: 1,
		`numbers eq 12345678901234567891`: 1, `numbers eq 12345678901234567890`: 0, `numbers gt 12345678901234567890`: 1,
		`desk.floor ge 3`: 1, `desk eq "D"`: 1, `desk.seat pr`: 0, `desk.shoe pr`: 0,
		`cars[type eq "work" and doors eq 4]`: 1, `cars[type eq "work" and doors eq 2]`: 0, `cars.doors eq 2`: 1, `cars[type eq "home"].doors gt 1`: 1,
		`pin pr`: -1, `pin eq "1234"`: -1, `group eq "G"`: 1, `shoe pr`: 0, `shoe eq "x"`: 0,
	} {
		filter = hrURN + ":" + filter
		if at := strings.Index(filter, " and team"); at > 0 {
			filter = filter[:at] + " and " + hrURN + ":team" + filter[at+len(" and team"):]
		}
		for way, a := range map[string]*answered{
			"GET":  p.get("/Users?filter=" + url.QueryEscape(filter)),
			"POST": p.do("POST", "/Users/.search", fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":%q}`, filter)),
		} {
			if want < 0 {
				a.wantError(400, scim.TypeInvalidFilter)
				continue
			}
			equal(t, way+" "+filter, a.want(200).object()["totalResults"], any(json.Number(fmt.Sprint(want))))
		}
	}
	p.get("/Users?filter="+url.QueryEscape(hrURN+` eq "x"`)).wantError(400, scim.TypeInvalidFilter)
}

func TestDeclaredSort(t *testing.T) {
	p := serveHR(t)
	for i, extension := range []string{`"level":10`, `"level":9`, `"level":12345678901234567891`, `"level":12345678901234567890`, `"level":-1`, `"team":"x"`} {
		p.create("/Users", fmt.Sprintf(`{"userName":"u%d","%s":{%s}}`, i, hrURN, extension))
	}
	names := func(query string) string {
		var found []string
		for _, r := range p.get("/Users?attributes=userName&sortBy=" + hrURN + query).want(200).object()["Resources"].([]any) {
			found = append(found, r.(map[string]any)["userName"].(string))
		}
		return strings.Join(found, " ")
	}
	equal(t, "ascending", names(":level"), "u4 u1 u0 u3 u2 u5")
	equal(t, "descending", names(":LEVEL&sortOrder=descending"), "u5 u2 u3 u0 u1 u4")
	p.get("/Users?sortBy="+hrURN+":pin").wantError(400, scim.TypeInvalidValue)
	p.get("/Users?sortBy=" + hrURN + ":desk.floor").want(200)
}

func TestDeclaredUniqueness(t *testing.T) {
	p := serveHR(t)
	body := func(name, badge string) string {
		return fmt.Sprintf(`{"userName":%q,"%s":{"badge":%q}}`, name, hrURN, badge)
	}
	a := p.create("/Users", body("a", "B-1"))
	p.do("POST", "/Users", body("b", "b-1")).wantError(409, scim.TypeUniqueness)
	b := p.create("/Users", body("b", "B-2"))
	p.do("PATCH", "/Users/"+b, patchBody(`[{"op":"replace","path":"`+hrURN+`:badge","value":"B-1"}]`)).wantError(409, scim.TypeUniqueness)
	p.do("PUT", "/Users/"+b, body("b", "B-1")).wantError(409, scim.TypeUniqueness)
	p.do("PUT", "/Users/"+a, body("a", "b-1")).want(200) // its own
	p.do("DELETE", "/Users/"+a, "").want(204)
	p.do("PUT", "/Users/"+b, body("b", "B-1")).want(200)
}

// RFC 7643 §6, §7.
func TestDeclaredDiscovery(t *testing.T) {
	p := serveHR(t)
	s := p.get("/Schemas/" + strings.ToLower(hrURN)).want(200).object()
	equal(t, "id", s["id"], any(hrURN))
	attributes := s["attributes"].([]any)
	equal(t, "page", attributes[8], any(decode(t, `{"name":"page","type":"reference","multiValued":false,"description":"","required":false,"caseExact":true,
		"mutability":"readWrite","returned":"default","uniqueness":"none","referenceTypes":["uri"]}`)))
	types := p.get("/ResourceTypes/User").want(200).object()
	equal(t, "schemaExtensions", types["schemaExtensions"], any([]any{
		scim.Object{"schema": schema.EnterpriseUserURN, "required": false}, scim.Object{"schema": hrURN, "required": false}}))
	equal(t, "Group", p.get("/ResourceTypes/Group").want(200).object()["schemaExtensions"], any([]any{}))
}

// The URN of an extension that nobody declared may begin with that of another.
func TestUndeclaredWithinDeclared(t *testing.T) {
	p := serveHR(t)
	more := func(a *answered) any { return a.want(200).object()[hrURN+":more"] }
	path := "/Users/" + p.create("/Users", `{"userName":"ada","`+hrURN+`:more":{"x":1},"`+hrURN+`":{"team":"A","more":{"x":1}}}`)
	equal(t, "POST", more(p.get(path)), any(decode(t, `{"x":1}`)))
	p.patch(path, `[{"op":"replace","path":"`+hrURN+`:more","value":{"x":2}}]`)
	equal(t, "PATCH", more(p.get(path)), any(decode(t, `{"x":2}`)))
	equal(t, "the declared one", p.get(path).object()[hrURN], any(decode(t, `{"team":"A"}`)))
}
