package bench

import (
	"bytes"
	"encoding/json"
	"net/http"
	"runtime"
	"runtime/pprof"
	"sync"
	"syscall"
)

// usage is what a process has used since it started.
type usage struct {
	CPU       float64 `json:"cpu"`       // microseconds of processor time, user and system
	Allocated float64 `json:"allocated"` // bytes on the heap, freed or not
}

// controls lets the parent ask for a child's usage and profiles.
func controls() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /usage", func(w http.ResponseWriter, _ *http.Request) {
		var used syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		cpu := float64(used.Utime.Nano()+used.Stime.Nano()) / 1e3
		_ = json.NewEncoder(w).Encode(usage{CPU: cpu, Allocated: float64(memory.TotalAlloc)})
	})
	var mu sync.Mutex
	var profile bytes.Buffer
	mux.HandleFunc("POST /profile/start", func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		profile.Reset()
		if err := pprof.StartCPUProfile(&profile); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
		}
	})
	mux.HandleFunc("POST /profile/stop", func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		pprof.StopCPUProfile()
		_, _ = w.Write(profile.Bytes())
	})
	mux.HandleFunc("GET /allocs", func(w http.ResponseWriter, _ *http.Request) {
		_ = pprof.Lookup("allocs").WriteTo(w, 0)
	})
	return mux
}
