package schema

// Bounds in characters that several attributes share. They equal those of the
// custom resources in api/v1alpha1, which a test holds them to.
const (
	maxName  = 256   // unique names, types, ids of members
	maxText  = 1024  // what people read, and identifiers
	maxURI   = 2048  // references
	maxLarge = 16384 // photos and certificates, which may be inline

	maxValues      = 64 // of one multi-valued attribute
	maxLargeValues = 16
	// maxDeclaredValues is for attributes that an administrator declares.
	maxDeclaredValues = 256
)

// characteristic changes one characteristic of an attribute from its default.
type characteristic func(*Attribute)

// attribute declares a singular attribute with the defaults of RFC 7643 §2.2.
// References and binaries are case-exact (§2.3.6, §2.3.7).
func attribute(name string, kind Type, description string, with ...characteristic) *Attribute {
	a := &Attribute{
		Name: name, Type: kind, Description: description,
		CaseExact:  kind == Reference || kind == Binary,
		Mutability: ReadWrite, Returned: Default, Uniqueness: None,
	}
	for _, change := range with {
		change(a)
	}
	return a
}

func text(name, description string, with ...characteristic) *Attribute {
	return attribute(name, String, description, append([]characteristic{maxLength(maxText)}, with...)...)
}

func maxLength(n int) characteristic {
	return func(a *Attribute) { a.MaxLength = n }
}

func maxItems(n int) characteristic {
	return func(a *Attribute) { a.MultiValued, a.MaxItems = true, n }
}

func subAttributes(subs ...*Attribute) characteristic {
	return func(a *Attribute) { a.SubAttributes = subs }
}

func canonical(values ...string) characteristic {
	return func(a *Attribute) { a.CanonicalValues = values }
}

func refersTo(types ...string) characteristic {
	return func(a *Attribute) { a.ReferenceTypes = types }
}

func required(a *Attribute)    { a.Required = true }
func caseExact(a *Attribute)   { a.CaseExact = true }
func multiValued(a *Attribute) { a.MultiValued = true }
func unique(a *Attribute)      { a.Uniqueness = Server }
func always(a *Attribute)      { a.Returned = Always }
func derived(a *Attribute)     { a.Derived = true }
func immutable(a *Attribute)   { a.Mutability = Immutable }

// readOnly holds for the sub-attributes too.
func readOnly(a *Attribute) {
	a.Mutability = ReadOnly
	for _, sub := range a.SubAttributes {
		sub.Mutability = ReadOnly
	}
}

// secret is stored by nobody and returned to nobody.
func secret(a *Attribute) { a.Mutability, a.Returned, a.Discarded = WriteOnly, Never, true }

// values declares a multi-valued attribute with the sub-attributes of RFC 7643
// §2.4; value is its `value`, types are the canonical values of its `type`.
func values(name, description string, value *Attribute, items int, types ...string) *Attribute {
	return attribute(name, Complex, description, maxItems(items), subAttributes(
		value,
		text("display", "The value as shown to people."),
		kindOf(types...),
		primary(),
	))
}

func kindOf(types ...string) *Attribute {
	return text("type", "What the value is for.", maxLength(maxName), canonical(types...))
}

func primary() *Attribute {
	return attribute("primary", Boolean, "Whether this is the preferred value; true at most once.")
}
