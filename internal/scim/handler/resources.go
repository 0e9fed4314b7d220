package handler

import (
	"errors"
	"net/http"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/filter"
	"github.com/rollcall-scim/rollcall/internal/scim/patch"
	"github.com/rollcall-scim/rollcall/internal/scim/resource"
)

// maxPatchMembers is the size up to which a group is the answer to its PATCH.
// Identity providers add members one by one: sending all of them back each time
// would make filling a group quadratic.
const maxPatchMembers = 128

// start reads the query parameters of a request and prepares its answer.
func (h *Handler) start(t *resourceType, rq *request) (parameters, *view, error) {
	p, err := readParameters(rq.URL.RawQuery)
	if err != nil {
		return p, nil, err
	}
	sel, err := readSelection(t, p)
	if err != nil {
		return p, nil, err
	}
	return p, newView(t, sel, h.baseURL(rq.Request)), nil
}

// answer shows one resource.
func (v *view) answer(status int, r *scim.Resource) answer {
	buf := newBuffer()
	*buf = v.appendResource(*buf, r)
	return answer{status: status, body: buf, etag: r.Meta.Version, location: v.location(r.ID)}
}

// need is what the Store has to put together for an answer.
func (h *Handler) need(t *resourceType, sel selection) scim.Need {
	need := sel.need(t)
	need.Afford = h.afford
	return need
}

func readFilter(t *resourceType, text string) (filter.Expression, error) {
	if text == "" {
		return nil, nil
	}
	expression, err := filter.Parse(text)
	if err == nil {
		err = filter.Check(t.ResourceType, expression)
	}
	var wrong *filter.SyntaxError
	if errors.As(err, &wrong) {
		return nil, scim.BadRequest(scim.TypeInvalidFilter, "%s", wrong.Detail)
	}
	return expression, err
}

// create answers a POST (RFC 7644 §3.3).
func (h *Handler) create(t *resourceType, rq *request) (answer, error) {
	_, v, err := h.start(t, rq)
	if err != nil {
		return answer{}, err
	}
	body, err := readBody(rq, t.bodyLimit)
	if err != nil {
		return answer{}, err
	}
	attributes, err := resource.Create(t.ResourceType, body)
	if err != nil {
		return answer{}, err
	}
	v.sel = v.sel.sentBy(t, body)
	r, err := h.store.Create(rq.Context(), t.ResourceType, attributes, h.need(t, v.sel))
	if err != nil {
		return answer{}, err
	}
	created := v.answer(http.StatusCreated, r)
	created.id = r.ID
	return created, nil
}

// get answers a GET of one resource (RFC 7644 §3.4.1).
func (h *Handler) get(t *resourceType, rq *request) (answer, error) {
	_, v, err := h.start(t, rq)
	if err != nil {
		return answer{}, err
	}
	r, err := h.store.Get(rq.Context(), t.ResourceType, rq.id, h.need(t, v.sel))
	if err != nil {
		return answer{}, err
	}
	if tags := rq.Header.Values("If-Match"); len(tags) > 0 && !anyTag(tags, r.Meta.Version) {
		return answer{}, staleVersion("If-Match does not name the resource's version %s", r.Meta.Version)
	}
	if tags := rq.Header.Values("If-None-Match"); len(tags) > 0 && anyTag(tags, r.Meta.Version) {
		return answer{status: http.StatusNotModified, etag: r.Meta.Version, location: v.location(r.ID)}, nil
	}
	return v.answer(http.StatusOK, r), nil
}

// replace answers a PUT (RFC 7644 §3.5.1).
func (h *Handler) replace(t *resourceType, rq *request) (answer, error) {
	_, v, err := h.start(t, rq)
	if err != nil {
		return answer{}, err
	}
	body, err := readBody(rq, t.bodyLimit)
	if err != nil {
		return answer{}, err
	}
	change, err := resource.Replace(t.ResourceType, body)
	if err != nil {
		return answer{}, err
	}
	change.Precondition = precondition(rq.Request)
	v.sel = v.sel.sentBy(t, body)
	change.Need = h.need(t, v.sel)
	r, err := h.store.Modify(rq.Context(), t.ResourceType, rq.id, change)
	if err != nil {
		return answer{}, err
	}
	return v.answer(http.StatusOK, r), nil
}

// patch answers a PATCH (RFC 7644 §3.5.2).
func (h *Handler) patch(t *resourceType, rq *request) (answer, error) {
	p, v, err := h.start(t, rq)
	if err != nil {
		return answer{}, err
	}
	body, err := readBody(rq, t.bodyLimit)
	if err != nil {
		return answer{}, err
	}
	parsed, err := patch.Parse(t.ResourceType, rq.id, body)
	if err != nil {
		return answer{}, err
	}
	change := parsed.Change()
	change.Precondition = precondition(rq.Request)

	v.sel = v.sel.sentBy(t, body)
	show := showsPatched(t, rq, p)
	need := h.need(t, v.sel)
	// Whether a group's members will be shown depends on how many there are
	// after the change, so they are read only then.
	later := show && need.Members && p.attributes == ""
	if show && !later {
		change.Need = need
	}
	r, err := h.store.Modify(rq.Context(), t.ResourceType, rq.id, change)
	if err != nil {
		return answer{}, err
	}
	if p.attributes == "" && r.MemberCount > maxPatchMembers {
		show = false
	}
	if show && later {
		r, show = h.withMembers(t, rq, need, r)
	}
	if !show {
		return answer{status: http.StatusNoContent, etag: r.Meta.Version, location: v.location(r.ID)}, nil
	}
	return v.answer(http.StatusOK, r), nil
}

// showsPatched tells whether a PATCH asks for the resource in its answer.
// RFC 7644 §3.5.2 leaves 200 or 204 to the server, unless there is
// `attributes`; clients expect what they got from others.
func showsPatched(t *resourceType, rq *request, p parameters) bool {
	switch {
	case p.attributes != "":
		return true
	case rq.Header.Get("Accept") == "":
		return t.members == nil
	}
	return accepts(rq.Request, mediaSCIM) || accepts(rq.Request, mediaJSON)
}

// withMembers reads a group that was just changed once more, with its members.
// The change is committed, so if that fails there is only nothing to show.
func (h *Handler) withMembers(t *resourceType, rq *request, need scim.Need, changed *scim.Resource) (*scim.Resource, bool) {
	r, err := h.store.Get(rq.Context(), t.ResourceType, rq.id, need)
	if err != nil {
		return changed, false
	}
	return r, true
}

// delete answers a DELETE (RFC 7644 §3.6).
func (h *Handler) delete(t *resourceType, rq *request) (answer, error) {
	err := h.store.Delete(rq.Context(), t.ResourceType, rq.id, precondition(rq.Request))
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}
