package integration

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/plugin"
)

// kubectlRollcall is one run of the plugin.
type kubectlRollcall struct {
	out, notes syncBuffer
	ended      chan error
	stop       context.CancelFunc
}

// syncBuffer can be read while it is written to.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// begin runs the plugin as an admin of the cluster, in the background.
func begin(t *testing.T, args ...string) *kubectlRollcall {
	t.Helper()
	dir := t.TempDir()
	kubeconfig := filepath.Join(dir, "kubeconfig")
	if err := os.WriteFile(kubeconfig, env.KubeConfig, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	k := &kubectlRollcall{ended: make(chan error, 1), stop: stop}
	cmd := plugin.New(genericiooptions.IOStreams{In: strings.NewReader(""), Out: &k.out, ErrOut: &k.notes}, "v1.2.3")
	cmd.SetArgs(append([]string{"--kubeconfig", kubeconfig, "--cache-dir", filepath.Join(dir, "cache")}, args...))
	go func() { k.ended <- cmd.ExecuteContext(ctx) }()
	t.Cleanup(stop)
	return k
}

// end waits until it ends.
func (k *kubectlRollcall) end() (out, message string) {
	if err := <-k.ended; err != nil {
		message = plugin.Message(err)
		if message == "" {
			message = "(reported)"
		}
	}
	return k.out.String(), message
}

// run runs the plugin and wants no error.
func (f fixture) run(t *testing.T, args ...string) string {
	t.Helper()
	out, message := begin(t, args...).end()
	if message != "" {
		t.Fatalf("kubectl rollcall %s: %s", strings.Join(args, " "), f.steady(message))
	}
	return f.steady(out)
}

var (
	objectHash = regexp.MustCompile(`-[a-z2-7]{13}\b`) // of object names
	idSalt     = regexp.MustCompile(`-HASH-([ug])[a-z2-7]{6}\b`)
	timesAgo   = regexp.MustCompile(`\b(\d+[smh])+ ago\b`)
	wideGaps   = regexp.MustCompile(` {3,}`)
)

// steady takes out of a text what differs from run to run.
func (f fixture) steady(text string) string {
	text = strings.ReplaceAll(text, f.namespace, "NS")
	for _, r := range replicas {
		text = strings.ReplaceAll(text, r.url, "http://HOST")
	}
	text = objectHash.ReplaceAllString(text, "-HASH")
	text = idSalt.ReplaceAllString(text, "-HASH-${1}SALT")
	text = timesAgo.ReplaceAllString(text, "N ago")
	return wideGaps.ReplaceAllString(text, "   ")
}

// shows runs the plugin and compares all of what it prints.
func (f fixture) shows(t *testing.T, want string, args ...string) {
	t.Helper()
	if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), f.run(t, args...)); diff != "" {
		t.Errorf("kubectl rollcall %s (-want +got):\n%s", f.steady(strings.Join(args, " ")), diff)
	}
}

// office is a sync with people in groups: ann is active, bob disabled, cid in
// no group of the filters, dora a member by a nested group only.
func office(t *testing.T) (f fixture, ids map[string]string) {
	t.Helper()
	f = newSync(t, func(s *v1alpha1.IdentityProviderSync) {
		s.Spec.Provider = v1alpha1.ProviderEntraID
		s.Spec.GroupFilter = &v1alpha1.GroupFilter{Prefixes: []string{"k8s-"}}
		s.Spec.UserFilter = &v1alpha1.UserFilter{Groups: []string{"k8s-users"}}
		s.Spec.KubernetesUsername = "'oidc:' + user.userName"
	})
	c := f.on(0)
	ids = map[string]string{}
	for _, name := range []string{"ann", "bob", "cid", "dora"} {
		ids[name] = c.newUser(t, name+"@example.com")
	}
	c.want(t, 200, "PATCH", "/Users/"+ids["bob"], replace("active", "false"))
	ids["night"] = c.newGroup(t, "k8s-night", ids["dora"])
	ids["users"] = c.newGroup(t, "k8s-users", ids["ann"], ids["bob"], ids["night"], "nobody-at-all")
	ids["office"] = c.newGroup(t, "office", ids["cid"], ids["ann"])
	return f, ids
}

func TestPluginShowsWhoIsThere(t *testing.T) {
	t.Parallel()
	f, _ := office(t)
	in := []string{"-n", f.namespace}
	f.shows(t, `
USERNAME   DISPLAY NAME   STATE   SYNCED   SYNC
ann@example.com   ann@example.com   active   yes   NS/idp
bob@example.com   bob@example.com   inactive   yes   NS/idp
cid@example.com   cid@example.com   active   no   NS/idp
dora@example.com   dora@example.com   active   yes   NS/idp
`, append(in, "users")...)
	f.shows(t, `
USERNAME   DISPLAY NAME   STATE   SYNCED   SYNC
dora@example.com   dora@example.com   active   yes   NS/idp

Name in RBAC: User oidc:dora@example.com

Groups
GROUP   MEMBERSHIP   SYNCED
k8s-night   direct   yes
k8s-users   through k8s-night   yes
`, append(in, "users", "DORA")...)
	f.shows(t, `
USERNAME   DISPLAY NAME   STATE   SYNCED   SYNC   EMAIL   EXTERNAL ID   ID   OBJECT
cid@example.com   cid@example.com   active   no   NS/idp   -   -   cid-example-com-HASH-uSALT   cid-example-com-HASH

Not synced: in none of the userFilter's groups: "k8s-users"

Name in RBAC: User oidc:cid@example.com

Groups
GROUP   MEMBERSHIP   SYNCED
office   direct   no
`, append(in, "users", "cid", "-o", "wide")...)
	f.shows(t, `
GROUP   MEMBERS   SYNCED   SYNC
k8s-night   1   yes   NS/idp
k8s-users   4   yes   NS/idp
office   2   no   NS/idp
`, append(in, "groups")...)
	f.shows(t, `
GROUP   MEMBERS   SYNCED   SYNC
office   2   no   NS/idp

Not synced: its name begins with none of the groupFilter's prefixes: "k8s-"
`, append(in, "groups", "office")...)
	f.shows(t, `
MEMBER   STATE
ann@example.com   active
bob@example.com   inactive
k8s-night   nested
nobody-at-all   unknown

4 members: 1 active, 1 inactive, 1 nested, 1 unknown
`, append(in, "members", "k8s-users")...)
	f.shows(t, `
MEMBER   STATE   THROUGH
ann@example.com   active   -
bob@example.com   inactive   -
k8s-night   nested   -
nobody-at-all   unknown   -
dora@example.com   active   k8s-night

5 members: 2 active, 1 inactive, 1 nested, 1 unknown
`, append(in, "members", "k8s-users", "--nested")...)
	f.shows(t, `{
  "users": [
   {
   "sync": "NS/idp",
   "userName": "ann@example.com",
   "displayName": "ann@example.com",
   "id": "ann-example-com-HASH-uSALT",
   "object": "ann-example-com-HASH",
   "state": "active",
   "synced": true
   }
  ],
  "more": true
}
`, append(in, "users", "-o", "json", "--limit", "1")...)
	f.shows(t, "ann@example.com\tann@example.com\n:4\n", append([]string{"__complete"}, append(in, "users", "AN")...)...)
	f.shows(t, "k8s-night\nk8s-users\n:4\n", append([]string{"__complete"}, append(in, "members", "k8s")...)...)
	f.shows(t, "idp\tEntraID in NS\n:4\n", append([]string{"__complete"}, append(in, "status", "")...)...)
}

// lets binds a group to a Role that reads pods and services. Nobody fills the
// rules of the built-in ClusterRoles here.
func (f fixture) lets(t *testing.T, displayName, role string) {
	t.Helper()
	err := kube.Create(t.Context(), &rbacv1.Role{
		ObjectMeta: metav1.ObjectMeta{Namespace: f.namespace, Name: role},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods", "services"}, Verbs: []string{"get", "list"}}},
	})
	if client.IgnoreAlreadyExists(err) != nil {
		t.Fatal(err)
	}
	create(t, &v1alpha1.GroupRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: f.namespace, Name: displayName},
		Spec: v1alpha1.GroupRoleBindingSpec{GroupGrant: v1alpha1.GroupGrant{
			GroupRefs: []v1alpha1.GroupReference{{SyncRef: v1alpha1.NamespacedSyncReference{Name: "idp"}, DisplayName: displayName}},
			RoleRef:   &v1alpha1.RoleReference{Kind: "Role", Name: role},
		}},
	})
}

func TestPluginSaysWhy(t *testing.T) {
	t.Parallel()
	f, ids := office(t)
	f.lets(t, "k8s-users", "reader")
	f.lets(t, "k8s-night", "reader")
	f.wantBound(t, "oidc:ann@example.com", "oidc:dora@example.com", "oidc:dora@example.com")
	f.shows(t, `
dora@example.com, a user of sync NS/idp: active, synced
Name in RBAC: User oidc:dora@example.com

GroupRoleBinding/NS/k8s-night
  dora@example.com > k8s-night
  bound: Role reader in namespace NS
   RoleBinding NS/k8s-night-HASH-0

GroupRoleBinding/NS/k8s-users
  dora@example.com > k8s-night > k8s-users
  bound: Role reader in namespace NS
   RoleBinding NS/k8s-users-HASH-0
`, "why", "dora@example.com", "--sync", f.namespace+"/idp")
	f.shows(t, `
bob@example.com, a user of sync NS/idp: inactive, synced
Name in RBAC: User oidc:bob@example.com

May bob@example.com list pods in namespace NS?
No, says the API server

Not by GroupRoleBinding/NS/k8s-users
  bob@example.com > k8s-users
  not bound: Role reader does not give it now
   UserInactive: the user's active attribute is not true

Not by GroupRoleBinding/NS/k8s-night (Role reader)
  group k8s-night: NotAMember: the user is no member
  gives nothing
   UserInactive: the user's active attribute is not true
`, "why", "bob@example.com", "--sync", f.namespace+"/idp", "--can", "list", "pods", "-n", f.namespace)
	f.shows(t, `
ann@example.com, a user of sync NS/idp: active, synced
Name in RBAC: User oidc:ann@example.com

May ann@example.com delete pods in namespace NS?
No, says the API server

Not by GroupRoleBinding/NS/k8s-users
  ann@example.com > k8s-users
  bound: Role reader does not allow it
`, "why", ids["ann"], "--sync", f.namespace+"/idp", "--can", "delete", "po", "-n", f.namespace)

	create(t, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: f.namespace, Name: "by-hand"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "reader"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "oidc:ann@example.com"}},
	})
	within(t, "both ways to it", func() string {
		got := f.run(t, "why", ids["ann"], "--sync", f.namespace+"/idp", "--can", "get", "services/web", "-n", f.namespace)
		_, ways, _ := strings.Cut(got, "says the API server: RBAC: allowed by RoleBinding ")
		_, ways, _ = strings.Cut(ways, "\n")
		return cmp.Diff(`
By GroupRoleBinding/NS/k8s-users
  ann@example.com > k8s-users
  bound: Role reader in namespace NS
   RoleBinding NS/k8s-users-HASH-0
   allows: get, list on services and 1 more resource

By RoleBinding NS/by-hand, which is not Rollcall's
  User oidc:ann@example.com: Role reader
   allows: get, list on services and 1 more resource
`, ways)
	})
}
