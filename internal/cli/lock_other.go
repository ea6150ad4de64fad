//go:build !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd

package cli

import (
	"os"
	"time"
)

// lock gives no lock on this system: of two builds into one directory at once, each file is whole, and of one of them.
func lock(*os.File, time.Duration) (held, busy bool) { return false, false }

// private takes it that the directories of a user are private.
func private(os.FileInfo) bool { return true }
