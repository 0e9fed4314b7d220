package patch

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

const enterprise = schema.EnterpriseUserURN

func fromJSON(t testing.TB, text string) scim.Object {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var object scim.Object
	if err := decoder.Decode(&object); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return object
}

func parse(t testing.TB, rt *schema.ResourceType, operations string) (*Request, error) {
	t.Helper()
	return Parse(rt, "id-1", fromJSON(t, `{"schemas":["`+URN+`"],"Operations":`+operations+`}`))
}

// apply does the operations to the attributes of a user, twice, as a store
// does after a conflict.
func apply(t testing.TB, current, operations string) (scim.Object, error) {
	t.Helper()
	request, err := parse(t, schema.UserType(), operations)
	if err != nil {
		return nil, err
	}
	stored := fromJSON(t, current)
	change := request.Change()
	if change.Apply == nil {
		return stored, nil
	}
	first, firstErr := change.Apply(stored)
	if diff := cmp.Diff(fromJSON(t, current), stored); diff != "" {
		t.Errorf("the current attributes were changed (-want +got):\n%s", diff)
	}
	second, secondErr := change.Apply(stored)
	if diff := cmp.Diff(first, second); diff != "" || (firstErr == nil) != (secondErr == nil) {
		t.Errorf("applied again, the outcome is another (-first +second):\n%s%v, %v", diff, firstErr, secondErr)
	}
	return second, secondErr
}

func wantError(t *testing.T, err error, scimType, detail string) {
	t.Helper()
	var failed *scim.Error
	if !errors.As(err, &failed) {
		t.Fatalf("got error %v, want a %s", err, scimType)
	}
	if failed.Status != http.StatusBadRequest || failed.Type != scimType || !strings.Contains(failed.Detail, detail) {
		t.Errorf("got %d %s %q, want 400 %s with %q", failed.Status, failed.Type, failed.Detail, scimType, detail)
	}
}

func TestParseRequest(t *testing.T) {
	tests := map[string]struct{ body, want string }{
		"as the RFC has it":      {`{"schemas":["` + URN + `"],"Operations":[{"op":"replace","path":"title","value":"T"}]}`, `{"userName":"x","title":"T"}`},
		"keys in another case":   {`{"operations":[{"OP":"REPLACE","Path":"TITLE","VALUE":"T"}]}`, `{"userName":"x","title":"T"}`},
		"no schemas":             {`{"Operations":[{"op":"Add","path":"title","value":"T"}]}`, `{"userName":"x","title":"T"}`},
		"one operation, no list": {`{"Operations":{"op":"add","path":"title","value":"T"}}`, `{"userName":"x","title":"T"}`},
		"Okta, no op":            {`{"Operations":[{"value":{"active":false}}]}`, `{"userName":"x","active":false}`},
		"op null":                {`{"Operations":[{"op":null,"path":"active","value":false}]}`, `{"userName":"x","active":false}`},
		"path null":              {`{"Operations":[{"op":"add","path":null,"value":{"title":"T"}}]}`, `{"userName":"x","title":"T"}`},
		"path with spaces":       {`{"Operations":[{"op":"add","path":" title ","value":"T"}]}`, `{"userName":"x","title":"T"}`},
		"no operations":          {`{"Operations":[]}`, `{"userName":"x"}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			request, err := Parse(schema.UserType(), "id-1", fromJSON(t, tt.body))
			if err != nil {
				t.Fatal(err)
			}
			got := fromJSON(t, `{"userName":"x"}`)
			if change := request.Change(); change.Apply != nil {
				if got, err = change.Apply(got); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(fromJSON(t, tt.want), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseRequestErrors(t *testing.T) {
	operation := `{"op":"add","path":"title","value":"T"},`
	var attributes strings.Builder
	for i := range MaxOperations {
		fmt.Fprintf(&attributes, `"urn:a:b:c%d":1,`, i)
	}
	tests := map[string]struct{ body, scimType, want string }{
		"no Operations":         {`{"schemas":["` + URN + `"]}`, scim.TypeInvalidSyntax, "no Operations"},
		"Operations null":       {`{"Operations":null}`, scim.TypeInvalidSyntax, "no Operations"},
		"Operations as text":    {`{"Operations":"x"}`, scim.TypeInvalidSyntax, "operation 1: must be an object"},
		"not an object":         {`{"Operations":[` + operation + `7]}`, scim.TypeInvalidSyntax, "operation 2: must be an object"},
		"unknown op":            {`{"Operations":[{"op":"merge","path":"title","value":"T"}]}`, scim.TypeInvalidSyntax, "op must be add, replace or remove"},
		"op not a string":       {`{"Operations":[{"op":1,"path":"title","value":"T"}]}`, scim.TypeInvalidSyntax, "op must be add"},
		"neither op nor value":  {`{"Operations":[{"path":"title"}]}`, scim.TypeInvalidSyntax, "op must be add"},
		"path not a string":     {`{"Operations":[{"op":"add","path":["title"],"value":"T"}]}`, scim.TypeInvalidPath, "path must be a string"},
		"add without value":     {`{"Operations":[{"op":"add","path":"title"}]}`, scim.TypeInvalidValue, "add needs a value"},
		"replace without value": {`{"Operations":[{"op":"replace","path":"title"}]}`, scim.TypeInvalidValue, "replace needs a value"},
		"remove without path":   {`{"Operations":[{"op":"remove","value":{"title":"T"}}]}`, scim.TypeNoTarget, "remove needs a path"},
		"too many attributes":   {`{"Operations":[{"op":"add","value":{` + attributes.String() + `"urn:a:b":1}}]}`, scim.TypeInvalidValue, "at most 2000"},
		"too many comparisons":  {`{"Operations":[` + strings.TrimSuffix(strings.Repeat(`{"op":"remove","path":"emails[value eq 1`+strings.Repeat(` or value eq 2`, 255)+`]"},`, MaxComparisons/256+1), ",") + `]}`, scim.TypeInvalidValue, "at most 4096"},
		"too many":              {`{"Operations":[` + strings.TrimSuffix(strings.Repeat(operation, MaxOperations+1), ",") + `]}`, scim.TypeInvalidValue, "at most 2000"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(schema.UserType(), "id-1", fromJSON(t, tt.body))
			wantError(t, err, tt.scimType, tt.want)
		})
	}
}

func TestParseRequestAtTheBounds(t *testing.T) {
	operations := `[` + strings.TrimSuffix(strings.Repeat(`{"op":"add","path":"title","value":"T"},`, MaxOperations), ",") + `]`
	got, err := apply(t, `{"userName":"x"}`, operations)
	if err != nil || got["title"] != "T" {
		t.Errorf("got %v, %v", got, err)
	}
}
