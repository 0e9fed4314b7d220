// Package projection decides who is bound to what: pure functions from a
// binding and the users and groups of its syncs to the objects that should
// exist. It reads and writes nothing itself.
//
// The subjects of a binding are the active, synced users that are members of
// its groups, directly or through nested groups, each under the name that the
// sync's kubernetesUsername gives. A nested group counts only if it is synced
// itself; otherwise it gives nobody access, and a Problem says so.
//
// What cannot be read is held: see Wanted for the exact rule. Revoking never
// waits for something that cannot be read, and nothing is ever added on a guess.
package projection
