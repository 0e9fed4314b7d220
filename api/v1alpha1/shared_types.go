package v1alpha1

// Labels and annotations that Rollcall sets.
const (
	// LabelSync is on every User, Group and GroupMemberSlice: the name of its sync.
	LabelSync = "scim.rollcall.dev/sync"
	// LabelSynced is "true" or "false" on a User or Group: whether the filters
	// of its sync let it through. It is a late copy for kubectl; the truth is
	// computed from the sync's spec.
	LabelSynced = "scim.rollcall.dev/synced"
	// LabelClaim is "true" on a User or Group object that only holds a name
	// for another one (see ClaimSpec).
	LabelClaim = "scim.rollcall.dev/claim"
	// AnnotationFence changes when another writer needs every update that was
	// based on an older version of the object to fail.
	AnnotationFence = "scim.rollcall.dev/fence"
	// AnnotationMapped lists the labels and annotations of a User or Group that
	// were set by the mappings of its sync, as label:<key> and
	// annotation:<key>, separated by commas.
	AnnotationMapped = "scim.rollcall.dev/mapped"
)

// Condition types. Ready, Reconciling and Stalled follow kstatus.
const (
	ConditionReady       = "Ready"
	ConditionReconciling = "Reconciling"
	ConditionStalled     = "Stalled"
	// ConditionMappingsValid is false on an IdentityProviderSync while some of
	// its mappings cannot be used; it is absent without mappings.
	ConditionMappingsValid = "MappingsValid"
	// ConditionRemovalsHeld is true on an IdentityProviderSync while its
	// removalGuard holds removals.
	ConditionRemovalsHeld = "RemovalsHeld"
)

// SyncReference names an IdentityProviderSync in the same namespace.
type SyncReference struct {
	// name of the IdentityProviderSync, in the namespace of this object.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +required
	Name string `json:"name"`
}

// ClaimSpec lets an object hold its own object name on behalf of another
// resource, so that a userName or displayName has one owner at any moment.
// The API server's AlreadyExists is what makes a claim atomic.
// docs/architecture.md, "Names", explains the protocol.
type ClaimSpec struct {
	// claimFor is the SCIM id of the resource that owns the name this object
	// is named after, when that is not this object's own resource.
	// +kubebuilder:validation:MaxLength=128
	// +optional
	ClaimFor string `json:"claimFor,omitempty"`

	// claimedFrom are the SCIM ids of earlier owners whose writes in flight
	// have yet to be fenced off.
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=128
	// +listType=atomic
	// +optional
	ClaimedFrom []string `json:"claimedFrom,omitempty"`
}
