package plugin

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/internal/plugin/access"
	"github.com/rollcall-scim/rollcall/internal/plugin/cluster"
	"github.com/rollcall-scim/rollcall/internal/plugin/output"
	"github.com/rollcall-scim/rollcall/internal/plugin/roster"
	"github.com/rollcall-scim/rollcall/internal/projection"
	"github.com/rollcall-scim/rollcall/internal/projection/networkpolicy"
)

func writeWhy(t *output.Text, w *access.Why) {
	u := &w.User
	name := u.UserName
	if u.DisplayName != "" && u.DisplayName != u.UserName {
		name = u.DisplayName + " (" + u.UserName + ")"
	}
	t.Line("%s, a user of sync %s: %s, %s", output.Strong("%s", name), u.Sync, userState(u.State), syncedText(u))
	if w.Subject != "" {
		t.Line("Name in RBAC: User %s", w.Subject)
	} else {
		t.Line("%s", output.Bad("No name in RBAC: %s", w.SubjectProblem))
	}
	if w.Question != nil {
		writeAnswer(t, w)
	} else {
		writeBindings(t, w)
	}
	for _, note := range w.Notes {
		t.Line("")
		t.Line("%s", output.Faint("Note: %s", note))
	}
}

func syncedText(u *roster.User) output.Styled {
	if u.Synced {
		return output.Good("synced")
	}
	return output.Fair("not synced (%s)", u.Reason)
}

// writeBindings shows everything that concerns the user.
func writeBindings(t *output.Text, w *access.Why) {
	if len(w.Bindings)+len(w.Networks) == 0 {
		t.Line("")
		t.Line("No binding names a group of this user: kubectl rollcall users %s shows the groups.", w.User.UserName)
		return
	}
	for i := range w.Bindings {
		b := &w.Bindings[i]
		t.Title("%s", b.Binding)
		writeWays(t, w, b)
	}
	for _, x := range w.Networks {
		t.Title("%s", x.Policy)
		writeNetwork(t, w, x)
	}
}

// writeWays shows one binding: groups, then what they come to.
func writeWays(t *output.Text, w *access.Why, b *access.Binding) {
	for _, g := range b.Groups {
		if g.Member {
			t.Line("  %s", way(w.User.UserName, &g))
		}
		for _, reason := range g.Reasons {
			if g.Member || len(b.Access) == 0 {
				t.Line("  group %s: %s", g.DisplayName, output.Fair("%s: %s", string(reason.Reason), reason.Message))
			}
		}
	}
	if len(b.Groups) == 0 && b.Pattern != "" {
		t.Line("  no group of the user matches %s", b.Pattern)
	}
	for i := range b.Access {
		writeAccess(t, b, &b.Access[i])
	}
	if len(b.Access) == 0 {
		t.Line("  gives nothing")
		causes(t, b.Reasons)
	}
}

// way is the path from the user up to the group that the binding names.
func way(userName string, g *projection.GroupExplanation) string {
	path := slices.Clone(g.Path)
	slices.Reverse(path)
	return userName + " > " + strings.Join(path, " > ")
}

func writeAccess(t *output.Text, b *access.Binding, a *access.Access) {
	where := "in the whole cluster"
	if a.Namespace != "" {
		where = "in namespace " + a.Namespace
	}
	t.Line("  %s: %s %s %s", stateText(a.State, "bound"), a.RoleKind, a.Role, where)
	for _, object := range a.Objects {
		t.Line("    %s", object)
	}
	for _, rule := range a.Allows {
		t.Line("    allows: %s", rule)
	}
	if a.RoleProblem != "" {
		t.Line("    %s", output.Bad("%s", a.RoleProblem))
	}
	causes(t, a.Reasons)
	if a.State == projection.AccessPending {
		for _, line := range b.Problems {
			t.Line("    %s", output.Fair("%s", line))
		}
	}
}

func causes(t *output.Text, list []projection.Cause) {
	for _, cause := range list {
		t.Line("    %s", output.Fair("%s: %s", string(cause.Reason), cause.Message))
	}
}

// stateText tells how far it is with what is to be done: bound, or let through.
func stateText(state projection.AccessState, done string) output.Styled {
	switch state {
	case projection.AccessBound:
		return output.Good("%s", done)
	case projection.AccessPending:
		return output.Fair("to be %s, and not yet", done)
	case projection.AccessHeld:
		return output.Fair("%s, and stays for now", done)
	case projection.AccessRemoving:
		return output.Fair("%s, and being removed", done)
	}
	return output.Bad("not %s", done)
}

// writeAnswer shows the answer, and the ways that lead to it.
func writeAnswer(t *output.Text, w *access.Why) {
	a := w.Answer
	t.Title("May %s %s?", w.User.UserName, w.Question)
	switch {
	case a.Asked && a.Allowed:
		t.Line("%s, says the API server%s", output.Good("Yes"), reasonText(a.Reason))
	case a.Asked:
		t.Line("%s, says the API server%s", output.Bad("No"), reasonText(a.Reason))
	case a.ByRollcall:
		t.Line("%s, by Rollcall's bindings", output.Good("Yes"))
	default:
		t.Line("%s, as far as could be found", output.Bad("No"))
	}
	gives := func(x access.Access) bool { return len(x.Allows) > 0 && len(x.Objects) > 0 }
	giving := slices.DeleteFunc(slices.Clone(w.Bindings), func(b access.Binding) bool { return !slices.ContainsFunc(b.Access, gives) })
	lacking := slices.DeleteFunc(slices.Clone(w.Bindings), func(b access.Binding) bool { return slices.ContainsFunc(b.Access, gives) })
	for i := range giving {
		b := &giving[i]
		b.Access = slices.DeleteFunc(slices.Clone(b.Access), func(x access.Access) bool { return !gives(x) })
		t.Title("By %s", b.Binding)
		writeWays(t, w, b)
	}
	for _, other := range a.Others {
		t.Title("By %s, which is not Rollcall's", other.Object)
		t.Line("  %s: %s", other.Subject, other.Role)
		for _, rule := range other.Allows {
			t.Line("    allows: %s", rule)
		}
	}
	for i := range lacking {
		b := &lacking[i]
		t.Title("Not by %s", b.Binding)
		for _, g := range b.Groups {
			if g.Member {
				t.Line("  %s", way(w.User.UserName, &g))
			}
		}
		for _, x := range b.Access {
			reason := "does not allow it"
			switch {
			case x.RoleProblem != "":
				reason = "gives nothing: " + x.RoleProblem
			case len(x.Allows) > 0:
				reason = "does not give it now"
			}
			t.Line("  %s: %s %s %s", stateText(x.State, "bound"), x.RoleKind, x.Role, reason)
			causes(t, x.Reasons)
		}
	}
	for i := range w.Missing {
		if a.Allowed || a.ByRollcall {
			break // nothing is missing
		}
		b := &w.Missing[i]
		t.Title("Not by %s (%s)", b.Binding, strings.Join(b.Roles, ", "))
		writeWays(t, w, b)
	}
	if len(giving)+len(lacking)+len(w.Missing) == 0 {
		t.Line("")
		t.Line("No binding of a group gives a role that allows it there.")
	}
}

func reasonText(reason string) string {
	if reason == "" {
		return ""
	}
	return fmt.Sprintf(": %s", cluster.Shorten(reason))
}

// writeNetwork shows what one policy lets through.
func writeNetwork(t *output.Text, w *access.Why, x *networkpolicy.Explanation) {
	for _, g := range x.Groups {
		if g.Member {
			t.Line("  %s", way(w.User.UserName, &g))
		}
		for _, reason := range g.Reasons {
			if g.Member {
				t.Line("  group %s: %s", g.DisplayName, output.Fair("%s: %s", string(reason.Reason), reason.Message))
			}
		}
	}
	causes(t, x.Reasons)
	for _, p := range x.Peers {
		ports := "all ports"
		if len(p.Ports) > 0 {
			ports = strings.Join(p.Ports, ", ")
		}
		for _, v := range p.Values {
			t.Line("  %s: %s, %s %s", stateText(v.State, "let through"), p.Direction, v.Value, ports)
			for _, object := range v.Objects {
				t.Line("    %s", object)
			}
			causes(t, v.Reasons)
		}
		causes(t, p.Reasons)
	}
}
