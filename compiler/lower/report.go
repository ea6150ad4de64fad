package lower

import (
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
)

// Closed tells of each target of a program whether a baseline closes everything that it covers.
func Closed(p *ir.Program) func(*ir.Target) bool {
	c := closed{namespaces: map[string]bool{}, selectors: map[string]bool{}}
	for _, b := range p.Baselines {
		if !b.DryRun {
			c.add(&b.Target)
		}
	}
	return c.covers
}

// Lapsed reports whether a rule has expired and is no longer emitted. What an expired rule refuses, it goes on refusing.
func Lapsed(r *ir.Rule, now string) bool {
	l := lowerer{now: now}
	return l.expired(r.Until) && (r.DryRun || r.Action != ast.Deny && r.Action != ast.Delegate)
}
