// Package heap sets how the command uses memory: a compiler is a short process that keeps most of what it makes. GOGC and
// GOMEMLIMIT in the environment take precedence.
package heap

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

const (
	floor = 84 << 20 // bytes of the heap below which nothing is collected: most programs never get there
	more  = 25       // garbage per live memory, in percent, above it
	large = 1 << 20  // bytes of inputs from which on a build comes near the floor
)

func ours() bool { return os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" }

// Pace sets when garbage is collected.
func Pace() {
	if ours() {
		paced()
	}
}

// paced is pace, now and after each collection.
func paced() {
	pace()
	runtime.AddCleanup(new([16]byte), func(int) { paced() }, 0)
}

// pace lets the heap grow to the floor, or to so much more than what is live.
func pace() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	percent := more
	if n := live[0].Value.Uint64(); n*(100+more)/100 < floor {
		percent = int(floor*100/max(n, 4<<20)) - 100
	}
	debug.SetGCPercent(percent)
}

var once sync.Once

// Expect prepares the heap for the work on an input of so many bytes, once.
func Expect(bytes int64) {
	if bytes >= large && ours() {
		once.Do(hugePages)
	}
}
