// Package leak finds goroutines that a package leaves behind when its tests, and
// all that they started, have ended.
package leak

import (
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is how long goroutines may take to end on a busy machine. What goleak
// gives them by itself is half a second.
const patience = 20 * time.Second

// Main is the TestMain of a package whose tests end all that they start.
func Main(m *testing.M) {
	code := m.Run()
	if code == 0 {
		if err := Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// Find is an error that names the goroutines that do not end. Connections that
// wait to be used again are closed first.
func Find() error {
	for deadline := time.Now().Add(patience); ; {
		http.DefaultClient.CloseIdleConnections()
		if err := goleak.Find(options()...); err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// options leave out what runs for as long as a process does, whoever uses it.
func options() []goleak.Option {
	return []goleak.Option{
		goleak.IgnoreTopFunction("k8s.io/klog/v2.(*flushDaemon).run.func1"),
	}
}
