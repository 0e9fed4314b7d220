package integration

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/idpsim"
)

// tokenOf reads a generated token.
func (f fixture) tokenOf(t *testing.T, secret string) string {
	t.Helper()
	value := ""
	within(t, "Secret "+secret, func() string {
		s := &corev1.Secret{}
		if err := kube.Get(t.Context(), f.key(secret), s); err != nil {
			return err.Error()
		}
		value = string(s.Data["token"])
		return ""
	})
	return value
}

// tells waits until a run of the plugin has told something.
func (k *kubectlRollcall) tells(t *testing.T, part string) {
	t.Helper()
	within(t, "the plugin tells "+part, func() string {
		if text := k.out.String() + k.notes.String(); !strings.Contains(text, part) {
			return "it told: " + text
		}
		return ""
	})
}

func TestPluginConnects(t *testing.T) {
	t.Parallel()
	f := fixture{namespace: namespace(t)}
	wizard := begin(t, "connect", "entra", "-n", f.namespace, "--yes", "--prefix", "k8s-", "--user-group", "k8s-users", "--token-name", "first", "--show-token")
	wizard.tells(t, "Waiting for the identity provider (Test Connection), for up to 30m0s ...")
	bearer := f.tokenOf(t, "entra-scim-token-first")
	report, err := idpsim.Run(t.Context(), idpsim.Config{URL: replicas[1].url + "/" + f.namespace + "/entra/scim/v2", Token: bearer, Phase: idpsim.PhaseTest})
	if err != nil || !report.OK() {
		t.Fatalf("%+v, %v", report, err)
	}
	out, message := wizard.end()
	if message != "" {
		t.Fatal(message)
	}
	want := `Sync NS/entra is served. What to do in the console of the identity provider:

Step 1: Make the application
  In https://entra.microsoft.com: Enterprise apps > New application > Create your own application.
  Choose "Integrate any other application you don't find in the gallery (Non-gallery)".
   Name:  Rollcall

Step 2: Connect it
  In the application: Provisioning > New configuration (Get started; Provisioning Mode: Automatic).
  The flag at the end of the URL has Entra ID send PATCH as RFC 7644 has it; without it all works too.
   Tenant URL:   https://<the operator's host>/NS/entra/scim/v2?aadOptscim062020
   Secret Token:  TOKEN

Step 3: Test Connection, then Save or Create
  Entra ID asks for a user who cannot exist and wants an empty list.

Step 4: Map the attributes of users
  Attribute mapping > Provision Microsoft Entra ID Users. Keep what is there and see to these:
   ATTRIBUTE HERE   ATTRIBUTE THERE   NOTE
   userName   userPrincipalName   matching precedence 1
   emails[type eq "work"].value   mail   matching precedence 2
   externalId   objectId   instead of mailNickname, which may change
   active   Switch([IsSoftDeleted], , "False", "True", "True", "False")   as it is there
   displayName   displayName
   name.givenName   givenName
   name.familyName   surname

Step 5: Map the attributes of groups
  Attribute mapping > Provision Microsoft Entra ID Groups:
   ATTRIBUTE HERE   ATTRIBUTE THERE   NOTE
   displayName   displayName   matching precedence 1
   externalId   objectId
   members   members

Step 6: Choose who is provisioned
  Settings > Scope: Sync only assigned users and groups.
  Users and groups > Add user/group. Entra ID provisions the direct members of an assigned group, not those of groups nested in it: assign these too.
  Groups whose names begin with "k8s-" are used in the cluster; others are stored and give nothing.
  Only members of "k8s-users" get access: assign that group too.

Step 7: Start
  Try one person first: Provision on demand. Then Overview > Start provisioning.
  The first cycle begins at once; after it Entra ID sends changes every 40 minutes.

The operator does not know its own URL: put the host under which the identity provider reaches it in front (the chart's externalURL, then this shows it).
`
	if diff := cmp.Diff(want, f.steady(strings.ReplaceAll(out, bearer, "TOKEN"))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if notes := wizard.notes.String(); !strings.Contains(notes, "the identity provider's first request arrived with a valid token") {
		t.Errorf("what was told beside: %s", notes)
	}

	again := begin(t, "connect", "entra", "-n", f.namespace, "--yes")
	out, message = again.end()
	if message != "" || !strings.Contains(out, "Step 7: Start") || strings.Contains(out, bearer) {
		t.Errorf("again: %s\n%s", message, out)
	}
	if notes := again.notes.String(); !strings.Contains(notes, "exists; nothing is changed.") || !strings.Contains(notes, "was last heard of") {
		t.Errorf("what was told beside, again: %s", notes)
	}
}

func TestPluginPrintsTheSyncForGitOps(t *testing.T) {
	t.Parallel()
	f := fixture{namespace: namespace(t)}
	f.shows(t, `
apiVersion: scim.rollcall.dev/v1alpha1
kind: IdentityProviderSync
metadata:
  name: okta-prod
  namespace: NS
spec:
  allowedNamespaces:
   from: All
  groupFilter:
   prefixes:
   - k8s-
  kubernetesUsername: '''oidc:'' + user.userName'
  provider: Okta
  tokens:
  - generate: true
   name: first
   secretRef:
   key: token
   name: okta-prod-scim-token-first
`, "connect", "okta", "okta-prod", "--dry-run", "-n", f.namespace, "--prefix", "k8s-", "--token-name", "first",
		"--allowed-namespaces", "All", "--kubernetes-username", "'oidc:' + user.userName")
	if err := kube.Get(t.Context(), f.key("okta-prod"), &v1alpha1.IdentityProviderSync{}); err == nil {
		t.Error("it was made")
	}
}

func TestPluginRotatesTokens(t *testing.T) {
	t.Parallel()
	f := newSync(t, nil)
	f.on(0).want(t, 200, "GET", "/Users", "")
	within(t, "the first token is used", func() string {
		if text := f.run(t, "tokens", "list", f.namespace+"/idp"); strings.Contains(text, "never   never") {
			return text
		}
		return ""
	})
	rotation := begin(t, "tokens", "rotate", f.namespace+"/idp", "--name", "next")
	rotation.tells(t, "Waiting for the first request with token next")
	bearer := f.tokenOf(t, "idp-scim-token-next")
	rotation.tells(t, "  "+bearer+"\n")

	f.on(0).want(t, 200, "GET", "/Users", "") // the old one, meanwhile
	second := begin(t, "tokens", "rotate", f.namespace+"/idp")
	if _, message := second.end(); f.steady(message) != `token "next" was added before and has not been used yet: go on with --name next, or add another with --name` {
		t.Errorf("a second rotation: %s", message)
	}
	f.on(1).with(bearer).want(t, 200, "GET", "/Users", "")
	out, message := rotation.end()
	if message != "" {
		t.Fatal(message)
	}
	if diff := cmp.Diff(`Token "next" of sync NS/idp is accepted, and so are the others. Enter it at the identity provider now; it is shown this once:

  TOKEN

The identity provider uses token "next". Removed from the sync, and refused from now on: one.
Nothing uses these Secrets any more: kubectl delete secret -n NS scim
`, f.steady(strings.ReplaceAll(out, bearer, "TOKEN"))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	within(t, "the old token is refused", func() string {
		if got := f.on(0).do(t, "GET", "/Users", ""); got.Status != 401 {
			return got.Body
		}
		return ""
	})
	f.on(0).with(bearer).want(t, 200, "GET", "/Users", "")
	f.shows(t, `
TOKEN   STATE   EXPIRES   LAST USED   SECRET
next   Valid   never   N ago   idp-scim-token-next
`, "tokens", "list", f.namespace+"/idp")
}

func TestPluginPrintsTheRotationForGitOps(t *testing.T) {
	t.Parallel()
	f := newSync(t, func(s *v1alpha1.IdentityProviderSync) {
		s.Labels = map[string]string{"kustomize.toolkit.fluxcd.io/name": "identity"}
	})
	f.shows(t, `
# 1. Commit this: the new token is generated, and accepted beside the old one.
#   Show it with: kubectl get secret -n NS idp-scim-token-next -o go-template='{{index .data "token" | base64decode}}{{"\n"}}'
spec:
  tokens:
  - name: one
   secretRef:
   key: token
   name: scim
  - generate: true
   name: next
   secretRef:
   key: token
   name: idp-scim-token-next
---
# 2. When kubectl rollcall tokens list NS/idp shows that it is used, commit this.
spec:
  tokens:
  - generate: true
   name: next
   secretRef:
   key: token
   name: idp-scim-token-next
`, "tokens", "rotate", f.namespace+"/idp", "--name", "next", "--dry-run")
	rotation := begin(t, "tokens", "rotate", f.namespace+"/idp", "--name", "next", "--keep-old")
	if _, message := rotation.end(); message != "" {
		t.Fatal(message)
	}
	if notes := rotation.notes.String(); !strings.Contains(notes, "Warning: Flux keeps this sync as its repository has it (kustomize.toolkit.fluxcd.io/name=identity)") {
		t.Errorf("told: %s", notes)
	}
}
