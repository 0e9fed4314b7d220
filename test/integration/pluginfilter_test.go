package integration

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

func TestPluginTriesFilters(t *testing.T) {
	t.Parallel()
	f, _ := office(t)
	f.bind(t, "k8s-users")
	f.bind(t, "office")
	f.wantBound(t, "oidc:ann@example.com", "oidc:dora@example.com")
	f.shows(t, `
Sync NS/idp
FILTER   NOW   TRIED
groups that begin with   k8s-   k8s-u, office
users in   k8s-users   (every one)

Groups: 2 synced now, 2 then
+ office
- k8s-night

Users: 3 synced now, 4 then
+ cid@example.com

Access
GroupRoleBinding/NS/k8s-users: ClusterRole view in namespace NS
  - oidc:dora@example.com
GroupRoleBinding/NS/office: ClusterRole view in namespace NS
  + oidc:ann@example.com
  + oidc:cid@example.com

Nothing was changed. To apply it: kubectl patch -n NS idps/idp --type merge -p '{"spec":{"groupFilter":{"prefixes":["k8s-u","office"]},"userFilter":null}}'
`, "filter", "try", f.namespace+"/idp", "--prefix", "k8s-u", "--prefix", "office", "--every-user")
	f.wantBound(t, "oidc:ann@example.com", "oidc:dora@example.com")

	// What was foretold is what the operator does.
	update(t, f.key("idp"), &v1alpha1.IdentityProviderSync{}, func(s *v1alpha1.IdentityProviderSync) {
		s.Spec.GroupFilter.Prefixes, s.Spec.UserFilter = []string{"k8s-u", "office"}, nil
	})
	f.wantBound(t, "oidc:ann@example.com", "oidc:ann@example.com", "oidc:cid@example.com")
	update(t, f.key("idp"), &v1alpha1.IdentityProviderSync{}, func(s *v1alpha1.IdentityProviderSync) {
		s.Spec.RemovalGuard = &v1alpha1.RemovalGuard{Percent: new(int32), Subjects: new(int32), Window: &metav1.Duration{Duration: 15 * time.Minute}}
	})
	text := f.run(t, "filter", "try", f.namespace+"/idp", "--prefix", "none-")
	_, access, _ := strings.Cut(text, "\nAccess\n")
	access, _, _ = strings.Cut(access, "\nNothing was changed.")
	if diff := cmp.Diff(`GroupRoleBinding/NS/k8s-users: ClusterRole view in namespace NS
  - oidc:ann@example.com
GroupRoleBinding/NS/office: ClusterRole view in namespace NS
  - oidc:ann@example.com
  - oidc:cid@example.com

The removalGuard would hold this: 3 of 3 subjects would lose access at once.
`, access); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestPluginTriesTheEndpoint(t *testing.T) {
	t.Parallel()
	f := newSync(t, nil)
	out := f.run(t, "test", f.namespace+"/idp", "--url", replicas[1].url+"/"+f.namespace+"/idp/scim/v2")
	for _, part := range []string{"Sync NS/idp at http://HOST/NS/idp/scim/v2\n", "\ndisable the user   ok   ", "\nThe endpoint works, and nothing is left of the test.\n"} {
		if !strings.Contains(out, part) {
			t.Errorf("%q is not in:\n%s", part, out)
		}
	}
	for _, path := range []string{"/Users", "/Groups"} {
		if got := f.on(1).want(t, 200, "GET", path, "").resource(t); got.TotalResults != 0 {
			t.Errorf("%d are left in %s", got.TotalResults, path)
		}
	}
	_, message := begin(t, "test", f.namespace+"/idp", "--url", replicas[1].url+"/"+f.namespace+"/other/scim/v2").end()
	if message != "(reported)" {
		t.Errorf("a wrong endpoint: %q", message)
	}
	_, message = begin(t, "test", f.namespace+"/idp").end()
	if want := `none of 0 pods with label app.kubernetes.io/name=rollcall is ready and has a port named "scim": give the endpoint with --url`; message != want {
		t.Errorf("without a URL: %q, want %q", message, want)
	}
}

func TestPluginShowsStatus(t *testing.T) {
	t.Parallel()
	f, _ := office(t)
	f.bind(t, "k8s-users")
	f.bind(t, "k8s-absent")
	f.wantBound(t, "oidc:ann@example.com", "oidc:dora@example.com")
	f.wantStatus(t, "all is counted", func(s *v1alpha1.IdentityProviderSyncStatus) bool {
		return s.Users != nil && s.Users.Total == 4 && s.Users.Synced == 3 && s.Groups.Total == 3 && s.Groups.UnknownMembers == 1 &&
			s.LastRequestTime != nil && s.LastChangeTime != nil && s.Tokens[0].LastUsedTime != nil
	})
	f.shows(t, `
SYNC   PROVIDER   READY   USERS   GROUPS   LAST REQUEST   LAST CHANGE   TOKENS
NS/idp   EntraID   yes   4 (3 active, 3 synced)   3 (2 synced)   N ago   N ago   1 of 1 valid

Endpoint: /NS/idp/scim/v2

Tokens
TOKEN   STATE   EXPIRES   LAST USED   SECRET
one   Valid   never   N ago   scim

Sync NS/idp
  warning UnknownMembers: 1 memberships name users or groups that do not exist in this sync and give nobody access: assign these people at the identity provider too (kubectl rollcall members GROUP shows which)

Bindings with problems
  GroupRoleBinding/NS/k8s-absent: 0 of 0 members
   GroupNotFound: group "k8s-absent" does not exist in IdentityProviderSync NS/idp (displayName is case-sensitive); its members are bound once it does
`, "status", f.namespace+"/idp")
}

func TestPluginSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	f, _ := office(t)
	in := []string{"-n", f.namespace}
	tests := map[string]struct {
		args []string
		want string
	}{
		"no such sync": {[]string{"status", "nope"}, `there is no sync "nope" in namespace NS; there are: NS/idp`},
		"no such user": {[]string{"why", "zoe", "--sync", f.namespace + "/idp"},
			`no user of NS/idp is named "zoe", has it in the name, or has it as id; search with kubectl rollcall users PART-OF-A-NAME`},
		"several groups": {[]string{"members", "k8s-"},
			`"k8s-" could be several groups: k8s-night (NS/idp), k8s-users (NS/idp). Give the whole name or the id, or say with --sync where`},
		"no right to see users": {[]string{"users", "--as", "tenant"},
			"tenant may not list identityprovidersyncs.scim.rollcall.dev in namespace NS: the aggregated ClusterRole rollcall-view has it, and so have view, edit and admin"},
		"no such resource":     {[]string{"why", "ann", "--can", "list", "pots"}, `the cluster has no resource "pots"; see kubectl api-resources`},
		"half a question":      {[]string{"why", "ann", "--can", "list"}, "--can takes a verb and a resource: kubectl rollcall why USER --can list pods -n NAMESPACE"},
		"no such provider":     {[]string{"connect", "ldap"}, `unknown identity provider "ldap": choose one of entra, jumpcloud, okta, onelogin, generic`},
		"no such format":       {[]string{"users", "-o", "xml"}, `unknown output format "xml": choose one of wide, json, yaml`},
		"nothing to try":       {[]string{"filter", "try"}, "say what to try: --prefix, --user-group, --every-group, --every-user"},
		"a broken expression":  {[]string{"connect", "okta", "--dry-run", "--allowed-namespaces", "Some"}, `--allowed-namespaces is Same or All, not "Some"; a selector goes into the YAML that --dry-run prints`},
		"a name that is none":  {[]string{"connect", "okta", "Not/A/Name", "--dry-run"}, "\"Not/A/Name\" cannot name a sync: a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"},
		"a namespace to serve": {[]string{"connect", "okta", "--yes", "-n", "not-there"}, "the namespace not-there does not exist: kubectl create namespace not-there, and let the operator serve it (the chart's syncNamespaces)"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, message := begin(t, append(in, test.args...)...).end()
			if got := f.steady(message); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}
