package directory

import (
	"context"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/filter"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

type expression = filter.Expression

// matcher decides about one object at a time whether it matches a filter.
type matcher struct {
	inspector
	equal     map[string]string // what attributes must be, where the filter says so
	wanted    []string          // ids that must be members: looked up one by one
	predicate filter.Predicate  // everything but members; nil: always true
	// named: the filter is only that the name is this one, so there is no need to
	// look at attributes.
	named        bool
	name, folded string
}

func (s scope) matcher(rt *schema.ResourceType, e expression) (*matcher, error) {
	m := &matcher{inspector: inspector{scope: s}}
	if e == nil {
		return m, nil
	}
	terms, rest := filter.Plan(rt, e)
	if rest == nil && len(terms) == 1 && terms[0].Path.String() == m.nameAttribute() {
		if name, isText := terms[0].Value.(string); isText {
			m.named, m.name, m.folded = true, name, schema.Fold(name)
			return m, nil
		}
	}
	m.equal = map[string]string{}
	for _, term := range terms {
		path := term.Path.String()
		value, isText := term.Value.(string)
		if isText && s.kind == KindGroup && path == "members.value" {
			m.wanted = append(m.wanted, value)
			continue
		}
		if _, twice := m.equal[path]; isText && !twice {
			m.equal[path] = value
		}
		if rest == nil {
			rest = term
		} else {
			rest = filter.And{Left: term, Right: rest}
		}
	}
	if rest == nil {
		return m, nil
	}
	var err error
	if m.predicate, err = filter.Compile(rt, rest); err != nil {
		return nil, scim.BadRequest(scim.TypeInvalidFilter, "%v", err)
	}
	m.needMembers = s.kind == KindGroup && mentions(rest, "members")
	m.needGroups = s.kind == KindUser && mentions(rest, "groups")
	m.needVersion = mentions(rest, "meta")
	return m, nil
}

// nameAttribute is the attribute that is unique in a sync.
func (s scope) nameAttribute() string {
	if s.kind == KindGroup {
		return "displayName"
	}
	return "userName"
}

func (m *matcher) match(ctx context.Context, o client.Object) (bool, error) {
	if m.named {
		return schema.Fold(nameOf(o)) == m.folded, nil
	}
	for _, id := range m.wanted {
		in, err := m.contains(ctx, o.(*v1alpha1.Group), id)
		if !in || err != nil {
			return false, ignoreNotFound(err)
		}
	}
	if m.predicate == nil {
		return true, nil
	}
	candidate, err := m.candidate(ctx, o)
	if err != nil {
		return false, ignoreNotFound(err)
	}
	return m.predicate(candidate), nil
}

// inspector shows objects as filters and sort keys see them. What costs something
// to know is looked up only when it is needed.
type inspector struct {
	scope
	needMembers, needGroups, needVersion bool
}

func (m *inspector) candidate(ctx context.Context, o client.Object) (filter.Candidate, error) {
	r := m.bare(o)
	candidate := filter.Candidate{ID: r.ID, Created: r.Meta.Created, LastModified: r.Meta.LastModified, Attributes: r.Attributes}
	if m.needMembers {
		ids, err := m.members(ctx, o.(*v1alpha1.Group))
		if err != nil {
			return candidate, err
		}
		r.Attributes["members"] = m.membersAttribute(ids)
	}
	if m.needGroups {
		groups, err := m.groupsOf(ctx, m.sync, r.ID, false)
		if err != nil {
			return candidate, err
		}
		if len(groups) > 0 {
			r.Attributes["groups"] = groupsAttribute(groups)
		}
	}
	if m.needVersion {
		var err error
		if candidate.Version, err = m.version(ctx, o); err != nil {
			return candidate, err
		}
	}
	return candidate, nil
}

// membersAttribute gives members in the form in which filters see them.
func (m *inspector) membersAttribute(ids []string) []any {
	members := make([]any, len(ids))
	for i, id := range ids {
		o := scim.Object{}
		known := m.member(m.sync, id)
		put(o, "value", known.Value)
		put(o, "type", known.Type)
		put(o, "display", known.Display)
		members[i] = o
	}
	return members
}

// mentions tells whether a filter reads an attribute.
func mentions(e expression, name string) bool {
	switch e := e.(type) {
	case filter.And:
		return mentions(e.Left, name) || mentions(e.Right, name)
	case filter.Or:
		return mentions(e.Left, name) || mentions(e.Right, name)
	case filter.Not:
		return mentions(e.Operand, name)
	case filter.Comparison:
		return strings.EqualFold(e.Path.Name, name)
	case filter.ValuePath:
		return strings.EqualFold(e.Path.Name, name)
	}
	return false
}
