package patch

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/resource"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

var (
	texts = rapid.SampledFrom([]string{"a", "b", "A", "ü", ""})
	kinds = rapid.SampledFrom([]string{"work", "home", "other", ""})
	lists = rapid.SampledFrom([]string{"emails", "roles", "ims"})
)

func values() *rapid.Generator[[]any] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) any {
		value := scim.Object{"value": texts.Draw(t, "value"), "type": kinds.Draw(t, "type")}
		if rapid.Bool().Draw(t, "primary") {
			value["primary"] = rapid.SampledFrom([]any{true, false, "True"}).Draw(t, "is")
		}
		return value
	}), 0, 3)
}

// operations are valid in form; some fail for what they find.
func operations() *rapid.Generator[any] {
	verbs := rapid.SampledFrom([]string{"add", "Replace", "remove"})
	return rapid.Custom(func(t *rapid.T) any {
		op := scim.Object{"op": verbs.Draw(t, "op")}
		list := lists.Draw(t, "list")
		switch rapid.IntRange(0, 5).Draw(t, "form") {
		case 0:
			op["path"], op["value"] = "title", texts.Draw(t, "title")
		case 1:
			op["path"], op["value"] = list, any(values().Draw(t, "values"))
		case 2:
			op["path"], op["value"] = fmt.Sprintf("%s[type eq %q].value", list, kinds.Draw(t, "type")), texts.Draw(t, "value")
		case 3:
			op["path"], op["value"] = list+`[primary eq "True"].display`, texts.Draw(t, "display")
		case 4:
			op["path"], op["value"] = fmt.Sprintf("%s[type eq %q].primary", list, kinds.Draw(t, "type")), rapid.Bool().Draw(t, "primary")
		case 5:
			op["op"], op["value"] = "replace", scim.Object{"name.givenName": texts.Draw(t, "name"), "manager": texts.Draw(t, "manager"), list: any(values().Draw(t, "values"))}
		}
		return op
	})
}

// Whatever is applied, the result may be stored, and what was given is left as
// it was.
func TestResultsAreValid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		current := scim.Object{"userName": "x", "active": true}
		for range rapid.IntRange(1, 4).Draw(t, "requests") {
			body := scim.Object{"Operations": rapid.SliceOfN(operations(), 0, 4).Draw(t, "operations")}
			request, err := Parse(schema.UserType(), "id-1", body)
			if err != nil {
				continue
			}
			before := resource.Clone(current)
			next, err := applied(request, current)
			if diff := cmp.Diff(before, current); diff != "" {
				t.Fatalf("the current attributes were changed (-want +got):\n%s", diff)
			}
			if err != nil {
				continue
			}
			if err := resource.Validate(schema.UserType(), next); err != nil {
				t.Fatalf("%v: %v", err, next)
			}
			// What is stored reads as it is: nothing in it is empty, twice or misnamed.
			decoded, err := resource.Decode(schema.UserType(), next)
			if err != nil {
				t.Fatalf("%v: %v", err, next)
			}
			if diff := cmp.Diff(next, decoded.Attributes); diff != "" {
				t.Fatalf("stored attributes read as others (-stored +read):\n%s", diff)
			}
			current = next
		}
	})
}

// A client that repeats a PATCH that only adds or replaces whole attributes
// changes nothing, nor does one that writes back what it has read.
func TestRepeatingChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		verb := rapid.SampledFrom([]string{"add", "replace"}).Draw(t, "op")
		list := lists.Draw(t, "list")
		body := scim.Object{"Operations": []any{
			scim.Object{"op": verb, "path": list, "value": any(values().Draw(t, "values"))},
			scim.Object{"op": verb, "value": scim.Object{"title": texts.Draw(t, "title"), "name": scim.Object{"givenName": texts.Draw(t, "name")}}},
		}}
		current := scim.Object{"userName": "x", "title": "T", "emails": []any{scim.Object{"value": "a", "primary": true}}}
		request, err := Parse(schema.UserType(), "id-1", body)
		if err != nil {
			t.Fatal(err)
		}
		once, err := applied(request, current)
		if err != nil {
			return // two primary values
		}
		twice, err := applied(request, once)
		if diff := cmp.Diff(once, twice); err != nil || diff != "" {
			t.Fatalf("repeated: %v (-once +twice):\n%s", err, diff)
		}
		back, err := Parse(schema.UserType(), "id-1", scim.Object{"Operations": []any{scim.Object{"op": verb, "value": once}}})
		if err != nil {
			t.Fatal(err)
		}
		same, err := applied(back, once)
		if diff := cmp.Diff(once, same); err != nil || diff != "" {
			t.Fatalf("written back: %v (-once +same):\n%s", err, diff)
		}
	})
}

func applied(request *Request, current scim.Object) (scim.Object, error) {
	if change := request.Change(); change.Apply != nil {
		return change.Apply(current)
	}
	return current, nil
}
