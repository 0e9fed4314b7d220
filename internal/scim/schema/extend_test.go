package schema

import (
	"strings"
	"testing"
)

func declaration(urn string, attributes ...*Attribute) Extension {
	return Extension{Schema: &Schema{ID: urn, Attributes: attributes}}
}

func a(name string, kind Type, with ...characteristic) *Attribute {
	return attribute(name, kind, "", with...)
}

func TestExtendRefuses(t *testing.T) {
	const urn = "urn:example:hr:2.0:User"
	badge := a("badge", String)
	tests := map[string]struct {
		extension Extension
		says      string // empty: it is taken
	}{
		"a URN":                     {declaration(urn, badge), ""},
		"no URN":                    {declaration("https://example.com", badge), "no URN"},
		"the core URN":              {declaration(strings.ToUpper(UserURN), badge), "exists already"},
		"the core URN of a group":   {declaration(GroupURN, badge), "exists already"},
		"the enterprise URN":        {declaration(EnterpriseUserURN, badge), "exists already"},
		"in the enterprise URN":     {declaration(EnterpriseUserURN+":more", badge), "begins with that of the schema"},
		"around the enterprise URN": {declaration("urn:ietf:params:scim:schemas:extension", badge), "begins with it"},
		"no attributes":             {declaration(urn), "no attributes"},
		"a name twice":              {declaration(urn, badge, a("BADGE", String)), "attribute BADGE is declared twice"},
		"a bad name":                {declaration(urn, a("bad ge", String)), "a name begins with a letter"},
		"a bad type":                {declaration(urn, a("x", "int")), `no type "int"`},
		"complex without parts":     {declaration(urn, a("x", Complex)), "needs subAttributes"},
		"parts of a simple one":     {declaration(urn, a("x", String, subAttributes(a("y", String)))), "no subAttributes"},
		"complex in complex":        {declaration(urn, a("x", Complex, subAttributes(a("y", Complex, subAttributes(a("z", String)))))), "sub-attribute y"},
		"a part twice":              {declaration(urn, a("x", Complex, subAttributes(a("y", String), a("Y", String)))), "attribute x: sub-attribute Y is declared twice"},
		"several in a part":         {declaration(urn, a("x", Complex, subAttributes(a("y", String, multiValued)))), "one simple value"},
		"a unique boolean":          {declaration(urn, a("x", Boolean, unique)), "type boolean cannot be unique"},
		"a unique complex":          {declaration(urn, a("x", Complex, unique, subAttributes(a("y", String)))), "type complex cannot be unique"},
		"several unique":            {declaration(urn, a("x", String, unique, multiValued)), "multi-valued attribute cannot be unique"},
		"a unique integer":          {declaration(urn, a("x", Integer, unique)), ""},
		"references of a string":    {declaration(urn, a("x", String, refersTo("User"))), "no referenceTypes"},
		"writeOnly, yet returned":   {declaration(urn, a("x", String, func(a *Attribute) { a.Mutability = WriteOnly })), "returned never"},
		"readOnly, yet required":    {declaration(urn, a("x", String, readOnly, required)), "nobody can send"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			rt, errs := Extend(user, tt.extension)
			if tt.says == "" {
				if errs[0] != nil || len(rt.Extensions) != 2 {
					t.Errorf("got %v, %d extensions", errs[0], len(rt.Extensions))
				}
				return
			}
			if errs[0] == nil || !strings.Contains(errs[0].Error(), tt.says) || len(rt.Extensions) != 1 {
				t.Errorf("got %v, %d extensions; want an error that says %q", errs[0], len(rt.Extensions), tt.says)
			}
		})
	}
}

// A declaration that cannot be served takes no other with it, and the type it
// was for stays as it is.
func TestExtendLeavesOutWhatIsBad(t *testing.T) {
	rt, errs := Extend(user,
		declaration("urn:example:one", a("x", String)),
		declaration("urn:example:one:two", a("x", String)),
		declaration("URN:Example:One", a("x", String)),
		declaration("urn:example:three", a("x", Reference)))
	for i, bad := range []bool{false, true, true, false} {
		if (errs[i] != nil) != bad {
			t.Errorf("%d: %v", i, errs[i])
		}
	}
	if len(rt.Extensions) != 3 || len(user.Extensions) != 1 || !rt.Declares() || user.Declares() {
		t.Errorf("%d extensions, %d in the base", len(rt.Extensions), len(user.Extensions))
	}
	x := rt.Extension("urn:example:three").Attribute("x")
	if !x.CaseExact || len(x.ReferenceTypes) != 1 || !x.Declared {
		t.Errorf("a reference has case %v, types %v", x.CaseExact, x.ReferenceTypes)
	}
}

// Where the URN ends is decided by the schemas, wherever a parser has cut.
func TestLookupOfDeclared(t *testing.T) {
	rt, errs := Extend(user,
		declaration("urn:acme:hr", a("badge", Complex, subAttributes(a("level", Integer))), a("group", String), a("manager", String)),
		declaration("urn:acme:v1.0_x", a("hr", String)))
	if errs[0] != nil || errs[1] != nil {
		t.Fatal(errs)
	}
	tests := map[string]struct{ urn, name, sub, want string }{
		"cut right":                   {"urn:acme:hr", "badge", "level", "urn:acme:hr:badge.level"},
		"not cut":                     {"URN:ACME:HR:badge.LEVEL", "", "", "urn:acme:hr:badge.level"},
		"the extension, cut":          {"urn:acme", "hr", "", "urn:acme:hr"},
		"the extension, not cut":      {"urn:acme:hr", "", "", "urn:acme:hr"},
		"a version in the URN, cut":   {"urn:acme", "v1", "0_x", "urn:acme:v1.0_x"},
		"an attribute of it":          {"urn:acme:v1.0_x", "hr", "", "urn:acme:v1.0_x:hr"},
		"named as the end of a URN":   {"urn:acme:hr:group", "", "", "urn:acme:hr:group"},
		"unknown":                     {"urn:acme:hr", "shoe", "", ""},
		"unknown, not cut":            {"urn:acme:hr:shoe", "", "", ""},
		"another URN":                 {"urn:acme:hr2", "badge", "", ""},
		"a bare name is the RFC's":    {"", "manager", "", EnterpriseUserURN + ":manager"},
		"a bare name is not declared": {"", "badge", "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			target, found := rt.Lookup(tt.urn, tt.name, tt.sub)
			if found != (tt.want != "") || found && target.String() != tt.want {
				t.Errorf("got %s, %v; want %q", target, found, tt.want)
			}
		})
	}
	for urn, want := range map[string]bool{"urn:acme:hr:shoe": true, "urn:acme:hr": true, "urn:acme:hr2": false, "urn:acme": false, UserURN + ":x": true} {
		if rt.Owns(urn) != want {
			t.Errorf("Owns(%s) = %v", urn, !want)
		}
	}
}
