package resolve

import (
	"maps"
	"slices"

	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// unused warns of definitions that nothing in the program names. Those of a file that is imported are for others as well, and
// so are all of a program that holds nothing else.
func (r *resolver) unused() {
	if r.p.Incomplete || r.diags.HasErrors() || len(r.own) == 0 || !slices.ContainsFunc(r.in.Units, func(u *Unit) bool { return slices.ContainsFunc(u.File.Stmts, says) }) {
		return
	}
	shared := map[*ast.File]bool{}
	for u := range r.libs {
		shared[u.File] = true
	}
	for _, name := range slices.Sorted(maps.Keys(r.own)) {
		d := r.own[name]
		if d.used || shared[d.scope.unit.File] || r.declares(d) {
			continue
		}
		x := r.report(&d.scope, diag.UnusedDefinition, &d.name, "%s %q is never used", d.kind(), name)
		if d.policy != nil {
			x.Note("none of its rules is enforced").Advise("write `use %s(...)`, or delete it", name)
		} else {
			x.Advise("delete it")
		}
	}
}

// says reports whether a statement is more than a definition.
func says(st ast.Stmt) bool {
	switch st.(type) {
	case *ast.Group, *ast.Set, *ast.Policy, *ast.Import, *ast.Namespace, *ast.Mesh:
		return false
	}
	return true
}

// declares reports whether a set is there to declare a method that is not registered.
func (r *resolver) declares(d *definition) bool {
	return d.set != nil && slices.ContainsFunc(d.set.Items, func(it ast.Item) bool { return it.Kind == ast.ItemMethod && !registered[it.Text] })
}
