package localoperator

import (
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/test/conformance"
)

// The operator passes every case, in less than a minute.
func TestConformance(t *testing.T) {
	o, err := Start(t.Context())
	defer func() {
		if err := o.Stop(); err != nil {
			t.Error(err)
		}
	}()
	if err != nil {
		t.Fatal(err)
	}
	report, err := conformance.Run(t.Context(), o.Target, conformance.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := report.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + text.String())
	if !report.OK() {
		t.Error("cases failed")
	}
}
