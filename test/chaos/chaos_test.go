package chaos

import (
	"strings"
	"testing"
)

// TestChaos is a short run with two replicas: kills, restarts, connections that
// are cut, and an API server that answers with errors.
func TestChaos(t *testing.T) {
	o := Short()
	var printed, progress strings.Builder
	o.Folder, o.Out, o.Progress = t.TempDir(), &printed, &progress
	if err := Run(t.Context(), o); err != nil {
		t.Errorf("%v\n%s\n%s", err, progress.String(), printed.String())
		return
	}
	t.Log(printed.String())
	if !strings.HasPrefix(printed.String(), "CHAOS seed=1 kills=1 acknowledged=") {
		t.Errorf("it printed\n%s", printed.String())
	}
}

func TestOptionsThatAreWrong(t *testing.T) {
	tests := map[string]struct {
		change func(*Options)
		says   string
	}{
		"no time":          {func(o *Options) { o.Time = 0 }, "time"},
		"one replica":      {func(o *Options) { o.Replicas = 1 }, "replicas"},
		"no workers":       {func(o *Options) { o.Workers = 0 }, "workers"},
		"no folder":        {func(o *Options) { o.Folder = "" }, "folder"},
		"an unknown fault": {func(o *Options) { o.Only = []string{"rain"} }, `no fault "rain"; there are apiserver-kill, `},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := Default()
			o.Folder, o.Out = t.TempDir(), &strings.Builder{}
			test.change(&o)
			if err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want an error that says %q", err, test.says)
			}
		})
	}
}
