package schema

// common are the attributes of every resource (RFC 7643 §3.1). They belong to
// no schema, so /Schemas does not list them.
var common = []*Attribute{
	attribute("schemas", Reference, "The URNs of the schemas whose attributes the resource has.",
		multiValued, always, readOnly, refersTo("uri")),
	text("id", "The identifier that the service provider gave the resource; never given out again.",
		caseExact, required, unique, always, readOnly),
	text("externalId", "The identifier that the provisioning client uses.", caseExact),
	attribute("meta", Complex, "Metadata of the resource.", subAttributes(
		text("resourceType", "The name of the resource type.", caseExact),
		attribute("created", DateTime, "When the resource was created."),
		attribute("lastModified", DateTime, "When an attribute last changed."),
		attribute("location", Reference, "The URI of the resource.", derived, refersTo("uri")),
		text("version", "The entity tag of this state of the resource.", caseExact),
	), readOnly),
}

// Common are the attributes of every resource: schemas, id, externalId and
// meta. Nobody may change what it returns.
func Common() []*Attribute { return common }
