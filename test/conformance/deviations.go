package conformance

// deviation is where an identity provider comes before an RFC.
type deviation struct {
	standard string
	text     string
	sake     string
	cases    string
}

var deviations = []deviation{
	{"RFC 7643 §2.5, RFC 7644 §3.5.1:", "A PUT of a group without `members` keeps the members; only `[]` and null empty them.", "Okta, JumpCloud and others, which leave members out of a rename", "choices/put-without-members choices/put-members-null jumpcloud/activation"},
	{"RFC 7644 §3.5.1:", "A PUT of a user without `active` keeps it: an attribute that was forgotten must not give access back.", "every identity provider that deactivates by PATCH and updates by PUT", "choices/put-without-active"},
	{"RFC 7644 §3.5.2.2:", "A user whose active is removed, or replaced by null, has `active: false`, not none.", "security: to take the value away gives no access", "choices/active-removed"},
	{"RFC 7643 §2.3.1, §2.5:", "An empty text is no value.", "Entra ID and OneLogin, which clear attributes so", "choices/empty-text entra/manager-cleared-text"},
	{"RFC 7644 §3.5.2:", "An operation without `op` is a replace, and `op` compares ignoring letter case.", "Okta and Entra ID", "okta/deactivate-without-op entra/path-each"},
	{"RFC 7644 §3.5.2.2:", "A remove with a value removes only what the value names.", "Entra ID and JumpCloud", "entra/remove-member jumpcloud/remove-member choices/remove-of-nothing choices/remove-value-in-other-case"},
	{"RFC 7644 §3.5.2.3:", "A replace whose filter matches nothing creates the value where the filter is `type eq` a canonical value or `primary eq true`; otherwise it is noTarget.", "Entra ID", "entra/replace-creates-type entra/replace-creates-primary entra/replace-unknown-type patch/noTarget"},
	{"RFC 7644 §3.5.2:", "Keys of a value without a path may be paths.", "Entra ID with aadOptscim062020", "entra/dotted-keys entra/filter-keys"},
	{"RFC 7643 §2.3:", `"True" and "False" are booleans, one value may come without its list, and a list of one in the place of a value.`, "Entra ID and OneLogin", "entra/deactivate entra/wrapped-scalar entra/wrapped-object onelogin/active-string onelogin/emails-object"},
	{"RFC 7643 §4.3:", "manager is taken as text, object or list, is not checked, and comes back as an object with value alone.", "Entra ID, which else repeats it in every cycle", "entra/manager-text entra/manager-list entra/manager-cleared-text"},
	{"RFC 7643 §4.2:", "displayName of a group is unique, ignoring letter case.", "Entra ID's validator; also, bindings name groups by it", "validator/group-create-duplicate okta/duplicate-group choices/group-name-unique"},
	{"RFC 7643 §4.2, §2.3.7:", "A member whose id names nothing is stored and returned, without type and $ref.", "identity providers that send members before the users", "choices/unknown-member"},
	{"RFC 7644 §3.4.2.2:", "A filter value without quotes is a text.", "clients that quote nothing", "choices/unquoted-value"},
	{"RFC 7644 §4:", "Query parameters on discovery endpoints, filter included, are ignored; the RFC wants a filter answered with 403.", "identity providers that append parameters to every URL", "choices/discovery-parameters discovery/no-filter"},
	{"RFC 7643 §5:", "Discovery asks for the token as everything does.", "whoever runs many syncs: without a token nobody learns which of them exist", "auth/before-everything discovery/authenticated"},
	{"RFC 7644 §3.1, §3.8:", "A client whose Accept names application/json and not application/scim+json gets application/json.", "OneLogin and Google", "onelogin/answers-json onelogin/errors-json"},
	{"RFC 7643 §3:", "URNs in schemas that name no schema here, mistyped ones and those of SCIM 1.0, are left aside.", "Entra ID and OneLogin", "entra/post entra/post-group onelogin/old-urns"},
}
