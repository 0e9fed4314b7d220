package conformance

import "strings"

// adaBody is a user to look for.
const adaBody = `{"displayName":"Ada King","title":"Countess","active":false,"externalId":"Ext-~",
	"name":{"givenName":"Ada","familyName":"King"},"userType":"10","addresses":[{"locality":"århus"}],
	"emails":[{"type":"work","value":"ada@Work.example"},{"type":"home","value":"ada@home.example","primary":true}],
	"` + enterpriseURN + `":{"department":"Engines","manager":{"value":"Boss-1"}}}`

var filterCases = []Case{
	finds("ne-null", "7643 §2.5, 7644 §3.4.2.2", "ne null finds what has a value.", `title ne null`),
	finds("not-pr", "7644 §3.4.2.2", "not pr finds what has no value.", `not (nickName pr)`),
	finds("eq-unicode", "7643 §2.1, 7644 §3.4.2.2", "Letters beyond ASCII ignore letter case too.", `addresses.locality eq "ÅRHUS"`),
	finds("spaces", "7644 §3.4.2.2", "More spaces than needed do no harm.", `  title   eq   "Countess"  and ( active  pr )`),
	finds("quotes-in-value", "7644 §3.4.2.2", "Quotes and brackets in a text are text.", `title ne "a\"]) or (b"`),
	finds("extension-pr", "7644 §3.4.2.2, §3.10", "pr takes an attribute of an extension.", enterpriseURN+`:manager pr`),
	misses("unknown-extension", "7644 §3.10", "An attribute of an unknown extension has no value.", `urn:example:none:2.0:User:x eq "1"`),
	finds("and-of-many", "7644 §3.4.2.2", "Many conditions are joined.", strings.Repeat(`title pr and `, 20)+`active pr`),
	finds("version", "7643 §3.1, 7644 §3.4.2.2", "meta.version can be asked for.", `meta.version pr`),

	finds("eq", "7644 §3.4.2.2", "eq finds an equal value.", `title eq "Countess"`),
	misses("eq-part", "7644 §3.4.2.2", "eq finds no part of a value.", `title eq "Count"`),
	finds("eq-ignores-case", "7643 §2.1, 7644 §3.4.2.2", "Text that is not caseExact compares ignoring letter case.", `title eq "cOUNTESS"`),
	misses("eq-case-exact", "7643 §2.2, 7644 §3.4.2.2", "Text that is caseExact compares letter by letter.", `externalId eq "ext-~"`),
	finds("eq-case-exact-same", "7644 §3.4.2.2", "Text that is caseExact is found as it is.", `externalId eq "Ext-~"`),
	finds("ne", "7644 §3.4.2.2", "ne finds another value.", `title ne "Duke"`),
	misses("ne-equal", "7644 §3.4.2.2", "ne does not find an equal value.", `title ne "Countess"`),
	finds("ne-absent", "7644 §3.4.2.2", "ne finds a resource without a value.", `nickName ne "N"`),
	finds("co", "7644 §3.4.2.2", "co finds a part of a value.", `title co "unte"`),
	misses("co-not", "7644 §3.4.2.2", "co does not find what is no part.", `title co "duke"`),
	finds("sw", "7644 §3.4.2.2", "sw finds the beginning of a value.", `title sw "coun"`),
	misses("sw-not", "7644 §3.4.2.2", "sw does not find the end.", `title sw "ess"`),
	finds("ew", "7644 §3.4.2.2", "ew finds the end of a value.", `title ew "ESS"`),
	misses("ew-not", "7644 §3.4.2.2", "ew does not find the beginning.", `title ew "coun"`),
	finds("pr", "7644 §3.4.2.2", "pr finds an attribute with a value.", `title pr`),
	misses("pr-absent", "7644 §3.4.2.2", "pr does not find an attribute without one.", `nickName pr`),
	finds("pr-complex", "7644 §3.4.2.2", "pr finds a complex attribute with a part.", `name pr`),
	finds("pr-multi-valued", "7644 §3.4.2.2", "pr finds a multi-valued attribute with a value.", `emails pr`),
	misses("pr-multi-valued-absent", "7644 §3.4.2.2", "pr does not find a multi-valued attribute without values.", `phoneNumbers pr`),
	finds("gt", "7644 §3.4.2.2", "gt compares text by the order of characters.", `displayName gt "Ada"`),
	misses("gt-equal", "7644 §3.4.2.2", "gt does not find an equal value.", `displayName gt "Ada King"`),
	finds("ge-equal", "7644 §3.4.2.2", "ge finds an equal value.", `displayName ge "Ada King"`),
	misses("ge-less", "7644 §3.4.2.2", "ge does not find a lesser value.", `displayName ge "Bob"`),
	finds("lt", "7644 §3.4.2.2", "lt finds a lesser value.", `displayName lt "Bob"`),
	misses("lt-equal", "7644 §3.4.2.2", "lt does not find an equal value.", `displayName lt "Ada King"`),
	finds("le-equal", "7644 §3.4.2.2", "le finds an equal value.", `displayName le "Ada King"`),
	misses("le-greater", "7644 §3.4.2.2", "le does not find a greater value.", `displayName le "Ada"`),
	finds("boolean", "7644 §3.4.2.2", "A boolean compares with false.", `active eq false`),
	misses("boolean-other", "7644 §3.4.2.2", "A boolean that is false is not true.", `active eq true`),
	finds("boolean-ne", "7644 §3.4.2.2", "ne takes booleans.", `active ne true`),
	finds("date-gt", "7644 §3.4.2.2", "Times compare by their place in time.", `meta.created gt "2011-05-13T04:42:34Z"`),
	misses("date-lt", "7644 §3.4.2.2", "A time before does not come after.", `meta.lastModified lt "2011-05-13T04:42:34Z"`),
	finds("date-zone", "7643 §2.3.5, 7644 §3.4.2.2", "A time with an offset is the same moment as in UTC.", `meta.created gt "2011-05-13T04:42:34+02:00"`),
	finds("sub-attribute", "7644 §3.4.2.2, §3.10", "A dot leads to a sub-attribute.", `name.familyName eq "king"`),
	misses("sub-attribute-other", "7644 §3.4.2.2", "A sub-attribute is not another one.", `name.familyName eq "Ada"`),
	finds("multi-valued-sub", "7644 §3.4.2.2", "A sub-attribute of a multi-valued attribute is found in any value.", `emails.type eq "home"`),
	finds("multi-valued-value", "7644 §3.4.2.2", "A multi-valued attribute without a sub-attribute compares by value.", `emails co "home.example"`),
	misses("multi-valued-none", "7644 §3.4.2.2", "No value, no match.", `emails.value eq "nobody@example.com"`),
	misses("multi-valued-ne", "7644 §3.4.2.2", "ne is the opposite of eq also with several values.", `emails.type ne "home"`),
	finds("value-filter", "7644 §3.4.2.2", "Conditions in brackets hold for one and the same value.", `emails[type eq "work" and value co "work.example"]`),
	misses("value-filter-mixed", "7644 §3.4.2.2", "Conditions in brackets are not met by two values together.", `emails[type eq "work" and value co "home.example"]`),
	finds("value-filter-or", "7644 §3.4.2.2", "or works in brackets.", `emails[type eq "other" or primary eq true]`),
	finds("value-filter-not", "7644 §3.4.2.2", "not works in brackets.", `emails[not (type eq "work")]`),
	misses("value-filter-not-none", "7644 §3.4.2.2", "not in brackets looks at each value.", `emails[not (type pr)]`),
	finds("value-filter-and", "7644 §3.4.2.2", "A value filter may be joined with more.", `emails[type eq "work"] and title pr`),
	finds("and", "7644 §3.4.2.2", "and needs both.", `title eq "Countess" and displayName sw "Ada"`),
	misses("and-one", "7644 §3.4.2.2", "and with one that fails finds nothing.", `title eq "Countess" and displayName sw "Bob"`),
	finds("or", "7644 §3.4.2.2", "or needs one.", `title eq "Duke" or displayName sw "Ada"`),
	misses("or-none", "7644 §3.4.2.2", "or with none finds nothing.", `title eq "Duke" or displayName sw "Bob"`),
	finds("not", "7644 §3.4.2.2", "not turns a condition around.", `not (title eq "Duke")`),
	misses("not-true", "7644 §3.4.2.2", "not of what holds finds nothing.", `not (title eq "Countess")`),
	finds("precedence", "7644 §3.4.2.2", "and binds more tightly than or.", `title eq "Countess" or title eq "Duke" and active eq true`),
	misses("grouping", "7644 §3.4.2.2", "Parentheses come first.", `(title eq "Countess" or title eq "Duke") and active eq true`),
	finds("nested-grouping", "7644 §3.4.2.2", "Parentheses nest.", `((title eq "Countess") and (not ((active eq true))))`),
	finds("operators-ignore-case", "7644 §3.4.2.2", "Operators compare ignoring letter case.", `title EQ "Countess" AND NOT (title Pr AND active eq true)`),
	finds("names-ignore-case", "7643 §2.1, 7644 §3.4.2.2", "Names of attributes compare ignoring letter case.", `TITLE eq "Countess" and NAME.familyname eq "King"`),
	finds("core-urn", "7644 §3.10", "An attribute may have the URN of its schema before it.", userURN+`:title eq "Countess"`),
	finds("extension", "7644 §3.10", "Attributes of an extension are found by their URN.", enterpriseURN+`:department eq "engines"`),
	misses("extension-other", "7644 §3.10", "Another value in an extension is not found.", enterpriseURN+`:department eq "Brakes"`),
	finds("extension-sub", "7644 §3.10", "A sub-attribute in an extension is found.", enterpriseURN+`:manager.value eq "Boss-1"`),
	finds("escaped", "7644 §3.4.2.2", "A value is a JSON string with its escapes.", `title eq "Count\u0065ss"`),
	finds("schemas", "7643 §3, 7644 §3.4.2.1", "schemas can be filtered by.", `schemas eq "`+enterpriseURN+`"`),
	finds("resource-type", "7644 §3.4.2.1", "meta.resourceType can be filtered by.", `meta.resourceType eq "User"`),
	finds("eq-null", "7643 §2.5, 7644 §3.4.2.2", "eq null finds what has no value.", `nickName eq null`),
	finds("numbers-in-text", "7644 §3.4.2.2", "Text compares with text, also where it looks like a number.", `userType eq "10"`),
	misses("unknown-attribute", "7644 §3.4.2.2", "An attribute that does not exist has no value.", `shoeSize eq "43"`),
	finds("unknown-or", "7644 §3.4.2.2", "An attribute that does not exist does not keep others from matching.", `shoeSize eq "43" or title pr`),
	wrong("no-operator", "7644 §3.4.2.2", "A filter without an operator is invalidFilter.", `title`),
	wrong("unknown-operator", "7644 §3.4.2.2", "An operator that does not exist is invalidFilter.", `title is "x"`),
	wrong("no-value", "7644 §3.4.2.2", "A comparison without a value is invalidFilter.", `title eq`),
	wrong("unclosed-text", "7644 §3.4.2.2", "A text without an end is invalidFilter.", `title eq "x`),
	wrong("unclosed-parenthesis", "7644 §3.4.2.2", "A parenthesis without an end is invalidFilter.", `(title pr`),
	wrong("unclosed-bracket", "7644 §3.4.2.2", "A bracket without an end is invalidFilter.", `emails[type pr`),
	wrong("rest", "7644 §3.4.2.2", "What follows a filter makes it invalidFilter.", `title pr title pr`),
	wrong("dangling-and", "7644 §3.4.2.2", "and without a right side is invalidFilter.", `title pr and`),
	wrong("boolean-gt", "7644 §3.4.2.2", "A boolean has no order: invalidFilter.", `active gt true`),
	wrong("boolean-text", "7644 §3.4.2.2", "A boolean compares with no other text: invalidFilter.", `active eq "perhaps"`),
	wrong("date-text", "7644 §3.4.2.2", "A time compares with no other text: invalidFilter.", `meta.created gt "yesterday"`),
	wrong("password", "7643 §7, §9.2", "A password cannot be found out by filters.", `password sw "a"`),
	wrong("binary-gt", "7644 §3.4.2.2", "A binary has no order: invalidFilter.", `x509Certificates.value gt "MII"`),
	undeclared("undeclared-text", "a text, ignoring letter case", `badge eq "b-7"`, `badge eq "b-8"`),
	undeclared("undeclared-number", "a number, of any length", `level eq 12345678901234567891`, `level eq 12345678901234567892`),
	undeclared("undeclared-boolean", "a boolean", `remote eq true`, `remote eq false`),
	undeclared("undeclared-sub-attribute", "a part of an object", `office.floor gt 2`, `office.floor gt 3`),
	undeclared("undeclared-value-filter", "one of several values", `skills[value eq "maths" and years ge 9]`, `skills[value eq "poetry" and years ge 9]`),
	undeclared("undeclared-pr", "that there is a value", `badge pr`, `title pr`),
	c("userName", Must, "7644 §3.4.2.2", "userName eq finds the user in any letter case.", func(t *T) {
		t.user("")
		t.find("/Users", `userName eq "~U1"`).found("@1")
		t.find("/Users", `userName eq "~u"`).found()
	}),
	c("id", Must, "7644 §3.4.2.2", "id eq finds the resource.", func(t *T) {
		t.users(2)
		t.find("/Users", `id eq "@1"`).found("@1")
	}),
	c("groups-by-displayName", Must, "7644 §3.4.2.2", "displayName eq finds the group in any letter case.", func(t *T) {
		t.group("")
		t.find("/Groups", `displayName eq "~G1"`).found("@1")
	}),
	c("groups-by-member", Must, "7644 §3.4.2.2", "Groups are found by their members.", func(t *T) {
		t.users(2)
		t.group(`{"members":[{"value":"@1"}]}`)
		t.group(`{"members":[{"value":"@1"},{"value":"@2"}]}`)
		t.find("/Groups", `members.value eq "@1"`).found("@3", "@4")
		t.find("/Groups", `members eq "@2"`).found("@4")
		t.find("/Groups", `members[value eq "@2"]`).found("@4")
	}),
	c("users-by-group", Should, "7644 §3.4.2.2", "Users are found by their groups.", func(t *T) {
		t.users(2)
		t.group(`{"members":[{"value":"@1"}]}`)
		t.find("/Users", `groups.value eq "@3"`).found("@1")
	}),
	c("several", Must, "7644 §3.4.2", "All resources that match are found, and counted.", func(t *T) {
		t.users(5)
		t.find("/Users", `userName sw "~u"`).found("@1", "@2", "@3", "@4", "@5")
	}),
	c("deep", Must, "7644 §3.4.2.2, RFC 9110 §17.5", "A filter that nests absurdly is refused, not a 5xx.", func(t *T) {
		t.find("/Users", `userName eq "~none"`).found()
		t.find("/Users", strings.Repeat("(", 2000)+`title pr`+strings.Repeat(")", 2000)).fails(400, "invalidFilter")
	}),
	c("plus-and-percent", Must, "7644 §3.4.2", "Spaces come as + or as %20.", func(t *T) {
		t.user("")
		t.get("/Users?filter=userName+eq+%22~u1%22").found("@1")
		t.get("/Users?filter=userName%20eq%20%22~u1%22").found("@1")
	}),
	c("plus-in-value", Must, "7644 §3.4.2", "A plus that is encoded is a plus.", func(t *T) {
		t.user(`{"userName":"~a+b@example.com"}`)
		t.find("/Users", `userName eq "~a+b@example.com"`).found("@1")
	}),
	c("written-time", Must, "7643 §2.3.5, 7644 §3.4.2.2", "The time that a resource shows is found by eq.", func(t *T) {
		a := t.user("")
		t.find("/Users", `userName eq "~u1" and meta.created eq "`+a.text("meta", "created")+`"`).found("@1")
		t.find("/Users", `userName eq "~u1" and meta.lastModified gt "`+a.text("meta", "lastModified")+`"`).found()
	}),
}

// finds expects that a filter holds for ada.
func finds(name, source, requires, filter string) Case {
	return c(name, Must, source, requires, func(t *T) {
		t.user(adaBody)
		t.find("/Users", `userName eq "~u1" and (`+filter+`)`).found("@1")
	})
}

// misses expects that a filter does not hold for ada, who is found otherwise.
func misses(name, source, requires, filter string) Case {
	return c(name, Must, source, requires, func(t *T) {
		t.user(adaBody)
		t.find("/Users", `userName eq "~u1" and (active pr)`).found("@1")
		t.find("/Users", `userName eq "~u1" and (`+filter+`)`).found()
	})
}

// undeclared expects of an extension that no schema declares that one filter
// holds, and that another does not; names are within the extension.
func undeclared(name, what, holds, fails string) Case {
	const urn = "urn:example:conformance:2.0:User"
	return c(name, Practice, "choices", "A filter compares "+what+" in an extension that no schema declares.", func(t *T) {
		t.user(`{"` + urn + `":{"badge":"B-7","level":12345678901234567891,"remote":true,"office":{"floor":3},
			"skills":[{"value":"Maths","years":9},{"value":"Poetry","years":1}]}}`)
		t.find("/Users", `userName eq "~u1" and `+urn+":"+holds).found("@1")
		t.find("/Users", `userName eq "~u1" and `+urn+":"+fails).found()
	})
}

// wrong expects invalidFilter.
func wrong(name, source, requires, filter string) Case {
	return c(name, Must, source+", §3.12", requires, func(t *T) {
		t.find("/Users", `userName eq "~none"`).found()
		t.find("/Users", filter).fails(400, "invalidFilter")
	})
}
