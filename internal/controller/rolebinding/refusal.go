package rolebinding

import (
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/rollcall-scim/rollcall/internal/projection"
)

// maxFailures is how many errors of a reconcile are kept: thousands of objects
// may be refused for one reason.
const maxFailures = 8

// errLate marks errors of a cache that was behind. They are nothing to report.
var errLate = errors.New("an object has changed since it was read")

// fail notes what a refused write means: a problem that says what to do, and
// whether it is worth another try. It blocks nothing but what would be refused
// for the same reason.
func (p *part) fail(at *place, key objectKey, role rbacv1.RoleRef, err error) {
	if isLate(err, role.Name) {
		at.behindNow()
		p.wasLate()
		return
	}
	problem, ofAll := refusal(err, key, role)
	switch {
	case problem != nil && ofAll:
		at.failedNow(problem.Reason)
	default:
		at.failedNow("")
	}
	if problem == nil {
		return
	}
	p.failure(fmt.Errorf("write %s: %w", key, err))
	p.tell(at, *problem)
}

// failure notes an error that makes the reconcile one to be tried again.
func (r *result) failure(err error) {
	if len(r.failures) < maxFailures {
		r.failures = append(r.failures, err)
	}
}

// failure notes an error that makes the reconcile one to be tried again.
func (p *part) failure(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.result.failure(err)
}

// notRevoked notes that somebody keeps access for now.
func (p *part) notRevoked() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unrevoked = true
}

// wasLate notes that something had changed before it was written.
func (p *part) wasLate() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.late = true
}

// tell adds a problem: of a placement one line for each reason.
func (p *part) tell(at *place, problem projection.Problem) {
	at.mu.Lock()
	known := at.told[problem.Reason]
	at.told[problem.Reason] = true
	at.mu.Unlock()
	if known {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = append(p.problems, problem)
}

// refusal turns an error of a write into a problem that says what to do; nil
// if it is nothing to report. ofAll is set if every further addition to the
// same placement would be refused too.
func refusal(err error, key objectKey, role rbacv1.RoleRef) (problem *projection.Problem, ofAll bool) {
	report := func(ofAll bool, reason projection.Reason, format string, args ...any) (*projection.Problem, bool) {
		problem := projection.NewProblem(reason, format, args...)
		return &problem, ofAll
	}
	switch {
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return nil, true
	case apierrors.IsNotFound(err):
		return report(true, projection.ReasonRoleNotFound,
			"%s %q does not exist%s, and the operator may not bind it beforehand; create it, and let the operator bind it (%s)",
			role.Kind, role.Name, key.where(), howToGrant(role))
	case apierrors.IsForbidden(err) && isEscalation(err):
		return report(true, projection.ReasonBindPermissionMissing,
			"the operator may not bind %s %q%s; %s", role.Kind, role.Name, key.where(), howToGrant(role))
	case apierrors.IsForbidden(err):
		return report(true, projection.ReasonRefusedByTheAPIServer, "writing %s was refused: %v", key, err)
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err), apierrors.IsRequestEntityTooLargeError(err): // a webhook may give any of them
		return report(false, projection.ReasonRefusedByTheAPIServer, "writing %s was refused: %v", key, err)
	}
	return report(false, projection.ReasonAPIServerNotResponding, "writing %s failed and is tried again: %v", key, err)
}

// where is " in namespace …", or nothing for the whole cluster.
func (k objectKey) where() string {
	if k.namespace == "" {
		return ""
	}
	return fmt.Sprintf(" in namespace %q", k.namespace)
}

// isLate tells that what was read has changed or is gone. A role that does not
// exist is reported as if an object of its name did not.
func isLate(err error, role string) bool {
	var status apierrors.APIStatus
	gone := apierrors.IsNotFound(err) && errors.As(err, &status) &&
		status.Status().Details != nil && status.Status().Details.Name != role
	return gone || apierrors.IsConflict(err) || errors.Is(err, errLate)
}

// roleIsGone tells that a write was refused since the role does not exist and
// the operator may not bind it beforehand.
func roleIsGone(err error, role string) bool { return apierrors.IsNotFound(err) && !isLate(err, role) }

// isEscalation tells the refusal to bind a role from a missing permission on
// RoleBindings, a quota or a webhook.
func isEscalation(err error) bool {
	return strings.Contains(err.Error(), "attempting to grant RBAC permissions not currently held")
}

func howToGrant(role rbacv1.RoleRef) string {
	return fmt.Sprintf("add %q to bindableRoles, or a rule with verbs [bind], resources [%ss] and resourceNames [%s] to the operator's ClusterRole",
		role.Name, strings.ToLower(role.Kind), role.Name)
}
