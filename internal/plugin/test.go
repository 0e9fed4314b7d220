package plugin

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/idpsim"
	"github.com/rollcall-scim/rollcall/internal/plugin/cluster"
	"github.com/rollcall-scim/rollcall/internal/plugin/guide"
	"github.com/rollcall-scim/rollcall/internal/plugin/output"
	"github.com/rollcall-scim/rollcall/internal/plugin/tokens"
)

// trial is one run of test.
type trial struct {
	*session
	url      string
	forward  bool
	insecure bool
	caFile   string
}

// tested is what test gives for programs.
type tested struct {
	Sync string `json:"sync"`
	URL  string `json:"url"`
	OK   bool   `json:"ok"`
	*idpsim.Trip
}

func (s *session) testCommand() *cobra.Command {
	tr := &trial{session: s}
	cmd := s.aboutSync(&cobra.Command{
		Use:   "test [SYNC]",
		Short: "Try a sync's endpoint as its identity provider uses it, and leave nothing",
		Long: `Make a user and a group named rollcall-test-..., change, disable and delete them through
the sync's SCIM endpoint, as its identity provider would. Nothing else is touched. It
needs to read the Secret of a token of the sync.

The endpoint is the one that the identity provider uses. Without an external URL, or with
--port-forward, it is reached through the API server.`,
		Example: `  kubectl rollcall test entra
  kubectl rollcall test entra --port-forward
  kubectl rollcall test entra --url https://scim.example.com/identity/entra/scim/v2`,
	}, tr.run)
	f := cmd.Flags()
	f.StringVar(&tr.url, "url", "", "SCIM base URL (default: that of the sync's status)")
	f.BoolVar(&tr.forward, "port-forward", false, "reach a replica through the API server")
	f.BoolVar(&tr.insecure, "insecure", false, "do not verify the server's certificate")
	f.StringVar(&tr.caFile, "ca-file", "", "PEM file of the authorities to trust for the server's certificate")
	cmd.MarkFlagsMutuallyExclusive("url", "port-forward")
	return cmd
}

// profiles play the identity providers.
var profiles = map[v1alpha1.Provider]string{
	v1alpha1.ProviderEntraID: "entra-aad", v1alpha1.ProviderJumpCloud: "jumpcloud", v1alpha1.ProviderOkta: "okta", v1alpha1.ProviderOneLogin: "onelogin",
}

func (tr *trial) run(ctx context.Context, c *cluster.Cluster, p *output.Printer, sync *v1alpha1.IdentityProviderSync) error {
	token, err := tokens.Usable(sync)
	if err != nil {
		return err
	}
	value, err := tokens.Read(ctx, c, sync.Namespace, token)
	if err != nil {
		return err
	}
	profile := cmp.Or(profiles[sync.Spec.Provider], "okta")
	config := idpsim.Config{Profile: profile, URL: tr.url, Token: value, Insecure: tr.insecure, CAFile: tr.caFile, Timeout: 15 * time.Second, MaxRetries: 3}
	if tr.url == "" {
		config.URL = sync.Status.Endpoint
	}
	if tr.forward || tr.url == "" && !guide.KnowsHost(sync) {
		base, closeTunnel, err := c.Forward(ctx)
		if err != nil {
			return err
		}
		defer closeTunnel()
		// The tunnel ends at the pod: its certificate is for another name.
		config.URL, config.Insecure = base+path(sync), true
	}
	trip, err := idpsim.RoundTrip(ctx, config)
	if err != nil {
		return err
	}
	result := tested{cluster.Name(sync), config.URL, trip.OK(), trip}
	if err := p.Print(result, func(t *output.Text) { writeTrip(t, &result) }); err != nil {
		return err
	}
	if !trip.OK() {
		return ErrReported
	}
	return nil
}

// path is that of a sync's endpoint on the operator itself.
func path(sync *v1alpha1.IdentityProviderSync) string {
	return "/" + sync.Namespace + "/" + sync.Name + "/scim/v2"
}

func writeTrip(t *output.Text, r *tested) {
	t.Line("Sync %s at %s", r.Sync, strings.TrimSuffix(r.URL, "/"))
	t.Line("User %s, group %s", r.UserName, r.Group)
	t.Line("")
	grid := output.NewGrid("STEP", "RESULT", "TIME")
	for _, step := range r.Steps {
		result := output.Good("ok")
		if step.Problem != "" {
			result = output.Bad("failed")
		}
		grid.Row(step.Name, result, fmt.Sprintf("%.1f ms", float64(step.Took)/float64(time.Millisecond)))
	}
	t.Grid(grid)
	t.Line("")
	for _, step := range r.Steps {
		if step.Problem != "" {
			t.Line("%s", output.Bad("%s: %s", step.Name, step.Problem))
		}
	}
	for _, left := range r.Left {
		t.Line("%s", output.Bad("left behind, delete it by SCIM: %s", left))
	}
	if r.OK {
		t.Line("%s", output.Good("The endpoint works, and nothing is left of the test."))
	}
}
