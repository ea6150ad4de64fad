package resolve

import (
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// useCost is what a statement of a policy counts against maxStatements: more than a member, since it takes more time. It is
// known before anything is expanded.
const useCost = 8

// use expands a policy with its arguments. The body resolves where it was written, the arguments where they were.
func (r *resolver) use(s *scope, a *ast.Use) {
	var d *definition
	if alias, member, dotted := strings.Cut(a.Name.Text, "."); dotted {
		d = r.imported(s, a.Name, alias, member)
	} else if d = s.definitions(r)[a.Name.Text]; d == nil && !r.misread(a.Name.Text) {
		x := r.report(s, diag.UnknownName, &a.Name, "unknown policy %q", a.Name.Text)
		r.suggestDefinition(s, x, a.Name, (*definition).isPolicy)
	}
	if d == nil {
		return
	}
	if d.policy == nil {
		r.wrongKind(s, &a.Name, d, "`use` wants a policy")
		return
	}
	d.used = true
	if d.sig.bad { // reported in its body
		r.p.Incomplete = true
		return
	}
	if d.busy {
		r.report(s, diag.Recursion, a, "policy %q uses itself", d.name.Text).Relate(d.scope.span(&d.name), "defined here")
		return
	}
	if s.via != nil && s.via.Depth >= maxUses {
		r.report(s, diag.Recursion, a, "policy %q is used through more than %d others", d.name.Text, maxUses).Relate(d.scope.span(&d.name), "defined here")
		return
	}
	params, ok := r.arguments(s, a, d)
	if !ok {
		r.p.Incomplete = true
		return
	}
	inner := d.scope
	inner.params = params
	inner.via = &ir.Use{Span: s.span(a), Outer: s.via, Std: d.scope.unit.Std}
	if s.via != nil {
		inner.via.Depth = s.via.Depth + 1
	}
	if s.via == nil { // the sizes of those inside are in its own
		if r.statements += d.sig.size * useCost; r.statements > maxStatements {
			r.report(s, diag.TooManyStatements, a, "with this use of policy %q the policies of the program expand to more than %d statements", d.name.Text, maxStatements/useCost).
				Relate(d.scope.span(&d.name), "defined here")
			return
		}
	}
	d.busy = true
	for _, st := range d.policy.Body {
		r.statement(&inner, st)
	}
	d.busy = false
}
