package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Token names a bearer token in a Secret.
type Token struct {
	// name tells the tokens of a sync apart, for example the year of issue.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +required
	Name string `json:"name"`

	// secretRef names the Secret, in the namespace of the sync, and the key in
	// it. The token must have at least 32 bytes.
	// +required
	SecretRef SecretKeyReference `json:"secretRef"`

	// expirationTime is when the token is refused. Empty: never.
	// +optional
	ExpirationTime *metav1.Time `json:"expirationTime,omitempty"`

	// generate makes the Secret with a random 256-bit token when it does not exist.
	// +optional
	Generate bool `json:"generate,omitempty"`
}

// SecretKeyReference names a key of a Secret in the same namespace.
type SecretKeyReference struct {
	// name of the Secret.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +required
	Name string `json:"name"`

	// key in the Secret's data.
	// +kubebuilder:default=token
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +optional
	Key string `json:"key,omitempty"`
}

// TokenState says whether a token is accepted.
//
// +kubebuilder:validation:Enum=Valid;Missing;Expired;TooShort
type TokenState string

// The states of a token.
const (
	TokenValid    TokenState = "Valid"
	TokenMissing  TokenState = "Missing"
	TokenExpired  TokenState = "Expired"
	TokenTooShort TokenState = "TooShort"
)

// TokenStatus says how a token is doing.
type TokenStatus struct {
	// name of the token in spec.tokens.
	// +kubebuilder:validation:MaxLength=63
	// +required
	Name string `json:"name"`

	// state is Valid, Missing (no such Secret or key), Expired, or TooShort
	// (less than 32 bytes).
	// +required
	State TokenState `json:"state"`

	// lastUsedTime is when a request last carried this token, to the minute or so.
	// +optional
	LastUsedTime *metav1.Time `json:"lastUsedTime,omitempty"`
}
