package projection

import (
	"fmt"
	"strings"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// maxSummary is as in GroupBindingSummary.
const maxSummary = 300

// Summary names what the binding binds in a few words.
func (b Binding) Summary() *v1alpha1.GroupBindingSummary {
	var groups string
	if selector := b.Grant.GroupSelector; selector != nil {
		groups = selector.Pattern
	} else if names := b.Groups(); len(names) > 0 {
		groups = names[0].DisplayName
		if more := len(names) - 1; more > 0 {
			groups = fmt.Sprintf("%s and %d more", groups, more)
		}
	}
	var roles []string
	for _, role := range b.Roles() {
		roles = append(roles, role.Name)
	}
	return &v1alpha1.GroupBindingSummary{Groups: cut(groups, maxSummary), Roles: cut(strings.Join(roles, ", "), maxSummary)}
}
