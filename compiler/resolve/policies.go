package resolve

import (
	"maps"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// useCost is what a statement of a policy counts against maxStatements: more than a member, since it takes more time.
const useCost = 20

// use expands a policy with its arguments. The body resolves where it was written, the arguments where they were.
func (r *resolver) use(s *scope, a *ast.Use) {
	var d *definition
	if alias, member, dotted := strings.Cut(a.Name.Text, "."); dotted {
		d = r.imported(s, a.Name, alias, member)
	} else if d = s.definitions(r)[a.Name.Text]; d == nil {
		x := r.report(s, diag.UnknownName, &a.Name, "unknown policy %q", a.Name.Text)
		r.suggest(s, x, a.Name, a.Name.Text, maps.Keys(s.definitions(r)), func(n string) string { return n })
	}
	if d == nil {
		return
	}
	if d.policy == nil {
		r.wrongKind(s, &a.Name, d, "`use` wants a policy")
		return
	}
	if d.busy || s.via != nil && s.via.Depth >= maxUses {
		r.report(s, diag.Recursion, a, "policy %q uses itself", d.name.Text).Relate(d.scope.span(&d.name), "defined here")
		return
	}
	params, ok := r.arguments(s, a, d)
	if !ok {
		return
	}
	inner := d.scope
	inner.params = params
	inner.via = &ir.Use{Span: s.span(a), Outer: s.via}
	if s.via != nil {
		inner.via.Depth = s.via.Depth + 1
	}
	d.busy = true
	defer d.leave()
	for _, st := range d.policy.Body {
		if !r.count(s, a, useCost) {
			return
		}
		r.statement(&inner, st)
	}
}

func (r *resolver) arguments(s *scope, a *ast.Use, d *definition) (map[string]bound, bool) {
	params := map[string]bound{}
	ok := true
	next := 0
	for i := range a.Args {
		arg := a.Args[i]
		name := ""
		switch {
		case arg.Param != nil:
			name = arg.Param.Text
			if !slices.ContainsFunc(d.policy.Params, func(p ast.Ident) bool { return p.Text == name }) {
				r.report(s, diag.BadArguments, arg.Param, "policy %q has no parameter %q", d.name.Text, name).Relate(d.scope.span(&d.name), "defined here")
				ok = false
				continue
			}
		case next < len(d.policy.Params):
			name = d.policy.Params[next].Text
			next++
		default:
			r.report(s, diag.BadArguments, &arg, "policy %q has %s, and this is one more", d.name.Text, count(len(d.policy.Params), "parameter")).Relate(d.scope.span(&d.name), "defined here")
			ok = false
			continue
		}
		if _, twice := params[name]; twice {
			r.report(s, diag.BadArguments, &arg, "parameter %q is given twice", name)
			ok = false
		}
		params[name] = bound{arg, s}
	}
	for _, p := range d.policy.Params {
		if _, have := params[p.Text]; !have && ok {
			r.report(s, diag.BadArguments, a, "parameter %q of policy %q is not given", p.Text, d.name.Text).Relate(d.scope.span(&p), "declared here")
			ok = false
		}
	}
	return params, ok
}
