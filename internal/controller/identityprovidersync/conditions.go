package identityprovidersync

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/extension"
	"github.com/rollcall-scim/rollcall/internal/projection"
	"github.com/rollcall-scim/rollcall/internal/token"
)

// The reasons of the Ready condition.
const (
	ReasonServing                   = "Serving"
	ReasonPaused                    = "Paused"
	ReasonUsernameExpressionInvalid = "UsernameExpressionInvalid"
	ReasonNoTokens                  = "NoTokens"
	ReasonTokenMissing              = "TokenMissing"
	ReasonTokenExpired              = "TokenExpired"
	ReasonTokenTooShort             = "TokenTooShort"
	ReasonSecretUnreadable          = "SecretUnreadable"
	ReasonExtensionSchemaInvalid    = "ExtensionSchemaInvalid"
	ReasonNamespaceNotServed        = "NamespaceNotServed"
	ReasonDeleting                  = "Deleting"
)

// servingMessage is what Ready says when all is well.
const servingMessage = "the endpoint answers"

// maxMessage keeps conditions and events within their bounds.
const maxMessage = 1024

// verdict is what the conditions say: Ready or why not, and whether somebody
// must act (stalled) or it is only a matter of time (reconciling).
type verdict struct {
	ready, stalled, reconciling bool
	reason, message             string
}

// verdict judges the findings. What keeps access from people comes first.
func (f *findings) verdict(s *v1alpha1.IdentityProviderSync) verdict {
	valid, problems := f.judgeTokens(s)
	switch {
	case f.username != nil:
		return verdict{stalled: true, reason: ReasonUsernameExpressionInvalid, message: fmt.Sprintf(
			"spec.kubernetesUsername cannot be used: until it is corrected nobody gets access who has none, and only who leaves or is disabled loses it: %v", f.username)}
	case len(s.Spec.Tokens) == 0:
		return verdict{stalled: true, reason: ReasonNoTokens, message: "spec.tokens is empty, so every request is refused: name a Secret that holds a token, or set generate: true"}
	case valid == 0:
		first := problems[0]
		return verdict{stalled: first.reason != ReasonSecretUnreadable || first.denied, reconciling: first.reason == ReasonSecretUnreadable && !first.denied,
			reason: first.reason, message: "no token is accepted, so every request is refused: " + join(problems)}
	case f.missing != "":
		return verdict{stalled: true, reason: string(projection.ReasonAdmissionPolicyMissing), message: "the endpoint answers, and access is taken away, but given to nobody: " + f.missing}
	case s.Spec.State == v1alpha1.SyncPaused:
		return verdict{reason: ReasonPaused, message: "spec.state is Paused: every request is answered 503; users, groups and their access stay as they are"}
	case len(f.extensions) > 0:
		return verdict{stalled: true, reason: ReasonExtensionSchemaInvalid, message: extensionsMessage(f.extensions)}
	case len(problems) > 0:
		return verdict{ready: true, reason: ReasonServing, message: fmt.Sprintf("%d of %d tokens are accepted: %s", valid, len(s.Spec.Tokens), join(problems))}
	default:
		return verdict{ready: true, reason: ReasonServing, message: servingMessage}
	}
}

// extensionsMessage tells which declarations are left out, and what that means.
func extensionsMessage(problems []extension.Problem) string {
	messages := make([]string, len(problems))
	for i, p := range problems {
		messages[i] = p.String()
	}
	return "the endpoint answers, but these of spec.extensionSchemas are not served until they are corrected, and what is sent under their URNs is kept unchecked, as if they were not declared: " +
		strings.Join(messages, "; ")
}

// problem is what is wrong with one token, and what to do about it.
type problem struct {
	reason, message string
	denied          bool // the operator may not read the Secret
}

func join(problems []problem) string {
	messages := make([]string, len(problems))
	for i, p := range problems {
		messages[i] = p.message
	}
	return strings.Join(messages, "; ")
}

// judgeTokens counts the valid tokens and tells about the others.
func (f *findings) judgeTokens(s *v1alpha1.IdentityProviderSync) (valid int, problems []problem) {
	for i, check := range f.tokens {
		if check.State == v1alpha1.TokenValid && check.Err == nil {
			valid++
			continue
		}
		problems = append(problems, f.judge(s.Spec.Tokens[i], check))
	}
	return valid, problems
}

func (f *findings) judge(t v1alpha1.Token, check token.Check) problem {
	secret, key := t.SecretRef.Name, t.SecretRef.Key
	failed := f.generate[secret]
	switch {
	case apierrors.IsForbidden(check.Err):
		return problem{ReasonSecretUnreadable, fmt.Sprintf(
			"token %q: the operator may not read Secret %q: give its ServiceAccount a Role with get and create on secrets in this namespace", t.Name, secret), true}
	case check.Err != nil:
		return problem{ReasonSecretUnreadable, fmt.Sprintf("token %q: Secret %q cannot be read: %v", t.Name, secret, check.Err), false}
	case check.State == v1alpha1.TokenExpired:
		return problem{ReasonTokenExpired, fmt.Sprintf("token %q expired at %s: add a new token, enter it at the identity provider, and remove this one",
			t.Name, t.ExpirationTime.UTC().Format("2006-01-02T15:04:05Z")), false}
	case check.State == v1alpha1.TokenTooShort:
		return problem{ReasonTokenTooShort, fmt.Sprintf("token %q: key %q of Secret %q has less than %d bytes: put a longer random value there", t.Name, key, secret, token.MinLength), false}
	case failed != nil:
		return problem{ReasonTokenMissing, fmt.Sprintf("token %q: Secret %q could not be made: %v", t.Name, secret, failed), false}
	case !check.Secret:
		return problem{ReasonTokenMissing, fmt.Sprintf("token %q: there is no Secret %q: create it with a random value of at least %d bytes under key %q, or set generate: true", t.Name, secret, token.MinLength, key), false}
	case t.Generate:
		return problem{ReasonTokenMissing, fmt.Sprintf("token %q: Secret %q exists without key %q, and is left alone: add the key, or delete the Secret to have it generated", t.Name, secret, key), false}
	default:
		return problem{ReasonTokenMissing, fmt.Sprintf("token %q: Secret %q has no key %q: add it with a random value of at least %d bytes", t.Name, secret, key, token.MinLength), false}
	}
}

// setConditions writes a verdict as kstatus reads it.
func setConditions(status *v1alpha1.IdentityProviderSyncStatus, generation int64, v verdict) {
	message := v.message
	if len(message) > maxMessage {
		message = strings.ToValidUTF8(message[:maxMessage-3], "") + "..."
	}
	for conditionType, holds := range map[string]bool{
		v1alpha1.ConditionReady:       v.ready,
		v1alpha1.ConditionReconciling: v.reconciling,
		v1alpha1.ConditionStalled:     v.stalled,
	} {
		condition := metav1.Condition{Type: conditionType, Status: metav1.ConditionFalse, ObservedGeneration: generation, Reason: v.reason, Message: message}
		if holds {
			condition.Status = metav1.ConditionTrue
		}
		meta.SetStatusCondition(&status.Conditions, condition)
	}
}

// explainNotServed tells why nothing happens to a sync. It is told once: where
// another operator serves the namespace, its conditions stay.
func (c *Controller) explainNotServed(ctx context.Context, s *v1alpha1.IdentityProviderSync) error {
	if len(s.Status.Conditions) > 0 {
		return nil
	}
	before := s.DeepCopy()
	s.Status.ObservedGeneration = s.Generation
	setConditions(&s.Status, s.Generation, verdict{stalled: true, reason: ReasonNamespaceNotServed, message: fmt.Sprintf(
		"the operator does not serve syncs in namespace %s: add it to --sync-namespaces, with a Role that lets the operator get and create secrets there", s.Namespace)})
	_, err := conflictLater(c.patchStatus(ctx, before, s))
	return err
}
