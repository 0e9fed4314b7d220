package integration

import (
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/internal/idpsim"
)

func TestIdentityProviders(t *testing.T) {
	t.Parallel()
	for _, profile := range idpsim.Profiles() {
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			f := newSync(t, nil)
			report, err := idpsim.Run(t.Context(), idpsim.Config{
				Profile: profile, URL: f.on(0).base, Token: f.bearer, Phase: idpsim.PhaseAll,
				Users: 150, Groups: 20, Deltas: 120, Timeout: 30 * time.Second, Verify: true,
			})
			if err != nil {
				t.Fatal(err)
			}
			if !report.OK() {
				var text strings.Builder
				_ = report.WriteText(&text)
				t.Error(text.String())
			}
		})
	}
}
