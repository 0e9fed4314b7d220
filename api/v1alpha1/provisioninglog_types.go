package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ProvisioningAction is what happened to a user or group.
//
// +kubebuilder:validation:Enum=Created;Changed;Renamed;Enabled;Disabled;Deleted;MembersAdded;MembersRemoved;MembersReplaced;Filtered;Unfiltered;Failed
type ProvisioningAction string

// The actions.
const (
	ActionCreated         ProvisioningAction = "Created"
	ActionChanged         ProvisioningAction = "Changed" // attributes other than those below
	ActionRenamed         ProvisioningAction = "Renamed" // another userName or displayName
	ActionEnabled         ProvisioningAction = "Enabled"
	ActionDisabled        ProvisioningAction = "Disabled"
	ActionDeleted         ProvisioningAction = "Deleted"
	ActionMembersAdded    ProvisioningAction = "MembersAdded"
	ActionMembersRemoved  ProvisioningAction = "MembersRemoved"
	ActionMembersReplaced ProvisioningAction = "MembersReplaced" // the whole list was sent
	ActionFiltered        ProvisioningAction = "Filtered"        // kept out by the sync's filters from now on
	ActionUnfiltered      ProvisioningAction = "Unfiltered"      // let through from now on
	ActionFailed          ProvisioningAction = "Failed"          // a request was refused or could not be carried out
)

// ProvisioningActions are all actions.
var ProvisioningActions = []ProvisioningAction{
	ActionCreated, ActionChanged, ActionRenamed, ActionEnabled, ActionDisabled, ActionDeleted,
	ActionMembersAdded, ActionMembersRemoved, ActionMembersReplaced, ActionFiltered, ActionUnfiltered, ActionFailed,
}

// ProvisionedKind is the kind of resource that an entry is about.
//
// +kubebuilder:validation:Enum=User;Group
type ProvisionedKind string

// The kinds of resources.
const (
	ProvisionedUser  ProvisionedKind = "User"
	ProvisionedGroup ProvisionedKind = "Group"
)

// ProvisioningLogEntry is one change, or one that failed.
type ProvisioningLogEntry struct {
	// time is when it happened.
	// +required
	Time metav1.MicroTime `json:"time"`

	// action is what happened.
	// +required
	Action ProvisioningAction `json:"action"`

	// kind is User or Group; absent when a failed request does not tell.
	// +optional
	Kind ProvisionedKind `json:"kind,omitempty"`

	// name is the userName or displayName, after the change; absent when names
	// are not logged or not known.
	// +kubebuilder:validation:MaxLength=256
	// +optional
	Name string `json:"name,omitempty"`

	// id is the SCIM id; without its readable part when names are not logged.
	// +kubebuilder:validation:MaxLength=128
	// +optional
	ID string `json:"id,omitempty"`

	// members is how many members the request named.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Members int64 `json:"members,omitempty"`

	// memberNames are the first of them: userNames or displayNames, or ids of
	// members that do not exist.
	// +kubebuilder:validation:MaxItems=3
	// +kubebuilder:validation:items:MaxLength=256
	// +listType=atomic
	// +optional
	MemberNames []string `json:"memberNames,omitempty"`

	// attributes are the names of the attributes that changed.
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=256
	// +listType=atomic
	// +optional
	Attributes []string `json:"attributes,omitempty"`

	// requestID is the X-Request-Id of the request; absent if there was none.
	// +kubebuilder:validation:MaxLength=128
	// +optional
	RequestID string `json:"requestID,omitempty"`

	// token is the name of the token that the request carried.
	// +kubebuilder:validation:MaxLength=63
	// +optional
	Token string `json:"token,omitempty"`

	// code is the HTTP status of the answer; for an operation of a bulk request
	// that failed, its own.
	// +optional
	Code int32 `json:"code,omitempty"`

	// reason says why, or what more there is to know.
	// +kubebuilder:validation:MaxLength=512
	// +optional
	Reason string `json:"reason,omitempty"`
}

// ProvisioningLog is what an identity provider changed of late. It has the name
// of its IdentityProviderSync. The SCIM servers write it, a few seconds late.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=provisioninglogs,shortName=provlog,categories=rollcall
// +kubebuilder:printcolumn:name="LAST",type=date,JSONPath=`.entries[-1:].time`
// +kubebuilder:printcolumn:name="ACTION",type=string,JSONPath=`.entries[-1:].action`
// +kubebuilder:printcolumn:name="NAME OR ID",type=string,JSONPath=`.entries[-1:]['name','id']`
// +kubebuilder:printcolumn:name="DROPPED",type=integer,JSONPath=`.dropped`
// +kubebuilder:printcolumn:name="AGE",type=date,JSONPath=`.metadata.creationTimestamp`
type ProvisioningLog struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// entries are the latest changes, the newest last.
	// +kubebuilder:validation:MaxItems=500
	// +listType=atomic
	// +optional
	Entries []ProvisioningLogEntry `json:"entries,omitempty"`

	// dropped is how many changes are not among the entries, since they were
	// older or too many. With the number of entries it only grows.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Dropped int64 `json:"dropped,omitempty"`
}

// ProvisioningLogList is a list of ProvisioningLogs.
//
// +kubebuilder:object:root=true
type ProvisioningLogList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ProvisioningLog `json:"items"`
}
