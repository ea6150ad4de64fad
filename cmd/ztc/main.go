// Command ztc compiles policies written in .zt to Istio's AuthorizationPolicy, PeerAuthentication and RequestAuthentication.
package main

import (
	"os"

	"github.com/zt-lang/ztc/internal/cli"
	"github.com/zt-lang/ztc/internal/heap"
)

func main() {
	heap.Pace()
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
}
