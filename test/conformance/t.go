package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// The schemas of RFC 7643 and the messages of RFC 7644.
const (
	userURN       = "urn:ietf:params:scim:schemas:core:2.0:User"
	groupURN      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	enterpriseURN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	patchURN      = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	listURN       = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	errorURN      = "urn:ietf:params:scim:api:messages:2.0:Error"
	searchURN     = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
	bulkURN       = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
	bulkAnswerURN = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
)

// T is one run of one case: what it made, and how it talks to the service
// provider. The first expectation that is not met ends it.
type T struct {
	ctx      context.Context
	client   *client
	tag      string // unique, lower case letters and digits
	offer    *offer
	made     []string // ids, in the order of creation
	paths    []string // of what to remove at the end
	last     *answer
	counters int
}

// failure ends a case.
type failure struct {
	expected string
	at       *answer // nil without one
}

func (t *T) fail(at *answer, format string, args ...any) {
	panic(failure{expected: fmt.Sprintf(format, args...), at: at})
}

// expand puts in what "~" and "@1" stand for.
func (t *T) expand(text string) string {
	text = strings.ReplaceAll(text, "~", t.tag)
	for i := len(t.made); i > 0; i-- {
		text = strings.ReplaceAll(text, "@"+strconv.Itoa(i), t.made[i-1])
	}
	return text
}

// id is the id of the n-th resource that was made, from 1.
func (t *T) id(n int) string { return t.made[n-1] }

// send makes a request and keeps track of what it creates.
func (t *T) send(method, path, body string, headers ...string) *answer {
	a, err := t.client.send(t.ctx, method, t.expand(path), t.expand(body), headers...)
	if err != nil {
		t.fail(&answer{method: method, url: t.client.base + t.expand(path), request: t.expand(body)}, "an answer, but there is none: %v", err)
	}
	a.t, t.last = t, a
	if a.status == http.StatusCreated && method == http.MethodPost {
		t.keep(a)
	}
	return a
}

// keep remembers a resource that was created, to remove it.
func (t *T) keep(a *answer) {
	id, _ := a.body["id"].(string)
	if id == "" {
		return
	}
	endpoint := "/Users/"
	if strings.Contains(strings.ToLower(a.url), "/groups") {
		endpoint = "/Groups/"
	}
	t.made = append(t.made, id)
	t.paths = append(t.paths, endpoint+url.PathEscape(id))
}

// cleanup removes what the case made, the newest first.
func (t *T) cleanup() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), requestTimeout)
	defer cancel()
	for i := len(t.paths) - 1; i >= 0; i-- {
		_, _ = t.client.send(ctx, http.MethodDelete, t.paths[i], "")
	}
}

func (t *T) get(path string, headers ...string) *answer {
	return t.send(http.MethodGet, path, "", headers...)
}

func (t *T) post(path, body string, headers ...string) *answer {
	return t.send(http.MethodPost, path, body, headers...)
}

func (t *T) put(path, body string, headers ...string) *answer {
	return t.send(http.MethodPut, path, body, headers...)
}

func (t *T) delete(path string, headers ...string) *answer {
	return t.send(http.MethodDelete, path, "", headers...)
}

// patch sends operations: the elements of the list, without its brackets.
func (t *T) patch(path, operations string, headers ...string) *answer {
	return t.send(http.MethodPatch, path, `{"schemas":["`+patchURN+`"],"Operations":[`+operations+`]}`, headers...)
}

// find queries with a filter and perhaps more parameters, as "count=1".
func (t *T) find(path, filter string, more ...string) *answer {
	query := append([]string{"filter=" + url.QueryEscape(t.expand(filter))}, more...)
	return t.get(path + "?" + strings.Join(query, "&"))
}

// userBody is a user with the attributes, of which userName and schemas are
// added where they are missing.
func (t *T) userBody(attributes string) string {
	t.counters++
	return t.body(attributes, userURN, "userName", fmt.Sprintf("~u%d", t.counters))
}

func (t *T) groupBody(attributes string) string {
	t.counters++
	return t.body(attributes, groupURN, "displayName", fmt.Sprintf("~g%d", t.counters))
}

func (t *T) body(attributes, urn, name, value string) string {
	if attributes == "" {
		attributes = "{}"
	}
	object, ok := decode([]byte(attributes)).(map[string]any)
	if !ok {
		panic("a case has attributes that are no JSON object: " + attributes)
	}
	if _, given := object[name]; !given {
		object[name] = value
	}
	if _, given := object["schemas"]; !given {
		urns := []string{urn}
		for key := range object {
			if strings.HasPrefix(key, "urn:") {
				urns = append(urns, key)
			}
		}
		object["schemas"] = urns
	}
	encoded, err := json.Marshal(object)
	if err != nil {
		panic(err) // it was decoded from JSON
	}
	return string(encoded)
}

// user makes a user; the attributes may be empty.
func (t *T) user(attributes string) *answer {
	return t.post("/Users", t.userBody(attributes)).is(http.StatusCreated)
}

// users makes n users with nothing but a name.
func (t *T) users(n int) {
	for range n {
		t.user("")
	}
}

// group makes a group; the attributes may be empty.
func (t *T) group(attributes string) *answer {
	return t.post("/Groups", t.groupBody(attributes)).is(http.StatusCreated)
}
