// Package admission holds the ValidatingAdmissionPolicies that bound the power
// of everybody involved, the operator included: docs/security.md says how. The
// operator compares what is in the cluster with this copy of the manifests.
package admission

import "embed"

// Manifests are the policies and their bindings.
//
//go:embed *.yaml
var Manifests embed.FS
