package integration

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

const hrURN = "urn:ietf:params:scim:schemas:extension:acme-corp:2.0:User"

func attribute(name, kind string, change ...func(*v1alpha1.ExtensionAttribute)) v1alpha1.ExtensionAttribute {
	a := v1alpha1.ExtensionAttribute{ExtensionCharacteristics: v1alpha1.ExtensionCharacteristics{Name: name}, Type: kind}
	for _, f := range change {
		f(&a)
	}
	return a
}

func part(name, kind string) v1alpha1.ExtensionSubAttribute {
	return v1alpha1.ExtensionSubAttribute{ExtensionCharacteristics: v1alpha1.ExtensionCharacteristics{Name: name}, Type: kind}
}

func declaring(attributes ...v1alpha1.ExtensionAttribute) []v1alpha1.ExtensionSchema {
	return []v1alpha1.ExtensionSchema{{URN: hrURN, Resource: "User", Attributes: attributes}}
}

func uniqueValue(a *v1alpha1.ExtensionAttribute) { a.Uniqueness = "server" }

// employee is the body of a user with the extension.
func employee(userName, extension string) string {
	return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","%s"],"userName":%q,"%s":%s}`, hrURN, userName, hrURN, extension)
}

// extensionOf is the extension in an answer, as it was sent.
func extensionOf(t *testing.T, a answer) string {
	t.Helper()
	var r map[string]json.RawMessage
	if err := json.Unmarshal([]byte(a.Body), &r); err != nil {
		t.Fatalf("%d %s: %v", a.Status, a.Body, err)
	}
	return string(r[hrURN])
}

func TestDeclaredExtension(t *testing.T) {
	t.Parallel()
	f := newSync(t, func(s *v1alpha1.IdentityProviderSync) {
		s.Spec.ExtensionSchemas = declaring(attribute("badge", "string", uniqueValue), attribute("number", "integer"),
			attribute("desk", "complex", func(a *v1alpha1.ExtensionAttribute) {
				a.SubAttributes = []v1alpha1.ExtensionSubAttribute{part("floor", "integer"), part("seat", "string")}
			}))
	})
	c, other := f.on(0), f.on(1)
	if got := c.want(t, 200, "GET", "/Schemas/"+hrURN, ""); !strings.Contains(got.Body, `"name":"floor","type":"integer"`) {
		t.Errorf("/Schemas: %s", got.Body)
	}
	if got := c.want(t, 200, "GET", "/ResourceTypes/User", ""); !strings.Contains(got.Body, `{"schema":"`+hrURN+`","required":false}`) {
		t.Errorf("/ResourceTypes: %s", got.Body)
	}

	created := c.want(t, 201, "POST", "/Users", employee("ada", `{"badge":"B-1","number":"12345678901234567891","desk":{"floor":"3"}}`))
	id := created.resource(t).ID
	if got, want := extensionOf(t, created), `{"badge":"B-1","number":12345678901234567891,"desk":{"floor":3}}`; got != want {
		t.Errorf("created: got %s, want %s", got, want)
	}
	if got := c.want(t, 400, "POST", "/Users", employee("bob", `{"number":"many"}`)).resource(t); got.SCIMType != "invalidValue" {
		t.Errorf("a wrong type: %+v", got)
	}
	for _, body := range []string{
		patch(`{"op":"Replace","path":"` + hrURN + `:desk.seat","value":"b"}`),
		patch(`{"op":"replace","value":{"` + hrURN + `:desk.floor":4,"displayName":"Ada"}}`),
		patch(`{"op":"add","value":{"` + hrURN + `":{"number":12345678901234567892}}}`),
	} {
		c.want(t, 200, "PATCH", "/Users/"+id, body)
	}
	if got, want := extensionOf(t, c.want(t, 200, "GET", "/Users/"+id, "")), `{"badge":"B-1","number":12345678901234567892,"desk":{"floor":4,"seat":"b"}}`; got != want {
		t.Errorf("changed: got %s, want %s", got, want)
	}
	for _, expression := range []string{
		hrURN + `:number gt 12345678901234567891`, hrURN + `:badge eq "b-1"`, hrURN + `:desk.floor eq 4 and active eq true`,
	} {
		if got := c.want(t, 200, "GET", "/Users"+filter(expression), "").resource(t); got.TotalResults != 1 {
			t.Errorf("%s: %d results", expression, got.TotalResults)
		}
	}
	c.want(t, 400, "GET", "/Users"+filter(hrURN+`:number eq "x"`), "")

	within(t, "the other replica refuses the value too", func() string {
		if got := other.do(t, "POST", "/Users", employee("eve", `{"badge":"b-1"}`)); got.Status != 409 || got.resource(t).SCIMType != "uniqueness" {
			return got.Body
		}
		return ""
	})
	bulk := c.want(t, 200, "POST", "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[
		{"method":"POST","path":"/Users","bulkId":"1","data":`+employee("eve", `{"badge":"B-2","number":1}`)+`},
		{"method":"POST","path":"/Users","bulkId":"2","data":`+employee("mallory", `{"badge":"b-2"}`)+`}]}`)
	if !strings.Contains(bulk.Body, `"status":"201"`) || !strings.Contains(bulk.Body, `"status":"409"`) {
		t.Errorf("bulk: %s", bulk.Body)
	}
}

// A declaration is changed while the sync is in use: both replicas follow, no
// value is lost, and the user can still be disabled.
func TestDeclarationChanges(t *testing.T) {
	t.Parallel()
	f := newSync(t, nil)
	c := f.on(0)
	id := c.want(t, 201, "POST", "/Users", employee("ada", `{"Badge":"B-1","level":"high","shoe":43}`)).resource(t).ID
	redeclare := func(want string, schemas []v1alpha1.ExtensionSchema) {
		t.Helper()
		update(t, f.key("idp"), &v1alpha1.IdentityProviderSync{}, func(s *v1alpha1.IdentityProviderSync) { s.Spec.ExtensionSchemas = schemas })
		for i := range replicas {
			within(t, "the declaration is served", func() string {
				if got := f.on(i).do(t, "GET", "/Schemas", ""); strings.Contains(got.Body, hrURN) != (len(schemas) > 0) || !strings.Contains(got.Body, want) {
					return got.Body
				}
				return ""
			})
		}
	}
	redeclare(`"name":"level","type":"string"`, declaring(attribute("badge", "string"), attribute("level", "string")))
	if got, want := extensionOf(t, c.want(t, 200, "GET", "/Users/"+id, "")), `{"badge":"B-1","level":"high","shoe":43}`; got != want {
		t.Errorf("declared later: got %s, want %s", got, want)
	}
	redeclare(`"name":"level","type":"integer"`, declaring(attribute("badge", "string"), attribute("level", "integer"), attribute("team", "string", func(a *v1alpha1.ExtensionAttribute) { a.Required = true })))
	for i := range replicas {
		c := f.on(i)
		c.want(t, 200, "PATCH", "/Users/"+id, replace("active", "false"))
		c.want(t, 200, "PATCH", "/Users/"+id, replace("active", "true"))
		c.want(t, 200, "PATCH", "/Users/"+id, replace(hrURN+":badge", fmt.Sprintf("%q", fmt.Sprint("B-", i))))
		if got, want := extensionOf(t, c.want(t, 200, "GET", "/Users/"+id, "")), fmt.Sprintf(`{"badge":"B-%d","level":"high","shoe":43}`, i); got != want {
			t.Errorf("of another type: got %s, want %s", got, want)
		}
	}
	c.want(t, 400, "PATCH", "/Users/"+id, replace(hrURN+":level", `"low"`))
	c.want(t, 200, "PATCH", "/Users/"+id, replace(hrURN+":level", `"7"`))
	redeclare("", nil)
	if got, want := extensionOf(t, c.want(t, 200, "GET", "/Users/"+id, "")), `{"badge":"B-1","level":7,"shoe":43}`; got != want {
		t.Errorf("undeclared again: got %s, want %s", got, want)
	}
}

// What the API server can tell is refused there; what it cannot is told on the
// sync, and then its values are kept as if it were not declared.
func TestDeclarationRefused(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	complexOne := func(parts ...v1alpha1.ExtensionSubAttribute) func(*v1alpha1.ExtensionAttribute) {
		return func(a *v1alpha1.ExtensionAttribute) { a.SubAttributes = parts }
	}
	set := func(mutability, returned string, required bool) func(*v1alpha1.ExtensionAttribute) {
		return func(a *v1alpha1.ExtensionAttribute) {
			a.Mutability, a.Returned, a.Required = mutability, returned, required
		}
	}
	at := func(urn string) []v1alpha1.ExtensionSchema {
		return []v1alpha1.ExtensionSchema{{URN: urn, Resource: "User", Attributes: []v1alpha1.ExtensionAttribute{attribute("x", "string")}}}
	}
	for name, test := range map[string]struct {
		schemas []v1alpha1.ExtensionSchema
		says    string // empty: it is taken
	}{
		"the largest that is taken": {largest(), ""},
		"the core URN":              {at("urn:ietf:params:scim:schemas:core:2.0:User"), "declare a URN of your own"},
		"the enterprise URN":        {at("URN:ietf:params:scim:schemas:extension:enterprise:2.0:User"), "urn"},
		"the enterprise URN itself": {at("urn:ietf:params:scim:schemas:extension:Enterprise:2.0:User"), "declare a URN of your own"},
		"no URN":                    {at("https://example.com"), "should match"},
		"a name with a dot":         {declaring(attribute("a.b", "string")), "should match"},
		"a name twice":              {declaring(attribute("badge", "string"), attribute("BADGE", "string")), "differ in more than letter case"},
		"complex without parts":     {declaring(attribute("x", "complex")), "subAttributes go with type: complex"},
		"parts of a string":         {declaring(attribute("x", "string", complexOne(part("y", "string")))), "subAttributes go with type: complex"},
		"complex in complex":        {declaring(attribute("x", "complex", complexOne(part("y", "complex")))), "Unsupported value"},
		"a unique boolean":          {declaring(attribute("x", "boolean", uniqueValue)), "can be unique"},
		"several unique":            {declaring(attribute("x", "string", uniqueValue, func(a *v1alpha1.ExtensionAttribute) { a.MultiValued = true })), "can be unique"},
		"writeOnly, yet returned":   {declaring(attribute("x", "string", set("writeOnly", "default", false))), "goes with returned: never"},
		"writeOnly":                 {declaring(attribute("x", "string", set("writeOnly", "never", true))), ""},
		"readOnly, yet required":    {declaring(attribute("x", "string", set("readOnly", "", true))), "cannot be required"},
		"references of a string":    {declaring(attribute("x", "string", func(a *v1alpha1.ExtensionAttribute) { a.ReferenceTypes = []string{"User"} })), "referenceTypes go with"},
		"a type that is none":       {declaring(attribute("x", "int")), "Unsupported value"},
	} {
		t.Run(name, func(t *testing.T) {
			s := syncOf(ns)
			s.Name = "refused"
			s.Spec.ExtensionSchemas = test.schemas
			err := kube.Create(t.Context(), s)
			if err == nil {
				if err := kube.Delete(t.Context(), s); err != nil {
					t.Fatal(err)
				}
			}
			if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want an error that says %q", err, test.says)
			}
		})
	}
}

// largest is as much as the bounds allow.
func largest() []v1alpha1.ExtensionSchema {
	schemas := make([]v1alpha1.ExtensionSchema, 16)
	for i := range schemas {
		schemas[i] = v1alpha1.ExtensionSchema{URN: fmt.Sprintf("urn:example:%d:User", i), Resource: "User"}
		for j := range 64 {
			a := attribute(fmt.Sprintf("%s%d", strings.Repeat("x", 60), j), "complex")
			for k := range 4 {
				a.SubAttributes = append(a.SubAttributes, part(fmt.Sprintf("y%d", k), "string"))
			}
			schemas[i].Attributes = append(schemas[i].Attributes, a)
		}
	}
	return schemas
}

func TestDeclarationNotServed(t *testing.T) {
	t.Parallel()
	f := newSync(t, func(s *v1alpha1.IdentityProviderSync) {
		s.Spec.ExtensionSchemas = append(declaring(attribute("x", "integer")),
			v1alpha1.ExtensionSchema{URN: hrURN + ":more", Resource: "User", Attributes: []v1alpha1.ExtensionAttribute{attribute("y", "integer")}})
	})
	s := &v1alpha1.IdentityProviderSync{}
	condition := func() (reason, message string) {
		if err := kube.Get(t.Context(), f.key("idp"), s); err != nil {
			t.Fatal(err)
		}
		ready, stalled := meta.FindStatusCondition(s.Status.Conditions, v1alpha1.ConditionReady), meta.FindStatusCondition(s.Status.Conditions, v1alpha1.ConditionStalled)
		if ready == nil || stalled == nil || (ready.Status == "True") == (stalled.Status == "True") {
			return "", ""
		}
		return ready.Reason, ready.Message
	}
	within(t, "the sync tells", func() string {
		if reason, message := condition(); reason != "ExtensionSchemaInvalid" || !strings.Contains(message, hrURN+":more for User: its URN begins with that of the schema "+hrURN) {
			return reason + ": " + message
		}
		return ""
	})
	c := f.on(0)
	body := fmt.Sprintf(`{"userName":"ada","%s:more":{"y":"text"},"%s":{"x":"7"}}`, hrURN, hrURN)
	if got := c.want(t, 201, "POST", "/Users", body); extensionOf(t, got) != `{"x":7}` || !strings.Contains(got.Body, `:more":{"y":"text"}`) {
		t.Errorf("one schema is served, what belongs to the other is kept: %s", got.Body)
	}
	update(t, f.key("idp"), s, func(s *v1alpha1.IdentityProviderSync) { s.Spec.ExtensionSchemas = s.Spec.ExtensionSchemas[:1] })
	within(t, "the sync is ready", func() string {
		if reason, message := condition(); reason == "ExtensionSchemaInvalid" || reason == "" {
			return reason + ": " + message
		}
		return ""
	})
}
