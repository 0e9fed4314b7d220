package idpsim

import "fmt"

// rename is a marriage: everything that has the family name in it changes.
func (d *Directory) rename(p *Person) {
	family := pick(d.rng, familyNames)
	given := name{p.GivenName, "renamed"}
	for _, n := range givenNames {
		if n.written == p.GivenName {
			given = n
		}
	}
	p.FamilyName = family.written
	p.DisplayName = p.GivenName + " " + p.FamilyName
	p.UserName = d.userName(given, family)
	p.Email = p.UserName
}

// update changes one to three attributes. Some changes clear what was set.
func (d *Directory) update(p *Person) {
	before := *p
	for n := 1 + d.rng.IntN(3); n > 0 || *p == before; n-- {
		switch d.rng.IntN(9) {
		case 0:
			p.Title = d.maybe(pick(d.rng, titles))
		case 1:
			p.Department = d.maybe(pick(d.rng, departments))
		case 2:
			p.CostCenter = d.maybe(pick(d.rng, costCenters))
		case 3:
			p.Division = d.maybe(pick(d.rng, divisions))
		case 4:
			p.Mobile = d.maybe(fmt.Sprintf("+44-20-7946-0%03d", d.rng.IntN(1000)))
		case 5:
			p.Photo = d.maybe(fmt.Sprintf("https://photos.example.com/%d.jpg?size=96&v=%d", p.Index, d.rng.IntN(99)))
		case 6:
			p.EmployeeNumber = fmt.Sprintf("E%08d", d.rng.IntN(100_000_000))
		case 7:
			p.UserType = pick(d.rng, []string{"Employee", "Contractor", "Intern"})
		case 8: // moves to another office
			home := pick(d.rng, places)
			p.Street, p.City, p.Region, p.Zip, p.Country = home.street, home.city, home.region, home.postalCode, home.country
			p.Locale, p.Timezone = home.locale, home.timezone
			p.Phone = fmt.Sprintf("%s%02d", home.phone, d.rng.IntN(100))
		}
	}
}
