// Package networkpolicy decides which NetworkPolicies a GroupNetworkPolicy
// comes to, and which label the namespaces of a group's members get: pure
// functions, like those of the package above it.
//
// What a rule lets through is a set of entries: values of a label of pods or
// namespaces, labels that a sync keeps on namespaces, and CIDRs. Which entries
// there should be follows from the members of the groups, under the same rules
// of holding as subjects of RoleBindings. An entry is there as long as one
// active, synced member has it: a label or an address is not an identity.
//
// Entries are spread over objects of a bounded size. An entry stays in the
// object it is in, so a member more or less changes one object. The first
// object is always there, also when it lets nothing through: it isolates the
// pods. NetworkPolicies add up, so that several say the same as one would.
//
// In the API of NetworkPolicy what is left out often means everything: a rule
// without peers lets all peers through, and a selector without requirements
// selects all. So a rule without entries is never written, and neither is a
// peer without values.
package networkpolicy
