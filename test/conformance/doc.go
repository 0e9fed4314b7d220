// Package conformance checks a SCIM service provider from outside: over HTTP,
// with nothing but a base URL and a bearer token.
//
// A Case is one requirement of RFC 7643, RFC 7644 or RFC 9865, or one thing
// that an identity provider relies on. Each makes the resources it needs, with
// names that nobody else uses, and removes them, so that cases run side by side
// and against a service provider that is in use. A case for an optional feature
// that the service provider does not offer is reported as n/a, never as passed.
//
// The cases are tables, one file for each section. In all that they send and
// expect, "~" stands for a text that is unique to the case, and "@1", "@2" …
// for the ids of the resources it made, in that order.
//
// The package imports nothing of this project: it judges what goes over the wire.
package conformance
