package conformance

import "slices"

// Level says how binding a requirement is (RFC 2119).
type Level string

// The levels. Practice is what no RFC asks for but identity providers rely on.
const (
	Must     Level = "MUST"
	Should   Level = "SHOULD"
	May      Level = "MAY"
	Practice Level = "practice"
)

// Case is one requirement and how to find out whether it holds.
type Case struct {
	// Name is unique, "section/what-is-checked".
	Name string
	// Level says how binding it is.
	Level Level
	// Source is where it stands: sections of RFCs as "7644 §3.3", several of
	// them with commas between, or the name of an identity provider.
	Source string
	// Requires says in a sentence what the service provider has to do.
	Requires string
	// Needs is the optional feature that it is about; empty for none.
	Needs Feature
	// Section is the first part of Name.
	Section string

	run func(*T)
}

// section is the cases of one file.
type section struct {
	name  string
	title string
	needs Feature // of each case
	cases []Case
}

func sections() []section {
	return []section{
		{"discovery", "Discovery", "", discoveryCases},
		{"schemas", "Schemas of the attributes", "", schemaCases},
		{"create", "POST", "", createCases},
		{"values", "Attribute values", "", valueCases},
		{"read", "GET", "", readCases},
		{"replace", "PUT", "", replaceCases},
		{"patch", "PATCH of users", FeaturePatch, patchCases},
		{"members", "PATCH of members", FeaturePatch, memberCases},
		{"delete", "DELETE", "", deleteCases},
		{"filter", "Filters", FeatureFilter, filterCases},
		{"attributes", "attributes and excludedAttributes", "", attributeCases},
		{"pagination", "Pages by index", "", paginationCases},
		{"cursor", "Pages by cursor", FeatureCursor, cursorCases},
		{"sort", "Sorting", FeatureSort, sortCases},
		{"bulk", "Bulk", FeatureBulk, bulkCases},
		{"search", "POST /.search", FeatureSearch, searchCases},
		{"root", "Queries of all resource types", FeatureRoot, rootCases},
		{"extensions", "Declared extensions", "", extensionCases},
		{"characteristics", "Characteristics of declared attributes", "", characteristicCases},
		{"etag", "Versions", FeatureETag, etagCases},
		{"errors", "Errors", "", errorCases},
		{"auth", "Authentication", "", authCases},
		{"http", "Media types, methods and URLs", "", httpCases},
		{"entra", "Microsoft Entra ID", FeaturePatch, entraCases},
		{"validator", "Microsoft's validator", FeaturePatch, validatorCases},
		{"okta", "Okta", FeaturePatch, oktaCases},
		{"jumpcloud", "JumpCloud", FeaturePatch, jumpcloudCases},
		{"onelogin", "OneLogin", "", oneloginCases},
		{"others", "Google, AWS and others", "", otherCases},
		{"choices", "Where clients and checkers pull apart", FeaturePatch, choiceCases},
	}
}

// Cases are all cases, section by section.
func Cases() []Case {
	var all []Case
	for _, s := range sections() {
		for _, c := range s.cases {
			c.Section = s.name
			c.Name = s.name + "/" + c.Name
			if c.Needs == "" {
				c.Needs = s.needs
			}
			all = append(all, c)
		}
	}
	return all
}

// titles are the titles of the sections, in their order.
func titles() (names []string, title map[string]string) {
	title = map[string]string{}
	for _, s := range sections() {
		names = append(names, s.name)
		title[s.name] = s.title
	}
	return slices.Clip(names), title
}

// c is a case that fails in the first request or expectation that does not hold.
func c(name string, level Level, source, requires string, run func(*T)) Case {
	return Case{Name: name, Level: level, Source: source, Requires: requires, run: run}
}

// needing makes a case one about an optional feature.
func (c Case) needing(f Feature) Case {
	c.Needs = f
	return c
}
