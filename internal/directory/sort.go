package directory

import (
	"context"
	"errors"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/filter"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// sorter puts resources in the order that a query asks for.
type sorter struct {
	inspector
	byName     bool                          // by userName or displayName, which is a kept order
	key        func(filter.Candidate) string // for what no order is kept
	descending bool
}

// sorter makes the sorter of a query. Nothing to sort by is the order by object
// name, and so is id: an id begins with the name of its object.
func (s scope) sorter(rt *schema.ResourceType, by *scim.Sort) (*sorter, error) {
	o := &sorter{inspector: inspector{scope: s}}
	if by == nil {
		return o, nil
	}
	target, found := rt.Lookup(by.Path.URN, by.Path.Name, by.Path.SubAttribute)
	if !found {
		return o, nil // no resource has a value, so all are equal
	}
	o.descending = by.Descending
	switch target.String() {
	case "id":
		return o, nil
	case s.nameAttribute():
		o.byName = true
		return o, nil
	}
	key, err := filter.CompileKey(rt, by.Path)
	var wrong *filter.SyntaxError
	if errors.As(err, &wrong) {
		return nil, scim.BadRequest(scim.TypeInvalidValue, "sortBy: %s", wrong.Detail)
	} else if err != nil {
		return nil, err
	}
	o.key = key
	switch {
	case target.URN != "" || target.Attribute == nil:
	case target.Attribute.Name == "members":
		o.needMembers = true
	case target.Attribute.Name == "groups":
		o.needGroups = true
	case target.Attribute.Name == "meta":
		o.needVersion = target.Sub != nil && target.Sub.Name == "version"
	}
	return o, nil
}

// kept is the order that answers without sorting, unless there is a key.
func (o *sorter) kept() *order {
	orders := o.ordersOf(o.sync)
	switch {
	case orders == nil:
		return nil
	case o.byName:
		return orders.named
	}
	return orders.order
}

// place is where an object is in the order.
func (o *sorter) place(ctx context.Context, obj client.Object) (scim.Place, error) {
	place := scim.Place{Name: obj.GetName()}
	switch {
	case o.byName:
		place.Key = nameKey(obj)
	case o.key != nil:
		candidate, err := o.candidate(ctx, obj)
		if err != nil {
			return place, ignoreNotFound(err) // of what is gone nothing is known
		}
		place.Key = o.key(candidate)
	}
	return place, nil
}

// page sorts objects and gives those of one page, with how many are before them.
func (o *sorter) page(ctx context.Context, scan *scan, objects []client.Object, after *scim.Place, skip, count int) ([]client.Object, int, error) {
	type placed struct {
		scim.Place
		object client.Object
	}
	all := make([]placed, len(objects))
	for i, object := range objects {
		if o.key != nil {
			if err := scan.check(ctx); err != nil {
				return nil, 0, err
			}
		}
		place, err := o.place(ctx, object)
		if err != nil {
			return nil, 0, err
		}
		all[i] = placed{place, object}
	}
	slices.SortFunc(all, func(a, b placed) int { return a.Compare(b.Place, o.descending) })
	if after != nil {
		at, found := slices.BinarySearchFunc(all, *after, func(p placed, after scim.Place) int {
			return p.Compare(after, o.descending)
		})
		if skip = at; found {
			skip++
		}
	}
	skip = min(skip, len(all))
	chosen := all[skip : skip+min(count, len(all)-skip)]
	page := make([]client.Object, len(chosen))
	for i := range chosen {
		page[i] = chosen[i].object
	}
	return page, skip, nil
}
