package access

import (
	"context"
	"slices"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/plugin/cluster"
	"github.com/rollcall-scim/rollcall/internal/plugin/roster"
	"github.com/rollcall-scim/rollcall/internal/projection"
	"github.com/rollcall-scim/rollcall/internal/projection/networkpolicy"
	"github.com/rollcall-scim/rollcall/internal/projection/snapshot"
)

// Why is what a user may do, and why.
type Why struct {
	User roster.User `json:"user"`
	// Subject is the user's name in RBAC by the sync's kubernetesUsername; empty
	// if there is none that can be bound, for the reason in SubjectProblem.
	Subject        string    `json:"subject,omitempty"`
	SubjectProblem string    `json:"subjectProblem,omitempty"`
	Question       *Question `json:"question,omitempty"`
	// Bindings are those by which the user has access, or is to have it, or that
	// name a group of the user.
	Bindings []Binding `json:"bindings"`
	// Missing are bindings that would answer the question with yes, if the user
	// were a member of one of their groups.
	Missing []Binding `json:"missing,omitempty"`
	// Networks are the GroupNetworkPolicies that let through what is the user's,
	// or name a group of the user; without a question only.
	Networks []*networkpolicy.Explanation `json:"networkPolicies,omitempty"`
	Answer   *Answer                      `json:"answer,omitempty"`
	Notes    []string                     `json:"notes,omitempty"`
}

// Binding is one binding as it concerns the user.
type Binding struct {
	Binding     string                        `json:"binding"`           // Kind/namespace/name
	Roles       []string                      `json:"roles"`             // "ClusterRole view"; of several, its pattern chooses
	Pattern     string                        `json:"pattern,omitempty"` // of its groupSelector
	SubjectKind string                        `json:"subjectKind"`
	Subject     string                        `json:"subject,omitempty"`
	Reasons     []projection.Cause            `json:"reasons,omitempty"` // why the user cannot have access by it at all
	Groups      []projection.GroupExplanation `json:"groups"`
	Access      []Access                      `json:"access"`
	Problems    []string                      `json:"problems,omitempty"` // of the binding
}

// Access is what the user has in one place.
type Access struct {
	projection.AccessExplanation
	// Allows are the rules of the role that allow what is asked for.
	Allows []string `json:"allows,omitempty"`
	// RoleProblem is why the role's rules are not known.
	RoleProblem string `json:"roleProblem,omitempty"`
}

// concerned tells whether the binding has anything to do with the user.
func (b *Binding) concerned() bool {
	return len(b.Access) > 0 || slices.ContainsFunc(b.Groups, func(g projection.GroupExplanation) bool { return g.Member })
}

// Explain says why a user has access or not. question may be nil.
func Explain(ctx context.Context, c *cluster.Cluster, person *roster.Person, question *Question) (*Why, error) {
	world, err := readFor(ctx, c, person, question == nil)
	if err != nil {
		return nil, err
	}
	e := &explaining{
		ctx: ctx, c: c, world: world, snapshot: snapshot.New(world.Objects), roles: newRoles(ctx, c),
		sync: client.ObjectKeyFromObject(person.Sync), question: question,
		why: &Why{User: person.User, Question: question, Bindings: []Binding{}, Notes: world.Notes},
	}
	e.name(person)
	for _, b := range world.Bindings {
		e.binding(b)
	}
	if question == nil {
		e.networks()
	} else if err := e.answer(); err != nil {
		return nil, err
	}
	return e.why, nil
}

// explaining is one call of Explain.
type explaining struct {
	ctx      context.Context
	c        *cluster.Cluster
	world    *World
	snapshot *snapshot.Snapshot
	roles    *roles
	sync     types.NamespacedName
	question *Question
	why      *Why
}

// name finds what the user is called in RBAC.
func (e *explaining) name(person *roster.Person) {
	name, err := roster.SubjectOf(person.Sync, person.Object)
	if e.why.Subject = name; err != nil {
		e.why.SubjectProblem = err.Error()
	}
}

// networks explains the policies that concern the user. They are no answer to
// a question about the API.
func (e *explaining) networks() {
	for i := range e.world.Policies {
		x := networkpolicy.Explain(e.snapshot.NetworkInput(&e.world.Policies[i], e.world.NetworkPolicies), e.sync, e.why.User.ID)
		member := slices.ContainsFunc(x.Groups, func(g projection.GroupExplanation) bool { return g.Member })
		if open := slices.ContainsFunc(x.Peers, func(p networkpolicy.PeerExplanation) bool { return len(p.Values) > 0 }); member || open {
			e.why.Networks = append(e.why.Networks, x)
		}
	}
}

func (e *explaining) binding(bound Bound) {
	x := projection.Explain(e.world.Request(e.snapshot, bound), e.sync, e.why.User.ID)
	b := Binding{
		Binding: x.Binding, Roles: rolesOf(bound), SubjectKind: x.SubjectKind, Subject: x.Subject, Reasons: x.Reasons,
		Groups: x.Groups, Access: []Access{}, Problems: bound.Problems,
	}
	if selector := bound.Grant.GroupSelector; selector != nil {
		b.Pattern = selector.Pattern
	}
	for _, a := range x.Access {
		access := Access{AccessExplanation: a}
		if e.question != nil {
			if !e.covers(a.Namespace) {
				continue
			}
			found := e.roles.get(a.RoleKind, a.Namespace, a.Role)
			access.RoleProblem = found.problem
			for _, rule := range e.question.AllowedBy(found.rules) {
				access.Allows = append(access.Allows, e.question.RuleText(rule))
			}
		}
		b.Access = append(b.Access, access)
	}
	if e.question == nil {
		if b.concerned() {
			e.why.Bindings = append(e.why.Bindings, b)
		}
		return
	}
	switch {
	case len(b.Access) > 0:
		e.why.Bindings = append(e.why.Bindings, b)
	case e.wouldAllow(bound):
		e.why.Missing = append(e.why.Missing, b)
	}
}

// covers tells whether what is bound in a place counts for the question.
func (e *explaining) covers(namespace string) bool {
	return namespace == "" || namespace == e.question.Namespace
}

// wouldAllow tells whether a binding binds a role that allows what is asked
// for, in a place that counts.
func (e *explaining) wouldAllow(bound Bound) bool {
	for _, place := range e.places(bound) {
		for _, ref := range named(bound) {
			if len(e.question.AllowedBy(e.roles.get(ref.Kind, place, ref.Name).rules)) > 0 {
				return true
			}
		}
	}
	return false
}

// named gives the roles that a binding names.
func named(bound Bound) []v1alpha1.RoleReference {
	if bound.Grant.RoleRef != nil {
		return []v1alpha1.RoleReference{*bound.Grant.RoleRef}
	}
	return bound.Grant.Roles
}

func rolesOf(bound Bound) []string {
	roles := []string{}
	for _, ref := range named(bound) {
		roles = append(roles, ref.Kind+" "+ref.Name)
	}
	return roles
}

// places gives where a binding binds, as far as that counts for the question.
func (e *explaining) places(bound Bound) []string {
	target := bound.Target
	switch {
	case target == nil:
		if e.covers(bound.Namespace) {
			return []string{bound.Namespace}
		}
		return nil
	case target.Scope == v1alpha1.ScopeCluster:
		return []string{""}
	case slices.Contains(target.Namespaces, e.question.Namespace):
		return []string{e.question.Namespace}
	case !bound.FollowsNamespaces():
		return nil
	}
	for _, p := range projection.Project(e.world.Request(e.snapshot, bound)).Placements {
		if p.Namespace == e.question.Namespace && len(p.Objects) > 0 {
			return []string{p.Namespace}
		}
	}
	return nil
}
