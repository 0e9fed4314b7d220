package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Provider names an identity provider product. It only changes the wording of
// the setup guide: the quirks of all of them are always accepted.
//
// +kubebuilder:validation:Enum=EntraID;JumpCloud;Okta;OneLogin;Generic
type Provider string

// The identity providers with a setup guide of their own.
const (
	ProviderEntraID   Provider = "EntraID"
	ProviderJumpCloud Provider = "JumpCloud"
	ProviderOkta      Provider = "Okta"
	ProviderOneLogin  Provider = "OneLogin"
	ProviderGeneric   Provider = "Generic"
)

// SyncState says whether a sync answers.
//
// +kubebuilder:validation:Enum=Active;Paused
type SyncState string

// The states of a sync.
const (
	SyncActive SyncState = "Active"
	SyncPaused SyncState = "Paused"
)

// ObjectNames says how User and Group objects are named.
//
// +kubebuilder:validation:Enum=Readable;Opaque
type ObjectNames string

// The ways to name objects.
const (
	ObjectNamesReadable ObjectNames = "Readable"
	ObjectNamesOpaque   ObjectNames = "Opaque"
)

// IdentityProviderSyncSpec names an identity provider, its tokens and what it
// may provision.
type IdentityProviderSyncSpec struct {
	// provider is the identity provider product. All providers are served
	// alike; this only changes the wording of the setup guide.
	// +kubebuilder:default=Generic
	// +optional
	Provider Provider `json:"provider,omitempty"`

	// state is Active or Paused. While Paused every request is answered 503
	// with Retry-After; what was synced stays, and so does its access.
	// +kubebuilder:default=Active
	// +optional
	State SyncState `json:"state,omitempty"`

	// tokens are the bearer tokens of the identity provider; each is accepted.
	// Rotate by adding one, waiting until the status shows the old one unused,
	// and removing that.
	// +kubebuilder:validation:MaxItems=8
	// +listType=map
	// +listMapKey=name
	// +optional
	Tokens []Token `json:"tokens,omitempty"`

	// groupFilter says which groups are synced. Others are stored and answered
	// as usual, but not projected. Empty: every group.
	// +optional
	GroupFilter *GroupFilter `json:"groupFilter,omitempty"`

	// userFilter says which users are synced. Others are stored and answered
	// as usual, but not projected. Empty: every user.
	// +optional
	UserFilter *UserFilter `json:"userFilter,omitempty"`

	// deletion says what a deletion at the identity provider, or of this sync, does.
	// +optional
	Deletion *DeletionPolicy `json:"deletion,omitempty"`

	// kubernetesUsername is a CEL expression over `user`, the SCIM user, that
	// gives the user's name in RBAC subjects. It must equal what the API
	// server's OIDC claim and prefix give, such as "'oidc:' + user.userName".
	// +kubebuilder:default="user.userName"
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	KubernetesUsername string `json:"kubernetesUsername,omitempty"`

	// allowedNamespaces says from which namespaces the groups may be bound.
	// +optional
	AllowedNamespaces *AllowedNamespaces `json:"allowedNamespaces,omitempty"`

	// rateLimit bounds the requests of this sync, per replica. Empty: no bound.
	// +optional
	RateLimit *RateLimit `json:"rateLimit,omitempty"`

	// objectNames is Readable (the object's name begins with the userName or
	// displayName) or Opaque (no names of people in URLs and audit logs). It
	// cannot be changed: object names are what makes a userName unique.
	// +kubebuilder:default=Readable
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="objectNames is immutable; make another sync"
	// +optional
	ObjectNames ObjectNames `json:"objectNames,omitempty"`

	// extensionSchemas declare attributes beyond RFC 7643, so that they are
	// validated, filtered, sorted and patched like the core attributes. What is
	// sent under other URNs is kept and returned unchanged.
	// +kubebuilder:validation:MaxItems=16
	// +listType=map
	// +listMapKey=urn
	// +listMapKey=resource
	// +optional
	ExtensionSchemas []ExtensionSchema `json:"extensionSchemas,omitempty"`

	// mappings set labels and annotations on the User and Group objects from
	// their attributes.
	// +optional
	Mappings *AttributeMappings `json:"mappings,omitempty"`

	// removalGuard holds removals when very many come at once. Absent: none is held.
	// +optional
	RemovalGuard *RemovalGuard `json:"removalGuard,omitempty"`

	// labelNamespaces keeps labels on the namespaces that belong to members of
	// groups, for NetworkPolicies to select.
	// +optional
	LabelNamespaces *LabelNamespaces `json:"labelNamespaces,omitempty"`
}

// GroupFilter chooses groups.
type GroupFilter struct {
	// prefixes of displayName, case-sensitive; a group that begins with any of
	// them is synced. Empty: every group.
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=256
	// +listType=atomic
	// +optional
	Prefixes []string `json:"prefixes,omitempty"`
}

// UserFilter chooses users.
type UserFilter struct {
	// groups are displayNames, case-sensitive; a user who is a member of any of
	// them, directly or through nested groups, is synced. Empty: every user.
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=256
	// +listType=atomic
	// +optional
	Groups []string `json:"groups,omitempty"`
}

// DeletionAction says what happens to an object that is deleted elsewhere.
//
// +kubebuilder:validation:Enum=Delete;Retain
type DeletionAction string

// The deletion actions.
const (
	DeletionDelete DeletionAction = "Delete"
	DeletionRetain DeletionAction = "Retain"
)

// DeletionPolicy says what deletions do.
type DeletionPolicy struct {
	// users: Delete removes the User when the identity provider deletes it;
	// Retain keeps the object, marked as deleted. Access ends either way.
	// +kubebuilder:default=Delete
	// +optional
	Users DeletionAction `json:"users,omitempty"`

	// groups: as users, for Groups.
	// +kubebuilder:default=Delete
	// +optional
	Groups DeletionAction `json:"groups,omitempty"`

	// onSyncDelete: Retain keeps users, groups and their access when this sync
	// is deleted, and a sync of the same name adopts them; Delete removes them all.
	// +kubebuilder:default=Retain
	// +optional
	OnSyncDelete DeletionAction `json:"onSyncDelete,omitempty"`
}

// NamespacesFrom says which namespaces are meant.
//
// +kubebuilder:validation:Enum=Same;All;Selector
type NamespacesFrom string

// The ways to name namespaces.
const (
	NamespacesSame     NamespacesFrom = "Same"
	NamespacesAll      NamespacesFrom = "All"
	NamespacesSelector NamespacesFrom = "Selector"
)

// AllowedNamespaces says which namespaces may bind the groups of a sync.
//
// +kubebuilder:validation:XValidation:rule="self.from == 'Selector' ? has(self.selector) : !has(self.selector)",message="selector goes with from: Selector, and only with it"
type AllowedNamespaces struct {
	// from is Same (the namespace of the sync), All, or Selector.
	// +kubebuilder:default=Same
	// +optional
	From NamespacesFrom `json:"from,omitempty"`

	// selector of namespaces by label.
	// +optional
	Selector *metav1.LabelSelector `json:"selector,omitempty"`
}

// RateLimit bounds the requests of a sync on each replica.
type RateLimit struct {
	// requestsPerSecond that are answered; more get 429 with Retry-After. A bulk
	// request, of up to 1,000 operations, counts as one. 0: no bound.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100000
	// +optional
	RequestsPerSecond int32 `json:"requestsPerSecond,omitempty"`

	// burst is how many requests may come at once. 0: as many as in one second.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100000
	// +optional
	Burst int32 `json:"burst,omitempty"`
}

// UserCounts counts the users of a sync.
type UserCounts struct {
	// total users stored.
	Total int64 `json:"total"`
	// active users among them.
	Active int64 `json:"active"`
	// synced users among them: those the filters let through.
	Synced int64 `json:"synced"`
}

// GroupCounts counts the groups of a sync.
type GroupCounts struct {
	// total groups stored.
	Total int64 `json:"total"`
	// synced groups among them: those the filters let through.
	Synced int64 `json:"synced"`
	// unknownMembers is how many memberships name a resource that does not
	// exist in this sync. They are kept and give nobody access.
	UnknownMembers int64 `json:"unknownMembers"`
}

// IdentityProviderSyncStatus is the state of a sync.
type IdentityProviderSyncStatus struct {
	// conditions say whether the sync is Ready, Reconciling or Stalled, and why.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// observedGeneration is the generation of the spec this status is about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// endpoint is the SCIM base URL to enter at the identity provider.
	// +kubebuilder:validation:MaxLength=2048
	// +optional
	Endpoint string `json:"endpoint,omitempty"`

	// kubernetesUsername is the last spec.kubernetesUsername that could be used.
	// While the one in the spec cannot, it tells whose access to take away.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	KubernetesUsername string `json:"kubernetesUsername,omitempty"`

	// users counts the users of this sync.
	// +optional
	Users *UserCounts `json:"users,omitempty"`

	// groups counts the groups of this sync.
	// +optional
	Groups *GroupCounts `json:"groups,omitempty"`

	// lastRequestTime is when the identity provider was last heard of.
	// +optional
	LastRequestTime *metav1.Time `json:"lastRequestTime,omitempty"`

	// lastChangeTime is when a request last changed something.
	// +optional
	LastChangeTime *metav1.Time `json:"lastChangeTime,omitempty"`

	// removalGuard tells of removals that are held; absent when none are.
	// +optional
	RemovalGuard *RemovalGuardStatus `json:"removalGuard,omitempty"`

	// labelNamespaces tells of the labels on namespaces; absent without
	// spec.labelNamespaces.
	// +optional
	LabelNamespaces *LabelNamespacesStatus `json:"labelNamespaces,omitempty"`

	// tokens has the state of each token in spec.tokens.
	// +kubebuilder:validation:MaxItems=8
	// +listType=map
	// +listMapKey=name
	// +optional
	Tokens []TokenStatus `json:"tokens,omitempty"`
}

// IdentityProviderSync connects an identity provider: it opens a SCIM endpoint
// at /<namespace>/<name>/scim/v2 and says who may use it and what is synced.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=identityprovidersyncs,shortName=idps;idp,categories=rollcall
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 63",message="the name of an IdentityProviderSync may have at most 63 characters, since it becomes a label value"
// +kubebuilder:printcolumn:name="PROVIDER",type=string,JSONPath=`.spec.provider`
// +kubebuilder:printcolumn:name="READY",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="USERS",type=integer,JSONPath=`.status.users.total`
// +kubebuilder:printcolumn:name="GROUPS",type=integer,JSONPath=`.status.groups.total`
// +kubebuilder:printcolumn:name="LAST REQUEST",type=date,JSONPath=`.status.lastRequestTime`
// +kubebuilder:printcolumn:name="AGE",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="STATE",type=string,JSONPath=`.spec.state`,priority=1
// +kubebuilder:printcolumn:name="ENDPOINT",type=string,JSONPath=`.status.endpoint`,priority=1
// +kubebuilder:printcolumn:name="REASON",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,priority=1
type IdentityProviderSync struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec says which identity provider may provision what.
	// +required
	Spec IdentityProviderSyncSpec `json:"spec"`

	// status says how the sync is doing.
	// +optional
	Status IdentityProviderSyncStatus `json:"status,omitempty"`
}

// IdentityProviderSyncList is a list of IdentityProviderSyncs.
//
// +kubebuilder:object:root=true
type IdentityProviderSyncList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []IdentityProviderSync `json:"items"`
}
