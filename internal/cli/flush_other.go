//go:build !linux

package cli

import "os"

func flush(*os.File, int64, int64) {}
