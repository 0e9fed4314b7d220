package schema

var group = &ResourceType{
	Name: "Group", Endpoint: "/Groups", Description: "A group of users and of other groups.",
	Schema: &Schema{
		ID: GroupURN, Name: "Group", Description: "A group of users and of other groups.",
		Attributes: []*Attribute{
			text("displayName", "The name of the group, unique whatever the letter case.",
				maxLength(maxName), required, unique),
			attribute("members", Complex, "The members of the group. Those whose id names nothing are kept as well.",
				multiValued, subAttributes(
					text("value", "The id of the member.", maxLength(maxName), caseExact, immutable),
					attribute("$ref", Reference, "The URI of the member.", maxLength(maxURI), derived, immutable, refersTo("User", "Group")),
					text("type", "The resource type of the member.", maxLength(maxName), immutable, canonical("User", "Group")),
					text("display", "The name of the member.", immutable),
				)),
		},
	},
}

// GroupType is the resource type Group (RFC 7643 §4.2). It is shared: nobody
// may change it.
func GroupType() *ResourceType { return group }
