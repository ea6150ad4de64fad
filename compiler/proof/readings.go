package proof

import (
	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// readings says of a mismatch how the request is read on either side: which statements of the part have it, and which rules.
func (t *Translation) readings(d *diag.Diagnostic, m *mismatch, r *intent.Reader, s *intent.Scope, objects []*istio.Object, dryRun bool, meant intent.Chain, emitted plane.Chain) {
	if m.request == nil {
		return
	}
	some := false
	for _, x := range s.Rules {
		if x.Action != m.action || x.DryRun != dryRun || x.Action == ast.Delegate && x.Provider != m.provider {
			continue
		}
		if set, err := r.Rule(x, meant); err == nil && set.Holds(m.request) {
			some = true
			d.Relate(x.Span, "as the program is read, this has it")
		}
	}
	if !some {
		d.Note("as the program is read, no statement has it")
	}
	some = false
	for _, o := range objects {
		a := o.Authorization
		if a.Action.String() != istioActions[m.action] || a.GetProvider().GetName() != m.provider {
			continue
		}
		rules, err := t.mesh.Rules(o, emitted)
		if err != nil {
			continue
		}
		for i := range rules {
			if rules[i].Holds().Holds(m.request) {
				some = true
				d.Note("as the policies are read, rule[%d] of %s/%s has it", i, o.Namespace, o.Name)
			}
		}
	}
	if !some {
		d.Note("as the policies are read, no rule has it")
	}
}

var istioActions = map[ast.Action]string{ast.Allow: "ALLOW", ast.Deny: "DENY", ast.Audit: "AUDIT", ast.Delegate: "CUSTOM"}
