package schema

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// stored is a field of a custom resource with the bounds that its markers set.
type stored struct {
	of             string // the name of its type, or of that of its items
	maxLength      int
	maxItems       int
	itemsMaxLength int
}

// customResources are the fields of the structs in api/v1alpha1, by their JSON
// names. The source is read because the protocol does not import Kubernetes.
func customResources(t *testing.T) map[string]map[string]stored {
	t.Helper()
	structs := map[string]map[string]stored{}
	for _, name := range []string{"user_types.go", "group_types.go", "resource_types.go"} {
		path := filepath.Join("..", "..", "..", "api", "v1alpha1", name)
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				if body, ok := spec.Type.(*ast.StructType); ok {
					structs[spec.Name.Name] = fields(body)
				}
			}
			return true
		})
	}
	return structs
}

func fields(body *ast.StructType) map[string]stored {
	byName := map[string]stored{}
	for _, field := range body.Fields.List {
		if field.Tag == nil {
			continue
		}
		tag, _ := strconv.Unquote(field.Tag.Value)
		name, _, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
		byName[name] = stored{
			of:             typeName(field.Type),
			maxLength:      marker(field.Doc, "MaxLength"),
			maxItems:       marker(field.Doc, "MaxItems"),
			itemsMaxLength: marker(field.Doc, "items:MaxLength"),
		}
	}
	return byName
}

func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return typeName(e.X)
	case *ast.ArrayType:
		return typeName(e.Elt)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// marker is the number after +kubebuilder:validation:name=, or 0.
func marker(doc *ast.CommentGroup, name string) int {
	if doc == nil {
		return 0
	}
	for _, line := range doc.List {
		if found := regexp.MustCompile(`\+kubebuilder:validation:` + name + `=(\d+)$`).FindStringSubmatch(line.Text); found != nil {
			n, _ := strconv.Atoi(found[1])
			return n
		}
	}
	return 0
}

// What passes here must be accepted by the API server, else a client would get
// an error that is none of SCIM's.
func TestBoundsEqualThoseOfTheCustomResources(t *testing.T) {
	structs := customResources(t)
	for _, a := range user.Schema.Attributes {
		if a.Name == "groups" || a.Name == "password" {
			continue // never stored with a user
		}
		compareBounds(t, structs, a.Name, a, structs["UserSpec"][a.Name])
	}
	for _, a := range enterpriseUser.Attributes {
		compareBounds(t, structs, a.Name, a, structs["EnterpriseUser"][a.Name])
	}
	compareBounds(t, structs, "displayName", group.Schema.Attribute("displayName"), structs["GroupSpec"]["displayName"])
	compareBounds(t, structs, "externalId", find(common, "externalId"), structs["ResourceSpec"]["externalId"])

	member := group.Schema.Attribute("members").SubAttribute("value")
	if limit := structs["GroupSpec"]["members"].itemsMaxLength; member.MaxLength != limit {
		t.Errorf("members.value: MaxLength %d, the custom resource has %d", member.MaxLength, limit)
	}
}

func compareBounds(t *testing.T, structs map[string]map[string]stored, name string, a *Attribute, field stored) {
	t.Helper()
	if field.of == "" {
		t.Errorf("%s: the custom resource does not have it", name)
	}
	if a.MaxItems != field.maxItems {
		t.Errorf("%s: MaxItems %d, the custom resource has %d", name, a.MaxItems, field.maxItems)
	}
	if a.Type != Boolean && a.Type != Complex && (a.MaxLength == 0 || a.MaxLength != field.maxLength) {
		t.Errorf("%s: MaxLength %d, the custom resource has %d", name, a.MaxLength, field.maxLength)
	}
	subs := structs[field.of]
	if len(a.SubAttributes) != len(subs) {
		t.Errorf("%s: %d sub-attributes, the custom resource has %d", name, len(a.SubAttributes), len(subs))
	}
	for _, sub := range a.SubAttributes {
		compareBounds(t, structs, name+"."+sub.Name, sub, subs[strings.TrimPrefix(sub.Name, "$")])
	}
}
