package scale

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/directory"
)

// Where the API server keeps the objects of each kind.
const (
	usersPrefix  = "/registry/scim.rollcall.dev/users/"
	groupsPrefix = "/registry/scim.rollcall.dev/groups/"
	slicesPrefix = "/registry/scim.rollcall.dev/groupmemberslices/"
	// RoleBindings of the namespace in which groups are bound.
	roleBindingsPrefix = "/registry/rolebindings/" + bindingsNamespace + "/"
)

// person is a user as far as requests need it.
type person struct{ id, userName string }

// model is a user that the operator has written, in the bytes of etcd.
type model struct {
	raw  string
	user v1alpha1.User
}

// readUsers gives the users in etcd.
func readUsers(ctx context.Context, e etcd) (models []model, err error) {
	var failure error
	err = e.each(ctx, usersPrefix, func(p pair) {
		m := model{raw: string(p.Value)}
		if err := json.Unmarshal(p.Value, &m.user); err != nil && failure == nil {
			failure = fmt.Errorf("reading %s: %w", p.Key, err)
		}
		models = append(models, m)
	})
	if err == nil {
		err = failure
	}
	return models, err
}

// seed is another user with the content of a model: wherever a name or id
// stands, there is another one of the same form, and it has the object name
// that the SCIM server gives it.
func (m *model) seed(number int) (person, pair) {
	spec := &m.user.Spec
	local, domain, _ := strings.Cut(spec.UserName, "@")
	userName := fmt.Sprintf("%s.%07d@%s", local, number, domain)
	name := directory.Slot(directory.KindUser, syncName, userName, false)
	id := name + "-u" + randomText(6)
	// The longest first: an id begins with the object name.
	replaced := []string{
		spec.ID, id,
		m.user.Name, name,
		spec.UserName, userName,
		`"` + spec.ExternalID + `"`, `"` + withNumber(spec.ExternalID, number) + `"`,
		string(m.user.UID), randomUID(),
	}
	if spec.Enterprise != nil && spec.Enterprise.EmployeeNumber != "" {
		replaced = append(replaced, `"`+spec.Enterprise.EmployeeNumber+`"`, fmt.Sprintf(`"%07d"`, number))
	}
	value := strings.NewReplacer(replaced...).Replace(m.raw)
	return person{id, userName}, pair{[]byte(usersPrefix + syncNamespace + "/" + name), []byte(value)}
}

// withNumber replaces the end of an id, which keeps its length.
func withNumber(id string, number int) string {
	end := fmt.Sprintf("%07d", number)
	return id[:max(0, len(id)-len(end))] + end
}

// randomText gives characters as they stand at the end of an id.
func randomText(n int) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = "abcdefghijklmnopqrstuvwxyz234567"[rand.IntN(32)]
	}
	return string(text)
}

func randomUID() string {
	high, low := rand.Uint64(), rand.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", high>>32, high>>16&0xffff, high&0xfff, 0x8000|low>>48&0x3fff, low&0xffffffffffff)
}

// seedUsers writes users into etcd until there are as many as wanted. The
// others are kept in the order in which they were made.
func (r *runner) seedUsers(ctx context.Context, models []model) error {
	for _, m := range models {
		r.people = append(r.people, person{m.user.Spec.ID, m.user.Spec.UserName})
	}
	first := len(r.people)
	if r.Users == first {
		return nil
	}
	r.say("seeding %d users: written into etcd as copies of those that the operator made", r.Users-first)
	r.people = append(r.people, make([]person, r.Users-first)...)
	return r.parallel(ctx, "users", r.Users-first, func(ctx context.Context, i int) error {
		number := first + i
		seeded, object := models[number%len(models)].seed(number)
		r.people[number] = seeded
		return r.cluster.etcd.put(ctx, object)
	})
}
