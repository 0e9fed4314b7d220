package projection

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/types"
)

// Bounds of what is reported, as in GroupBindingStatus.
const (
	MaxProblems      = 32
	maxProblemLength = 1024
	maxExamples      = 3
	maxExampleLength = 100
)

// Reason says in one word what keeps part of a binding from being projected.
type Reason string

// The reasons of problems.
const (
	ReasonSyncNotFound             Reason = "SyncNotFound"
	ReasonSyncDeleted              Reason = "SyncDeleted"
	ReasonNamespaceNotAllowed      Reason = "NamespaceNotAllowed"
	ReasonGroupNotFound            Reason = "GroupNotFound"
	ReasonGroupNotSynced           Reason = "GroupNotSynced"
	ReasonGroupUnresolved          Reason = "GroupUnresolved"
	ReasonNestedGroupNotSynced     Reason = "NestedGroupNotSynced"
	ReasonUsernameExpression       Reason = "InvalidUsernameExpression"
	ReasonUsernameNotUsable        Reason = "UsernameNotUsable"
	ReasonUsernameNotUnique        Reason = "UsernameNotUnique"
	ReasonNamespaceNotFound        Reason = "NamespaceNotFound"
	ReasonNamespaceTerminating     Reason = "NamespaceTerminating"
	ReasonInvalidNamespaceSelector Reason = "InvalidNamespaceSelector"
	ReasonInvalidPattern           Reason = "InvalidPattern"
	ReasonRoleNotUsable            Reason = "RoleNotUsable"
	ReasonTooManyMembers           Reason = "TooManyMembers"
	ReasonRemovalsHeld             Reason = "RemovalsHeld"
	ReasonAdmissionPolicyMissing   Reason = "AdmissionPolicyMissing"
	ReasonObjectNameTaken          Reason = "ObjectNameTaken"
	ReasonBindPermissionMissing    Reason = "BindPermissionMissing"
	ReasonRoleNotFound             Reason = "RoleNotFound"
	ReasonFormerRole               Reason = "FormerRoleKept"
	ReasonRefusedByTheAPIServer    Reason = "RefusedByAPIServer"
	ReasonAPIServerNotResponding   Reason = "APIServerError"
)

// Problem is one thing that keeps part of a binding from being projected, and
// what to do about it.
type Problem struct {
	Reason  Reason
	Message string
	// Sync is the IdentityProviderSync that it is about; empty if there is none.
	Sync types.NamespacedName
}

// NewProblem makes a Problem; a message that is too long for a status is cut.
func NewProblem(reason Reason, format string, args ...any) Problem {
	return Problem{Reason: reason, Message: cut(fmt.Sprintf(format, args...), maxProblemLength-len(reason)-2)}
}

func (p Problem) of(sync types.NamespacedName) Problem {
	p.Sync = sync
	return p
}

// String is the line for the status: at most 1,024 bytes.
func (p Problem) String() string { return string(p.Reason) + ": " + p.Message }

// ReasonsOf gives the reasons of the lines of a status.
func ReasonsOf(lines []string) map[string]bool {
	reasons := map[string]bool{}
	for _, line := range lines {
		reason, _, _ := strings.Cut(line, ": ")
		reasons[reason] = true
	}
	return reasons
}

// Partial reports whether the problem concerns single members only: all the
// others are bound, so it leaves a binding Ready.
func (p Problem) Partial() bool {
	switch p.Reason {
	case ReasonUsernameNotUsable, ReasonUsernameNotUnique, ReasonNestedGroupNotSynced:
		return true
	}
	return false
}

// Waiting reports whether the problem goes away when something comes that is
// expected to, rather than by a change of what somebody wrote.
func (p Problem) Waiting() bool {
	switch p.Reason {
	case ReasonGroupUnresolved, ReasonAPIServerNotResponding, ReasonGroupNotFound, ReasonSyncNotFound, ReasonSyncDeleted,
		ReasonNamespaceNotFound, ReasonNamespaceTerminating, ReasonRemovalsHeld, ReasonAdmissionPolicyMissing:
		return true
	}
	return false
}

// Tally counts things of one kind and keeps a few as examples, so that a
// thousand unusable names make one line.
type Tally struct {
	count    int
	examples []string
}

// Add counts one thing more.
func (t *Tally) Add(format string, args ...any) {
	t.count++
	if len(t.examples) < maxExamples {
		t.examples = append(t.examples, cut(fmt.Sprintf(format, args...), maxExampleLength))
	}
}

// Count is how many things were added.
func (t *Tally) Count() int { return t.count }

// String lists the examples and says how many more there are.
func (t *Tally) String() string {
	list := strings.Join(slices.Sorted(slices.Values(t.examples)), ", ")
	if more := t.count - len(t.examples); more > 0 {
		return fmt.Sprintf("%s and %d more", list, more)
	}
	return list
}

// cut shortens a text to so many bytes, between characters.
func cut(text string, size int) string {
	if len(text) <= size {
		return text
	}
	const ellipsis = "…"
	size -= len(ellipsis)
	for size > 0 && !utf8.RuneStart(text[size]) {
		size--
	}
	return text[:size] + ellipsis
}

// Bounded cuts problems to what a status holds.
func Bounded(problems []Problem) []Problem {
	return problems[:min(len(problems), MaxProblems):min(len(problems), MaxProblems)]
}
