package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// UserSpec is one SCIM user as its identity provider sent it.
//
// +kubebuilder:validation:XValidation:rule="has(self.id) == has(self.userName)",message="a User has both an id and a userName; an object with neither only claims a name"
// +kubebuilder:validation:XValidation:rule="has(self.id) || has(self.claimFor)",message="a User without an id must name in claimFor the resource it claims its name for"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.id) || !has(self.id) || self.id == oldSelf.id",message="id is immutable"
type UserSpec struct {
	ResourceSpec `json:",inline"`
	ClaimSpec    `json:",inline"`

	// userName is the unique name of the user in this sync, ignoring case,
	// kept as sent (RFC 7643 §4.1.1).
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	// +optional
	UserName string `json:"userName,omitempty"`

	// active tells whether the user may use any access. An inactive user stays
	// visible, keeps its memberships and is projected nowhere.
	// +optional
	Active *bool `json:"active,omitempty"`

	// displayName is the name shown to people.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	DisplayName string `json:"displayName,omitempty"`

	// name holds the components of the user's name.
	// +optional
	Name *Name `json:"name,omitempty"`

	// nickName is the casual way to address the user.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	NickName string `json:"nickName,omitempty"`

	// profileUrl points to the user's online profile.
	// +kubebuilder:validation:MaxLength=2048
	// +optional
	ProfileURL string `json:"profileUrl,omitempty"`

	// title is the user's job title.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Title string `json:"title,omitempty"`

	// userType is the relation between the user and the organization, such as "Contractor".
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	UserType string `json:"userType,omitempty"`

	// preferredLanguage is the user's language as in an Accept-Language header.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	PreferredLanguage string `json:"preferredLanguage,omitempty"`

	// locale is the user's default location for currency, dates and numbers.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Locale string `json:"locale,omitempty"`

	// timezone is the user's time zone in the IANA format.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Timezone string `json:"timezone,omitempty"`

	// emails are the user's e-mail addresses.
	// +kubebuilder:validation:MaxItems=64
	// +listType=atomic
	// +optional
	Emails []MultiValue `json:"emails,omitempty"`

	// phoneNumbers are the user's phone numbers.
	// +kubebuilder:validation:MaxItems=64
	// +listType=atomic
	// +optional
	PhoneNumbers []MultiValue `json:"phoneNumbers,omitempty"`

	// ims are the user's instant messaging addresses.
	// +kubebuilder:validation:MaxItems=64
	// +listType=atomic
	// +optional
	IMs []MultiValue `json:"ims,omitempty"`

	// photos are URLs of the user's photos.
	// +kubebuilder:validation:MaxItems=16
	// +listType=atomic
	// +optional
	Photos []LargeMultiValue `json:"photos,omitempty"`

	// addresses are the user's postal addresses.
	// +kubebuilder:validation:MaxItems=64
	// +listType=atomic
	// +optional
	Addresses []Address `json:"addresses,omitempty"`

	// entitlements are things the user has in the identity provider.
	// +kubebuilder:validation:MaxItems=64
	// +listType=atomic
	// +optional
	Entitlements []MultiValue `json:"entitlements,omitempty"`

	// roles are the user's roles in the identity provider. They give no access
	// in the cluster: membership in groups does.
	// +kubebuilder:validation:MaxItems=64
	// +listType=atomic
	// +optional
	Roles []MultiValue `json:"roles,omitempty"`

	// x509Certificates are the user's certificates, base64 encoded DER.
	// +kubebuilder:validation:MaxItems=16
	// +listType=atomic
	// +optional
	X509Certificates []LargeMultiValue `json:"x509Certificates,omitempty"`

	// enterprise holds the attributes of the enterprise extension (RFC 7643 §4.3).
	// +optional
	Enterprise *EnterpriseUser `json:"enterprise,omitempty"`
}

// Name holds the components of a user's name (RFC 7643 §4.1.1).
type Name struct {
	// formatted is the full name, ready to show.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Formatted string `json:"formatted,omitempty"`
	// familyName is the last name.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	FamilyName string `json:"familyName,omitempty"`
	// givenName is the first name.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	GivenName string `json:"givenName,omitempty"`
	// middleName is the middle name.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	MiddleName string `json:"middleName,omitempty"`
	// honorificPrefix is a title such as "Dr."
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	HonorificPrefix string `json:"honorificPrefix,omitempty"`
	// honorificSuffix is a suffix such as "III".
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	HonorificSuffix string `json:"honorificSuffix,omitempty"`
}

// MultiValue is one value of a multi-valued attribute (RFC 7643 §2.4).
type MultiValue struct {
	// value is the significant value, such as the e-mail address.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Value string `json:"value,omitempty"`
	// display is the value as shown to people.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Display string `json:"display,omitempty"`
	// type labels the value's function, such as "work".
	// +kubebuilder:validation:MaxLength=256
	// +optional
	Type string `json:"type,omitempty"`
	// primary marks the preferred value; at most one is.
	// +optional
	Primary *bool `json:"primary,omitempty"`
}

// LargeMultiValue is a MultiValue with a value of up to 16 KiB: a photo's URL
// or a certificate.
type LargeMultiValue struct {
	// value is a photo's URL (http, https or data) or a certificate in base64.
	// +kubebuilder:validation:MaxLength=16384
	// +optional
	Value string `json:"value,omitempty"`
	// display is the value as shown to people.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Display string `json:"display,omitempty"`
	// type labels the value's function, such as "thumbnail".
	// +kubebuilder:validation:MaxLength=256
	// +optional
	Type string `json:"type,omitempty"`
	// primary marks the preferred value; at most one is.
	// +optional
	Primary *bool `json:"primary,omitempty"`
}

// Address is a postal address (RFC 7643 §4.1.2).
type Address struct {
	// formatted is the full address, ready to show.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Formatted string `json:"formatted,omitempty"`
	// streetAddress is the street, house number and so on; may have several lines.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	StreetAddress string `json:"streetAddress,omitempty"`
	// locality is the city.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Locality string `json:"locality,omitempty"`
	// region is the state or region.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Region string `json:"region,omitempty"`
	// postalCode is the zip or postal code.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	PostalCode string `json:"postalCode,omitempty"`
	// country is the country, ISO 3166-1 alpha-2 by the standard; kept as sent.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Country string `json:"country,omitempty"`
	// type labels the address's function, such as "work".
	// +kubebuilder:validation:MaxLength=256
	// +optional
	Type string `json:"type,omitempty"`
	// primary marks the preferred address; at most one is.
	// +optional
	Primary *bool `json:"primary,omitempty"`
}

// EnterpriseUser holds urn:ietf:params:scim:schemas:extension:enterprise:2.0:User
// (RFC 7643 §4.3).
type EnterpriseUser struct {
	// employeeNumber is the identifier the organization gave the user.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	EmployeeNumber string `json:"employeeNumber,omitempty"`
	// costCenter is the name of a cost center.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	CostCenter string `json:"costCenter,omitempty"`
	// organization is the name of an organization.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Organization string `json:"organization,omitempty"`
	// division is the name of a division.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Division string `json:"division,omitempty"`
	// department is the name of a department.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Department string `json:"department,omitempty"`
	// manager is the user's manager.
	// +optional
	Manager *Manager `json:"manager,omitempty"`
}

// Manager names the manager of a user.
type Manager struct {
	// value is the manager's SCIM id as sent; nothing checks that it exists.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Value string `json:"value,omitempty"`
	// ref is the URI of the manager as sent ($ref in SCIM).
	// +kubebuilder:validation:MaxLength=2048
	// +optional
	Ref string `json:"ref,omitempty"`
	// displayName is the manager's name as sent.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	DisplayName string `json:"displayName,omitempty"`
}

// User is a person as an identity provider describes it over SCIM. Only the
// SCIM server writes it: disable or delete people at the identity provider.
// Other APIs may also have `users`; `kubectl get scimusers` is never ambiguous.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=users,shortName=scimuser;scimusers,categories=rollcall
// +kubebuilder:printcolumn:name="USERNAME",type=string,JSONPath=`.spec.userName`
// +kubebuilder:printcolumn:name="DISPLAY NAME",type=string,JSONPath=`.spec.displayName`
// +kubebuilder:printcolumn:name="ACTIVE",type=boolean,JSONPath=`.spec.active`
// +kubebuilder:printcolumn:name="SYNCED",type=string,JSONPath=`.metadata.labels.scim\.rollcall\.dev/synced`
// +kubebuilder:printcolumn:name="AGE",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="SYNC",type=string,JSONPath=`.spec.syncRef.name`,priority=1
// +kubebuilder:printcolumn:name="EMAIL",type=string,JSONPath=`.spec.emails[0].value`,priority=1
// +kubebuilder:printcolumn:name="EXTERNAL ID",type=string,JSONPath=`.spec.externalId`,priority=1
// +kubebuilder:printcolumn:name="ID",type=string,JSONPath=`.spec.id`,priority=1
// +kubebuilder:printcolumn:name="CLAIM FOR",type=string,JSONPath=`.spec.claimFor`,priority=1
type User struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the user's SCIM attributes.
	// +required
	Spec UserSpec `json:"spec"`
}

// UserList is a list of Users.
//
// +kubebuilder:object:root=true
type UserList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []User `json:"items"`
}
