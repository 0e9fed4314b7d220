package bench

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

func TestMain(m *testing.M) {
	if RunChild() {
		return
	}
	os.Exit(m.Run())
}

// Every row can be measured; what comes out of so few samples means nothing.
func TestEveryRowIsMeasured(t *testing.T) {
	o := Short()
	var out, progress bytes.Buffer
	o.Out, o.Progress, o.Profiles = &out, &progress, t.TempDir()
	rows, err := Run(t.Context(), o)
	if err != nil {
		t.Fatalf("%v\n%s", err, progress.String())
	}
	t.Log("\n" + out.String())
	got := map[string]Row{}
	for _, row := range rows {
		got[row.Name] = row
	}
	line := regexp.MustCompile(`(?m)^BENCH name=\S+ value=[\d.]+ baseline=\S+ ratio=\S+ goal=\S+ unit=\S+ spread=\S+ met=(yes|no|-)( operator_cpu_us=[\d.]+ operator_alloc_bytes=[\d.]+ etcd_puts=[\d.]+ etcd_bytes=[\d.]+)?$`)
	wanted := 0
	for _, m := range measurements(o) {
		if info, err := os.Stat(filepath.Join(o.Profiles, m.name+".pprof")); err != nil || info.Size() == 0 {
			t.Errorf("the profile of %s: %v", m.name, err)
		}
		for _, name := range m.rows {
			wanted++
			row, ok := got[name]
			if !ok || row.Value < 0 || row.Low > row.High || row.Baseline < 0 {
				t.Errorf("row %s is %+v", name, row)
			}
			if row.Goal.Of == "ratio" && row.Baseline == 0 {
				t.Errorf("row %s has no baseline", name)
			}
		}
	}
	if lines := len(line.FindAllString(out.String(), -1)); lines != wanted || len(rows) != wanted {
		t.Errorf("%d rows and %d lines, want %d of each", len(rows), lines, wanted)
	}
	if bytes := got["member_etcd_bytes_10"].Value; bytes < 500 {
		t.Errorf("adding a member put %v bytes into etcd, which is less than the group has", bytes)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	tests := map[string]func(*Options){
		"no rounds":               func(o *Options) { o.Rounds = 0 },
		"no time":                 func(o *Options) { o.Side = 0 },
		"less than a page":        func(o *Options) { o.Users = 99 },
		"too few to add":          func(o *Options) { o.Changes = o.Users },
		"one size":                func(o *Options) { o.Groups = []int{10} },
		"sizes that descend":      func(o *Options) { o.Groups = []int{1000, 10} },
		"a group that is too big": func(o *Options) { o.Groups = []int{10, 1_000_000} },
		"no such row":             func(o *Options) { o.Only = regexp.MustCompile("^none$") },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			o := Short()
			change(&o)
			if _, err := Run(t.Context(), o); err == nil {
				t.Error("nothing was wrong")
			}
		})
	}
}
