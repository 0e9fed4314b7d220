package projection

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// Reasons why a user has no access, beside those of Problems.
const (
	ReasonUserNotFound       Reason = "UserNotFound"
	ReasonUserDeleted        Reason = "UserDeleted"
	ReasonUserInactive       Reason = "UserInactive"
	ReasonUserNotSynced      Reason = "UserNotSynced"
	ReasonNotAMember         Reason = "NotAMember"
	ReasonRoleNotListed      Reason = "RoleNotListed"
	ReasonNamespaceNotTarget Reason = "NamespaceNotTarget"
)

// AccessState is whether a user is bound.
type AccessState string

// The states of access.
const (
	AccessBound    AccessState = "Bound"    // as it should be
	AccessPending  AccessState = "Pending"  // to be bound, and not yet
	AccessHeld     AccessState = "Held"     // bound, and stays since not everything is known
	AccessRemoving AccessState = "Removing" // bound, and to be removed
	AccessNone     AccessState = "None"     // not bound, and not to be
)

// Explanation says why a user has access by one binding, or has not.
type Explanation struct {
	Binding string `json:"binding"`
	// Sync is namespace/name of the IdentityProviderSync of the user.
	Sync     string `json:"sync"`
	UserID   string `json:"userId"`
	UserName string `json:"userName,omitempty"`
	// SubjectKind is User or Group. Who is in a Group subject is said by the
	// identity provider's token: then access is that of the user's groups.
	SubjectKind string `json:"subjectKind"`
	// Subject is the user's name in subjects of kind User; empty if there is none.
	Subject string `json:"subject,omitempty"`
	// Reasons are why the user cannot have access at all.
	Reasons []Cause `json:"reasons,omitempty"`
	// Groups are those that the binding names; of those that its pattern
	// matches, only the user's.
	Groups []GroupExplanation `json:"groups,omitempty"`
	// Access is by place and role, where a group of the user gives it or an
	// object has the user's name.
	Access []AccessExplanation `json:"access,omitempty"`
}

// Cause is why something is not so.
type Cause struct {
	Reason  Reason `json:"reason"`
	Message string `json:"message"`
}

// GroupExplanation says what a group means for a user.
type GroupExplanation struct {
	Sync        string `json:"sync"`
	DisplayName string `json:"displayName"`
	// Member is true if the user is one, directly or through nested groups.
	Member bool `json:"member"`
	// Path leads from the group to the one that the user is a direct member of:
	// displayNames, the group's first. It has one if the user is a direct member.
	Path []string `json:"path,omitempty"`
	// Reasons are why the group gives the user no access.
	Reasons []Cause `json:"reasons,omitempty"`
}

// AccessExplanation is what a user has in one place.
type AccessExplanation struct {
	Namespace string      `json:"namespace,omitempty"` // empty: the whole cluster
	RoleKind  string      `json:"roleKind"`
	Role      string      `json:"role"`
	State     AccessState `json:"state"`
	// Groups are those of the user that give it, by displayName.
	Groups []string `json:"groups,omitempty"`
	// Objects that have the subject now.
	Objects []string `json:"objects,omitempty"`
	Reasons []Cause  `json:"reasons,omitempty"`
}

// Explain says why a user of a sync has access by a binding, or has not. The
// request is as for Project, except that it has no Guard.
func Explain(request Request, sync types.NamespacedName, userID string) *Explanation {
	request.Guard = nil
	e := &explaining{run: project(request), answer: &Explanation{
		Binding: request.Binding.Key().String(), Sync: sync.String(), UserID: userID, SubjectKind: string(request.Binding.SubjectKind()),
	}}
	if !slices.Contains(request.Binding.Syncs(), sync) {
		e.cannot(ReasonNotAMember, "the binding names no group of IdentityProviderSync %s", sync)
		return e.answer
	}
	e.roster = e.rosters.of(sync)
	e.explainUser(userID)
	for _, g := range e.all {
		if g.roster == e.roster {
			e.explainGroup(g)
		}
	}
	if e.pattern != nil {
		e.explainFiltered()
	}
	e.explainAccess()
	return e.answer
}

// explaining is one call of Explain.
type explaining struct {
	*run
	answer *Explanation
	roster *roster
	of     map[*grant]bool // groups that the user is a member of
}

func (e *explaining) cannot(reason Reason, format string, args ...any) {
	e.answer.Reasons = append(e.answer.Reasons, cause(reason, format, args...))
}

func cause(reason Reason, format string, args ...any) Cause {
	return Cause{Reason: reason, Message: NewProblem(reason, format, args...).Message}
}

// explainUser looks at what does not depend on groups.
func (e *explaining) explainUser(id string) {
	e.of = map[*grant]bool{}
	user, reasons := e.roster.explainUser(id)
	e.answer.Reasons = append(e.answer.Reasons, reasons...)
	if user == nil {
		return
	}
	e.answer.UserName = user.Spec.UserName
	if user.Spec.Deleted != nil {
		return
	}
	if e.kind == v1alpha1.SubjectGroup {
		return
	}
	e.explainName(user)
}

func (e *explaining) explainName(user *v1alpha1.User) {
	s := e.roster
	if s.Usernames == nil {
		e.cannot(ReasonUsernameExpression, "the expression of the names cannot be used: %v", s.UsernamesError)
		return
	}
	if s.UsernamesError != nil {
		e.cannot(ReasonUsernameExpression, "the expression of the names cannot be used: %v; the name is that of the last one", s.UsernamesError)
	}
	name, err := s.Usernames.Name(user)
	if err == nil {
		err = CheckSubjectName(name)
	}
	if err != nil {
		e.cannot(ReasonUsernameNotUsable, "the user has no name that can be bound: %v", err)
		return
	}
	e.answer.Subject = name
	var others Tally
	for _, bearer := range s.bearersOf(name) {
		if bearer.user.Spec.ID != user.Spec.ID && bearer.state != yes {
			others.Add("%q", bearer.user.Spec.UserName)
		}
	}
	if others.Count() > 0 {
		e.cannot(ReasonUsernameNotUnique, "other users have the name as well and are not active and synced: %s", &others)
	}
}

// causes are what was reported of a group.
func (g *grant) causes() []Cause {
	var causes []Cause
	for _, note := range g.notes {
		causes = append(causes, cause(note.reason, "%s", note.text(fmt.Sprintf("%q", g.displayName))))
	}
	return causes
}
