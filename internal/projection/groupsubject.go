package projection

import (
	"fmt"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/expression"
)

// groupNames gives the names of groups as subjects. Who is in a group is then
// said by the identity provider's token, so its members do not matter here,
// and neither do other groups of the same name.
type groupNames struct {
	expression *expression.Group // nil: groups are named by displayName
	err        error             // the expression of the spec cannot be used
	known      bool              // expression gives at least the names of before
}

func newGroupNames(b Binding) groupNames {
	if b.Grant.Subject == nil || b.Grant.Subject.Name == "" {
		return groupNames{known: true}
	}
	compiled, err := expression.CompileGroup(b.Grant.Subject.Name, expression.String)
	if err == nil {
		return groupNames{expression: compiled, known: true}
	}
	if b.BoundSubjectName != "" {
		if last, lastErr := expression.CompileGroup(b.BoundSubjectName, expression.String); lastErr == nil {
			return groupNames{expression: last, err: err, known: true}
		}
	}
	return groupNames{err: err}
}

func (n groupNames) of(group *v1alpha1.Group) (string, error) {
	name := group.Spec.DisplayName
	if n.expression != nil {
		var err error
		if name, err = n.expression.String(group); err != nil {
			return "", fmt.Errorf("evaluate subject.name: %w", err)
		}
	}
	return name, CheckSubjectName(name)
}

// nameGroup makes the one subject of a group.
func (r *run) nameGroup(g *grant) {
	if r.groupNames.err != nil {
		g.hold()
		r.reportGroup(g, ReasonUsernameExpression, func(groups string) string {
			return fmt.Sprintf("subject.name is not usable; %s keep what they have and none are added: %v", groups, r.groupNames.err)
		})
	}
	again := r.counted[g.group]
	if !again {
		r.counted[g.group] = true
		r.outcome.MembersDesired++
	}
	if r.groupNames.err != nil {
		return
	}
	name, err := r.groupNames.of(g.group)
	if err != nil {
		r.reportGroup(g, ReasonUsernameNotUsable, func(groups string) string {
			return fmt.Sprintf("%s cannot be a subject: %v; change subject.name, or the group at the identity provider", groups, err)
		})
		return
	}
	g.portion.names = []string{name}
	if !again {
		r.outcome.names = append(r.outcome.names, name)
	}
}

// keepsGroup tells whether the name of a group that is bound may be that of a
// held group.
func (r *run) keepsGroup(g *grant, name string) bool {
	if !r.groupNames.known {
		return true
	}
	if g.group != nil {
		known, err := r.groupNames.of(g.group)
		return err == nil && known == name
	}
	for group := range g.roster.Directory.Groups() {
		if !isResource(&group.Spec.ResourceSpec) || (g.roster.Sync != nil && !GroupSynced(g.roster.Sync, group)) {
			continue
		}
		if known, err := r.groupNames.of(group); err == nil && known == name {
			return true
		}
	}
	return false
}
