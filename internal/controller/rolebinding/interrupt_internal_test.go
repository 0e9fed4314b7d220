package rolebinding

import (
	"context"
	"testing"

	"github.com/rollcall-scim/rollcall/internal/controller/lane"
)

// A job that adds members goes on without its reconcile. A removal has it end soon,
// also one that no event tells of: a hold of the guard that ends by time, a group
// that can be read again, a reconcile that failed before it came to the event.
func TestARemovalInterruptsAdditionsWithoutAnEvent(t *testing.T) {
	lanes := lane.New(t.Context())
	s := &scope{Controllers: &Controllers{lanes: lanes}, request: request{kind: "GroupRoleBinding"}}
	release, interrupted := make(chan struct{}), make(chan bool, 1)
	answer := lanes.Run(t.Context(), "team", s.request, lane.Addition, func(ctx context.Context, job *lane.Job) {
		_ = job.Write(ctx, func(context.Context) error { <-release; return nil }) // never fails
		interrupted <- job.Interrupted()
	})
	if answer != lane.Slow {
		t.Fatalf("the additions were answered %v, want %v", answer, lane.Slow)
	}
	s.parts = []*part{{scope: s, namespace: "team", revokes: make([]step, 1)}}
	s.run(t.Context(), lane.Removal, (*part).revokeAll, func(p *part) bool { return len(p.revokes) > 0 })
	if got := s.parts[0].answer; got != lane.Refused {
		t.Errorf("the removal was answered %v, want %v", got, lane.Refused)
	}
	close(release)
	if !<-interrupted {
		t.Error("the additions go on")
	}
}
