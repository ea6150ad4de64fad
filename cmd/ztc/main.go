// Command ztc compiles policies written in .zt to Istio's AuthorizationPolicy, PeerAuthentication and RequestAuthentication.
package main

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/zt-lang/ztc/internal/cli"
	"github.com/zt-lang/ztc/internal/heap"
)

func main() {
	heap.Pace()
	signal.Ignore(syscall.SIGPIPE) // who reads may go away: what is written then fails, and the exit code stays the verdict
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
}
