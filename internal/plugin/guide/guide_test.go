package guide

import (
	"bytes"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/plugin/output"
)

func syncOf(provider v1alpha1.Provider, endpoint string) *v1alpha1.IdentityProviderSync {
	return &v1alpha1.IdentityProviderSync{
		ObjectMeta: metav1.ObjectMeta{Namespace: "identity", Name: "corp"},
		Spec: v1alpha1.IdentityProviderSyncSpec{
			Provider:    provider,
			GroupFilter: &v1alpha1.GroupFilter{Prefixes: []string{"k8s-", "x-"}},
			UserFilter:  &v1alpha1.UserFilter{Groups: []string{"all staff"}},
		},
		Status: v1alpha1.IdentityProviderSyncStatus{Endpoint: endpoint},
	}
}

func TestEveryGuideHasTheValuesToEnter(t *testing.T) {
	const url = "https://scim.example.com/identity/corp/scim/v2"
	tests := map[string]struct {
		provider v1alpha1.Provider
		want     []string // lines, in this order
	}{
		"entra": {v1alpha1.ProviderEntraID, []string{
			"Tenant URL:    " + url + "?aadOptscim062020", "Secret Token:  s3cret", "userPrincipalName", "matching precedence 1", "matching precedence 2", "objectId",
			"Sync only assigned users and groups", `begin with "k8s-" or "x-"`, `members of "all staff"`, "Provision on demand"}},
		"jumpcloud": {v1alpha1.ProviderJumpCloud, []string{"SCIM 2.0", "Base URL:         " + url, "Token Key:        s3cret", "Activate", `members of "all staff"`}},
		"okta":      {v1alpha1.ProviderOkta, []string{"SCIM connector base URL:            " + url, "userName", "HTTP Header", "s3cret", "Push Groups", `begin with "k8s-" or "x-"`}},
		"onelogin":  {v1alpha1.ProviderOneLogin, []string{"SCIM Base URL:      " + url, "s3cret", `"userName": "{$parameters.scimusername}"`, "Enable"}},
		"generic":   {v1alpha1.ProviderGeneric, []string{"Base URL:        " + url, "s3cret", "userName", "externalId"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			p, err := output.New(&b, output.Table)
			if err != nil {
				t.Fatal(err)
			}
			g := Of(syncOf(test.provider, url))
			if err := p.Print(nil, func(text *output.Text) { g.Write(text, "s3cret") }); err != nil {
				t.Fatal(err)
			}
			rest := b.String()
			for _, part := range test.want {
				_, after, found := strings.Cut(rest, part)
				if !found {
					t.Fatalf("%q is not there, or not in order, in:\n%s", part, b.String())
				}
				rest = after
			}
			if strings.Contains(b.String(), TokenPlaceholder) || Argument(test.provider) != name {
				t.Errorf("the placeholder of the token is left, or the argument is %q", Argument(test.provider))
			}
		})
	}
}

func TestEndpoint(t *testing.T) {
	tests := map[string]struct {
		status, want string
		knows        bool
	}{
		"the operator knows its URL":    {"https://scim.example.com/identity/corp/scim/v2", "https://scim.example.com/identity/corp/scim/v2", true},
		"it knows the path":             {"/identity/corp/scim/v2", "https://<the operator's host>/identity/corp/scim/v2", false},
		"it has not looked at the sync": {"", "https://<the operator's host>/identity/corp/scim/v2", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			sync := syncOf(v1alpha1.ProviderOkta, test.status)
			if got := Endpoint(sync); got != test.want || KnowsHost(sync) != test.knows {
				t.Errorf("got %q, %t; want %q, %t", got, KnowsHost(sync), test.want, test.knows)
			}
		})
	}
}
