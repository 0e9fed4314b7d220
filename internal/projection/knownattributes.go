package projection

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	celast "github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// exampleUser has every attribute, to try an expression on.
var exampleUser = func() *v1alpha1.User {
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
}()

// checkAttributes refuses an expression that reads an attribute no user can
// have: a slip of the pen, which would fail for everybody only later. It tells
// whether the expression may read undeclared extensions.
func checkAttributes(checked *celast.AST) (extensions bool, err error) {
	known := attributes(exampleUser)
	celast.MatchDescendants(celast.NavigateAST(checked), func(e celast.NavigableExpr) bool {
		if !isUser(e) || err != nil {
			return false
		}
		parent, ok := e.Parent()
		if !ok {
			extensions = true
			return false
		}
		name := attributeOf(parent)
		value, isKnown := known[name]
		switch {
		case isKnown:
		case name == "", isURN(name):
			extensions = true
			return false
		default:
			err = unknownAttribute("user", name, known)
			return false
		}
		complexValue, ok := value.(map[string]any)
		if grandparent, has := parent.Parent(); ok && has {
			if sub := attributeOf(grandparent); sub != "" && complexValue[sub] == nil {
				err = unknownAttribute("user."+name, sub, complexValue)
			}
		}
		return false
	})
	return extensions, err
}

func unknownAttribute(of, name string, known map[string]any) error {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(known)), isURN)
	return fmt.Errorf("%s has no attribute %q; it may have %s", of, name, strings.Join(names, ", "))
}

func isURN(name string) bool {
	return len(name) > 4 && strings.EqualFold(name[:4], "urn:")
}

// attributeOf gives the name in x.name and x["name"]; "" for any other expression.
func attributeOf(e celast.Expr) string {
	switch e.Kind() {
	case celast.SelectKind:
		return e.AsSelect().FieldName()
	case celast.CallKind:
		call := e.AsCall()
		if call.FunctionName() != "_[_]" || len(call.Args()) != 2 || call.Args()[1].Kind() != celast.LiteralKind {
			return ""
		}
		if key, ok := call.Args()[1].AsLiteral().(types.String); ok {
			return string(key)
		}
	}
	return ""
}

func isUser(e celast.Expr) bool {
	return e.Kind() == celast.IdentKind && e.AsIdent() == "user"
}
