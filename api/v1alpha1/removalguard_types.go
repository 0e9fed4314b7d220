package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// AnnotationConfirmRemovals on an IdentityProviderSync confirms removals that
// its removalGuard holds: its value is status.removalGuard.id.
const AnnotationConfirmRemovals = "scim.rollcall.dev/confirm-removals"

// RemovalGuard holds removals when very many come at once, as they do when a
// filter or a group is changed by mistake. What it counts are subjects: a user
// in a binding, wherever that binds. Disabling or deleting a user is never held
// or counted, and additions go on.
type RemovalGuard struct {
	// percent of the sync's subjects. Removals are held when more than percent,
	// and more than subjects, would go within the window.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	// +kubebuilder:default=20
	// +optional
	Percent *int32 `json:"percent,omitempty"`

	// subjects that may always go within the window.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000000
	// +kubebuilder:default=10
	// +optional
	Subjects *int32 `json:"subjects,omitempty"`

	// window is the time within which removals are counted together, and for
	// which they are held unless the annotation
	// scim.rollcall.dev/confirm-removals confirms them earlier.
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s') && duration(self) <= duration('168h')",message="window must be from 1s to 168h"
	// +kubebuilder:default="15m"
	// +optional
	Window *metav1.Duration `json:"window,omitempty"`
}

// RemovalGuardStatus tells of removals that are held.
type RemovalGuardStatus struct {
	// id of what is held, to be copied into the annotation
	// scim.rollcall.dev/confirm-removals.
	// +kubebuilder:validation:MaxLength=64
	// +required
	ID string `json:"id"`

	// subjects is how many users, in how many bindings each, keep access that
	// would be removed.
	// +required
	Subjects int64 `json:"subjects"`

	// since is when the removals were first held.
	// +required
	Since metav1.Time `json:"since"`

	// until is when they are made without a confirmation.
	// +required
	Until metav1.Time `json:"until"`
}
