package handler

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/internal/scim"
)

// bulkIDPrefix begins a reference to what another operation creates (RFC 7644
// §3.7.2), as the value of an attribute or as an id in a path.
const bulkIDPrefix = "bulkId:"

// rewrite replaces the references in a value by what visit gives for a bulkId.
// They are looked for where ids of resources are: in `value`, members, manager,
// and in the path of a PATCH operation. Without ok, the reference is left out
// together with the value of which it is the `value`. The value is changed.
func rewrite(value any, visit func(name string) (id string, ok bool)) any {
	value, _ = rewriteValue(value, false, visit)
	return value
}

func rewriteValue(value any, isID bool, visit func(string) (string, bool)) (result any, keep bool) {
	switch value := value.(type) {
	case string:
		if name, found := strings.CutPrefix(value, bulkIDPrefix); found && isID {
			return visit(name)
		}
	case []any:
		kept := make([]any, 0, len(value))
		for _, item := range value {
			if item, keep := rewriteValue(item, isID, visit); keep {
				kept = append(kept, item)
			}
		}
		return kept, true
	case scim.Object:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			if text, ok := value[key].(string); ok && strings.EqualFold(key, "path") {
				value[key] = rewriteFilter(text, visit)
				continue
			}
			item, keep := rewriteValue(value[key], holdsIDs(key), visit)
			switch {
			case keep:
				value[key] = item
			case strings.EqualFold(key, "value"):
				return nil, false
			default:
				delete(value, key)
			}
		}
	}
	return value, true
}

// holdsIDs tells whether an attribute may have ids of resources as its values.
func holdsIDs(key string) bool {
	if schemaEnd := strings.LastIndexByte(key, ':'); schemaEnd >= 0 {
		key = key[schemaEnd+1:]
	}
	key = strings.ToLower(key)
	return key == "value" || key == "members" || key == "manager" || key == "members.value" || key == "manager.value"
}

// rewriteFilter replaces references in the filter of a path:
// members[value eq "bulkId:x"].
func rewriteFilter(path string, visit func(string) (string, bool)) string {
	const begin = `"` + bulkIDPrefix
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(path, begin)
		name, after, closed := strings.Cut(rest, `"`)
		if !found || !closed {
			b.WriteString(path)
			return b.String()
		}
		b.WriteString(before)
		if id, ok := visit(name); ok {
			b.WriteString(`"` + id + `"`)
		} else {
			b.WriteString(begin + name + `"`)
		}
		path = after
	}
}

// bulkIDsIn gives the bulkIds that the data of an operation refers to.
func bulkIDsIn(data scim.Object) []string {
	var names []string
	rewrite(data, func(name string) (string, bool) {
		names = append(names, name)
		return bulkIDPrefix + name, true
	})
	return names
}

// bulkIDsInPath gives the bulkId of a path such as /Users/bulkId:x.
func bulkIDsInPath(path string) []string {
	if _, id, ok := splitPath(path); ok {
		if name, found := strings.CutPrefix(id, bulkIDPrefix); found {
			return []string{name}
		}
	}
	return nil
}

// withReferences gives the attributes of which something refers to one of the
// bulkIds, whole.
func withReferences(data scim.Object, wanted map[string]bool) scim.Object {
	chosen := scim.Object{}
	for key, value := range data {
		for _, name := range bulkIDsIn(scim.Object{key: value}) {
			if wanted[name] {
				chosen[key] = value
			}
		}
	}
	return chosen
}

// resolve puts ids in the place of bulkIds; what is circular is left out.
func (run *bulkRun) resolve(data scim.Object, circular map[string]bool) (scim.Object, error) {
	if data == nil {
		return nil, nil
	}
	var failure error
	rewrite(data, func(name string) (string, bool) {
		if circular[name] {
			return "", false
		}
		id, err := run.idOf(name)
		if err != nil {
			failure = err
		}
		return id, true
	})
	return data, failure
}

func (run *bulkRun) resolvePath(path string) (string, error) {
	names := bulkIDsInPath(path)
	if len(names) == 0 {
		return path, nil
	}
	id, err := run.idOf(names[0])
	endpoint, _, _ := splitPath(path)
	return "/" + endpoint + "/" + url.PathEscape(id), err
}

// idOf is the id of what the operation with a bulkId created.
func (run *bulkRun) idOf(name string) (string, error) {
	target := run.created[name]
	switch {
	case target == nil:
		return "", scim.BadRequest(scim.TypeInvalidValue, "bulkId:%s names no POST of this bulk request", name)
	case target.id == "":
		return "", &scim.Error{Status: http.StatusConflict, Detail: "bulkId:" + name + " was not created, so it cannot be referred to"}
	}
	return target.id, nil
}
