package bench

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/rollcall-scim/rollcall/test/figure"
	"github.com/rollcall-scim/rollcall/test/replica"
)

// readers is how many connections read at once.
const readers = 8

// The paths of what is read, of a user chosen at random.

func getUser(p *people) string { return "/Users/" + p.ids[rand.IntN(len(p.ids))] }

func filterUserName(p *people) string {
	return filtered("/Users", fmt.Sprintf("userName eq %q", peopleName(rand.IntN(len(p.ids)))+"@example.com"))
}

func listUsers(p *people) string {
	return fmt.Sprintf("/Users?count=%d&startIndex=%d", pageSize, 1+rand.IntN(len(p.ids)-pageSize+1))
}

const pageSize = 100

// reading compares reads with a bare net/http handler, in a process of its own,
// that writes a constant body of the same size.
func reading(name string, goal float64, path func(*people) string) measurement {
	return measurement{name, []string{name}, func(ctx context.Context, r *runner) ([]Row, error) {
		p, err := r.everybody(ctx)
		if err != nil {
			return nil, err
		}
		if err := r.readAll(ctx, p); err != nil {
			return nil, err
		}
		var body bytes.Buffer
		if err := p.do(ctx, http.StatusOK, http.MethodGet, path(p), "", &body); err != nil {
			return nil, err
		}
		const constant = "/constant"
		handler, err := startConstants(ctx, map[string]int{constant: body.Len()})
		if err != nil {
			return nil, err
		}
		defer func() { _ = handler.Stop() }()
		same := endpoint{base: "http://" + handler.Address, bearer: p.bearer}

		var costs, bareCosts meter
		read := r.reads(r.operator, &costs, func(ctx context.Context) error {
			return p.do(ctx, http.StatusOK, http.MethodGet, path(p), "", nil)
		})
		write := r.reads(handler, &bareCosts, func(ctx context.Context) error {
			_ = path(p) // so that the client does as much for both
			return same.do(ctx, http.StatusOK, http.MethodGet, constant, "", nil)
		})
		var pairs []pair
		err = r.profiled(ctx, name, func() (err error) {
			pairs, err = interleave(ctx, r.Rounds, read, write)
			return err
		})
		if err != nil {
			return nil, err
		}
		row := compared(name, "1/s", pairs, atLeast(goal))
		row.Cost = costs.each()
		row.Note = fmt.Sprintf("bodies of %d bytes, of %d users, who were read once before (at %s pages of %d a second), %d connections, no compression; the bare handler takes %s µs of processor time",
			body.Len(), len(p.ids), figure.Text(p.firstRead), pageSize, readers, figure.Text(bareCosts.each().CPU))
		return []Row{row}, nil
	}}
}

// readAll reads everybody once, as a replica has that serves for some time: the
// operator keeps what it showed.
func (r *runner) readAll(ctx context.Context, p *people) error {
	if p.firstRead > 0 {
		return nil
	}
	r.say("reading all users once")
	pages := (len(p.ids) + pageSize - 1) / pageSize
	began := time.Now()
	err := parallel(ctx, pages, readers, func(ctx context.Context, page int) error {
		return p.do(ctx, http.StatusOK, http.MethodGet, fmt.Sprintf("/Users?count=%d&startIndex=%d", pageSize, 1+page*pageSize), "", nil)
	})
	p.firstRead = float64(pages) / time.Since(began).Seconds()
	return err
}

// reads is a side that reads from a process on several connections.
func (r *runner) reads(from *replica.Process, costs *meter, read func(ctx context.Context) error) side {
	var next atomic.Int64
	return func(ctx context.Context) (float64, error) {
		var got result
		err := r.countOf(ctx, from, costs, func() (int, error) {
			first := next.Load()
			var err error
			got, err = load(ctx, readers, r.Side, &next, func(ctx context.Context, _ int) error { return read(ctx) })
			return int(next.Load() - first), err
		})
		return got.rate(), err
	}
}
