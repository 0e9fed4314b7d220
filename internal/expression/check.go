package expression

import (
	"fmt"
	"slices"
	"strings"

	celast "github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// reads are the attributes and the URNs of extensions that an expression
// reads, so that only those are made into CEL values.
type reads struct {
	names []string
	all   bool // it may read anything
}

// from gives the attributes of a resource that are read.
func (r reads) from(resource source) map[string]any {
	names := r.names
	if r.all {
		names = slices.Clone(resource.names)
		for urn := range resource.extensions {
			names = append(names, urn)
		}
	}
	values := make(map[string]any, len(names))
	for _, name := range names {
		value := resource.attribute(name)
		if value == nil && isURN(name) {
			value = extension(resource.extensions, name)
		}
		if value != nil {
			values[name] = value
		}
	}
	return values
}

// check finds what an expression reads of its variable. It refuses an attribute
// that no resource can have: a slip of the pen, which would fail for everybody
// only later.
func check(checked *celast.AST, variable string, example source) (r reads, err error) {
	celast.MatchDescendants(celast.NavigateAST(checked), func(e celast.NavigableExpr) bool {
		if e.Kind() != celast.IdentKind || e.AsIdent() != variable || err != nil {
			return false
		}
		parent, ok := e.Parent()
		if !ok {
			r.all = true
			return false
		}
		name := attributeOf(parent)
		if name == "" {
			r.all = true
			return false
		}
		value := example.attribute(name)
		if value == nil && !isURN(name) {
			err = unknownAttribute(variable, name, example.names)
			return false
		}
		if !slices.Contains(r.names, name) {
			r.names = append(r.names, name)
		}
		known, ok := value.(map[string]any)
		if grandparent, has := parent.Parent(); ok && has {
			if sub := attributeOf(grandparent); sub != "" && known[sub] == nil {
				err = unknownAttribute(variable+"."+name, sub, namesOf(known))
			}
		}
		return false
	})
	return r, err
}

func namesOf(known map[string]any) []string {
	names := make([]string, 0, len(known))
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func unknownAttribute(of, name string, known []string) error {
	known = slices.DeleteFunc(slices.Clone(known), isURN)
	const longest = 64 // in characters: a name is shown, not an expression's whole text
	if runes := []rune(name); len(runes) > longest {
		name = string(runes[:longest]) + "…"
	}
	return fmt.Errorf("%s has no attribute %q; it may have %s", of, name, strings.Join(known, ", "))
}

// isURN tells the URN of an extension from the name of an attribute, which has
// no colon (RFC 7643 §2.1).
func isURN(name string) bool {
	return strings.Contains(name, ":")
}

// attributeOf gives the name in x.name, x["name"], x.?name and x[?"name"]; ""
// for any other expression.
func attributeOf(e celast.Expr) string {
	switch e.Kind() {
	case celast.SelectKind:
		return e.AsSelect().FieldName()
	case celast.CallKind:
		call := e.AsCall()
		switch call.FunctionName() {
		case operators.Index, operators.OptIndex, operators.OptSelect:
			if len(call.Args()) == 2 && call.Args()[1].Kind() == celast.LiteralKind {
				if key, ok := call.Args()[1].AsLiteral().(types.String); ok {
					return string(key)
				}
			}
		}
	}
	return ""
}

// exampleUser and exampleGroup have every attribute, to try an expression on.
var (
	exampleUser = userAttributes(func() *v1alpha1.User {
		yes := true
		values := []v1alpha1.MultiValue{{Value: "jane@example.com", Display: "Jane", Type: "work", Primary: &yes}}
		large := []v1alpha1.LargeMultiValue{{Value: "https://example.com/jane", Display: "Jane", Type: "photo", Primary: &yes}}
		user := &v1alpha1.User{Spec: v1alpha1.UserSpec{
			UserName: "jane@example.com", Active: &yes, DisplayName: "Jane", NickName: "Jane",
			ProfileURL: "https://example.com/jane", Title: "Engineer", UserType: "Employee",
			PreferredLanguage: "en", Locale: "en-US", Timezone: "Europe/Berlin",
			Name: &v1alpha1.Name{Formatted: "Jane Doe", FamilyName: "Doe", GivenName: "Jane",
				MiddleName: "M", HonorificPrefix: "Dr.", HonorificSuffix: "III"},
			Emails: values, PhoneNumbers: values, IMs: values, Entitlements: values, Roles: values,
			Photos: large, X509Certificates: large,
			Addresses: []v1alpha1.Address{{Formatted: "1 Main St", StreetAddress: "1 Main St", Locality: "Berlin",
				Region: "BE", PostalCode: "10115", Country: "DE", Type: "work", Primary: &yes}},
			Enterprise: &v1alpha1.EnterpriseUser{EmployeeNumber: "1", CostCenter: "1", Organization: "Example",
				Division: "R", Department: "D", Manager: &v1alpha1.Manager{Value: "2", Ref: "Users/2", DisplayName: "M"}},
		}}
		user.Spec.ID, user.Spec.ExternalID = "jane-u", "1"
		return user
	}())
	exampleGroup = groupAttributes(func() *v1alpha1.Group {
		group := &v1alpha1.Group{Spec: v1alpha1.GroupSpec{DisplayName: "k8s-sre"}}
		group.Spec.ID, group.Spec.ExternalID = "k8s-sre-g", "1"
		return group
	}())
)
