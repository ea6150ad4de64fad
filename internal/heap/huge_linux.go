package heap

import (
	"runtime"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// hugePages asks for pages of 2 MiB where the heap is going to lie, if the system gives them to who asks: a large build touches
// ninety megabytes once, and a tenth of its time would go to twenty thousand page faults. Nothing is touched here, and nothing
// kept: the memory goes back to the heap.
func hugePages() {
	debug.SetGCPercent(-1) // until there is room
	room := make([]byte, floor+floor/4)
	_ = unix.Madvise(room, unix.MADV_HUGEPAGE) // where it fails pages stay small
	room = nil
	runtime.GC()
	pace()
}
