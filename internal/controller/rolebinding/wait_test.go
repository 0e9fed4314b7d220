package rolebinding_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// promptly waits until something is as wanted; later than prompt is too late.
func (w world) promptly(what string, want any, get func() any) {
	w.Helper()
	deadline := time.Now().Add(prompt)
	for {
		diff := cmp.Diff(want, get())
		if diff == "" {
			return
		}
		if time.Now().After(deadline) {
			w.Fatalf("%s after %s (-want +got):\n%s", what, prompt, diff)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// stays fails if something does not stay as it is wanted for a while.
func stays(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(400 * time.Millisecond); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if !ok() {
			t.Fatalf("%s did not stay so", what)
		}
	}
}
