package idpsim

import (
	"fmt"
	"slices"
	"strings"
)

// The URNs that are written into bodies.
const (
	userURN       = "urn:ietf:params:scim:schemas:core:2.0:User"
	groupURN      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	enterpriseURN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	patchURN      = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
)

// object is a JSON object.
type object = map[string]any

// attribute maps one attribute of the directory to its place in a SCIM user.
// One table of them per profile makes whole bodies, PATCH operations and what
// verification expects.
type attribute struct {
	path  string // as written in a PATCH
	value func(*Person) any
	attributePlace
}

// attributePlace is a parsed path: extension, attribute, the element with key equal to
// filter, and sub-attribute.
type attributePlace struct {
	urn, name   string
	key, filter string // empty for an attribute without a value filter
	sub         string
}

// at makes an attribute from the path that a PATCH would use.
func at(path string, value func(*Person) any) attribute {
	to := attributePlace{name: path}
	if rest, ok := strings.CutPrefix(path, enterpriseURN+":"); ok {
		to.urn, to.name = enterpriseURN, rest
	}
	if open := strings.IndexByte(to.name, '['); open > 0 {
		filter, rest, _ := strings.Cut(to.name[open+1:], "]")
		to.key, to.filter, _ = strings.Cut(filter, " eq ")
		to.filter = strings.Trim(to.filter, `"`)
		to.name, to.sub = to.name[:open], strings.TrimPrefix(rest, ".")
	} else {
		to.name, to.sub, _ = strings.Cut(to.name, ".")
	}
	return attribute{path: path, value: value, attributePlace: to}
}

// text is an attribute that is absent when it is empty.
func text(get func(*Person) string) func(*Person) any {
	return func(p *Person) any {
		if s := get(p); s != "" {
			return s
		}
		return nil
	}
}

// always is an attribute that every user has, such as emails.primary.
func always(value any) func(*Person) any { return func(*Person) any { return value } }

// assemble makes a whole SCIM user from a table.
func assemble(table []attribute, p *Person) object {
	user := make(object, len(table))
	for i := range table {
		if v := table[i].value(p); v != nil {
			table[i].set(user, v)
		}
	}
	return user
}

// set puts a value in its place; what is on the way is made.
func (at *attributePlace) set(user object, value any) {
	if at.urn != "" {
		user = child(user, at.urn)
	}
	switch {
	case at.key != "":
		elements, _ := user[at.name].([]any)
		element := at.element(elements)
		if element == nil {
			element = object{at.key: at.filterValue()}
			user[at.name] = append(elements, element)
		}
		element[at.sub] = value
	case at.sub != "":
		child(user, at.name)[at.sub] = value
	default:
		user[at.name] = value
	}
}

// filterValue is the value that fulfills the filter: primary eq "True" means the
// boolean, which Entra ID writes as a string.
func (at *attributePlace) filterValue() any {
	if at.key == "primary" {
		return strings.EqualFold(at.filter, "true")
	}
	return at.filter
}

func child(parent object, key string) object {
	next, ok := parent[key].(object)
	if !ok {
		next = object{}
		parent[key] = next
	}
	return next
}

// element finds the element that the filter names.
func (at *attributePlace) element(elements []any) object {
	for _, e := range elements {
		if o, ok := e.(object); ok && strings.EqualFold(fmt.Sprint(o[at.key]), at.filter) {
			return o
		}
	}
	return nil
}

// get reads the value in a SCIM user as the server answers it; nil if absent.
// An empty string is as good as absent, as identity providers see it.
func (at *attributePlace) get(user object) any {
	if at.urn != "" {
		user, _ = user[at.urn].(object)
	}
	value := user[at.name]
	if at.key != "" {
		elements, _ := value.([]any)
		value = at.element(elements)[at.sub]
	} else if at.sub != "" {
		parent, _ := value.(object)
		value = parent[at.sub]
	}
	if value == "" {
		return nil
	}
	return value
}

// remove takes the value away, and the element that has then no value left.
func (at *attributePlace) remove(user object) {
	if at.urn != "" {
		user, _ = user[at.urn].(object)
	}
	switch {
	case at.key != "":
		elements, _ := user[at.name].([]any)
		delete(at.element(elements), at.sub)
		kept := slices.DeleteFunc(elements, func(e any) bool { return empty(e, at.key) })
		if len(kept) > 0 {
			user[at.name] = kept
		} else {
			delete(user, at.name)
		}
	case at.sub != "":
		parent, _ := user[at.name].(object)
		delete(parent, at.sub)
		if len(parent) == 0 {
			delete(user, at.name)
		}
	default:
		delete(user, at.name)
	}
}

// empty says whether an element has nothing but its type.
func empty(element any, key string) bool {
	o, ok := element.(object)
	for k := range o {
		if k != key && k != "primary" && k != "display" {
			return false
		}
	}
	return ok
}

// diff is one attribute that must change. A nil is an absent value.
type diff struct {
	*attribute
	old, new any
}

// diffs compares a person with what is there now.
func diffs(table []attribute, now func(*attribute) any, p *Person) []diff {
	var list []diff
	for i := range table {
		at := &table[i]
		if before, after := now(at), at.value(p); before != after {
			list = append(list, diff{at, before, after})
		}
	}
	return list
}

// version reads attributes from an earlier version of a person.
func version(p *Person) func(*attribute) any {
	return func(at *attribute) any { return at.value(p) }
}

// resource reads attributes from a user that a server answered.
func resource(user object) func(*attribute) any {
	return func(at *attribute) any {
		switch v := at.get(user).(type) {
		case string, bool:
			return v
		case nil:
			return nil
		default:
			return fmt.Sprint(v) // an object, say, which no attribute equals
		}
	}
}
