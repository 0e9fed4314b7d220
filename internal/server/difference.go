package server

import (
	"reflect"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/provisioninglog"
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// maxNamed is how many members a change names.
const maxNamed = 3

func kindOf(rt *schema.ResourceType) v1alpha1.ProvisionedKind {
	return v1alpha1.ProvisionedKind(rt.Name)
}

// nameAttribute is the attribute that a resource is known by.
func nameAttribute(rt *schema.ResourceType) string {
	if kindOf(rt) == v1alpha1.ProvisionedUser {
		return "userName"
	}
	return "displayName"
}

func nameIn(rt *schema.ResourceType, attributes scim.Object) string {
	name, _ := attributes[nameAttribute(rt)].(string)
	return name
}

// head is what of a resource has actions of its own.
type head struct {
	name   string
	active bool
}

func headOf(rt *schema.ResourceType, attributes scim.Object) head {
	active, there := attributes["active"].(bool)
	return head{nameIn(rt, attributes), active || !there}
}

// difference is what a change did to the attributes of a resource.
type difference struct {
	before, after head
	attributes    []string // those without an action of their own
}

// compare finds what a change did. It costs what the attributes do that a user
// has at most; members are not among them.
func compare(rt *schema.ResourceType, before head, current, next scim.Object) difference {
	d := difference{before: before, after: headOf(rt, next)}
	own := []string{nameAttribute(rt), "active"}
	for name := range next {
		if _, there := current[name]; !there && !slices.Contains(own, name) {
			d.attributes = append(d.attributes, name)
		}
	}
	for name, was := range current {
		if slices.Contains(own, name) {
			continue
		}
		is := next[name]
		from, isObject := was.(scim.Object)
		to, staysObject := is.(scim.Object)
		switch {
		case strings.HasPrefix(name, "urn:") && isObject && staysObject:
			d.attributes = append(d.attributes, changedIn(name, from, to)...)
		case !reflect.DeepEqual(was, is):
			d.attributes = append(d.attributes, name)
		}
	}
	slices.Sort(d.attributes)
	return d
}

// changedIn names the attributes of an extension that changed.
func changedIn(urn string, from, to scim.Object) []string {
	var names []string
	for name, was := range from {
		if !reflect.DeepEqual(was, to[name]) {
			names = append(names, urn+":"+name)
		}
	}
	for name := range to {
		if _, there := from[name]; !there {
			names = append(names, urn+":"+name)
		}
	}
	return names
}

// changes are the entries that a difference makes.
func (d *difference) changes(about provisioninglog.Change) []provisioninglog.Change {
	var changes []provisioninglog.Change
	about.Name = d.after.name
	add := func(action v1alpha1.ProvisioningAction, when bool) {
		if when {
			c := about
			c.Action = action
			changes = append(changes, c)
		}
	}
	if d.before.name != d.after.name {
		add(v1alpha1.ActionRenamed, true)
		changes[0].Detail = "was " + d.before.name
	}
	add(v1alpha1.ActionDisabled, d.before.active && !d.after.active)
	add(v1alpha1.ActionEnabled, !d.before.active && d.after.active)
	about.Attributes = d.attributes
	add(v1alpha1.ActionChanged, len(d.attributes) > 0)
	return changes
}

// memberChanges are the entries that changes of members make: one for each
// action, from what the request named. Nobody is counted or looked up.
func memberChanges(about provisioninglog.Change, requested []scim.MemberChange) []provisioninglog.Change {
	var changes []provisioninglog.Change
	for _, m := range requested {
		c := about
		switch m.Op {
		case scim.AddMembers:
			c.Action = v1alpha1.ActionMembersAdded
		case scim.RemoveMembers:
			c.Action = v1alpha1.ActionMembersRemoved
		case scim.RemoveMatching:
			c.Action, c.Reason = v1alpha1.ActionMembersRemoved, "those that match a filter"
		case scim.ReplaceMembers:
			c.Action = v1alpha1.ActionMembersReplaced
		default:
			continue
		}
		i := slices.IndexFunc(changes, func(other provisioninglog.Change) bool { return other.Action == c.Action && other.Reason == c.Reason })
		if i < 0 {
			i = len(changes)
			changes = append(changes, c)
		}
		changes[i].Members += len(m.Values)
		more := min(len(m.Values), maxNamed-len(changes[i].MemberIDs))
		changes[i].MemberIDs = append(changes[i].MemberIDs, m.Values[:more]...)
	}
	return changes
}
