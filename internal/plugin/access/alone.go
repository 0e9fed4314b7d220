package access

import (
	"regexp"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// alone tells whether what the bindings do with the person is the same without
// the other users: nobody else can have the name that the person has in them.
// That is so when it is made of the userName, which one user of a sync has, and
// when no binding has users of several syncs.
func (r *reading) alone() bool {
	if r.person == nil || len(r.Policies) > 0 { // what a policy lets through may be of several users
		return false
	}
	for _, b := range r.Bindings {
		if len(b.Syncs()) > 1 {
			return false
		}
		if b.SubjectKind() == v1alpha1.SubjectGroup {
			continue
		}
		expression, last := b.NameExpression(r.syncOf())
		if !ofUserName(expression) || last != "" && !ofUserName(last) {
			return false
		}
	}
	return true
}

// syncOf is the person's sync as it was read; nil if it is gone.
func (r *reading) syncOf() *v1alpha1.IdentityProviderSync {
	for i := range r.Objects.Syncs {
		if client.ObjectKeyFromObject(&r.Objects.Syncs[i]) == r.sync {
			return &r.Objects.Syncs[i]
		}
	}
	return nil
}

var userName = regexp.MustCompile(`^\s*(?:` + literal + `\s*\+\s*)?user\.userName(?:\s*\+\s*` + literal + `)?\s*$`)

const literal = `(?:'[^'\\]*'|"[^"\\]*")`

// ofUserName tells whether an expression gives different userNames different
// names: the userName itself, or with a constant before or after it.
func ofUserName(expression string) bool { return userName.MatchString(expression) }
