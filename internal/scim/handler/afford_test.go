package handler_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/scim/memory"
)

// TestLargePagesAreAfforded: who bounds the memory of answers is asked before a
// page is large, with at least what it comes to, and its error is the answer.
func TestLargePagesAreAfforded(t *testing.T) {
	asked, most := 0, 1<<30
	p := serveWith(t, handler.Options{Store: memory.New(), Afford: func(_ context.Context, bytes int) error {
		if asked = bytes; bytes > most {
			return scim.Unavailable(time.Second, "too much at once")
		}
		return nil
	}})
	for i := range 100 {
		p.create("/Users", fmt.Sprintf(`{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "u%d", "title": "%s"}`, i, strings.Repeat("x", 1_000)))
	}
	p.get("/Users?count=20").want(200)
	if asked != 0 {
		t.Errorf("a small page: asked for %d bytes", asked)
	}
	if body := p.get("/Users").want(200); asked < len(body.body) {
		t.Errorf("a page of %d bytes: asked for %d", len(body.body), asked)
	}
	most = 100_000
	if got := p.get("/Users").want(503); got.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}
