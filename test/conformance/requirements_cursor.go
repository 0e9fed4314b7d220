package conformance

var cursorRequirements = []requirement{
	{"§2", Must, "An empty cursor, with or without =, asks for the first page.", "cursor/first-page cursor/empty-value", ""},
	{"§2", Must, "nextCursor is there when more follows, and not on the last page.", "cursor/first-page cursor/last-page cursor/one-page", ""},
	{"§2", Must, "A cursor is a string of characters that a URL needs not escape.", "cursor/url-safe", ""},
	{"§2", Must, "No page exceeds count, which may differ from page to page.", "cursor/count-is-kept cursor/count-may-change", ""},
	{"§2", Must, "The other parameters of the query hold on every page.", "cursor/filter-stays cursor/groups", ""},
	{"§2", Should, "Pages stay consistent while resources change.", "cursor/all-once cursor/created-meanwhile cursor/deleted-meanwhile", ""},
	{"§2", May, "previousCursor leads back.", "", "Not offered: nothing asks for it, and nextCursor is all that a walk needs."},
	{"§2.4", May, "Without cursor, pages are by index where that is the default.", "pagination/no-nextCursor choices/nextCursor-on-request discovery/config-pagination-method", ""},
	{"§2.1", Should, "A cursor that is none is a 400 invalidCursor.", "cursor/invalid", ""},
	{"§2.1", Should, "A count that is none is a 400 invalidCount.", "cursor/invalid-count", ""},
	{"§2.1", May, "A cursor that is too old is a 400 expiredCursor.", "", "Cursors hold the place themselves and do not expire."},
	{"§2.2", Should, "Sorting holds over pages where both are offered.", "cursor/sorted sort/pages", ""},
	{"§2", Should, "totalResults is accurate.", "cursor/total", ""},
	{"§2.4", Must, "A query that names no way to page gets the default one, not an error.", "cursor/method-not-named", ""},
	{"§5.2", Must, "Every page is authorized anew; a cursor gives no access.", "cursor/needs-token cursor/of-another-endpoint", ""},
	{"§5.4", Should, "Misuse does not use up the service provider's resources.", "cursor/count-is-kept pagination/maxResults", "A cursor keeps nothing at the service provider."},
	{"§2.3", May, "Where cursors are the only way to page, a query without one gets the first page.", "", "Pages by index are offered too."},
	{"§3", Must, "A SearchRequest takes cursor.", "cursor/search", ""},
	{"§4", Should, "The ServiceProviderConfig announces pagination with cursor and index.", "discovery/config-pagination discovery/config-pagination-method discovery/config-pagination-sizes", ""},
}
