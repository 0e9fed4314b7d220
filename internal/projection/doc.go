// Package projection decides who is bound to what: pure functions from a
// binding and the users and groups of its syncs to the objects that should
// exist. It reads and writes nothing itself.
//
// The subjects of a binding are the active, synced users that are members of
// its groups, directly or through nested groups, each under the name that the
// sync's kubernetesUsername, or the binding, gives. A nested group counts only
// if it is synced itself; otherwise it gives nobody access, and a Problem says
// so.
//
// What cannot be read is held: see Project for the exact rule. Revoking never
// waits for something that cannot be read, and nothing is ever added on a guess.
//
// Project works in these steps: it finds the groups (grant), the places where
// their sync lets them be bound (targets), and enters each group at the sites,
// a role in a place, where it gives access. Sites of the same groups share an
// audience, which is worked out once: so a large group in many namespaces
// costs little more than in one. The subjects of each site are then laid out
// over objects of bounded size (layout). Explain answers why somebody has
// access or not, and Resolve finds members for other uses.
package projection
