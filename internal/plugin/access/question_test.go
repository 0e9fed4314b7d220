package access

import (
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
)

func TestRulesAllowWhatTheAuthorizerAllows(t *testing.T) {
	rule := func(verbs, groups, resources string, names ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{Verbs: []string{verbs}, APIGroups: []string{groups}, Resources: []string{resources}, ResourceNames: names}
	}
	pods := Question{Verb: "list", Resource: "pods", Namespace: "x"}
	logs := Question{Verb: "get", Resource: "pods", Subresource: "log", Namespace: "x"}
	one := Question{Verb: "get", Resource: "configmaps", Name: "a", Namespace: "x"}
	deployments := Question{Verb: "list", Group: "apps", Resource: "deployments"}
	url := Question{Verb: "get", URL: "/metrics/cadvisor"}
	urls := func(patterns ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{Verbs: []string{"get"}, NonResourceURLs: patterns}
	}
	tests := map[string]struct {
		question Question
		rule     rbacv1.PolicyRule
		want     bool
	}{
		"the verb and the resource":            {pods, rule("list", "", "pods"), true},
		"everything":                           {pods, rule("*", "*", "*"), true},
		"another verb":                         {pods, rule("get", "", "pods"), false},
		"another group":                        {pods, rule("list", "apps", "pods"), false},
		"another resource":                     {pods, rule("list", "", "services"), false},
		"a name is asked for that it names":    {one, rule("get", "", "configmaps", "a"), true},
		"a name that it does not name":         {one, rule("get", "", "configmaps", "b"), false},
		"all, and it names some":               {pods, rule("list", "", "pods", "a"), false},
		"a resource, not its subresource":      {logs, rule("get", "", "pods"), false},
		"a subresource":                        {logs, rule("get", "", "pods/log"), true},
		"a subresource of all":                 {logs, rule("get", "", "*/log"), true},
		"a subresource by *":                   {logs, rule("get", "", "*"), true},
		"a subresource, not the resource":      {pods, rule("list", "", "pods/log"), false},
		"in a group":                           {deployments, rule("list", "apps", "deployments"), true},
		"a URL":                                {url, urls("/metrics/cadvisor"), true},
		"a URL by prefix":                      {url, urls("/metrics/*"), true},
		"another URL":                          {url, urls("/healthz", "/metrics"), false},
		"a rule of resources is not of URLs":   {url, rule("*", "*", "*"), false},
		"a rule of URLs is not about resource": {pods, rbacv1.PolicyRule{Verbs: []string{"*"}, NonResourceURLs: []string{"*"}}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := len(test.question.AllowedBy([]rbacv1.PolicyRule{test.rule})) > 0; got != test.want {
				t.Errorf("%s by %+v: %t, want %t", &test.question, test.rule, got, test.want)
			}
		})
	}
}

func TestRuleText(t *testing.T) {
	pods := &Question{Verb: "list", Resource: "pods"}
	rule := rbacv1.PolicyRule{Verbs: []string{"get", "list"}, APIGroups: []string{"", "apps"}, Resources: []string{"services", "pods", "secrets"}, ResourceNames: []string{"a"}}
	if got, want := pods.RuleText(rule), "get, list on pods and 2 more resources of apps named a"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
