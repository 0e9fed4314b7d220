package scale

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
	"syscall"
)

// usage is what a process holds and has used.
type usage struct {
	Heap      float64 `json:"heap"`      // bytes of objects, of which some may be garbage
	Resident  float64 `json:"resident"`  // bytes of memory
	Peak      float64 `json:"peak"`      // the most there ever was of it
	Processor float64 `json:"processor"` // seconds, user and system
}

// controls lets the parent ask for a child's usage and profiles.
func controls() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /usage", func(w http.ResponseWriter, _ *http.Request) { writeUsage(w) })
	// What is live after a forced collection, with what was freed given back.
	mux.HandleFunc("POST /collect", func(w http.ResponseWriter, _ *http.Request) {
		debug.FreeOSMemory()
		debug.FreeOSMemory() // what the first made ready to be freed
		writeUsage(w)
	})
	mux.HandleFunc("GET /heap", func(w http.ResponseWriter, _ *http.Request) {
		_ = pprof.Lookup("heap").WriteTo(w, 0)
	})
	var profile bytes.Buffer // asked for by the parent alone, one request at a time
	mux.HandleFunc("POST /profile/start", func(w http.ResponseWriter, _ *http.Request) {
		if err := pprof.StartCPUProfile(&profile); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
		}
	})
	mux.HandleFunc("POST /profile/stop", func(w http.ResponseWriter, _ *http.Request) {
		pprof.StopCPUProfile()
		_, _ = w.Write(profile.Bytes())
	})
	return mux
}

func writeUsage(w http.ResponseWriter) {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	u := usage{Heap: float64(memory.HeapAlloc), Processor: float64(used.Utime.Nano()+used.Stime.Nano()) / 1e9}
	u.Resident, u.Peak = resident("self")
	if u.Resident == 0 { // no /proc: what the Go runtime has of the system
		u.Resident = float64(memory.Sys - memory.HeapReleased)
		u.Peak = u.Resident
	}
	_ = json.NewEncoder(w).Encode(u)
}

// resident reads of a process, by its id or "self", the bytes that it has in
// memory, and the most that it ever had; 0 where there is no /proc.
func resident(process string) (now, peak float64) {
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
