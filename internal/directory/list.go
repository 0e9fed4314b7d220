package directory

import (
	"context"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// maxLaggards bounds the objects that one list reads from the API server
// because the informer is behind.
const maxLaggards = 256

// list answers a query: from an index or a kept order if it can, else by a scan.
func (s scope) list(ctx context.Context, rt *schema.ResourceType, query scim.Query) (*scim.Page, error) {
	sorter, err := s.sorter(rt, query.Sort)
	if err != nil {
		return nil, err
	}
	var after *scim.Place
	if query.After != "" {
		place, err := scim.ParsePlace(query.After)
		if err != nil {
			return nil, err
		}
		after = &place
	}
	newer, err := s.newer(ctx)
	if err != nil {
		return nil, err
	}
	skip, count := max(query.StartIndex-1, 0), max(query.Count, 0)
	var objects []client.Object
	page := &scim.Page{}
	if query.Filter == nil && len(newer) == 0 && sorter.key == nil {
		objects, skip, page.Total = sorter.kept().page(after, sorter.descending, skip, count)
	} else {
		ctx, scan := s.startScan(ctx)
		matching, err := s.matching(ctx, scan, rt, query.Filter, newer)
		if err != nil {
			return nil, err
		}
		page.Total = len(matching)
		if objects, skip, err = sorter.page(ctx, scan, matching, after, skip, count); err != nil {
			return nil, err
		}
	}
	if query.Need.Members && query.MaxMembers > 0 {
		objects = upToMembers(objects, query.MaxMembers)
	}
	if query.Need.Members { // for all of the page at once
		if err := query.Need.AffordMembers(ctx, membersOf(objects)); err != nil {
			return nil, err
		}
		query.Need.Afford = nil
	}
	if n := len(objects); n > 0 && skip+n < page.Total {
		place, err := sorter.place(ctx, objects[n-1])
		if err != nil {
			return nil, err
		}
		page.Next = place.String()
	}
	// First what is kept of all of them, which takes one look, then the others.
	shown := s.renderings.all(objects, query.Need.Encoder, s.turn.Load())
	page.Resources = shown[:0]
	for i, o := range objects {
		r := shown[i]
		if r == nil {
			if r, err = s.shown(ctx, o, query.Need); isNotFound(err) {
				page.Total-- // it was deleted while its members were read
				continue
			} else if err != nil {
				return nil, err
			}
		}
		page.Resources = append(page.Resources, r)
		if query.Sort != nil {
			place, err := sorter.place(ctx, o)
			if err != nil {
				return nil, err
			}
			page.Places = append(page.Places, place)
		}
	}
	return page, nil
}

// upToMembers gives the first of the groups, which together have no more than
// so many members, and one at least.
func upToMembers(objects []client.Object, most int) []client.Object {
	members := int64(0)
	for i, o := range objects {
		if group, ok := o.(*v1alpha1.Group); ok {
			if members += int64(group.Spec.MemberCount); members > int64(most) && i > 0 {
				return objects[:i]
			}
		}
	}
	return objects
}

// membersOf gives how many members the groups have together.
func membersOf(objects []client.Object) (members int) {
	for _, o := range objects {
		if group, ok := o.(*v1alpha1.Group); ok {
			members += int(group.Spec.MemberCount)
		}
	}
	return members
}

// newer reads the objects for which the informer is behind. An object that is
// not there any more, or not shown, is nil.
func (s scope) newer(ctx context.Context) (map[types.NamespacedName]client.Object, error) {
	laggards := s.tracker.laggards()
	if len(laggards) == 0 {
		return nil, nil
	}
	newer := map[types.NamespacedName]client.Object{}
	for _, key := range laggards {
		if key.Namespace != s.sync.Namespace {
			continue
		}
		if len(newer) == maxLaggards {
			return nil, scim.Unavailable(retryAfter, "the server is behind the cluster; try again")
		}
		o, err := s.live(ctx, key.Name)
		if err != nil {
			return nil, err
		}
		if o != nil && (!visible(o) || syncOf(o) != s.sync) {
			o = nil
		}
		newer[key] = o
	}
	return newer, nil
}

// matching gives all resources that match a filter. newer takes precedence over
// what the informer knows.
func (s scope) matching(ctx context.Context, scan *scan, rt *schema.ResourceType, filter expression, newer map[types.NamespacedName]client.Object) ([]client.Object, error) {
	m, err := s.matcher(rt, filter)
	if err != nil {
		return nil, err
	}
	var result []client.Object
	consider := func(o client.Object) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		ok, err := m.match(ctx, o)
		if ok {
			result = append(result, o)
		}
		return err
	}
	for _, o := range newer {
		if o != nil {
			if err := consider(o); err != nil {
				return nil, err
			}
		}
	}
	cached := func(o client.Object) bool {
		if len(newer) > 0 {
			if _, replaced := newer[keyOf(o)]; replaced {
				return true
			}
		}
		err = consider(o)
		return err == nil
	}
	if candidates, known, lookupErr := s.candidates(ctx, m); lookupErr != nil {
		return nil, lookupErr
	} else if known {
		for _, o := range candidates {
			if !cached(o) {
				break
			}
		}
	} else {
		s.order(s.sync).each(func(o client.Object) bool {
			if err = scan.check(ctx); err != nil {
				return false
			}
			return cached(o)
		})
	}
	return result, err
}

// candidates gives the resources that can match, if an index tells them.
func (s scope) candidates(ctx context.Context, m *matcher) (objects []client.Object, known bool, err error) {
	one := func(o client.Object, err error) ([]client.Object, bool, error) {
		if o == nil || isNotFound(err) {
			return nil, true, ignoreNotFound(err)
		}
		return []client.Object{o}, true, err
	}
	if m.named {
		return one(s.byOwnName(ctx, m.name, false))
	}
	if id, ok := m.equal["id"]; ok {
		o, _, err := s.byID(ctx, id, false)
		return one(o, err)
	}
	if name, ok := m.equal[m.nameAttribute()]; ok {
		return one(s.byOwnName(ctx, name, false))
	}
	if externalID, ok := m.equal["externalId"]; ok {
		return s.indexed(byExternalID, indexValue(s.sync, externalID)), true, nil
	}
	if email, ok := m.equal["emails.value"]; ok && s.kind == KindUser {
		return s.indexed(byEmail, indexValue(s.sync, schema.Fold(email))), true, nil
	}
	if objects, known := s.byUnique(m); known {
		return objects, true, nil
	}
	if len(m.wanted) == 0 {
		return nil, false, nil
	}
	groups, err := s.groupsOf(ctx, s.sync, m.wanted[0], false)
	for _, g := range groups {
		objects = append(objects, g)
	}
	return objects, true, err
}

func ignoreNotFound(err error) error {
	if isNotFound(err) {
		return nil
	}
	return err
}
