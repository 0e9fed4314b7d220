package scale

import (
	"errors"
	"fmt"
	"io"
)

// Options say how large a directory is, and what is measured of it.
type Options struct {
	Users, Groups, Memberships int
	// Bindings are the groups that are bound to a role, the largest among them.
	Bindings int
	// ThroughSCIM are the users that internal/idpsim pushes; the others are seeded.
	ThroughSCIM int
	// Samples are how often each request is sent; changes, which the operator
	// may have to pace, a quarter of it.
	Samples int

	// Profiles is a folder for profiles: the heap of the operator and of the bare
	// informer, and the processor time of the operator's start; empty: none.
	Profiles string
	// Out gets the lines, Progress what is being done.
	Out, Progress io.Writer
}

// Default are the sizes of the goals.
func Default() Options {
	return Options{Users: 100_000, Groups: 5_000, Memberships: 1_000_000, Bindings: 100, ThroughSCIM: 1_000, Samples: 400}
}

// Short are sizes that only show that everything works: with slices, a bound
// group of more than one RoleBinding, and seeded users.
func Short() Options {
	return Options{Users: 10_000, Groups: 60, Memberships: 30_000, Bindings: 5, ThroughSCIM: 60, Samples: 8}
}

// maxUsers is how many fit into the request that creates the group of everybody.
const maxUsers = 200_000

// pushedGroups are the groups that internal/idpsim pushes, with pushedMembers
// memberships each: a twentieth of them, and few.
func (o Options) pushedGroups() int { return min(o.Groups/20, 50) }

const pushedMembers = 10

func (o Options) check() error {
	within := func(what string, value, low, high int) error {
		if value < low || value > high {
			return fmt.Errorf("%s must be between %d and %d, not %d", what, low, high, value)
		}
		return nil
	}
	return errors.Join(
		within("users", o.Users, 100, maxUsers),
		within("groups", o.Groups, 20, 100_000),
		within("memberships", o.Memberships, o.Users+pushedMembers*o.Groups, min(o.Users*o.Groups, 20_000_000)),
		within("bindings", o.Bindings, 1, o.Groups-o.pushedGroups()),
		within("users through SCIM", o.ThroughSCIM, 20, o.Users),
		within("samples", o.Samples, 4, 100_000),
	)
}

// sizes are the members of each group, descending, which add up to the
// memberships: one group of everybody, and group n of about 1/n of the rest, as
// in a company.
func sizes(groups, users, memberships int) []int {
	result := make([]int, groups)
	result[0] = min(users, memberships-(groups-1))
	left := memberships - result[0]
	weights := 0.0
	for i := 1; i < groups; i++ {
		weights += 1 / float64(i)
	}
	rest := left
	for i := 1; i < groups; i++ {
		result[i] = max(1, min(int(float64(rest)/weights/float64(i)), users))
		left -= result[i]
	}
	// What rounding left over, or gave too much, is spread from the largest on.
	for left != 0 {
		for i := 1; i < groups && left != 0; i++ {
			switch {
			case left > 0 && result[i] < result[i-1]:
				result[i]++
				left--
			case left < 0 && result[i] > 1:
				result[i]--
				left++
			}
		}
	}
	return result
}
