// Package idpsim plays an identity provider against any SCIM 2.0 service
// provider: Entra ID with both of its PATCH dialects, Okta, JumpCloud and
// OneLogin.
//
// A directory of users and groups and a sequence of changes to it are made
// from a seed, so a run can be repeated to the letter. A profile says how one
// identity provider turns a change into HTTP requests: it is a table that maps
// directory attributes to SCIM paths, and a few methods that write requests.
// The runner sends them, several at once but in order for each resource, and
// measures. Verification reads everything back and compares it with the same
// table.
//
// The package is a client of its own: it shares no code with the server, so
// both cannot be wrong in the same way.
package idpsim
