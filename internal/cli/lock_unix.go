//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package cli

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// lock waits until no other build holds a directory, and holds it until the file is closed or the process ends, however it
// ends. busy is true when another build has not let go in that time. A file system without locks gives none.
func lock(dir *os.File, wait time.Duration) (held, busy bool) {
	for end := time.Now().Add(wait); ; time.Sleep(20 * time.Millisecond) {
		switch err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
		case err == nil:
			return true, false
		case errors.Is(err, syscall.EINTR):
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return false, false
		case time.Now().After(end):
			return false, true
		}
	}
}

// private reports whether a file is the user's own and nobody else may read or write it.
func private(info os.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid() && info.Mode().Perm()&0o077 == 0
}
