package handler

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/resource"
)

const bulkResponseURN = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"

// bulkOperation is one operation of a bulk request (RFC 7644 §3.7).
type bulkOperation struct {
	method, bulkID, path, version string
	data                          scim.Object
	references                    []string // bulkIds in data and path

	state   operationState
	id      string // of what a POST created
	answer  answer
	failure *scim.Error
}

type operationState int

const (
	waiting operationState = iota
	running                // it waits for operations that it refers to
	done
)

// bulk answers POST /Bulk (RFC 7644 §3.7). Operations go in their order, but
// for one that creates what an earlier one refers to: it goes first. Each is
// carried out as a request of its own would be.
func (h *Handler) bulk(rq *request) (answer, error) {
	body, err := readBody(rq, h.limits.GroupBody)
	if err != nil {
		return answer{}, err
	}
	run, err := h.newBulkRun(rq, body)
	if err != nil {
		return answer{}, err
	}
	for _, op := range run.operations {
		run.carryOut(op)
		run.addDeferred()
	}
	buf := newBuffer()
	b := append(*buf, `{"schemas":["`+bulkResponseURN+`"],"Operations":[`...)
	empty := len(b)
	for _, op := range run.operations {
		if op.state == done {
			b = op.append(separate(b, empty))
		}
	}
	b = append(b, "]}"...)
	*buf = b
	return answer{status: http.StatusOK, body: buf}, nil
}

// newBulkRun reads a bulk request. What is wrong with its form is an error of
// all of it, before anything is done.
func (h *Handler) newBulkRun(rq *request, body scim.Object) (*bulkRun, error) {
	run := &bulkRun{handler: h, request: rq, created: map[string]*bulkOperation{}}
	if limit := member(body, "failOnErrors"); limit != nil {
		number, _ := limit.(json.Number)
		n, err := strconv.Atoi(number.String())
		if err != nil || n < 0 {
			return nil, scim.BadRequest(scim.TypeInvalidValue, "failOnErrors must be an integer above 0")
		}
		run.failOnErrors = max(1, n)
	}
	list, ok := member(body, "Operations").([]any)
	if !ok {
		return nil, scim.BadRequest(scim.TypeInvalidSyntax, "a bulk request has a list of Operations (RFC 7644 §3.7)")
	}
	if len(list) > h.limits.Bulk {
		return nil, &scim.Error{
			Status: http.StatusRequestEntityTooLarge,
			Detail: fmt.Sprintf("the bulk request has %d operations; at most %d are carried out, see maxOperations of /ServiceProviderConfig", len(list), h.limits.Bulk),
		}
	}
	known := map[string]bool{}
	for i, item := range list {
		op, err := readOperation(item)
		if err != nil {
			err.Detail = fmt.Sprintf("operation %d: %s", i+1, err.Detail)
			return nil, err
		}
		if op.bulkID != "" {
			if known[op.bulkID] {
				return nil, scim.BadRequest(scim.TypeInvalidValue, "the bulkId %q is used twice: each operation needs one of its own", op.bulkID)
			}
			known[op.bulkID] = true
			if op.method == http.MethodPost {
				run.created[op.bulkID] = op
			}
		}
		run.operations = append(run.operations, op)
	}
	return run, nil
}

// readOperation reads one of the Operations; member names in any letter case.
func readOperation(item any) (*bulkOperation, *scim.Error) {
	object, ok := item.(scim.Object)
	if !ok {
		return nil, scim.BadRequest(scim.TypeInvalidSyntax, "it must be an object with method, path and data")
	}
	op := &bulkOperation{}
	for name, target := range map[string]*string{"method": &op.method, "bulkId": &op.bulkID, "path": &op.path, "version": &op.version} {
		switch value := member(object, name).(type) {
		case nil:
		case string:
			*target = value
		default:
			return nil, scim.BadRequest(scim.TypeInvalidSyntax, "%s must be a string", name)
		}
	}
	op.method = strings.ToUpper(op.method)
	if op.method == http.MethodPost && op.bulkID == "" {
		return nil, scim.BadRequest(scim.TypeInvalidValue, "a POST needs a bulkId (RFC 7644 §3.7)")
	}
	switch data := member(object, "data").(type) {
	case nil:
	case scim.Object:
		op.data = data
	default:
		return nil, scim.BadRequest(scim.TypeInvalidSyntax, "data must be an object: the body of the request that the operation stands for")
	}
	op.references = append(bulkIDsIn(op.data), bulkIDsInPath(op.path)...)
	return op, nil
}

// member is the value of a name in any letter case.
func member(o scim.Object, name string) any {
	value, _ := resource.Field(o, name)
	return value
}

// append writes the operation of a BulkResponse. Only a failure has a response:
// RFC 7644 §3.7 leaves the others out as it likes.
func (op *bulkOperation) append(b []byte) []byte {
	b = append(b, `{"method":`...)
	b = appendString(b, op.method)
	for _, member := range []struct{ key, value string }{
		{`,"bulkId":`, op.bulkID}, {`,"version":`, op.answer.etag}, {`,"location":`, op.answer.location},
	} {
		if member.value != "" {
			b = append(b, member.key...)
			b = appendString(b, member.value)
		}
	}
	status := op.answer.status
	if op.failure != nil {
		status = op.failure.Status
	}
	b = append(b, `,"status":`...)
	b = appendString(b, strconv.Itoa(status))
	if op.failure != nil {
		b = append(b, `,"response":`...)
		b = appendError(b, op.failure)
	}
	return append(b, '}')
}
