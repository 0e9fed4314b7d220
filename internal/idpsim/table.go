package idpsim

// coreTable maps what every identity provider here sends. Where one writes an
// attribute differently, its profile has the row.
func coreTable() []attribute {
	return append([]attribute{
		at("externalId", text(func(p *Person) string { return p.ExternalID })),
		at("userName", text(func(p *Person) string { return p.UserName })),
		at("active", func(p *Person) any { return p.Active }),
		at("displayName", text(func(p *Person) string { return p.DisplayName })),
		at("name.givenName", text(func(p *Person) string { return p.GivenName })),
		at("name.familyName", text(func(p *Person) string { return p.FamilyName })),
		at("title", text(func(p *Person) string { return p.Title })),
		at("userType", text(func(p *Person) string { return p.UserType })),
		at(`emails[type eq "work"].value`, text(func(p *Person) string { return p.Email })),
		at(`emails[type eq "work"].primary`, always(true)),
		at(`phoneNumbers[type eq "work"].value`, text(func(p *Person) string { return p.Phone })),
	}, append(enterpriseTable(), addressTable()...)...)
}

func enterpriseTable() []attribute {
	return []attribute{
		at(enterpriseURN+":employeeNumber", text(func(p *Person) string { return p.EmployeeNumber })),
		at(enterpriseURN+":department", text(func(p *Person) string { return p.Department })),
		at(enterpriseURN+":division", text(func(p *Person) string { return p.Division })),
		at(enterpriseURN+":costCenter", text(func(p *Person) string { return p.CostCenter })),
		at(enterpriseURN+":organization", always("Example Corp.")),
	}
}

func addressTable() []attribute {
	return []attribute{
		at(`addresses[type eq "work"].streetAddress`, text(func(p *Person) string { return p.Street })),
		at(`addresses[type eq "work"].locality`, text(func(p *Person) string { return p.City })),
		at(`addresses[type eq "work"].region`, text(func(p *Person) string { return p.Region })),
		at(`addresses[type eq "work"].postalCode`, text(func(p *Person) string { return p.Zip })),
		at(`addresses[type eq "work"].country`, text(func(p *Person) string { return p.Country })),
	}
}

// managerExternalID is how those name a manager who do not know the server's ids.
func managerExternalID(p *Person) any {
	if p.Manager == nil {
		return nil
	}
	return p.Manager.ExternalID
}
