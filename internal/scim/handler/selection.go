package handler

import (
	"strings"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/filter"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// selection says which attributes an answer shows, by the parameters
// attributes and excludedAttributes (RFC 7644 §3.9) and the attributes' own
// `returned` (RFC 7643 §7). The zero selection is what is returned by default.
// Given both parameters, an attribute has to pass both.
type selection struct {
	only, except *named // nil without the parameter
	// sent are attributes that the request set.
	sent map[*schema.Attribute]bool
}

// named are the attributes that a parameter names.
type named struct {
	whole  map[*schema.Attribute]bool // attributes and sub-attributes named themselves
	within map[*schema.Attribute]bool // attributes of which a sub-attribute is named
	others map[string]bool            // folded: schema URNs, and names that no schema declares
}

// visibility is how much of an attribute an answer shows.
type visibility int

const (
	hidden  visibility = iota
	partial            // only the sub-attributes that are named
	shown
)

// readSelection reads attributes and excludedAttributes. Names of nothing are
// ignored, as a resource without a value for them would be.
func readSelection(t *resourceType, p parameters) (selection, error) {
	only, err := readNamed(t, "attributes", p.attributes)
	if err != nil {
		return selection{}, err
	}
	except, err := readNamed(t, "excludedAttributes", p.excludedAttributes)
	return selection{only: only, except: except}, err
}

// maxNames bounds attributes and excludedAttributes that are posted, in bytes; in
// a URL they are no longer.
const maxNames = 64 << 10

func readNamed(t *resourceType, parameter, list string) (*named, error) {
	if list == "" {
		return nil, nil
	}
	if len(list) >= maxNames {
		return nil, scim.BadRequest(scim.TypeInvalidValue, "%s has %d bytes; less than %d are accepted", parameter, len(list), maxNames)
	}
	n := &named{whole: map[*schema.Attribute]bool{}, within: map[*schema.Attribute]bool{}, others: map[string]bool{}}
	for _, name := range splitNames(list) {
		if strings.EqualFold(name, t.Schema.ID) || t.Extension(name) != nil {
			n.others[schema.Fold(name)] = true
			continue
		}
		path, err := filter.ParseAttribute(name)
		if err != nil {
			return nil, scim.BadRequest(scim.TypeInvalidValue, "%s=%s: %v", parameter, name, err)
		}
		target, found := t.Lookup(path.URN, path.Name, path.SubAttribute)
		switch {
		case !found || target.Attribute == nil:
			n.others[schema.Fold(name)] = true
		case target.Sub != nil:
			n.whole[target.Sub] = true
			n.within[target.Attribute] = true
		default:
			n.whole[target.Attribute] = true
		}
	}
	return n, nil
}

// splitNames splits at commas, but not within the brackets of
// emails[type eq "a,b"], which some clients send.
func splitNames(list string) []string {
	var names []string
	bracket, quoted := false, false
	for _, name := range strings.FieldsFunc(list, func(r rune) bool {
		switch r {
		case '"':
			quoted = !quoted
		case '[':
			bracket = bracket || !quoted
		case ']':
			bracket = bracket && quoted
		}
		return r == ',' && !bracket
	}) {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// attribute decides on an attribute of the schema with the URN, which is
// folded; it is empty for common attributes.
func (s selection) attribute(urn string, a *schema.Attribute) visibility {
	switch {
	case a.Returned == schema.Always:
		return shown
	case a.Returned == schema.Never,
		s.except != nil && (s.except.whole[a] || s.except.others[urn]):
		return hidden
	case s.only == nil:
		return shownIf(s.byDefault(a))
	case s.only.whole[a]:
		return shown
	case s.only.others[urn] && a.Returned == schema.Default:
		return shown
	case s.only.within[a]:
		return partial
	}
	return hidden
}

// subAttribute decides on a sub-attribute of an attribute that is not hidden.
func (s selection) subAttribute(parent visibility, a *schema.Attribute) bool {
	switch {
	case a.Returned == schema.Always:
		return true
	case a.Returned == schema.Never, s.except != nil && s.except.whole[a]:
		return false
	case s.only != nil && s.only.whole[a]:
		return true
	}
	return parent == shown && s.byDefault(a)
}

// byDefault tells whether an attribute is shown that no parameter names.
func (s selection) byDefault(a *schema.Attribute) bool {
	return a.Returned == schema.Default || a.Returned == schema.Request && s.sent[a]
}

// extension decides on the attribute of an extension that no schema declares.
func (s selection) extension(urn, attribute string) bool {
	urn = schema.Fold(urn)
	name := urn + ":" + schema.Fold(attribute)
	if s.except != nil && (s.except.others[urn] || s.except.others[name]) {
		return false
	}
	return s.only == nil || s.only.others[urn] || s.only.others[name]
}

// need is what of a resource is shown.
func (s selection) need(t *resourceType) scim.Need {
	urn := t.foldedURN
	need := scim.Need{
		Members: t.members != nil && s.attribute(urn, t.members) != hidden,
		Groups:  t.groups != nil && s.attribute(urn, t.groups) != hidden,
	}
	if s.only == nil && s.except == nil && len(s.sent) == 0 {
		need.Encoder = t
	}
	return need
}

func shownIf(condition bool) visibility {
	if condition {
		return shown
	}
	return hidden
}
