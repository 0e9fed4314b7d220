// Package expression is the CEL of Rollcall: expressions over the SCIM
// attributes of one user or group, compiled once and evaluated for many.
//
// The variable `user` or `group` is a map of the attributes, named as in
// RFC 7643 §4: user.userName, user.externalId, user.name.givenName,
// user.emails (a list of maps with value, type, display and primary), and so
// on; of a group there are id, externalId and displayName, not its members. The
// enterprise attributes are under user.enterprise and under their URN, as
// user["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]; other
// extensions are under their URNs. An attribute that the resource does not have
// is no key of the map, so reading it fails with ErrAbsent, and
// has(user.title) tells.
//
// Length and cost of an expression are bounded, and one that cannot work for
// any resource (an attribute that does not exist, a type that does not fit) is
// refused when it is compiled.
package expression
