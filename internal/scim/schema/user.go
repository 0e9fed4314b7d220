package schema

var user = &ResourceType{
	Name: "User", Endpoint: "/Users", Description: "A person with an account.",
	Schema: &Schema{
		ID: UserURN, Name: "User", Description: "A person with an account.",
		Attributes: userAttributes(),
	},
	Extensions: []Extension{{Schema: enterpriseUser}},
}

// UserType is the resource type User with the enterprise extension (RFC 7643
// §4.1, §4.3). It is shared: nobody may change it.
func UserType() *ResourceType { return user }

func userAttributes() []*Attribute {
	singular := []*Attribute{
		text("userName", "The name of the account, unique whatever the letter case.",
			maxLength(maxName), required, unique),
		attribute("name", Complex, "The components of the user's name.", subAttributes(
			text("formatted", "The full name, ready to show."),
			text("familyName", "The last name."),
			text("givenName", "The first name."),
			text("middleName", "The middle name."),
			text("honorificPrefix", `What is put before the name, such as "Dr."`),
			text("honorificSuffix", `What is put after the name, such as "III".`),
		)),
		text("displayName", "The name shown to people."),
		text("nickName", "The casual way to address the user."),
		attribute("profileUrl", Reference, "The URL of the user's profile.", maxLength(maxURI), refersTo("external")),
		text("title", "The job title."),
		text("userType", `The relation to the organization, such as "Contractor".`),
		text("preferredLanguage", "The preferred language, as in an Accept-Language header."),
		text("locale", "The location by which dates, numbers and currency are shown."),
		text("timezone", "The time zone, as the IANA database names it."),
		attribute("active", Boolean, "Whether the user may use any access. An inactive user stays visible and keeps its memberships."),
		text("password", "Accepted from clients that send it, and forgotten.", secret),
	}
	return append(singular, userValues()...)
}

// userValues are the multi-valued attributes of RFC 7643 §4.1.2.
func userValues() []*Attribute {
	return []*Attribute{
		values("emails", "The e-mail addresses.", text("value", "The e-mail address."),
			maxValues, "work", "home", "other"),
		values("phoneNumbers", "The phone numbers.", text("value", "The phone number."),
			maxValues, "work", "home", "mobile", "fax", "pager", "other"),
		values("ims", "The instant messaging addresses.", text("value", "The address."),
			maxValues, "aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"),
		values("photos", "Photos of the user.",
			attribute("value", Reference, "The URL of the photo, which may hold the photo itself.", maxLength(maxLarge), refersTo("external")),
			maxLargeValues, "photo", "thumbnail"),
		attribute("addresses", Complex, "The postal addresses.", maxItems(maxValues), subAttributes(
			text("formatted", "The full address, ready to show."),
			text("streetAddress", "Street and house number, in one line or several."),
			text("locality", "The city."),
			text("region", "The state or region."),
			text("postalCode", "The postal code."),
			text("country", "The country, ISO 3166-1 alpha-2 by the standard."),
			kindOf("work", "home", "other"),
			primary(),
		)),
		attribute("groups", Complex, "The groups the user is a member of; changed at the groups.", multiValued, subAttributes(
			text("value", "The id of the group.", maxLength(maxName), caseExact),
			attribute("$ref", Reference, "The URI of the group.", maxLength(maxURI), derived, refersTo("Group")),
			text("display", "The name of the group."),
			text("type", "Whether the user is in the group itself or in one within it.", maxLength(maxName), canonical("direct", "indirect")),
		), readOnly),
		values("entitlements", "What the user is entitled to at the identity provider.", text("value", "The entitlement."), maxValues),
		values("roles", "The user's roles at the identity provider. Access here comes from groups.", text("value", "The role."), maxValues),
		values("x509Certificates", "The user's certificates.",
			attribute("value", Binary, "The certificate: DER in base64.", maxLength(maxLarge)), maxLargeValues),
	}
}
