package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ResourceSpec holds what every SCIM resource has (RFC 7643 §3.1).
type ResourceSpec struct {
	// syncRef names the IdentityProviderSync this resource belongs to.
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="syncRef is immutable"
	// +required
	SyncRef SyncReference `json:"syncRef"`

	// id is the SCIM id: the object's name and a few random characters. An id
	// is never given out twice.
	// +kubebuilder:validation:MaxLength=128
	// +optional
	ID string `json:"id,omitempty"`

	// externalId is the identifier that the identity provider uses, case-sensitive.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	ExternalID string `json:"externalId,omitempty"`

	// created is when the SCIM server created the resource.
	// +optional
	Created *metav1.MicroTime `json:"created,omitempty"`

	// lastModified is when an attribute last changed. It never goes backwards.
	// +optional
	LastModified *metav1.MicroTime `json:"lastModified,omitempty"`

	// deleted is when the identity provider deleted the resource, if the sync's
	// deletion policy is Retain. SCIM no longer shows it and nothing is
	// projected from it.
	// +optional
	Deleted *metav1.MicroTime `json:"deleted,omitempty"`

	// extensions are the values of extension schemas, declared by the sync or
	// not, by URN, each as raw JSON. The enterprise extension has its own field.
	// +kubebuilder:validation:MaxProperties=16
	// +optional
	Extensions map[string]RawJSON `json:"extensions,omitempty"`
}

// RawJSON is a JSON value kept as text, so that no number in it loses digits.
//
// +kubebuilder:validation:MaxLength=16384
type RawJSON string
