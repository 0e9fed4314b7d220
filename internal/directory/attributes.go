package directory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
)

// Attributes and specs say the same, in two notations. A spec has no notion of
// an attribute that is there but empty, and needs none: RFC 7643 §2.5 has an
// empty value mean the same as none. Booleans are pointers, since false is a
// value.

// put sets an attribute unless it is empty.
func put(o scim.Object, name, value string) {
	if value != "" {
		o[name] = value
	}
}

func putBool(o scim.Object, name string, value *bool) {
	if value != nil {
		o[name] = *value
	}
}

func putObject(o scim.Object, name string, value scim.Object) {
	if len(value) > 0 {
		o[name] = value
	}
}

// putList sets a multi-valued attribute from its values in a spec.
func putList[T any](o scim.Object, name string, values []T, convert func(*T) scim.Object) {
	if len(values) == 0 {
		return
	}
	list := make([]any, len(values))
	for i := range values {
		list[i] = convert(&values[i])
	}
	o[name] = list
}

// reader takes attributes out of an Object one after the other and keeps the
// first error. What is left in the end is what nobody asked for.
type reader struct {
	object scim.Object
	path   string // for messages, with a final dot
	taken  int
	err    *error
}

func newReader(o scim.Object) *reader {
	var err error
	return &reader{object: o, err: &err}
}

func (r *reader) take(name string) any {
	value, ok := r.object[name]
	if ok {
		r.taken++
	}
	return value
}

func (r *reader) fail(name, want string) {
	if *r.err == nil {
		*r.err = scim.BadRequest(scim.TypeInvalidValue, "attribute %q must be %s", r.path+name, want)
	}
}

func (r *reader) text(name string) string {
	value := r.take(name)
	s, ok := value.(string)
	if value != nil && !ok {
		r.fail(name, "a string")
	}
	return s
}

func (r *reader) boolean(name string) *bool {
	value := r.take(name)
	b, ok := value.(bool)
	if value == nil {
		return nil
	}
	if !ok {
		r.fail(name, "true or false")
	}
	return &b
}

// child reads a complex attribute; nil if it is absent or empty.
func (r *reader) child(name string) *reader {
	value := r.take(name)
	o, ok := value.(scim.Object)
	if value != nil && !ok {
		r.fail(name, "an object")
	}
	if len(o) == 0 {
		return nil
	}
	return &reader{object: o, path: r.path + name + ".", err: r.err}
}

// list reads a multi-valued complex attribute.
func list[T any](r *reader, name string, convert func(*reader) T) []T {
	value := r.take(name)
	values, ok := value.([]any)
	if value != nil && !ok {
		r.fail(name, "an array")
	}
	if len(values) == 0 {
		return nil
	}
	result := make([]T, len(values))
	for i, v := range values {
		o, ok := v.(scim.Object)
		if !ok {
			r.fail(name, "an array of objects")
			continue
		}
		item := &reader{object: o, path: r.path + name + ".", err: r.err}
		result[i] = convert(item)
		item.done()
	}
	return result
}

// done fails if an attribute was not read: it would be lost.
func (r *reader) done() {
	if r == nil || r.taken == len(r.object) || *r.err != nil {
		return
	}
	where := "the resource"
	if r.path != "" {
		where = fmt.Sprintf("%q", strings.TrimSuffix(r.path, "."))
	}
	*r.err = scim.BadRequest(scim.TypeInvalidValue, "%s has an attribute that the schema does not know", where)
}

// extensions reads everything named by a URN but the ones that are declared.
func (r *reader) extensions(declared string) map[string]v1alpha1.RawJSON {
	var result map[string]v1alpha1.RawJSON
	for name, value := range r.object {
		if name == declared || !strings.Contains(name, ":") {
			continue
		}
		r.taken++
		text, err := marshal(value)
		if err != nil {
			r.fail(name, fmt.Sprintf("a JSON value (%v)", err))
			continue
		}
		if result == nil {
			result = map[string]v1alpha1.RawJSON{}
		}
		result[name] = v1alpha1.RawJSON(text)
	}
	return result
}

func putExtensions(o scim.Object, extensions map[string]v1alpha1.RawJSON) {
	for urn, text := range extensions {
		decoder := json.NewDecoder(strings.NewReader(string(text)))
		decoder.UseNumber()
		var value any
		if err := decoder.Decode(&value); err != nil {
			value = string(text) // not written by us; shown rather than hidden
		}
		o[urn] = value
	}
}

func marshal(value any) (string, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", err
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}
