package access

import (
	"fmt"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/internal/plugin/cluster"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// Answer is whether the user may do what is asked for.
type Answer struct {
	// Asked is true if the API server was asked; otherwise a note says why not.
	Asked   bool   `json:"asked"`
	Allowed bool   `json:"allowed"` // by the API server
	Denied  bool   `json:"denied,omitempty"`
	Reason  string `json:"reason,omitempty"` // in its words
	// ByRollcall is true if a binding of Rollcall gives it now.
	ByRollcall bool `json:"byRollcall"`
	// Others are bindings that nobody but their author keeps, and that give the
	// same: they stay when the user leaves every group.
	Others []Other `json:"others"`
}

// Other is a RoleBinding or ClusterRoleBinding that is not Rollcall's.
type Other struct {
	Object  string   `json:"object"` // "RoleBinding ns/name"
	Role    string   `json:"role"`   // "ClusterRole view"
	Subject string   `json:"subject"`
	Allows  []string `json:"allows"`
}

func (e *explaining) answer() error {
	a := &Answer{Others: []Other{}}
	e.why.Answer = a
	for _, b := range e.why.Bindings {
		for _, access := range b.Access {
			a.ByRollcall = a.ByRollcall || len(access.Allows) > 0 && len(access.Objects) > 0
		}
	}
	if e.why.Subject == "" {
		e.note("the API server was not asked, since the user has no name in RBAC: %s", e.why.SubjectProblem)
		return nil
	}
	review := e.question.Review(e.why.Subject)
	err := e.c.Create(e.ctx, review)
	switch {
	case cluster.IsForbidden(err):
		e.note("the API server was not asked: %v", cluster.Explain(err))
	case err != nil:
		return cluster.Explain(err)
	default:
		a.Asked, a.Allowed, a.Denied, a.Reason = true, review.Status.Allowed, review.Status.Denied, review.Status.Reason
	}
	return e.others()
}

func (e *explaining) note(format string, args ...any) {
	e.why.Notes = append(e.why.Notes, fmt.Sprintf(format, args...))
}

// others looks through all bindings that count for the question.
func (e *explaining) others() error {
	if e.question.Namespace != "" {
		var list rbacv1.RoleBindingList
		if err := e.optional("other RoleBindings", &list, func() {
			for i := range list.Items {
				o := &list.Items[i]
				e.other(o, "RoleBinding "+o.Namespace+"/"+o.Name, o.RoleRef, o.Subjects)
			}
		}, client.InNamespace(e.question.Namespace)); err != nil {
			return err
		}
	}
	var list rbacv1.ClusterRoleBindingList
	return e.optional("other ClusterRoleBindings", &list, func() {
		for i := range list.Items {
			o := &list.Items[i]
			e.other(o, "ClusterRoleBinding "+o.Name, o.RoleRef, o.Subjects)
		}
	})
}

func (e *explaining) optional(what string, list client.ObjectList, visit func(), options ...client.ListOption) error {
	err := cluster.Pages(e.ctx, e.c, list, func() error { visit(); return nil }, options...)
	if cluster.IsForbidden(err) {
		e.note("%s were not looked at: %v", what, err)
		return nil
	}
	return err
}

// other adds a binding that is not Rollcall's and allows what is asked for.
func (e *explaining) other(o client.Object, name string, ref rbacv1.RoleRef, subjects []rbacv1.Subject) {
	if _, ours := projection.BindingOf(o); ours && o.GetLabels()[projection.LabelManagedBy] == projection.ManagedBy {
		return
	}
	i := slices.IndexFunc(subjects, func(s rbacv1.Subject) bool {
		return s.Kind == rbacv1.UserKind && s.Name == e.why.Subject || s.Kind == rbacv1.GroupKind && s.Name == authenticated
	})
	if i < 0 {
		return
	}
	var allows []string
	for _, rule := range e.question.AllowedBy(e.roles.get(ref.Kind, o.GetNamespace(), ref.Name).rules) {
		allows = append(allows, e.question.RuleText(rule))
	}
	if len(allows) > 0 {
		e.why.Answer.Others = append(e.why.Answer.Others, Other{
			Object: name, Role: ref.Kind + " " + ref.Name, Subject: subjects[i].Kind + " " + subjects[i].Name, Allows: allows,
		})
	}
}
