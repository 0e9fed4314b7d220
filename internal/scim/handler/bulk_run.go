package handler

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/resource"
)

// bulkRun is a bulk request that is being carried out.
type bulkRun struct {
	handler      *Handler
	request      *request
	operations   []*bulkOperation
	created      map[string]*bulkOperation // POSTs by bulkId
	failOnErrors int                       // 0: never stop
	failures     int
	deferred     []deferral
}

// deferral is what a circular reference kept a resource from being created
// with. It is added when all of the circle is there (RFC 7644 §3.7.1).
type deferral struct {
	*bulkOperation
	attributes scim.Object
}

func (run *bulkRun) stopped() bool {
	return run.failOnErrors > 0 && run.failures >= run.failOnErrors
}

func (run *bulkRun) fail(op *bulkOperation, err error) {
	id := run.request.writer.Header().Get(headerRequestID)
	op.failure = run.handler.clientError(err, run.request.Request, id)
	run.failures++
}

// carryOut carries out an operation, unless it is done, after those that
// create what it refers to.
func (run *bulkRun) carryOut(op *bulkOperation) {
	if op.state != waiting || run.stopped() {
		return
	}
	op.state = running
	circular := map[string]bool{}
	for _, name := range op.references {
		target := run.created[name]
		if target != nil {
			run.carryOut(target)
		}
		switch {
		case target != nil && target.state == waiting: // stopped before it
			op.state = waiting
			return
		case target != nil && target.state == running:
			circular[name] = true
		}
	}
	if run.stopped() {
		op.state = waiting
		return
	}
	if err := run.execute(op, circular); err != nil {
		run.fail(op, err)
	}
	op.state = done
}

// execute does what an operation says.
func (run *bulkRun) execute(op *bulkOperation, circular map[string]bool) error {
	path, err := run.resolvePath(op.path)
	if err != nil {
		return err
	}
	var later scim.Object
	if len(circular) > 0 {
		later = withReferences(resource.Clone(op.data), circular)
	}
	data, err := run.resolve(op.data, circular)
	if err != nil {
		return err
	}
	op.answer, err = run.send(op.method, path, op.version, data)
	op.id = op.answer.id
	if err == nil && later != nil {
		run.deferred = append(run.deferred, deferral{op, later})
	}
	return err
}

// send carries out one request as if it had come by itself. The answer has a
// location also where the request failed, as RFC 7644 §3.7 wants, but for POST.
func (run *bulkRun) send(method, path, version string, data scim.Object) (answer, error) {
	if err := run.handler.limits.checkURL(len(path)); err != nil {
		return answer{}, err
	}
	name, id, ok := splitPath(path)
	served := run.handler.endpoints[name]
	if !ok || served.search == nil || id == searchName {
		return answer{}, &scim.Error{Status: http.StatusNotFound, Detail: "path must be that of a resource or, for POST, of a resource type, such as /Users"}
	}
	allowed := served.all
	if id != "" {
		allowed = served.one
	}
	op := allowed[method]
	switch method {
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
		if op == nil {
			return answer{}, &scim.Error{Status: http.StatusMethodNotAllowed, Detail: method + " does not go with this path: POST takes the path of a resource type, the others that of a resource"}
		}
	default:
		return answer{}, scim.BadRequest(scim.TypeInvalidSyntax, "method must be POST, PUT, PATCH or DELETE")
	}
	inner := run.request.WithContext(run.request.Context())
	inner.Method, inner.Body, inner.ContentLength = method, http.NoBody, 0
	// The answer is shown to nobody, so no members are read for it.
	inner.URL = &url.URL{Path: path, RawQuery: "excludedAttributes=members,groups"}
	inner.Header = run.request.Header.Clone()
	for _, header := range []string{"Accept", "Content-Type", "If-Match", "If-None-Match"} {
		inner.Header.Del(header)
	}
	if version != "" {
		inner.Header.Set("If-Match", version)
	}
	got, err := op(&request{Request: inner, ctx: run.request.ctx, writer: run.request.writer, id: id, data: data})
	if got.body != nil {
		freeBuffer(got.body)
		got.body = nil
	}
	if id != "" {
		got.location = run.handler.baseURL(inner) + "/" + name + "/" + url.PathEscape(id)
	}
	return got, err
}

// addDeferred adds what circular references left out, once nothing is running.
func (run *bulkRun) addDeferred() {
	for _, d := range run.deferred {
		added, err := run.add(d)
		if err != nil {
			run.fail(d.bulkOperation, err)
			continue
		}
		d.answer.etag = added.etag
	}
	run.deferred = nil
}

func (run *bulkRun) add(d deferral) (answer, error) {
	value, err := run.resolve(d.attributes, nil)
	if err != nil {
		return answer{}, err
	}
	return run.send(http.MethodPatch, "/"+strings.Trim(d.path, "/")+"/"+url.PathEscape(d.id), "", scim.Object{
		"Operations": []any{scim.Object{"op": "add", "value": value}},
	})
}
