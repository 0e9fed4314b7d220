package chaos

import (
	"math"
	"testing"
	"time"
)

func TestGrowth(t *testing.T) {
	tests := map[string]struct {
		value func(minute float64) float64
		grows bool
	}{
		"steady":                    {func(float64) float64 { return 100 }, false},
		"it grows all the time":     {func(m float64) float64 { return 100 + 3*m }, true},
		"it grew at first":          {func(m float64) float64 { return 100 + 30*min(m, 5) }, false},
		"it shrinks":                {func(m float64) float64 { return 100 - 3*m }, false},
		"up and down":               {func(m float64) float64 { return 100 + 9*math.Sin(20*m) }, false},
		"up and down, and it grows": {func(m float64) float64 { return 100 + 9*math.Sin(20*m) + 4*m }, true},
		"a little":                  {func(m float64) float64 { return 100 + 0.5*m }, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var s series
			for at := time.Duration(0); at <= 15*time.Minute; at += 5 * time.Second {
				s.at, s.value = append(s.at, at), append(s.value, test.value(at.Minutes()))
			}
			from, to, grows := s.growth(10)
			if grows != test.grows {
				t.Errorf("got %t, from %.1f to %.1f", grows, from, to)
			}
		})
	}
}

func TestGauge(t *testing.T) {
	metrics := []byte("# TYPE go_goroutines gauge\ngo_goroutines 42\ngo_goroutines_total 7\nprocess_resident_memory_bytes 1.5e+07\n")
	if got, ok := gauge(metrics, "go_goroutines"); !ok || got != 42 {
		t.Errorf("got %v, %t", got, ok)
	}
	if got, ok := gauge(metrics, "process_resident_memory_bytes"); !ok || got != 15e6 {
		t.Errorf("got %v, %t", got, ok)
	}
	if _, ok := gauge(metrics, "process_open_fds"); ok {
		t.Error("a metric that is not there was found")
	}
}
