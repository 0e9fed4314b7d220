package idpsim

import (
	"math/bits"
	"time"
)

// histogram counts durations in buckets of about 3 % width, so that a run of
// any length takes the same memory.
type histogram struct {
	buckets [32 * 32]uint32
	count   int
	max     time.Duration
}

func (h *histogram) add(d time.Duration) {
	h.buckets[bucketOf(d)]++
	h.count++
	h.max = max(h.max, d)
}

// bucketOf gives the first 64 µs a bucket each, and every power of two after
// them 32 buckets.
func bucketOf(d time.Duration) int {
	us := uint64(max(d.Microseconds(), 0))
	shift := max(bits.Len64(us)-6, 0)
	return min(shift*32+int(us>>shift), 32*32-1)
}

// quantile is the duration that a part q of all durations does not exceed.
func (h *histogram) quantile(q float64) time.Duration {
	rank := int(q * float64(h.count))
	for i, n := range h.buckets {
		if rank -= int(n); rank < 0 {
			shift := max(i/32-1, 0)
			return min(time.Duration((i-shift*32+1)<<shift)*time.Microsecond, h.max)
		}
	}
	return h.max
}

// Latency summarizes how long requests took.
type Latency struct {
	Count int           `json:"count"`
	P50   time.Duration `json:"p50Nanoseconds"`
	P99   time.Duration `json:"p99Nanoseconds"`
	Max   time.Duration `json:"maxNanoseconds"`
}

func (h *histogram) latency() Latency {
	return Latency{Count: h.count, P50: h.quantile(0.50), P99: h.quantile(0.99), Max: h.max}
}
