package conformance

var cursorRequirements = []requirement{
	{"§2", Must, "An empty cursor, with or without =, asks for the first page.", "cursor/first-page cursor/empty-value", ""},
	{"§2", Must, "A cursor has only characters that a URL needs not escape.", "cursor/url-safe", ""},
	{"§2", Must, "No page exceeds count; below 0 it is 0, and 0 asks for the number only.", "cursor/count-is-kept cursor/count-zero cursor/count-negative", ""},
	{"§2", Must, "nextCursor is there when more follows, and left out on the last page only.", "cursor/first-page cursor/last-page cursor/one-page cursor/all-once", ""},
	{"§2", May, "previousCursor leads back; the first page has none.", "cursor/no-previous-on-first", "Not offered: nothing asks for it, and nextCursor is all that a walk needs."},
	{"§2", Must, "A client repeats the other parameters of the query; they hold on every page.", "cursor/filter-stays cursor/groups cursor/count-changed", "Of these only count and what is shown may change here; another filter or order is invalidCursor."},
	{"§2", May, "What is created or deleted meanwhile may be shown or not.", "cursor/created-meanwhile cursor/deleted-meanwhile", "Whatever happens meanwhile, what stays is shown once."},
	{"§2", Should, "totalResults is accurate.", "cursor/total", ""},
	{"§2.1", Should, "A cursor that is none is a 400 invalidCursor.", "cursor/invalid", ""},
	{"§2.1", Should, "A count that is none is a 400 invalidCount.", "cursor/invalid-count cursor/count-changed", ""},
	{"§2.1", Should, "A cursor that is too old is a 400 expiredCursor.", "", "Cursors hold the place themselves and do not expire."},
	{"§2.2", Should, "Sorting holds over pages where both are offered.", "cursor/sorted sort/pages", ""},
	{"§2.3", May, "Where cursors are the only way to page, a query without one gets the first page.", "", "Pages by index are offered too."},
	{"§2.4", Must, "Where both ways are offered, one of them is the default for a query that names none.", "cursor/method-not-named discovery/config-pagination-method", ""},
	{"§2.4", Should, "Whoever had pages by index before keeps them as the default.", "pagination/no-nextCursor choices/nextCursor-on-request discovery/config-pagination-method", ""},
	{"§3", Must, "A SearchRequest takes cursor and count.", "cursor/search search/all-together", ""},
	{"§4", Should, "The ServiceProviderConfig announces pagination with cursor and index.", "discovery/config-pagination discovery/config-pagination-method discovery/config-pagination-sizes", "There is no cursorTimeout, since cursors do not expire."},
	{"§5.2", Must, "Every page is authorized anew; a cursor gives no access.", "cursor/needs-token cursor/of-another-endpoint", ""},
	{"§5.2", Should, "Cursors are opaque, and forged ones are found out.", "cursor/invalid cursor/of-another-endpoint", "A cursor is bound to its query by a digest. Who makes one up for a query of their own chooses where to begin, no more than startIndex does."},
	{"§5.3", Should, "Misuse does not use up the service provider's resources.", "cursor/count-is-kept pagination/maxResults", "A cursor keeps nothing at the service provider."},
}
