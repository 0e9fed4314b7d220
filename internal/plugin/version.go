package plugin

import (
	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/internal/plugin/output"
)

// versionInfo is what version gives for programs.
type versionInfo struct {
	Version string `json:"version"`
}

func (s *session) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the plugin's version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			p, err := s.printer()
			if err != nil {
				return err
			}
			return p.Print(versionInfo{s.version}, func(t *output.Text) { t.Line("%s", s.version) })
		},
	}
}
