package filter

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

var (
	operators = []Operator{Equal, NotEqual, Contains, StartsWith, EndsWith, GreaterThan, GreaterOrEqual, LessThan, LessOrEqual}
	names     = rapid.StringMatching(`[A-Za-z][A-Za-z0-9_-]{0,8}|\$ref`)
	literals  = rapid.OneOf(
		rapid.Map(rapid.String(), func(s string) any { return s }),
		rapid.Map(rapid.Int(), func(int) any { return json.Number("-12.5e-3") }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Just[any](nil),
	)
)

func comparisons(paths *rapid.Generator[AttributePath]) *rapid.Generator[Expression] {
	return rapid.Custom(func(t *rapid.T) Expression {
		c := Comparison{Path: paths.Draw(t, "path"), Operator: Present}
		if rapid.Bool().Draw(t, "value") {
			c.Operator, c.Value = rapid.SampledFrom(operators).Draw(t, "operator"), literals.Draw(t, "literal")
		}
		return c
	})
}

func paths(sub bool) *rapid.Generator[AttributePath] {
	return rapid.Custom(func(t *rapid.T) AttributePath {
		p := AttributePath{
			URN:  rapid.SampledFrom([]string{"", schema.UserURN, schema.EnterpriseUserURN, "urn:example:2.0:User"}).Draw(t, "URN"),
			Name: names.Draw(t, "name"),
		}
		if sub && rapid.Bool().Draw(t, "has sub") {
			p.SubAttribute = names.Draw(t, "sub")
		}
		return p
	})
}

// expressions are trees of at most the depth over the leaves.
func expressions(leaf *rapid.Generator[Expression], depth int) *rapid.Generator[Expression] {
	if depth == 0 {
		return leaf
	}
	inner := expressions(leaf, depth-1)
	return rapid.OneOf(leaf,
		rapid.Custom(func(t *rapid.T) Expression { return And{inner.Draw(t, "left"), inner.Draw(t, "right")} }),
		rapid.Custom(func(t *rapid.T) Expression { return Or{inner.Draw(t, "left"), inner.Draw(t, "right")} }),
		rapid.Custom(func(t *rapid.T) Expression { return Not{inner.Draw(t, "operand")} }),
	)
}

func valuePaths() *rapid.Generator[Expression] {
	return rapid.Custom(func(t *rapid.T) Expression {
		v := ValuePath{
			Path:   paths(false).Draw(t, "path"),
			Filter: expressions(comparisons(paths(true)), 2).Draw(t, "filter"),
		}
		if rapid.Bool().Draw(t, "has then") {
			then := comparisons(rapid.Map(names, func(name string) AttributePath { return AttributePath{Name: name} })).Draw(t, "then").(Comparison)
			v.Then = &then
		}
		return v
	})
}

func TestParseReadsWhatStringWrites(t *testing.T) {
	filters := expressions(rapid.OneOf(comparisons(paths(true)), valuePaths()), 4)
	rapid.Check(t, func(t *rapid.T) {
		want := filters.Draw(t, "filter")
		got, err := Parse(want.String())
		if err != nil {
			t.Fatalf("%s: %v", want, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", want, diff)
		}
	})
}

func TestParsePathReadsWhatStringWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Path{AttributePath: paths(true).Draw(t, "path")}
		if rapid.Bool().Draw(t, "has filter") {
			want.Filter = expressions(comparisons(paths(true)), 2).Draw(t, "filter")
		}
		got, err := ParsePath(want.String())
		if err != nil {
			t.Fatalf("%s: %v", want, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", want, diff)
		}
	})
}
