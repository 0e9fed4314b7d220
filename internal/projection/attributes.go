package projection

import (
	"encoding/json"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

const enterpriseURN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

// attributes gives a user's SCIM attributes as CEL sees them, without
// undeclared extensions. What the user does not have is left out.
func attributes(user *v1alpha1.User) map[string]any {
	spec := &user.Spec
	m := object{}
	m.set("id", spec.ID)
	m.set("externalId", spec.ExternalID)
	m.set("userName", spec.UserName)
	m.set("displayName", spec.DisplayName)
	m.set("nickName", spec.NickName)
	m.set("profileUrl", spec.ProfileURL)
	m.set("title", spec.Title)
	m.set("userType", spec.UserType)
	m.set("preferredLanguage", spec.PreferredLanguage)
	m.set("locale", spec.Locale)
	m.set("timezone", spec.Timezone)
	m.flag("active", spec.Active)
	if n := spec.Name; n != nil {
		name := object{}
		name.set("formatted", n.Formatted)
		name.set("familyName", n.FamilyName)
		name.set("givenName", n.GivenName)
		name.set("middleName", n.MiddleName)
		name.set("honorificPrefix", n.HonorificPrefix)
		name.set("honorificSuffix", n.HonorificSuffix)
		m["name"] = map[string]any(name)
	}
	list(m, "emails", spec.Emails, multiValue)
	list(m, "phoneNumbers", spec.PhoneNumbers, multiValue)
	list(m, "ims", spec.IMs, multiValue)
	list(m, "photos", spec.Photos, largeMultiValue)
	list(m, "addresses", spec.Addresses, address)
	list(m, "entitlements", spec.Entitlements, multiValue)
	list(m, "roles", spec.Roles, multiValue)
	list(m, "x509Certificates", spec.X509Certificates, largeMultiValue)
	if spec.Enterprise != nil {
		enterprise := enterpriseUser(spec.Enterprise)
		m["enterprise"], m[enterpriseURN] = enterprise, enterprise
	}
	return m
}

// addExtensions adds undeclared extensions; they are parsed, which takes longer
// than all the rest.
func addExtensions(values map[string]any, extensions map[string]v1alpha1.RawJSON) {
	for urn, raw := range extensions {
		var value any
		// The SCIM server stored valid JSON; anything else is no value at all.
		if json.Unmarshal([]byte(raw), &value) == nil && value != nil {
			values[urn] = value
		}
	}
}

// object is a SCIM object under construction.
type object map[string]any

func (o object) set(name, value string) {
	if value != "" {
		o[name] = value
	}
}

func (o object) flag(name string, value *bool) {
	if value != nil {
		o[name] = *value
	}
}

func list[T any](m object, name string, values []T, convert func(*T) map[string]any) {
	if len(values) == 0 {
		return
	}
	out := make([]any, len(values))
	for i := range values {
		out[i] = convert(&values[i])
	}
	m[name] = out
}

func multiValue(v *v1alpha1.MultiValue) map[string]any {
	m := object{}
	m.set("value", v.Value)
	m.set("display", v.Display)
	m.set("type", v.Type)
	m.flag("primary", v.Primary)
	return m
}

func largeMultiValue(v *v1alpha1.LargeMultiValue) map[string]any {
	return multiValue((*v1alpha1.MultiValue)(v))
}

func address(a *v1alpha1.Address) map[string]any {
	m := object{}
	m.set("formatted", a.Formatted)
	m.set("streetAddress", a.StreetAddress)
	m.set("locality", a.Locality)
	m.set("region", a.Region)
	m.set("postalCode", a.PostalCode)
	m.set("country", a.Country)
	m.set("type", a.Type)
	m.flag("primary", a.Primary)
	return m
}

func enterpriseUser(e *v1alpha1.EnterpriseUser) map[string]any {
	m := object{}
	m.set("employeeNumber", e.EmployeeNumber)
	m.set("costCenter", e.CostCenter)
	m.set("organization", e.Organization)
	m.set("division", e.Division)
	m.set("department", e.Department)
	if e.Manager != nil {
		manager := object{}
		manager.set("value", e.Manager.Value)
		manager.set("$ref", e.Manager.Ref)
		manager.set("displayName", e.Manager.DisplayName)
		m["manager"] = map[string]any(manager)
	}
	return m
}
