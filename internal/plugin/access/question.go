package access

import (
	"fmt"
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/rollcall-scim/rollcall/internal/plugin/output"
)

// Question is whether somebody may do something.
type Question struct {
	Verb        string `json:"verb"`
	Group       string `json:"group,omitempty"`
	Resource    string `json:"resource,omitempty"`
	Subresource string `json:"subresource,omitempty"`
	Name        string `json:"name,omitempty"`
	// Namespace is empty for what has none, and for all namespaces.
	Namespace string `json:"namespace,omitempty"`
	// URL is set instead for what is no resource, such as /metrics.
	URL string `json:"url,omitempty"`
}

// ParseQuestion reads VERB and RESOURCE[.GROUP][/NAME], or a URL path. The mapper
// knows short names, and which resources have no namespace.
func ParseQuestion(verb, what, subresource, namespace string, mapper meta.RESTMapper) (*Question, error) {
	if strings.HasPrefix(what, "/") {
		return &Question{Verb: verb, URL: what}, nil
	}
	resource, name, _ := strings.Cut(what, "/")
	q := &Question{Verb: verb, Name: name, Subresource: subresource, Namespace: namespace}
	if resource == "*" {
		q.Resource = "*"
		return q, nil
	}
	found, err := mapper.ResourceFor(schema.ParseGroupResource(resource).WithVersion(""))
	if err != nil {
		return nil, fmt.Errorf("the cluster has no resource %q; see kubectl api-resources", resource)
	}
	q.Group, q.Resource = found.Group, found.Resource
	kind, err := mapper.KindFor(found)
	if err != nil {
		return nil, err
	}
	mapping, err := mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return nil, err
	}
	if mapping.Scope.Name() == meta.RESTScopeNameRoot {
		q.Namespace = ""
	}
	return q, nil
}

// String is "list pods in namespace x".
func (q *Question) String() string {
	if q.URL != "" {
		return q.Verb + " " + q.URL
	}
	text := q.Verb + " " + q.Resource
	if q.Group != "" {
		text += "." + q.Group
	}
	if q.Subresource != "" {
		text += "/" + q.Subresource
	}
	if q.Name != "" {
		text += " " + q.Name
	}
	if q.Namespace != "" {
		return text + " in namespace " + q.Namespace
	}
	return text + " in the whole cluster"
}

// Review asks the API server.
func (q *Question) Review(user string) *authorizationv1.SubjectAccessReview {
	// Every user that logs in is in this group.
	spec := authorizationv1.SubjectAccessReviewSpec{User: user, Groups: []string{authenticated}}
	if q.URL != "" {
		spec.NonResourceAttributes = &authorizationv1.NonResourceAttributes{Verb: q.Verb, Path: q.URL}
	} else {
		spec.ResourceAttributes = &authorizationv1.ResourceAttributes{Namespace: q.Namespace, Verb: q.Verb, Group: q.Group,
			Resource: q.Resource, Subresource: q.Subresource, Name: q.Name}
	}
	return &authorizationv1.SubjectAccessReview{Spec: spec}
}

const authenticated = "system:authenticated"

// AllowedBy gives the rules of a role that allow it, as the RBAC authorizer
// reads them.
func (q *Question) AllowedBy(rules []rbacv1.PolicyRule) []rbacv1.PolicyRule {
	var allowing []rbacv1.PolicyRule
	for _, rule := range rules {
		if q.allowedBy(&rule) {
			allowing = append(allowing, rule)
		}
	}
	return allowing
}

func (q *Question) allowedBy(rule *rbacv1.PolicyRule) bool {
	if !has(rule.Verbs, q.Verb) {
		return false
	}
	if q.URL != "" {
		return slices.ContainsFunc(rule.NonResourceURLs, func(pattern string) bool {
			prefix, isPrefix := strings.CutSuffix(pattern, "*")
			return pattern == q.URL || isPrefix && strings.HasPrefix(q.URL, prefix)
		})
	}
	return has(rule.APIGroups, q.Group) && q.names(rule.Resources) &&
		(len(rule.ResourceNames) == 0 || slices.Contains(rule.ResourceNames, q.Name))
}

// names tells whether a rule is about the resource: pods, pods/log, */log or *.
func (q *Question) names(resources []string) bool {
	if q.Subresource == "" {
		return has(resources, q.Resource)
	}
	return slices.Contains(resources, "*") || slices.Contains(resources, q.Resource+"/"+q.Subresource) ||
		slices.Contains(resources, "*/"+q.Subresource)
}

func has(list []string, item string) bool {
	return slices.Contains(list, "*") || slices.Contains(list, item)
}

// RuleText is a rule as a person reads it, with what it is asked for named
// first: "get, list on pods and 3 more resources".
func (q *Question) RuleText(rule rbacv1.PolicyRule) string {
	text := strings.Join(rule.Verbs, ", ") + " on "
	if q.URL != "" {
		return text + strings.Join(rule.NonResourceURLs, ", ")
	}
	matching := slices.DeleteFunc(slices.Clone(rule.Resources), func(r string) bool { return !q.names([]string{r}) })
	text += strings.Join(matching, ", ")
	if more := len(rule.Resources) - len(matching); more > 0 {
		text += " and " + output.Count(more, "more resource", "more resources")
	}
	if groups := slices.DeleteFunc(slices.Clone(rule.APIGroups), func(g string) bool { return g == "" }); len(groups) > 0 {
		text += " of " + strings.Join(groups, ", ")
	}
	if len(rule.ResourceNames) > 0 {
		text += " named " + strings.Join(rule.ResourceNames, ", ")
	}
	return text
}
