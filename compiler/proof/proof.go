// Package proof holds what a program was compiled to against what it says. Translation does so for every object of every
// build, over all requests there can be; Trials runs the tests and the proofs of the program. Both read the objects that were
// emitted, and nothing of how they came about.
package proof

import (
	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/plane"
)

// limits bound one question, so that a build ends: some seconds at most.
var limits = sem.Limits{}

// meshOf is what the data plane knows of the mesh.
func meshOf(p *ir.Program) plane.Mesh {
	return plane.Mesh{
		TrustDomain:       p.Mesh.TrustDomain,
		Aliases:           p.Mesh.Aliases,
		RootNamespace:     p.Mesh.RootNamespace,
		Providers:         p.Mesh.Providers,
		MultipleProviders: p.Mesh.MultipleProviders,
	}
}

// chains are the two that a sidecar has, as the program and as the data plane name them.
var chains = [...]struct {
	intent intent.Chain
	plane  plane.Chain
}{{intent.HTTP, plane.HTTP}, {intent.TCP, plane.TCP}}
