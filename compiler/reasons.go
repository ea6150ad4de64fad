package compiler

import (
	"maps"
	"slices"

	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// reasons lists why and until when statements hold, by the names of their files and in their order. The standard library is
// not the program's, and gives none.
func (l *loader) reasons() []diag.Reason {
	var out []diag.Reason
	for _, name := range slices.Sorted(maps.Keys(l.trees)) {
		if u := l.libs[name]; u != nil && u.Std {
			continue
		}
		tree := l.trees[name]
		var walk func([]ast.Stmt)
		walk = func(stmts []ast.Stmt) {
			for _, st := range stmts {
				kind, clauses := "", ast.Clauses{}
				switch st := st.(type) {
				case *ast.Policy:
					walk(st.Body)
				case *ast.Rule:
					kind, clauses = ruleKind(st), st.Clauses
				case *ast.MTLS:
					kind, clauses = "mtls", st.Clauses
				}
				if clauses.Because == nil && clauses.Until == nil {
					continue
				}
				r := diag.Reason{Span: tree.Span(st), Statement: kind}
				if clauses.Because != nil {
					r.Because = clauses.Because.Value
				}
				if clauses.Until != nil {
					r.Until = clauses.Until.Text
				}
				out = append(out, r)
			}
		}
		walk(tree.Stmts)
	}
	return out
}

// ruleKind returns the words that a rule begins with.
func ruleKind(r *ast.Rule) string {
	kind := r.Action.String()
	if r.Baseline != nil {
		kind += " all"
	}
	if r.DryRun {
		kind = "dry-run " + kind
	}
	return kind
}
