package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// AnnotationConfirmRemovals on an IdentityProviderSync confirms removals that
// its removalGuard holds: its value is status.removalGuard.id.
const AnnotationConfirmRemovals = "scim.rollcall.dev/confirm-removals"

// RemovalGuard holds removals when very many come at once, as they do when a
// filter or a group is changed by mistake. It counts users who would lose
// access although they are still active: disabling or deleting a user is never
// held, and neither are additions.
type RemovalGuard struct {
	// percent of the users of this sync who have access now; more than this, and
	// more than subjects, is held.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	// +kubebuilder:default=20
	// +optional
	Percent int32 `json:"percent,omitempty"`

	// subjects is how many users may always go.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000000
	// +kubebuilder:default=10
	// +optional
	Subjects int32 `json:"subjects,omitempty"`

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

	// users is how many users keep access that would be removed.
	// +required
	Users int64 `json:"users"`

	// since is when the removals were first held.
	// +required
	Since metav1.Time `json:"since"`

	// until is when they are made without a confirmation.
	// +required
	Until metav1.Time `json:"until"`
}
