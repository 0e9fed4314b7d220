package handler

import (
	"context"
	"net/http"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/filter"
)

// maxMerged bounds how far into a sorted list of several types startIndex may
// reach: all before it has to be read. A cursor reaches any distance.
const maxMerged = 10_000

// freeRoom is the size of a page, in bytes, for which nobody is asked.
const freeRoom = 64 << 10

// list answers a query of one resource type (RFC 7644 §3.4.2).
func (h *Handler) list(t *resourceType, rq *request) (answer, error) {
	p, err := readParameters(rq.URL.RawQuery)
	if err != nil {
		return answer{}, err
	}
	return h.query([]*resourceType{t}, p, rq)
}

// queryRoot answers a query of all resource types (RFC 7644 §3.4.2.1).
func (h *Handler) queryRoot(rq *request) (answer, error) {
	p, err := readParameters(rq.URL.RawQuery)
	if err != nil {
		return answer{}, err
	}
	return h.query(h.types, p, rq)
}

// search answers a query that was posted (RFC 7644 §3.4.3).
func (h *Handler) search(t *resourceType, rq *request) (answer, error) {
	p, err := h.readSearch(rq)
	if err != nil {
		return answer{}, err
	}
	return h.query([]*resourceType{t}, p, rq)
}

func (h *Handler) searchRoot(rq *request) (answer, error) {
	p, err := h.readSearch(rq)
	if err != nil {
		return answer{}, err
	}
	return h.query(h.types, p, rq)
}

// listing is one query on its way to a page.
type listing struct {
	parts        []part
	sorted       bool
	descending   bool
	start, count int
	byCursor     bool

	total int
	shown []run
	items int // in all of shown
}

// part is a listing's share of one resource type.
type part struct {
	view  *view
	none  bool // the filter holds for no resource of the type
	query scim.Query
	at    position
}

// run is a piece of a page: resources of one type.
type run struct {
	resources []*scim.Resource
	view      *view
}

func (l *listing) show(v *view, resources ...*scim.Resource) {
	l.items += len(resources)
	if last := len(l.shown) - 1; last >= 0 && l.shown[last].view == v {
		l.shown[last].resources = append(l.shown[last].resources, resources...)
		return
	}
	l.shown = append(l.shown, run{resources, v})
}

// query answers a query of one resource type or several.
func (h *Handler) query(types []*resourceType, p parameters, rq *request) (answer, error) {
	l, err := h.newListing(types, p, rq)
	if err != nil {
		return answer{}, err
	}
	if l.sorted && len(types) > 1 {
		err = l.merge(rq.Context(), h.store)
	} else {
		err = l.concatenate(rq.Context(), h.store)
	}
	if err != nil {
		return answer{}, err
	}
	start := l.start
	if l.byCursor {
		start = 0
	}
	buf := newBuffer()
	b := appendListHead(*buf, l.total, start, l.items)
	room := freeRoom
	for _, run := range l.shown {
		for _, r := range run.resources {
			if len(b) > room && h.afford != nil {
				room = 2 * len(b)
				if err := h.afford(rq.Context(), room); err != nil {
					return answer{}, err
				}
			}
			b = append(run.view.appendResource(b, r), ',')
		}
	}
	if l.items > 0 {
		b = b[:len(b)-1] // the last comma
	}
	b = append(b, ']')
	if l.byCursor && l.goesOn() {
		b = append(b, `,"nextCursor":`...)
		b = appendString(b, makeCursor(p.digest(types), l.positions()))
	}
	b = append(b, '}')
	*buf = b
	return answer{status: http.StatusOK, body: buf}, nil
}

func (h *Handler) newListing(types []*resourceType, p parameters, rq *request) (*listing, error) {
	l := &listing{byCursor: p.byCursor}
	var err error
	if l.start, l.count, err = p.page(h.limits); err != nil {
		return nil, err
	}
	positions := make([]position, len(types))
	if p.byCursor {
		if positions, err = readCursor(p.cursor, p.digest(types), len(types)); err != nil {
			return nil, err
		}
	}
	for i, t := range types {
		sel, err := readSelection(t, p)
		if err != nil {
			return nil, err
		}
		part := part{view: newView(t, sel, h.baseURL(rq.Request)), at: positions[i]}
		part.query.Need = h.need(t, sel)
		part.query.MaxMembers = h.limits.Members
		expression, err := readFilter(t, p.filter)
		if err != nil {
			return nil, err
		}
		rest, holds := filter.Narrow(t.ResourceType, expression)
		part.query.Filter, part.none = rest, rest == nil && !holds
		if part.query.Sort, err = p.sort(t); err != nil {
			return nil, err
		}
		if by := part.query.Sort; by != nil {
			l.sorted, l.descending = true, by.Descending
		}
		l.parts = append(l.parts, part)
	}
	return l, nil
}

// read asks the store for a share of a page.
func (p *part) read(ctx context.Context, store scim.Store, start, count int) (*scim.Page, error) {
	if p.none {
		return &scim.Page{}, nil
	}
	query := p.query
	query.StartIndex, query.Count, query.After = start, count, p.at
	if p.at == finished {
		query.StartIndex, query.Count, query.After = 1, 0, ""
	}
	return store.List(ctx, p.view.ResourceType, query)
}

// concatenate gives the resources of one type after those of another. After a
// page that ended early, because of its members, nothing may follow.
func (l *listing) concatenate(ctx context.Context, store scim.Store) error {
	early := false
	for i := range l.parts {
		p := &l.parts[i]
		count := l.count - l.items
		if early {
			count = 0
		}
		page, err := p.read(ctx, store, max(1, l.start-l.total), count)
		if err != nil {
			return err
		}
		early = early || page.Next != "" && len(page.Resources) < count
		l.total += page.Total
		l.show(p.view, page.Resources...)
		switch {
		case page.Next != "":
			p.at = page.Next
		case p.at != "" || len(page.Resources) > 0 || page.Total == 0:
			p.at = finished
		}
	}
	return nil
}

// goesOn tells whether anything follows the page.
func (l *listing) goesOn() bool {
	if l.count == 0 {
		return false // only the total was wanted
	}
	for _, p := range l.parts {
		if p.at != finished {
			return true
		}
	}
	return false
}

func (l *listing) positions() []position {
	var positions []position
	for _, p := range l.parts {
		positions = append(positions, p.at)
	}
	return positions
}

// merge sorts the resources of several types together.
func (l *listing) merge(ctx context.Context, store scim.Store) error {
	if l.start-1 > maxMerged {
		return scim.BadRequest(scim.TypeTooMany,
			"sorted, startIndex across resource types reaches up to %d: use a cursor, a filter or one resource type", maxMerged+1)
	}
	if before := l.start - 1; before > 0 && l.count > 0 {
		// Only the places of what comes before the page matter, so no members are read for it.
		pages, err := l.readAll(ctx, store, before, func(query *scim.Query) { query.Need, query.MaxMembers = scim.Need{}, 0 })
		if err != nil {
			return err
		}
		l.take(pages, before, func(*view, ...*scim.Resource) {})
	}
	pages, err := l.readAll(ctx, store, l.count, func(*scim.Query) {})
	if err != nil {
		return err
	}
	for _, page := range pages {
		l.total += page.Total
	}
	l.take(pages, l.count, l.show)
	return nil
}

// readAll reads up to count resources of each type from where its part is.
func (l *listing) readAll(ctx context.Context, store scim.Store, count int, as func(*scim.Query)) ([]*scim.Page, error) {
	pages := make([]*scim.Page, len(l.parts))
	for i := range l.parts {
		p := l.parts[i]
		as(&p.query)
		var err error
		if pages[i], err = p.read(ctx, store, 1, count); err != nil {
			return nil, err
		}
	}
	return pages, nil
}

// take gives up to count resources of the pages in order, and moves the parts on.
func (l *listing) take(pages []*scim.Page, count int, give func(*view, ...*scim.Resource)) {
	next := make([]int, len(l.parts)) // of each page
	for range count {
		first := -1
		for i, page := range pages {
			if next[i] == len(page.Resources) && page.Next != "" {
				first = -1 // it ended early: what follows in order is not known
				break
			}
			if next[i] < len(page.Resources) &&
				(first < 0 || page.Places[next[i]].Compare(pages[first].Places[next[first]], l.descending) < 0) {
				first = i
			}
		}
		if first < 0 {
			break
		}
		give(l.parts[first].view, pages[first].Resources[next[first]])
		l.parts[first].at = pages[first].Places[next[first]].String()
		next[first]++
	}
	for i, page := range pages {
		if next[i] == len(page.Resources) && page.Next == "" {
			l.parts[i].at = finished
		}
	}
}
