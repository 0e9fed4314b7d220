package connect

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestQuestions(t *testing.T) {
	var shown bytes.Buffer
	q := NewQuestions(strings.NewReader("corp\n\n k8s-, x- ,\nNone\nmaybe\ny\n"), &shown)
	ctx := t.Context()
	name, err1 := q.Ask(ctx, "Name", "entra")
	fallback, err2 := q.Ask(ctx, "Namespace", "default")
	prefixes, err3 := q.List(ctx, "Prefixes", "k8s-")
	none, err4 := q.List(ctx, "Groups", "k8s-users")
	yes, err5 := q.Confirm(ctx, "Show it", false)
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		t.Fatal(err)
	}
	got := map[string]any{"name": name, "fallback": fallback, "prefixes": prefixes, "none": none, "yes": yes}
	want := map[string]any{"name": "corp", "fallback": "default", "prefixes": []string{"k8s-", "x-"}, "none": []string(nil), "yes": true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff("Name [entra]: Namespace [default]: Prefixes [k8s-]: Groups [k8s-users]: Show it [y/N]: Show it [y/N]: ", shown.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, err := q.Ask(ctx, "More", "x"); err == nil || !strings.Contains(err.Error(), "--yes") {
		t.Errorf("the answers ended: %v", err)
	}
}

func TestAnInterruptIsNoAnswer(t *testing.T) {
	in, _ := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if answer, err := NewQuestions(in, io.Discard).Ask(ctx, "Name", "entra"); !errors.Is(err, context.Canceled) || answer != "" {
		t.Errorf("got %q, %v", answer, err)
	}
	_ = in.Close() // ends the reader that nobody waits for any more
}
