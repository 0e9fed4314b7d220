package memory

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/filter"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// List implements scim.Store. Its own order is that of creation.
func (s *Store) List(ctx context.Context, rt *schema.ResourceType, query scim.Query) (*scim.Page, error) {
	matches, err := filter.Compile(rt, query.Filter)
	if err != nil {
		return nil, scim.BadRequest(scim.TypeInvalidFilter, "%v", err)
	}
	o, err := newOrder(rt, query.Sort)
	if err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var matching []placed
	for _, r := range s.peek(rt).order {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var candidate filter.Candidate
		if query.Filter != nil || o.key != nil {
			candidate = s.candidate(rt, r)
		}
		if query.Filter == nil || matches(candidate) {
			matching = append(matching, placed{o.place(r, candidate), r})
		}
	}
	slices.SortFunc(matching, func(a, b placed) int { return a.Compare(b.Place, o.descending) })
	skip := max(query.StartIndex-1, 0)
	if query.After != "" {
		after, err := scim.ParsePlace(query.After)
		if err != nil {
			return nil, err
		}
		skip = 0
		for skip < len(matching) && matching[skip].Compare(after, o.descending) <= 0 {
			skip++
		}
	}
	page := &scim.Page{Total: len(matching)}
	rest := matching[min(skip, len(matching)):]
	shown := rest[:min(max(query.Count, 0), len(rest))]
	members := 0
	for i, p := range shown {
		r := s.resource(rt, p.record, query.Need)
		if members += r.MemberCount; query.Need.Members && query.MaxMembers > 0 && i > 0 && members > query.MaxMembers {
			shown = shown[:i]
			break
		}
		page.Resources = append(page.Resources, r)
		if query.Sort != nil {
			page.Places = append(page.Places, p.Place)
		}
	}
	if len(shown) > 0 && len(shown) < len(rest) {
		page.Next = shown[len(shown)-1].String()
	}
	return page, nil
}

// placed is a record with its place in an order.
type placed struct {
	scim.Place
	*record
}

// order is what a query sorts by.
type order struct {
	key        func(filter.Candidate) string // nil: nothing
	descending bool
}

func newOrder(rt *schema.ResourceType, by *scim.Sort) (order, error) {
	if by == nil {
		return order{}, nil
	}
	key, err := filter.CompileKey(rt, by.Path)
	var wrong *filter.SyntaxError
	if errors.As(err, &wrong) {
		return order{}, scim.BadRequest(scim.TypeInvalidValue, "sortBy: %s", wrong.Detail)
	}
	return order{key: key, descending: by.Descending}, err
}

func (o order) place(r *record, c filter.Candidate) scim.Place {
	p := scim.Place{Name: fmt.Sprintf("%020d", r.sequence)}
	if o.key != nil {
		p.Key = o.key(c)
	}
	return p
}
