package expression

import (
	"strings"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

const enterpriseURN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

// source is a resource whose attributes can be read one by one.
type source struct {
	// names are the attributes that there may be, without extensions.
	names []string
	// attribute gives the value of an attribute as CEL sees it; nil if the
	// resource does not have it.
	attribute  func(name string) any
	extensions map[string]v1alpha1.RawJSON
}

var groupNames = []string{"displayName", "externalId", "id"}

func groupAttributes(group *v1alpha1.Group) source {
	return source{names: groupNames, extensions: group.Spec.Extensions, attribute: func(name string) any {
		spec := &group.Spec
		switch name {
		case "displayName":
			return text(spec.DisplayName)
		case "externalId":
			return text(spec.ExternalID)
		case "id":
			return text(spec.ID)
		}
		return nil
	}}
}

var userNames = []string{
	"active", "addresses", "displayName", "emails", "enterprise", "entitlements", "externalId", "id", "ims", "locale",
	"name", "nickName", "phoneNumbers", "photos", "preferredLanguage", "profileUrl", "roles", "timezone", "title",
	"userName", "userType", "x509Certificates", enterpriseURN,
}

func userAttributes(user *v1alpha1.User) source {
	return source{names: userNames, extensions: user.Spec.Extensions, attribute: func(name string) any {
		if isURN(name) && strings.EqualFold(name, enterpriseURN) {
			name = "enterprise"
		}
		return userAttribute(&user.Spec, name)
	}}
}

func userAttribute(spec *v1alpha1.UserSpec, name string) any {
	switch name {
	case "active":
		return flag(spec.Active)
	case "addresses":
		return list(spec.Addresses, address)
	case "displayName":
		return text(spec.DisplayName)
	case "emails":
		return list(spec.Emails, multiValue)
	case "enterprise":
		return enterpriseUser(spec.Enterprise)
	case "entitlements":
		return list(spec.Entitlements, multiValue)
	case "externalId":
		return text(spec.ExternalID)
	case "id":
		return text(spec.ID)
	case "ims":
		return list(spec.IMs, multiValue)
	case "locale":
		return text(spec.Locale)
	case "name":
		return fullName(spec.Name)
	case "nickName":
		return text(spec.NickName)
	case "phoneNumbers":
		return list(spec.PhoneNumbers, multiValue)
	case "photos":
		return list(spec.Photos, largeMultiValue)
	case "preferredLanguage":
		return text(spec.PreferredLanguage)
	case "profileUrl":
		return text(spec.ProfileURL)
	case "roles":
		return list(spec.Roles, multiValue)
	case "timezone":
		return text(spec.Timezone)
	case "title":
		return text(spec.Title)
	case "userName":
		return text(spec.UserName)
	case "userType":
		return text(spec.UserType)
	case "x509Certificates":
		return list(spec.X509Certificates, largeMultiValue)
	}
	return nil
}
