package schema

var enterpriseUser = &Schema{
	ID: EnterpriseUserURN, Name: "EnterpriseUser", Description: "What an organization knows of a user who belongs to it.",
	Attributes: []*Attribute{
		text("employeeNumber", "The identifier the organization gave the user."),
		text("costCenter", "The cost center the user is booked on."),
		text("organization", "The name of the organization."),
		text("division", "The name of the division."),
		text("department", "The name of the department."),
		attribute("manager", Complex, "The user's manager. Nothing checks that it exists.", subAttributes(
			text("value", "The id of the manager.", caseExact),
			attribute("$ref", Reference, "The URI of the manager, for clients that send no value.", maxLength(maxURI), refersTo("User")),
			text("displayName", "The name of the manager.", readOnly),
		)),
	},
}
