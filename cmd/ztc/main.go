// Command ztc compiles policies written in .zt to Istio's AuthorizationPolicy, PeerAuthentication and RequestAuthentication.
package main

import (
	"os"

	"github.com/zt-lang/ztc/internal/cli"
)

func main() {
	memory()
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
}
