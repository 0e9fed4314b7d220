package directory

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/internal/scim"
)

// defaultScanTimeout bounds what no index answers: more than a million users can
// be looked at in it. It is less than the timeout of the call, so that a query
// that is too expensive never looks like a cluster that is too slow.
const defaultScanTimeout = 10 * time.Second

// scan is a query that looks at resources one by one, and its bound in time.
// Waiting for the API server does not count: that is not the query's fault.
type scan struct {
	began  time.Time
	limit  time.Duration
	waited time.Duration // the time that reads from the API server took
}

type scanKey struct{}

// startScan gives a context in which reads count as waiting.
func (d *Directory) startScan(ctx context.Context) (context.Context, *scan) {
	s := &scan{began: time.Now(), limit: d.scanTimeout}
	return context.WithValue(ctx, scanKey{}, s), s
}

// check is to be called for each resource.
func (s *scan) check(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if time.Since(s.began)-s.waited <= s.limit {
		return nil
	}
	return scim.BadRequest(scim.TypeTooMany,
		"looking at the resources one by one took longer than %v, the most that a query may: let the filter, or one side of its and, be eq on id, userName, displayName, externalId, emails.value or members.value, and leave sortBy out",
		s.limit)
}

// scanClient tells the scan that a read is part of how long it took.
type scanClient struct{ client.Client }

// Get implements client.Client.
func (c scanClient) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	if s, ok := ctx.Value(scanKey{}).(*scan); ok {
		began := time.Now()
		defer func() { s.waited += time.Since(began) }()
	}
	return c.Client.Get(ctx, key, o, opts...)
}
