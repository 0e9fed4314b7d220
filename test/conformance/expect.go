package conformance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// is expects one of the statuses.
func (a *answer) is(statuses ...int) *answer {
	if !slices.Contains(statuses, a.status) {
		var names []string
		for _, status := range statuses {
			names = append(names, fmt.Sprintf("%d %s", status, http.StatusText(status)))
		}
		a.t.fail(a, "status %s", strings.Join(names, " or "))
	}
	return a
}

// ok expects what a PATCH may answer when it succeeds (RFC 7644 §3.5.2).
func (a *answer) ok() *answer { return a.is(http.StatusOK, http.StatusNoContent) }

// fails expects a SCIM error (RFC 7644 §3.12). An empty scimType is not looked at.
func (a *answer) fails(status int, scimType string) *answer {
	a.is(status)
	a.has(`{"schemas":["` + errorURN + `"],"status":"` + strconv.Itoa(status) + `"}`)
	if scimType != "" && a.body["scimType"] != scimType {
		a.t.fail(a, "scimType %s", scimType)
	}
	return a
}

// has expects a JSON object that has all of what is wanted. An object may have
// more keys; a list has just the elements, in any order; null stands for no
// value (RFC 7643 §2.5).
func (a *answer) has(want string) *answer {
	wanted := decode([]byte(a.t.expand(want)))
	if wanted == nil {
		panic("a case expects what is no JSON: " + want)
	}
	if a.body == nil {
		a.t.fail(a, "a JSON object with %s", a.t.expand(want))
	}
	if where, same := covers(a.body, wanted); !same {
		a.t.fail(a, "a body with %s; it differs at %q", a.t.expand(want), where)
	}
	return a
}

// covers tells whether got has all of want, and where it does not.
func covers(got, want any) (where string, same bool) {
	switch want := want.(type) {
	case nil:
		return "", empty(got)
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return "", false
		}
		for key, value := range want {
			if where, same := covers(object[key], value); !same {
				return strings.TrimSuffix(key+"."+where, "."), false
			}
		}
		return "", true
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return "", false
		}
		return coversAll(list, want)
	}
	return "", got == want
}

// coversAll finds another element for each one that is wanted.
func coversAll(got, want []any) (where string, same bool) {
	rest := slices.Clone(got)
	for i, value := range want {
		at := slices.IndexFunc(rest, func(candidate any) bool {
			_, same := covers(candidate, value)
			return same
		})
		if at < 0 {
			return strconv.Itoa(i), false
		}
		rest = slices.Delete(rest, at, at+1)
	}
	return "", true
}

// empty tells whether there is no value (RFC 7643 §2.5).
func empty(value any) bool {
	switch value := value.(type) {
	case nil:
		return true
	case []any:
		return len(value) == 0
	case map[string]any:
		return len(value) == 0
	}
	return false
}

// lacks expects that none of the attributes is there, not even as null.
func (a *answer) lacks(names ...string) *answer {
	if a.body == nil {
		a.t.fail(a, "a JSON object")
	}
	for _, name := range names {
		if _, there := a.body[name]; there {
			a.t.fail(a, "no %q in the body", name)
		}
	}
	return a
}

// at is the value at the keys and, in lists, the indexes; nil without one.
func (a *answer) at(path ...any) any {
	var value any = a.body
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, _ := value.(map[string]any)
			value = object[step]
		case int:
			list, _ := value.([]any)
			if step >= len(list) {
				return nil
			}
			value = list[step]
		}
	}
	return value
}

// text is the string at a path; there has to be one.
func (a *answer) text(path ...any) string {
	value, _ := a.at(path...).(string)
	if value == "" {
		a.t.fail(a, "a string at %v", path)
	}
	return value
}

// number is the integer at a path; there has to be one.
func (a *answer) number(path ...any) int {
	value, _ := a.at(path...).(json.Number)
	n, err := strconv.Atoi(value.String())
	if err != nil {
		a.t.fail(a, "an integer at %v", path)
	}
	return n
}

// list is the list at a path; there has to be one.
func (a *answer) list(path ...any) []any {
	value, ok := a.at(path...).([]any)
	if !ok {
		a.t.fail(a, "a list at %v", path)
	}
	return value
}

// instant is the xsd:dateTime at a path; there has to be one.
func (a *answer) instant(path ...any) time.Time {
	at, err := time.Parse(time.RFC3339Nano, a.text(path...))
	if err != nil {
		a.t.fail(a, "a date and time at %v", path)
	}
	return at
}

// found expects a ListResponse with just these resources, "@1" and so on.
func (a *answer) found(ids ...string) *answer {
	a.is(http.StatusOK)
	a.has(`{"schemas":["` + listURN + `"],"totalResults":` + strconv.Itoa(len(ids)) + `}`)
	got := a.ids()
	for i := range ids {
		ids[i] = a.t.expand(ids[i])
	}
	slices.Sort(got)
	slices.Sort(ids)
	if !slices.Equal(got, ids) {
		a.t.fail(a, "a list of the resources %q, and no others", ids)
	}
	return a
}

// ids are those of the resources in a ListResponse, in order.
func (a *answer) ids() []string {
	ids := []string{}
	if a.body["Resources"] == nil && a.number("totalResults") == 0 {
		return ids
	}
	for i := range a.list("Resources") {
		ids = append(ids, a.text("Resources", i, "id"))
	}
	return ids
}

// members expects the group to have just these members.
func (a *answer) members(ids ...string) *answer {
	a.is(http.StatusOK)
	var want []string
	for _, id := range ids {
		want = append(want, `{"value":"`+id+`"}`)
	}
	if len(want) == 0 {
		return a.has(`{"members":null}`)
	}
	return a.has(`{"members":[` + strings.Join(want, ",") + `]}`)
}

// named expects a header with a value.
func (a *answer) named(header, want string) *answer {
	if got := a.header.Get(header); got != want {
		a.t.fail(a, "the header %s: %s", header, want)
	}
	return a
}

// titled expects a header and gives its value.
func (a *answer) titled(header string) string {
	value := a.header.Get(header)
	if value == "" {
		a.t.fail(a, "a header %s", header)
	}
	return value
}

// blank expects that there is no body.
func (a *answer) blank() {
	if len(a.raw) > 0 {
		a.t.fail(a, "no body")
	}
}
