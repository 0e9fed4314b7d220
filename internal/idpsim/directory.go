package idpsim

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Account is what stays the same of a person through every change.
type Account struct {
	Index      int
	ExternalID string // as the profile writes it
	ID         string // given by the server; empty until the account is provisioned
	Deleted    bool   // by the end of the run
}

// Person is one version of a user of the directory. A change makes a new
// version; versions are never altered.
type Person struct {
	*Account
	UserName, GivenName, FamilyName, DisplayName string
	Email, Phone, Mobile, Photo                  string
	Title, UserType, EmployeeNumber              string
	Department, Division, CostCenter, Locale     string
	Timezone, Street, City, Region, Zip, Country string
	Active                                       bool
	Manager                                      *Account
}

// Circle is what stays the same of a team through every change.
type Circle struct {
	Index      int
	ExternalID string
	ID         string // given by the server
	Adopted    bool   // the server had a group of this name already
}

// Team is one version of a group of the directory.
type Team struct {
	*Circle
	DisplayName string
}

// Directory is the state of the identity provider: what the server should hold.
type Directory struct {
	People  []*Person
	Teams   []*Team // nil where a team was deleted
	members []map[int]bool
	used    map[string]int // user names and group names that were ever taken
	rng     *rand.Rand
	prefix  string
	newID   func(kind, index int) string
}

// newDirectory makes the directory before the first cycle.
func newDirectory(c *Config, newID func(kind, index int) string) *Directory {
	d := &Directory{
		used:   make(map[string]int, c.Users+c.Groups),
		rng:    rand.New(rand.NewPCG(c.Seed, 0x1d951d951d951d95)),
		prefix: c.GroupPrefix,
		newID:  newID,
	}
	for range c.Users {
		d.People = append(d.People, d.newPerson())
	}
	for i, p := range d.People {
		if i > 0 { // a tree: everybody but the first has a manager
			p.Manager = d.People[(i-1)/8].Account
		}
	}
	for i := range c.Groups {
		d.Teams = append(d.Teams, &Team{
			Circle:      &Circle{Index: i, ExternalID: newID(groupID, i)},
			DisplayName: d.unique(d.teamName(i), " "),
		})
		d.members = append(d.members, map[int]bool{})
	}
	d.spread(c.Memberships)
	return d
}

// pick takes one of the choices.
func pick[T any](rng *rand.Rand, choices []T) T { return choices[rng.IntN(len(choices))] }

// maybe leaves one value in four empty: not every user has every attribute.
func (d *Directory) maybe(value string) string {
	if d.rng.IntN(4) == 0 {
		return ""
	}
	return value
}

func (d *Directory) newPerson() *Person {
	index := len(d.People)
	given, family, home := pick(d.rng, givenNames), pick(d.rng, familyNames), pick(d.rng, places)
	p := &Person{
		Account:        &Account{Index: index, ExternalID: d.newID(userID, index)},
		GivenName:      given.written,
		FamilyName:     family.written,
		DisplayName:    given.written + " " + family.written,
		Phone:          fmt.Sprintf("%s%02d", home.phone, d.rng.IntN(100)),
		Title:          d.maybe(pick(d.rng, titles)),
		UserType:       d.maybe("Employee"),
		EmployeeNumber: fmt.Sprintf("%07d", index+1),
		Department:     d.maybe(pick(d.rng, departments)),
		Division:       d.maybe(pick(d.rng, divisions)),
		CostCenter:     d.maybe(pick(d.rng, costCenters)),
		Locale:         home.locale, Timezone: home.timezone,
		Street: home.street, City: home.city, Region: home.region, Zip: home.postalCode, Country: home.country,
		Active: true,
	}
	p.Mobile = d.maybe(fmt.Sprintf("%s%02d", home.phone, d.rng.IntN(100)))
	p.Photo = d.maybe(fmt.Sprintf("https://photos.example.com/%d.jpg?size=96&v=%d", index, d.rng.IntN(9)))
	p.UserName = d.userName(given, family)
	p.Email = p.UserName
	return p
}

// userName is the address of a new or renamed person.
func (d *Directory) userName(given, family name) string {
	local := d.unique(given.ascii+"."+family.ascii, "")
	if d.rng.IntN(5) == 0 { // identity providers keep the case that somebody typed
		local = strings.ToUpper(local[:1]) + local[1:]
	}
	return local + "@example.com"
}

// unique appends a number to a name that is taken, ignoring case: neither a
// userName nor a group's displayName may be given twice.
func (d *Directory) unique(wanted, separator string) string {
	key := strings.ToLower(wanted)
	for candidate := wanted; ; candidate = fmt.Sprintf("%s%s%d", wanted, separator, d.used[key]) {
		folded := strings.ToLower(candidate)
		taken := d.used[folded] > 0
		d.used[key]++ // the next number for this name; also marks it as taken
		if !taken {
			d.used[folded] = max(d.used[folded], 1)
			return candidate
		}
	}
}

// teamName gives half of the teams the prefix, the largest among them.
func (d *Directory) teamName(i int) string {
	if i%2 == 1 {
		return plainTeams[i/2%len(plainTeams)]
	}
	i /= 2
	return d.prefix + teamNames[i%len(teamNames)] + "-" + teamRoles[i/len(teamNames)%len(teamRoles)]
}

// spread fills the teams unevenly: team n is about 1/(n+1) of the first, as in
// a company, where one group has nearly everybody.
func (d *Directory) spread(memberships int) {
	memberships = min(memberships, len(d.People)*len(d.Teams))
	weights := 0.0
	for i := range d.Teams {
		weights += 1 / float64(i+1)
	}
	sizes, left := make([]int, len(d.Teams)), memberships
	for i := range sizes {
		sizes[i] = min(int(float64(memberships)/weights/float64(i+1)), len(d.People))
		left -= sizes[i]
	}
	for i := 0; left > 0; i = (i + 1) % len(sizes) { // what rounding and full teams left over
		more := min(len(d.People)-sizes[i], max(left/len(sizes), 1), left)
		sizes[i] += more
		left -= more
	}
	for i, size := range sizes {
		next := d.rng.IntN(len(d.People))
		step := coprime(d.rng, len(d.People))
		for range size {
			d.members[i][next] = true
			next = (next + step) % len(d.People)
		}
	}
}

// coprime gives a step that visits all of n places before it comes back.
func coprime(rng *rand.Rand, n int) int {
	for {
		step, a, b := 1+rng.IntN(n), 0, n
		for a = step; b != 0; a, b = b, a%b {
		}
		if a == 1 {
			return step
		}
	}
}

// Memberships counts the members of all teams.
func (d *Directory) Memberships() int {
	n := 0
	for i, t := range d.Teams {
		if t != nil {
			n += len(d.members[i])
		}
	}
	return n
}
