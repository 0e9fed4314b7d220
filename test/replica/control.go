package replica

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// Usage is what a process holds, and what it has used since it started.
type Usage struct {
	CPU       float64 `json:"cpu"`       // microseconds of processor time, user and system
	Allocated float64 `json:"allocated"` // bytes on the heap, freed or not
	Heap      float64 `json:"heap"`      // bytes of objects, of which some may be garbage
	Resident  float64 `json:"resident"`  // bytes of memory
	Peak      float64 `json:"peak"`      // the most there ever was of it
}

// The paths of what a child answers about itself.
const (
	pathUsage        = "/usage"
	pathCollect      = "/collect"
	pathProfileStart = "/profile/start"
	pathProfileStop  = "/profile/stop"
	pathAllocations  = "/allocs"
	pathHeap         = "/heap"
)

// control lets the parent ask for a child's usage and profiles.
type control struct {
	mu      sync.Mutex
	profile bytes.Buffer
}

func (c *control) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+pathUsage, writeUsage)
	mux.HandleFunc("POST "+pathCollect, func(w http.ResponseWriter, rq *http.Request) {
		debug.FreeOSMemory()
		debug.FreeOSMemory() // what the first made ready to be freed
		writeUsage(w, rq)
	})
	mux.HandleFunc("POST "+pathProfileStart, func(w http.ResponseWriter, _ *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.profile.Reset()
		if err := pprof.StartCPUProfile(&c.profile); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
		}
	})
	mux.HandleFunc("POST "+pathProfileStop, func(w http.ResponseWriter, _ *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		pprof.StopCPUProfile()
		_, _ = w.Write(c.profile.Bytes())
	})
	for path, name := range map[string]string{pathAllocations: "allocs", pathHeap: "heap"} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { _ = pprof.Lookup(name).WriteTo(w, 0) })
	}
	return mux
}

func writeUsage(w http.ResponseWriter, _ *http.Request) {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	u := Usage{CPU: float64(used.Utime.Nano()+used.Stime.Nano()) / 1e3, Allocated: float64(memory.TotalAlloc), Heap: float64(memory.HeapAlloc)}
	u.Resident, u.Peak = Resident("self")
	if u.Resident == 0 { // no /proc: what the Go runtime has of the system
		u.Resident = float64(memory.Sys - memory.HeapReleased)
		u.Peak = u.Resident
	}
	_ = json.NewEncoder(w).Encode(u)
}

// Resident reads of a process, by its id or "self", the bytes that it has in
// memory, and the most that it ever had; 0 where there is no /proc.
func Resident(process string) (now, peak float64) {
	status, err := os.Open("/proc/" + process + "/status")
	if err != nil {
		return 0, 0
	}
	defer func() { _ = status.Close() }()
	lines := bufio.NewScanner(status)
	for lines.Scan() {
		name, rest, _ := strings.Cut(lines.Text(), ":")
		kilobytes, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64)
		switch {
		case err != nil:
		case name == "VmRSS":
			now = kilobytes * 1024
		case name == "VmHWM":
			peak = kilobytes * 1024
		}
	}
	return now, peak
}
