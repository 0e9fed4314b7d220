package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/provisioninglog"
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// maxFailure is how much of an error's body is kept for the provisioning log.
const maxFailure = 2 << 10

// observed is a Store that notes in the request what was changed. A change that
// failed is noted too, so that the log can say whose it was.
type observed struct {
	scim.Store
	endpoint *endpoint
}

func (o observed) Create(ctx context.Context, rt *schema.ResourceType, attributes scim.Object, need scim.Need) (*scim.Resource, error) {
	c := provisioninglog.Change{Time: time.Now(), Action: v1alpha1.ActionCreated, Kind: kindOf(rt), Name: nameIn(rt, attributes)}
	if members, ok := attributes["members"].([]any); ok {
		c.Members = len(members)
	}
	err := o.endpoint.stillAdmits(ctx)
	var resource *scim.Resource
	if err == nil {
		resource, err = o.Store.Create(ctx, rt, attributes, need)
	}
	if err == nil {
		c.ID = resource.ID
	}
	o.note(ctx, err, c, c)
	return resource, err
}

func (o observed) Modify(ctx context.Context, rt *schema.ResourceType, id string, change scim.Change) (*scim.Resource, error) {
	about := provisioninglog.Change{Time: time.Now(), Kind: kindOf(rt), ID: id}
	var d difference
	if apply := change.Apply; apply != nil {
		change.Apply = func(current scim.Object) (scim.Object, error) {
			before := headOf(rt, current)
			next, err := apply(current)
			if err == nil {
				d = compare(rt, before, current, next)
			}
			return next, err
		}
	}
	err := o.endpoint.stillAdmits(ctx)
	var resource *scim.Resource
	if err == nil {
		resource, err = o.Store.Modify(ctx, rt, id, change)
	}
	switch {
	case err != nil:
		o.note(ctx, err, about)
	// A change that alters nothing leaves lastModified as it was.
	case !resource.Meta.LastModified.Before(about.Time.Truncate(time.Millisecond)):
		o.note(ctx, nil, about, append(d.changes(about), memberChanges(about, change.Members)...)...)
	}
	return resource, err
}

func (o observed) Delete(ctx context.Context, rt *schema.ResourceType, id string, precondition func(string) error) error {
	c := provisioninglog.Change{Time: time.Now(), Action: v1alpha1.ActionDeleted, Kind: kindOf(rt), ID: id,
		Name: o.endpoint.ro.options.Provisioning.NameOf(o.endpoint.key, id)}
	err := o.endpoint.stillAdmits(ctx)
	if err == nil {
		err = o.Store.Delete(ctx, rt, id, precondition)
	}
	o.note(ctx, err, c, c)
	return err
}

// note keeps what a call of the Store came to until the request is answered.
func (o observed) note(ctx context.Context, err error, about provisioninglog.Change, changes ...provisioninglog.Change) {
	rq := requestOf(ctx)
	if err == nil {
		o.endpoint.ro.options.Activity.change(o.endpoint.key)
		rq.changes = append(rq.changes, changes...)
		return
	}
	about.Action = v1alpha1.ActionFailed
	failed := about
	rq.failed = &failed
	if resourceTypeOf(rq.path) != bulk {
		return // the answer says why
	}
	about.Code = http.StatusInternalServerError
	var known *scim.Error
	if errors.As(err, &known) {
		about.Code, about.Reason, about.Detail = known.Status, known.Type, known.Detail
	}
	rq.changes = append(rq.changes, about)
}

const bulk = "Bulk"

// observe counts a request that was answered, and hands on what it changed.
func (ro *router) observe(r *http.Request, rq *request, answer *recorder) {
	resourceType := resourceTypeOf(rq.path)
	counts := ro.strangers
	if rq.endpoint != nil {
		counts = rq.endpoint.requests
	}
	counts.Observe(resourceType, r.Method, answer.status, time.Since(rq.began))
	if rq.token == "" {
		return
	}
	changes := rq.changes
	if failed := answer.status >= http.StatusBadRequest; failed && writes(r.Method) && resourceType != "other" && resourceType != ".search" {
		changes = append(changes, rq.failure(resourceType, answer))
	}
	for i := range changes {
		changes[i].RequestID, changes[i].Token = answer.Header().Get("X-Request-Id"), rq.token
		if changes[i].Code == 0 && resourceType != bulk {
			changes[i].Code = answer.status
		}
	}
	ro.options.Provisioning.Record(rq.key, changes...)
}

func writes(method string) bool {
	switch method {
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
		return true
	}
	return false
}

// failure is what is known of a request that was answered with an error: why,
// and whom it was about, also if it did not get as far as the Store.
func (rq *request) failure(resourceType string, answer *recorder) provisioninglog.Change {
	var c provisioninglog.Change
	if rq.failed != nil {
		c = *rq.failed
	} else {
		c.Time = rq.began
		segments := strings.SplitN(strings.Trim(rq.path, "/"), "/", 3)
		switch resourceType {
		case "Users":
			c.Kind = v1alpha1.ProvisionedUser
		case "Groups":
			c.Kind = v1alpha1.ProvisionedGroup
		}
		if c.Kind != "" && len(segments) > 1 {
			c.ID = segments[1]
		}
	}
	var body struct{ Detail, ScimType string }
	if json.Unmarshal(answer.failure, &body) != nil {
		body.Detail = "" // cut short
	}
	c.Action, c.Code, c.Reason, c.Detail = v1alpha1.ActionFailed, answer.status, body.ScimType, body.Detail
	return c
}

// Write keeps the beginning of an error.
func (w *recorder) Write(b []byte) (int, error) {
	if w.status >= http.StatusBadRequest && w.failure == nil {
		w.failure = append([]byte(nil), b[:min(len(b), maxFailure)]...)
	}
	return w.ResponseWriter.Write(b)
}
