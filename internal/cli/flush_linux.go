package cli

import (
	"os"

	"golang.org/x/sys/unix"
)

// flush has the system begin to put a part of a file on the disk, so that the Sync that follows waits for less. Where it fails,
// that waits for all.
func flush(f *os.File, offset, n int64) {
	_ = unix.SyncFileRange(int(f.Fd()), offset, n, unix.SYNC_FILE_RANGE_WRITE)
}
