// Package roster answers who is there: users and groups by a part of their
// names, whether they are synced and why not, and membership in both directions.
package roster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/plugin/cluster"
	"github.com/rollcall-scim/rollcall/internal/plugin/lookup"
	"github.com/rollcall-scim/rollcall/internal/projection"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// User is one user, as shown.
type User struct {
	Sync        string `json:"sync"` // namespace/name
	UserName    string `json:"userName"`
	DisplayName string `json:"displayName,omitempty"`
	Email       string `json:"email,omitempty"`
	ExternalID  string `json:"externalId,omitempty"`
	ID          string `json:"id"`
	Object      string `json:"object"` // name of the User object
	State       string `json:"state"`  // active, inactive or deleted
	Synced      bool   `json:"synced"`
	// Reason is why the user is not synced.
	Reason string `json:"reason,omitempty"`
}

// The states of users, and of what a member list names besides.
const (
	StateActive   = "active"
	StateInactive = "inactive"
	StateDeleted  = "deleted"
)

// StateOf is whether a user may have access, as its attributes say.
func StateOf(user *v1alpha1.User) string {
	switch {
	case user.Spec.Deleted != nil:
		return StateDeleted
	case projection.Active(user):
		return StateActive
	}
	return StateInactive
}

// Email is the user's primary address, or else the first.
func Email(user *v1alpha1.User) string {
	first := ""
	for _, e := range user.Spec.Emails {
		if e.Primary != nil && *e.Primary {
			return e.Value
		}
		if first == "" {
			first = e.Value
		}
	}
	return first
}

// SubjectOf is the user's name in RBAC by the sync's kubernetesUsername. An
// error says why there is none that can be bound.
func SubjectOf(sync *v1alpha1.IdentityProviderSync, user *v1alpha1.User) (string, error) {
	compiled, err := projection.CompileUsername(cmp.Or(sync.Spec.KubernetesUsername, "user.userName"))
	if err != nil {
		return "", err
	}
	name, err := compiled.Evaluate(user)
	if err != nil {
		return "", err
	}
	return name, nil
}

func describe(sync *v1alpha1.IdentityProviderSync, user *v1alpha1.User, synced bool) User {
	u := User{
		Sync: cluster.Name(sync), UserName: user.Spec.UserName, DisplayName: user.Spec.DisplayName, Email: Email(user),
		ExternalID: user.Spec.ExternalID, ID: user.Spec.ID, Object: user.Name, State: StateOf(user), Synced: synced,
	}
	switch {
	case synced:
	case u.State == StateDeleted:
		u.Reason = "the identity provider deleted it"
	default:
		u.Reason = "in none of the userFilter's groups: " + quoted(sync.Spec.UserFilter.Groups)
	}
	return u
}

// quoted lists names, a few of them.
func quoted(names []string) string {
	const most = 4
	var list []string
	for _, name := range names[:min(len(names), most)] {
		list = append(list, fmt.Sprintf("%q", name))
	}
	if len(names) > most {
		list = append(list, fmt.Sprintf("and %d more", len(names)-most))
	}
	return strings.Join(list, ", ")
}

// match says how a text fits what was searched for.
type match int

const (
	none match = iota
	part
	exact
)

// fits compares ignoring case: an identifier must be the whole text, of any
// value it may be a part.
func fits(search string, identifiers, values []string) match {
	search = schema.Fold(search)
	found := none
	if search == "" {
		return part
	}
	for _, id := range identifiers {
		if schema.Fold(id) == search {
			return exact
		}
	}
	for _, value := range values {
		switch folded := schema.Fold(value); {
		case folded == search:
			return exact
		case strings.Contains(folded, search):
			found = part
		}
	}
	return found
}

func matchUser(search string, user *v1alpha1.User) match {
	values := []string{user.Spec.UserName, user.Spec.DisplayName}
	for _, e := range user.Spec.Emails {
		values = append(values, e.Value)
	}
	return fits(search, []string{user.Spec.ID, user.Name, user.Spec.ExternalID}, values)
}

// Users finds users by a part of userName, displayName or e-mail, or by the
// whole SCIM id, object name or externalId, ignoring case; an empty search
// finds all. A whole userName, id or object name finds its user alone. It stops after limit, unless that is 0, and says whether there may
// be more.
func Users(ctx context.Context, reader client.Reader, syncs []v1alpha1.IdentityProviderSync, search string, limit int) (users []User, more bool, err error) {
	err = eachMatch(ctx, reader, syncs, search, func(sync *v1alpha1.IdentityProviderSync, user *v1alpha1.User, synced bool, _ match) error {
		if limit > 0 && len(users) == limit {
			more = true
			return errEnough
		}
		users = append(users, describe(sync, user, synced))
		return nil
	})
	slices.SortStableFunc(users, func(a, b User) int { return strings.Compare(schema.Fold(a.UserName), schema.Fold(b.UserName)) })
	return users, more, err
}

var errEnough = errors.New("enough was found")

func eachMatch(ctx context.Context, reader client.Reader, syncs []v1alpha1.IdentityProviderSync, search string,
	visit func(*v1alpha1.IdentityProviderSync, *v1alpha1.User, bool, match) error) error {
	whole, err := lookup.UsersNamed(ctx, reader, syncs, search)
	if err != nil {
		return err
	}
	for i := range syncs {
		sync := &syncs[i]
		if len(whole) > 0 && whole[i] == nil {
			continue
		}
		synced := func(user *v1alpha1.User) bool { return projection.UserSynced(sync, nil, user) }
		if sync.Spec.UserFilter != nil && len(sync.Spec.UserFilter.Groups) > 0 {
			s, err := lookup.Groups(ctx, reader, sync)
			if err != nil {
				return err
			}
			if synced, err = s.Filter(sync); err != nil {
				return err
			}
		}
		if len(whole) > 0 {
			if err := visit(sync, whole[i], synced(whole[i]), exact); err != nil && !errors.Is(err, errEnough) {
				return err
			}
			continue
		}
		err := lookup.EachUser(ctx, reader, sync, func(user *v1alpha1.User) error {
			if m := matchUser(search, user); m != none {
				return visit(sync, user, synced(user), m)
			}
			return nil
		})
		if errors.Is(err, errEnough) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Person is a user that was found, with its sync.
type Person struct {
	User
	Sync   *v1alpha1.IdentityProviderSync
	Object *v1alpha1.User
}

// FindUser finds the one user that somebody means: the only one that fits
// exactly, or else the only one that fits at all.
func FindUser(ctx context.Context, reader client.Reader, syncs []v1alpha1.IdentityProviderSync, search string) (*Person, error) {
	var exactly, partly []Person
	err := eachMatch(ctx, reader, syncs, search, func(sync *v1alpha1.IdentityProviderSync, user *v1alpha1.User, synced bool, m match) error {
		p := Person{describe(sync, user, synced), sync, user}
		switch {
		case m == exact:
			exactly = append(exactly, p)
		case len(partly) <= maxCandidates:
			partly = append(partly, p)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return theOne("user", search, exactly, partly, syncs, func(p Person) string { return p.UserName + " (" + p.User.Sync + ")" })
}

// maxCandidates is how many an error names.
const maxCandidates = 5

func theOne[T any](what, search string, exactly, partly []T, syncs []v1alpha1.IdentityProviderSync, name func(T) string) (*T, error) {
	found := exactly
	if len(found) == 0 {
		found = partly
	}
	switch len(found) {
	case 1:
		return &found[0], nil
	case 0:
		in := cluster.Name(&syncs[0])
		if len(syncs) > 1 {
			in = fmt.Sprintf("any of %d syncs", len(syncs))
		}
		return nil, fmt.Errorf("no %s of %s is named %q, has it in the name, or has it as id; search with kubectl rollcall %ss PART-OF-A-NAME", what, in, search, what)
	}
	var names []string
	for _, candidate := range found[:min(len(found), maxCandidates)] {
		names = append(names, name(candidate))
	}
	if len(found) > maxCandidates {
		names = append(names, "and more")
	}
	return nil, fmt.Errorf("%q could be several %ss: %s. Give the whole name or the id, or say with --sync where", search, what, strings.Join(names, ", "))
}
