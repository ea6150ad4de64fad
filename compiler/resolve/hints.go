package resolve

import (
	"slices"
	"strings"

	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/stdlib"
)

// brokenImport reports whether a file has an import of about this name that could not be read, which was reported: what is
// said of it is no second error.
func (s *scope) brokenImport(alias string) bool {
	for x, lib := range s.unit.Imports {
		if lib == nil && Nearest(alias, slices.Values([]string{x})) != "" {
			return true
		}
	}
	return false
}

// wherefrom says which import would define a name, where the program or the standard library has one.
func (r *resolver) wherefrom(s *scope, d *diag.Diagnostic, alias, member string) {
	if r.suggested > maxSuggested {
		return
	}
	for _, u := range r.in.Units {
		if lib := u.Imports[alias]; lib != nil && lib.File != s.unit.File && r.libs[lib][member] != nil {
			d.Advise("add the import of it, as %s has it", u.File.Source.Name)
			return
		}
	}
	if _, ok := stdlib.Source(alias); ok {
		d.Advise("add `import %q`", "std/"+alias)
	}
}

// notNamespace says what a name after `in` is, where it is the name of a workload.
func (r *resolver) notNamespace(s *scope, d *diag.Diagnostic, n ast.Node, name string) bool {
	if s.span(n).Text() != name || r.names[s.ns][name] == nil && r.pods[s.ns][name] == nil {
		return false
	}
	d.Advise("%q is a workload of namespace %s: write `on %s`", name, s.ns, name)
	return true
}

// perhapsNamespace says what a bare name is, where it is the name of a namespace. That would let in more than one workload, so
// it is no edit.
func (r *resolver) perhapsNamespace(d *diag.Diagnostic, id ast.Ident) {
	if r.known[id.Text] {
		d.Advise("%q is a namespace: all of it is written %s/*", id.Text, id.Text)
	}
}

// noNamespaceLine says why a bare name is one of a namespace that nobody has.
func noNamespaceLine(s *scope, d *diag.Diagnostic, id ast.Ident) {
	if strings.Contains(id.Text, "/") {
		return
	}
	if s.ns == defaultNamespace {
		d.Note("no `namespace` line stands above %q, so it is a name in %s", id.Text, s.ns)
		d.Advise("add the line, or write the name with its namespace")
	}
}
