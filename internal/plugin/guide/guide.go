// Package guide tells an admin what to click in the console of an identity
// provider, with the values to enter filled in. It does no I/O: the steps are a
// function of the sync.
package guide

import (
	"fmt"
	"strings"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// Guide is the way through one console.
type Guide struct {
	Provider v1alpha1.Provider `json:"provider"`
	Steps    []Step            `json:"steps"`
	// Test is what the console calls its connection test.
	Test string `json:"test"`
}

// Step is one page of the console.
type Step struct {
	Title string   `json:"title"`
	Lines []string `json:"lines,omitempty"`
	// Fields are values to copy, in the order of the page.
	Fields []Field `json:"fields,omitempty"`
	// Mapping has one row for each attribute to map.
	Mapping []Mapping `json:"mapping,omitempty"`
	// Block is a text to paste as a whole.
	Block string `json:"block,omitempty"`
}

// Field is one input of a page.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Mapping is one attribute.
type Mapping struct {
	Target string `json:"target"` // of SCIM
	Source string `json:"source"` // of the identity provider
	Note   string `json:"note,omitempty"`
}

// Providers are the names of identity providers on the command line.
var Providers = map[string]v1alpha1.Provider{
	"entra": v1alpha1.ProviderEntraID, "jumpcloud": v1alpha1.ProviderJumpCloud, "okta": v1alpha1.ProviderOkta,
	"onelogin": v1alpha1.ProviderOneLogin, "generic": v1alpha1.ProviderGeneric,
}

// Argument is the name of a provider on the command line.
func Argument(provider v1alpha1.Provider) string {
	for name, p := range Providers {
		if p == provider {
			return name
		}
	}
	return "generic"
}

// TokenPlaceholder stands for the token in a Field.
const TokenPlaceholder = "<the token>"

// HostPlaceholder stands for the host while the operator does not know it.
const HostPlaceholder = "https://<the operator's host>"

// values are what the steps are filled in with.
type values struct {
	url      string
	prefixes []string
	groups   []string
}

// Of gives the guide for a sync. Its status must have the endpoint.
func Of(sync *v1alpha1.IdentityProviderSync) Guide {
	v := values{url: Endpoint(sync)}
	if f := sync.Spec.GroupFilter; f != nil {
		v.prefixes = f.Prefixes
	}
	if f := sync.Spec.UserFilter; f != nil {
		v.groups = f.Groups
	}
	g := Guide{Provider: sync.Spec.Provider, Test: "Test Connection"}
	switch sync.Spec.Provider {
	case v1alpha1.ProviderEntraID:
		g.Steps = v.entra()
	case v1alpha1.ProviderJumpCloud:
		g.Steps = v.jumpCloud()
	case v1alpha1.ProviderOkta:
		g.Steps, g.Test = v.okta(), "Test Connector Configuration"
	case v1alpha1.ProviderOneLogin:
		g.Steps, g.Test = v.oneLogin(), "Enable"
	default:
		g.Provider, g.Steps, g.Test = v1alpha1.ProviderGeneric, v.generic(), "connection test"
	}
	return g
}

// Endpoint is the URL of a sync's SCIM endpoint, with HostPlaceholder if the
// operator does not know its own.
func Endpoint(sync *v1alpha1.IdentityProviderSync) string {
	endpoint := sync.Status.Endpoint
	if endpoint == "" {
		endpoint = "/" + sync.Namespace + "/" + sync.Name + "/scim/v2"
	}
	if strings.HasPrefix(endpoint, "/") {
		return HostPlaceholder + endpoint
	}
	return endpoint
}

// KnowsHost tells whether the endpoint of a sync is a URL.
func KnowsHost(sync *v1alpha1.IdentityProviderSync) bool {
	return strings.HasPrefix(sync.Status.Endpoint, "https://") || strings.HasPrefix(sync.Status.Endpoint, "http://")
}

// scope says which groups to assign.
func (v values) scope() []string {
	var lines []string
	if len(v.prefixes) > 0 {
		lines = append(lines, fmt.Sprintf("Groups whose names begin with %s are used in the cluster; others are stored and give nothing.", or(v.prefixes)))
	}
	if len(v.groups) > 0 {
		lines = append(lines, fmt.Sprintf("Only members of %s get access: assign that group too.", or(v.groups)))
	}
	return lines
}

func or(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(quoted, " or ")
}
