package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// The faults on the way to the API server.

// someLines are the lines of one replica or of all.
func (r *run) someLines() (whose string, lines []*line) {
	if r.rng.IntN(2) == 0 {
		p := r.anyReplica()
		return p.name, []*line{p.line}
	}
	for _, p := range r.replicas {
		lines = append(lines, p.line)
	}
	return "all replicas", lines
}

func clearTrouble(lines []*line) {
	for _, l := range lines {
		l.trouble.Store(nil)
	}
}

func (r *run) troubled(ctx context.Context, t *trouble) (string, time.Time, error) {
	whose, lines := r.someLines()
	for _, l := range lines {
		l.trouble.Store(t)
	}
	defer clearTrouble(lines)
	began := time.Now()
	err := pause(ctx, r.between(3*time.Second, 7*time.Second))
	return fmt.Sprintf("%s for %s", whose, round(time.Since(began))), time.Now(), err
}

func (r *run) slowAPIServer(ctx context.Context) (string, time.Time, error) {
	t := &trouble{delay: r.between(100*time.Millisecond, 1500*time.Millisecond)}
	detail, ended, err := r.troubled(ctx, t)
	return fmt.Sprintf("up to %s a request, %s", round(t.delay), detail), ended, err
}

func (r *run) failingAPIServer(ctx context.Context) (string, time.Time, error) {
	t := &trouble{
		tooMany: r.rng.Float64() / 4, internal: r.rng.Float64() / 4, conflict: r.rng.Float64() / 4, losing: r.rng.Float64() / 4,
		delay: 20 * time.Millisecond,
	}
	detail, ended, err := r.troubled(ctx, t)
	return fmt.Sprintf("%d answers spoiled (429 %.0f%%, 500 %.0f%%, 409 %.0f%%, lost %.0f%%), %s",
		t.injected.Load(), 100*t.tooMany, 100*t.internal, 100*t.conflict, 100*t.losing, detail), ended, err
}

func (r *run) cutConnections(ctx context.Context) (string, time.Time, error) {
	whose, lines := r.someLines()
	times := 1 + r.rng.IntN(6)
	for range times {
		for _, l := range lines {
			l.cut()
		}
		if err := pause(ctx, rand.N(600*time.Millisecond)); err != nil {
			return "", time.Time{}, err
		}
	}
	return fmt.Sprintf("%s, %d times", whose, times), time.Now(), nil
}

func (r *run) blackholeConnections(context.Context) (string, time.Time, error) {
	whose, lines := r.someLines()
	for _, l := range lines {
		l.blackhole()
	}
	return whose + ", from the moment the connections died", time.Now(), nil
}

func (r *run) partitionOne(ctx context.Context) (string, time.Time, error) {
	p := r.anyReplica()
	p.line.drop(true)
	began := time.Now()
	err := pause(ctx, r.between(2*time.Second, 15*time.Second))
	p.line.drop(false)
	return fmt.Sprintf("%s for %s", p.name, round(time.Since(began))), time.Now(), err
}
