package operator

import "testing"

func TestHeapPercent(t *testing.T) {
	tests := map[string]struct {
		kept uint64 // MiB
		want int
	}{
		"nothing yet":           {0, 400},
		"little":                {16, 400},
		"10,000 users":          {64, 200},
		"as much as the room":   {128, 100},
		"more: as Go by itself": {1024, 100},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := heapPercent(test.kept << 20); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}
