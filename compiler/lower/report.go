package lower

import (
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
)

// Lapsed reports whether a rule has expired and is no longer emitted. What an expired rule refuses, it goes on refusing.
func Lapsed(r *ir.Rule, now string) bool {
	l := lowerer{now: now}
	return l.expired(r.Until) && (r.DryRun || r.Action != ast.Deny && r.Action != ast.Delegate)
}
