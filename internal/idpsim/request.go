package idpsim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// request is one HTTP request of an identity provider and what it expects back.
type request struct {
	kind   string // what it is for, as the summary names it: "create user"
	method string
	path   string // below the base URL, with the query
	body   any    // written as JSON; nil: none
	want   []int  // the statuses that the identity provider takes as success
	guard  bool   // a look-up: the next request is sent only when it finds nothing

	// rebuild makes the body from the answer to the request before it, for
	// those that read a resource, alter it and write it back.
	rebuild func(before object) any

	// check says what is wrong with an answer of a wanted status, or nothing.
	check func(*answer) string
}

// answer is what a server replied.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// object decodes the body; an empty object if it is none.
func (a *answer) object() object {
	var o object
	if json.Unmarshal(a.body, &o) != nil || o == nil {
		return object{}
	}
	return o
}

// listResponse is the part of a ListResponse that clients read (RFC 7644 §3.4.2).
type listResponse struct {
	TotalResults *int     `json:"totalResults"`
	Resources    []object `json:"Resources"`
}

// list decodes a ListResponse and says what is wrong with it.
func (a *answer) list() (listResponse, string) {
	var l listResponse
	if a.status == http.StatusNotFound {
		return l, "" // some take it for an empty list
	}
	if err := json.Unmarshal(a.body, &l); err != nil {
		return l, "the answer is not a ListResponse: " + err.Error()
	}
	if l.TotalResults == nil {
		return l, "the ListResponse has no totalResults"
	}
	if *l.TotalResults > 0 && len(l.Resources) == 0 {
		return l, "totalResults says that there are matches, but Resources is empty"
	}
	return l, ""
}

func checkList(a *answer) string {
	_, problem := a.list()
	return problem
}

func checkEmptyList(a *answer) string {
	l, problem := a.list()
	if problem == "" && len(l.Resources) > 0 {
		problem = "a look-up of what does not exist found something"
	}
	return problem
}

func checkID(a *answer) string {
	if id, _ := a.object()["id"].(string); id == "" {
		return "the answer has no id"
	}
	return ""
}

// operation is one operation of a PATCH (RFC 7644 §3.5.2).
type operation struct {
	Op    string `json:"op,omitempty"`
	Path  string `json:"path,omitempty"`
	Value any    `json:"value,omitempty"`
}

// null is a value that is sent as such, where nil would be left out.
var null = json.RawMessage("null")

// patch is the body of a PATCH.
type patch struct {
	Schemas    []string    `json:"schemas"`
	Operations []operation `json:"Operations"`
}

func patchOf(operations ...operation) patch {
	return patch{Schemas: []string{patchURN}, Operations: operations}
}

// quote writes a string as a filter does.
func quote(s string) string {
	b := new(strings.Builder)
	encoder := json.NewEncoder(b)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(s) != nil {
		return `""`
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// plusEncoded writes a filter with a space as +, percentEncoded with %20.
func plusEncoded(filter string) string { return url.QueryEscape(filter) }

func percentEncoded(filter string) string {
	return strings.ReplaceAll(url.QueryEscape(filter), "+", "%20")
}

func userPath(a *Account) string { return "/Users/" + url.PathEscape(a.ID) }
func groupPath(c *Circle) string { return "/Groups/" + url.PathEscape(c.ID) }

var (
	ok       = []int{http.StatusOK}
	created  = []int{http.StatusCreated}
	modified = []int{http.StatusOK, http.StatusNoContent}
	deleted  = []int{http.StatusNoContent, http.StatusOK}
)
