package resolve

import (
	"maps"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/scan"
)

// unused warns of definitions that nothing in the program names. Those of a file that is imported are for others as well, and
// so are all of a program that holds nothing else.
func (r *resolver) unused() {
	if r.p.Incomplete || r.diags.HasErrors() {
		return
	}
	for _, u := range r.in.Units {
		r.unusedImports(u)
	}
	if len(r.own) == 0 || !slices.ContainsFunc(r.in.Units, func(u *Unit) bool { return slices.ContainsFunc(u.File.Stmts, says) }) {
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

// unusedImports warns of imports whose name stands before no dot of their file.
func (r *resolver) unusedImports(u *Unit) {
	for _, st := range u.File.Stmts {
		imp, ok := st.(*ast.Import)
		if !ok || u.Imports[imp.Alias()] == nil || dotted(u.File.Source.Text, imp.Alias()+".") {
			continue
		}
		r.diags.Add(diag.UnusedImport, u.File.Span(imp), "nothing here names a definition of import %q", imp.Alias()).
			Note("a definition of it is written %s.NAME", imp.Alias()).Advise("delete it")
	}
}

// dotted reports whether a name with the prefix, which ends in a dot, stands in a text. No token goes over the end of a line.
func dotted(text, prefix string) bool {
	for {
		i := strings.Index(text, prefix)
		if i < 0 {
			return false
		}
		start := strings.LastIndexByte(text[:i], '\n') + 1
		end := len(text)
		if n := strings.IndexByte(text[i:], '\n'); n >= 0 {
			end = i + n
		}
		for t := range scan.Each(text[start:end]) {
			if t.Kind == scan.Dotted && strings.HasPrefix(text[start+int(t.Start):], prefix) {
				return true
			}
		}
		text = text[end:]
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
