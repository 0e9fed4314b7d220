package handler

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/internal/scim"
)

// request is one HTTP request on its way to an operation.
type request struct {
	*http.Request
	ctx    context.Context     // bounded in time
	writer http.ResponseWriter // only to bound the body
	id     string              // what follows the endpoint in the path, unescaped
	data   scim.Object         // the body, where it was read before: in a bulk request
}

// Context is what to use instead of the http.Request's, of which it would take a
// copy to have another one.
func (rq *request) Context() context.Context { return rq.ctx }

// operation carries a request out.
type operation func(*request) (answer, error)

// methods are the operations of a path, by HTTP method. GET serves HEAD too:
// net/http leaves the body out.
type methods map[string]operation

// endpoint is what the first segment of a path names (RFC 7644 §3.2).
type endpoint struct {
	all    methods   // the path of the endpoint itself
	one    methods   // the path with an id, a name or a URN behind it
	search operation // POST to .search behind it; may be nil
}

// searchName is where queries are posted (RFC 7644 §3.4.3); no id is like it.
const searchName = ".search"

// routes are the endpoints that are served.
func (h *Handler) routes() map[string]endpoint {
	endpoints := map[string]endpoint{
		"":                      {all: methods{http.MethodGet: h.queryRoot}},
		"Bulk":                  {all: methods{http.MethodPost: h.bulk}},
		searchName:              {all: methods{http.MethodPost: h.searchRoot}},
		"ServiceProviderConfig": {all: methods{http.MethodGet: h.serviceProviderConfig}},
		"ResourceTypes":         {all: methods{http.MethodGet: h.resourceTypes}, one: methods{http.MethodGet: h.resourceTypeNamed}},
		"Schemas":               {all: methods{http.MethodGet: h.schemas}, one: methods{http.MethodGet: h.schemaNamed}},
	}
	for _, t := range h.types {
		of := func(op func(*resourceType, *request) (answer, error)) operation {
			return func(rq *request) (answer, error) { return op(t, rq) }
		}
		endpoints[strings.Trim(t.Endpoint, "/")] = endpoint{
			all: methods{
				http.MethodGet:  of(h.list),
				http.MethodPost: of(h.create),
			},
			one: methods{
				http.MethodGet:    of(h.get),
				http.MethodPut:    of(h.replace),
				http.MethodPatch:  of(h.patch),
				http.MethodDelete: of(h.delete),
			},
			search: of(h.search),
		}
	}
	return endpoints
}

// route finds the operation for a request: 404 for a path that names nothing,
// 405 for a method that the path does not have.
func (h *Handler) route(w http.ResponseWriter, r *http.Request) (operation, *request, error) {
	name, id, ok := splitPath(r.URL.EscapedPath())
	served, known := h.endpoints[name]
	allowed := served.all
	switch {
	case id == searchName && served.search != nil:
		allowed = methods{http.MethodPost: served.search}
	case id != "":
		allowed = served.one
	}
	switch {
	case ok && name == "Me":
		// RFC 7644 §3.11: an IdP's token belongs to no user.
		return nil, nil, &scim.Error{Status: http.StatusNotImplemented, Detail: "/Me is not served: a token belongs to an identity provider, not to a user"}
	case !ok || !known || allowed == nil:
		return nil, nil, &scim.Error{
			Status: http.StatusNotFound,
			Detail: "there is nothing at this path: the tenant URL ends in /scim/v2, and behind it come " + h.served(),
		}
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	op, ok := allowed[method]
	if !ok {
		allow := strings.Join(allowed.names(), ", ")
		w.Header().Set("Allow", allow)
		return nil, nil, &scim.Error{Status: http.StatusMethodNotAllowed, Detail: "this path takes " + allow}
	}
	return op, &request{Request: r, writer: w, id: id}, nil
}

// splitPath takes an escaped path apart: an endpoint and perhaps one segment
// more. Empty segments, from doubled slashes or one at the end, do not count.
func splitPath(escaped string) (name, id string, ok bool) {
	for segment := range strings.SplitSeq(escaped, "/") {
		if segment == "" {
			continue
		}
		plain, err := url.PathUnescape(segment)
		switch {
		case err != nil:
			return "", "", false
		case name == "":
			name = plain
		case id == "":
			id = plain
		default:
			return "", "", false
		}
	}
	return name, id, true
}

func (m methods) names() []string {
	names := slices.Collect(maps.Keys(m))
	if _, ok := m[http.MethodGet]; ok {
		names = append(names, http.MethodHead)
	}
	slices.Sort(names)
	return names
}

// served lists the endpoints for a client that missed them.
func (h *Handler) served() string {
	names := slices.Sorted(maps.Keys(h.endpoints))
	names = slices.DeleteFunc(names, func(name string) bool { return name == "" })
	return "/" + strings.Join(names, ", /")
}
