// Package leak finds goroutines that a package leaves behind when its tests, and
// all that they started, have ended.
package leak

import (
	"net/http"
	"testing"

	"go.uber.org/goleak"
)

// Main is the TestMain of a package whose tests end all that they start.
func Main(m *testing.M) {
	goleak.VerifyTestMain(m, options()...)
}

// Find is an error that names the goroutines that are still there after a moment.
// Connections that wait to be used again are closed first.
func Find() error {
	http.DefaultClient.CloseIdleConnections()
	return goleak.Find(options()...)
}

// options leave out what runs for as long as a process does, whoever uses it.
func options() []goleak.Option {
	return []goleak.Option{
		goleak.IgnoreTopFunction("k8s.io/klog/v2.(*flushDaemon).run.func1"),
	}
}
