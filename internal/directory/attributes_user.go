package directory

import (
	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// userAttributes gives the SCIM attributes of a user, without groups.
func userAttributes(u *v1alpha1.UserSpec) scim.Object {
	o := scim.Object{}
	put(o, "externalId", u.ExternalID)
	put(o, "userName", u.UserName)
	putBool(o, "active", u.Active)
	put(o, "displayName", u.DisplayName)
	if n := u.Name; n != nil {
		name := scim.Object{}
		put(name, "formatted", n.Formatted)
		put(name, "familyName", n.FamilyName)
		put(name, "givenName", n.GivenName)
		put(name, "middleName", n.MiddleName)
		put(name, "honorificPrefix", n.HonorificPrefix)
		put(name, "honorificSuffix", n.HonorificSuffix)
		putObject(o, "name", name)
	}
	put(o, "nickName", u.NickName)
	put(o, "profileUrl", u.ProfileURL)
	put(o, "title", u.Title)
	put(o, "userType", u.UserType)
	put(o, "preferredLanguage", u.PreferredLanguage)
	put(o, "locale", u.Locale)
	put(o, "timezone", u.Timezone)
	putList(o, "emails", u.Emails, multiValueObject)
	putList(o, "phoneNumbers", u.PhoneNumbers, multiValueObject)
	putList(o, "ims", u.IMs, multiValueObject)
	putList(o, "photos", u.Photos, largeMultiValueObject)
	putList(o, "addresses", u.Addresses, addressObject)
	putList(o, "entitlements", u.Entitlements, multiValueObject)
	putList(o, "roles", u.Roles, multiValueObject)
	putList(o, "x509Certificates", u.X509Certificates, largeMultiValueObject)
	if e := u.Enterprise; e != nil {
		enterprise := scim.Object{}
		put(enterprise, "employeeNumber", e.EmployeeNumber)
		put(enterprise, "costCenter", e.CostCenter)
		put(enterprise, "organization", e.Organization)
		put(enterprise, "division", e.Division)
		put(enterprise, "department", e.Department)
		if m := e.Manager; m != nil {
			manager := scim.Object{}
			put(manager, "value", m.Value)
			put(manager, "$ref", m.Ref)
			put(manager, "displayName", m.DisplayName)
			putObject(enterprise, "manager", manager)
		}
		putObject(o, schema.EnterpriseUserURN, enterprise)
	}
	putExtensions(o, u.Extensions)
	return o
}

// setUserAttributes replaces all attributes of a user.
func setUserAttributes(u *v1alpha1.UserSpec, attributes scim.Object) error {
	r := newReader(attributes)
	u.ExternalID = r.text("externalId")
	u.UserName = r.text("userName")
	u.Active = r.boolean("active")
	u.DisplayName = r.text("displayName")
	u.Name = nil
	if n := r.child("name"); n != nil {
		u.Name = &v1alpha1.Name{
			Formatted:       n.text("formatted"),
			FamilyName:      n.text("familyName"),
			GivenName:       n.text("givenName"),
			MiddleName:      n.text("middleName"),
			HonorificPrefix: n.text("honorificPrefix"),
			HonorificSuffix: n.text("honorificSuffix"),
		}
		n.done()
	}
	u.NickName = r.text("nickName")
	u.ProfileURL = r.text("profileUrl")
	u.Title = r.text("title")
	u.UserType = r.text("userType")
	u.PreferredLanguage = r.text("preferredLanguage")
	u.Locale = r.text("locale")
	u.Timezone = r.text("timezone")
	u.Emails = list(r, "emails", multiValue)
	u.PhoneNumbers = list(r, "phoneNumbers", multiValue)
	u.IMs = list(r, "ims", multiValue)
	u.Photos = list(r, "photos", largeMultiValue)
	u.Addresses = list(r, "addresses", address)
	u.Entitlements = list(r, "entitlements", multiValue)
	u.Roles = list(r, "roles", multiValue)
	u.X509Certificates = list(r, "x509Certificates", largeMultiValue)
	u.Enterprise = enterprise(r.child(schema.EnterpriseUserURN))
	u.Extensions = r.extensions(schema.EnterpriseUserURN)
	r.done()
	return *r.err
}

func enterprise(r *reader) *v1alpha1.EnterpriseUser {
	if r == nil {
		return nil
	}
	e := &v1alpha1.EnterpriseUser{
		EmployeeNumber: r.text("employeeNumber"),
		CostCenter:     r.text("costCenter"),
		Organization:   r.text("organization"),
		Division:       r.text("division"),
		Department:     r.text("department"),
	}
	if m := r.child("manager"); m != nil {
		e.Manager = &v1alpha1.Manager{Value: m.text("value"), Ref: m.text("$ref"), DisplayName: m.text("displayName")}
		m.done()
	}
	r.done()
	return e
}

func multiValueObject(v *v1alpha1.MultiValue) scim.Object {
	o := scim.Object{}
	put(o, "value", v.Value)
	put(o, "display", v.Display)
	put(o, "type", v.Type)
	putBool(o, "primary", v.Primary)
	return o
}

func multiValue(r *reader) v1alpha1.MultiValue {
	return v1alpha1.MultiValue{
		Value: r.text("value"), Display: r.text("display"), Type: r.text("type"), Primary: r.boolean("primary"),
	}
}

func largeMultiValueObject(v *v1alpha1.LargeMultiValue) scim.Object {
	return multiValueObject((*v1alpha1.MultiValue)(v))
}

func largeMultiValue(r *reader) v1alpha1.LargeMultiValue {
	return v1alpha1.LargeMultiValue(multiValue(r))
}

func addressObject(a *v1alpha1.Address) scim.Object {
	o := scim.Object{}
	put(o, "formatted", a.Formatted)
	put(o, "streetAddress", a.StreetAddress)
	put(o, "locality", a.Locality)
	put(o, "region", a.Region)
	put(o, "postalCode", a.PostalCode)
	put(o, "country", a.Country)
	put(o, "type", a.Type)
	putBool(o, "primary", a.Primary)
	return o
}

func address(r *reader) v1alpha1.Address {
	return v1alpha1.Address{
		Formatted: r.text("formatted"), StreetAddress: r.text("streetAddress"), Locality: r.text("locality"),
		Region: r.text("region"), PostalCode: r.text("postalCode"), Country: r.text("country"),
		Type: r.text("type"), Primary: r.boolean("primary"),
	}
}
