package resolve

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
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

// named lists, in no order, the definitions of a kind that a bare name can be.
func (s *scope) named(r *resolver, is func(*definition) bool) iter.Seq[string] {
	return func(yield func(string) bool) {
		for name, d := range s.definitions(r) {
			if is(d) && !yield(name) {
				return
			}
		}
	}
}

// suggestDefinition offers, for a bare name that nothing of a kind has, the definition of that name in an import, or else the
// nearest name here.
func (r *resolver) suggestDefinition(s *scope, d *diag.Diagnostic, id ast.Ident, is func(*definition) bool) {
	if r.otherImport(s, d, id, id.Text, is); len(d.Fixes) > 0 {
		return
	}
	names := slices.AppendSeq(slices.Collect(s.named(r, is)), maps.Keys(s.params))
	r.suggest(s, d, id, id.Text, slices.Values(names), func(x string) string { return x })
	if len(d.Fixes) > 0 || r.suggested > maxSuggested {
		return
	}
	for _, file := range stdlib.Names() {
		text, _ := stdlib.Source(file)
		for _, kind := range []string{"methods", "paths", "group", "policy"} {
			if at := strings.Index(text, "\n"+kind+" "+id.Text); at >= 0 && strings.ContainsAny(text[at+len(kind)+len(id.Text)+2:][:1], " (") {
				d.Advise("the standard library has one: `import \"std/%s\"`, and then `%s.%s`", file, file, id.Text)
			}
		}
	}
}

// otherImport offers the definitions of a name in the imports of the file, with their alias: of one kind, or of any for nil.
func (r *resolver) otherImport(s *scope, d *diag.Diagnostic, id ast.Ident, name string, is func(*definition) bool) {
	for _, alias := range slices.Sorted(maps.Keys(s.unit.Imports)) {
		if def := r.libs[s.unit.Imports[alias]][name]; def != nil && (is == nil || is(def)) {
			d.Fix(s.span(&id), alias+"."+name, "%q is a %s of import %q: write %s.%s", name, def.kind(), alias, alias, name)
		}
	}
}

// maxElsewhere bounds how many namespaces are named that have what another one has not.
const maxElsewhere = 3

// elsewhere offers the workloads and pods of an unknown name in other namespaces.
func (r *resolver) elsewhere(s *scope, d *diag.Diagnostic, id ast.Ident, ns, name string) {
	r.inNamespaces(s, d, id, name, func(other string) bool {
		p := r.pods[other][name]
		return other != ns && (r.names[other][name] != nil || p != nil && !p.Mesh)
	})
}

// inNamespaces offers a name in the namespaces that have it.
func (r *resolver) inNamespaces(s *scope, d *diag.Diagnostic, id ast.Ident, name string, has func(ns string) bool) {
	if r.suggested++; r.suggested > maxSuggested {
		return
	}
	var found []string
	for ns := range r.known {
		if has(ns) {
			found = append(found, ns)
		}
	}
	slices.Sort(found)
	for _, ns := range found[:min(len(found), maxElsewhere)] {
		d.Fix(s.span(&id), ns+"/"+name, "%q is in namespace %s: write %s/%s", name, ns, ns, name)
	}
	if more := len(found) - maxElsewhere; more > 0 {
		d.Note("%q is in %s more", name, count(more, "namespace"))
	}
}

// pickedElsewhere says, of pods that no workload carries the labels of, which namespaces have such, or else which label nothing has.
func (r *resolver) pickedElsewhere(d *diag.Diagnostic, p *ir.Pods) {
	var found []string
	for ns := range r.names {
		for range r.carriers(ns).Picked(p.Labels) {
			found = append(found, ns)
			break
		}
	}
	slices.Sort(found)
	for _, ns := range found[:min(len(found), maxElsewhere)] {
		d.Advise("namespace %s has such pods: declare `pods %s in %s { ... }` for them", ns, p.Name, ns)
	}
	if len(found) > 0 || r.suggested > maxSuggested {
		return
	}
	values := map[string]map[string]bool{} // of each label where they were looked for
	for ns, workloads := range r.names {
		if !p.Mesh && ns != p.Namespace {
			continue
		}
		for _, w := range workloads {
			for k, v := range w.PodLabels() {
				if values[k] == nil {
					values[k] = map[string]bool{}
				}
				values[k][v] = true
			}
		}
	}
	for _, l := range p.Labels {
		switch {
		case len(values[l.Key]) == 0 && r.suggests(l.Key, maps.Keys(values)):
			d.Note("none has the label %q", l.Key)
			if best := Nearest(l.Key, maps.Keys(values)); best != "" {
				d.Advise("did you mean `%s`?", best)
			}
		case !values[l.Key][l.Value] && r.suggests(l.Value, maps.Keys(values[l.Key])):
			d.Note("none has %q for the label %q; what they have is %s", l.Value, l.Key, some(slices.Sorted(maps.Keys(values[l.Key]))))
		}
	}
}

// wherefrom says which import would define a name, where the program or the standard library has one.
func (r *resolver) wherefrom(s *scope, d *diag.Diagnostic, alias, member string) {
	if r.suggested > maxSuggested {
		return
	}
	for _, u := range r.in.Units {
		if lib := u.Imports[alias]; lib != nil && lib.File != s.unit.File && r.libs[lib][member] != nil {
			if s.unit.Question {
				d.Advise("a question has no imports: write what stands behind the name, `%s`", firstLine(r.libs[lib][member]))
				return
			}
			d.Advise("add the import of it, as %s has it", u.File.Source.Name)
			return
		}
	}
	if _, ok := stdlib.Source(alias); ok && !s.unit.Question {
		d.Advise("add `import %q`", "std/"+alias)
	}
}

// firstLine is how a definition begins.
func firstLine(d *definition) string {
	text := d.scope.unit.File.Source.Text[d.scope.span(&d.name).Start:]
	text, _, _ = strings.Cut(text, "\n")
	return d.kind() + " " + strings.TrimSpace(text)
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

// perhapsAccount says what a name is, where it is a service account that workloads of other names run as, or one of Istio's own.
func (r *resolver) perhapsAccount(d *diag.Diagnostic, ns, name string) {
	if list := r.runs[ns+"/"+name]; len(list) > 0 {
		names := make([]string, len(list))
		for i, w := range list {
			names[i] = w.Ref()
		}
		slices.Sort(names)
		d.Advise("%q is the service account of %s: a caller is written `account %s/%s`, and a target is named by its workload", name, some(names), ns, name)
		return
	}
	for _, file := range stdlib.Names() {
		text, _ := stdlib.Source(file)
		for line := range strings.Lines(text) {
			group, _, _ := strings.Cut(strings.TrimPrefix(line, "group "), " ")
			words := strings.FieldsFunc(line, func(c rune) bool { return strings.ContainsRune(" ,/\n", c) })
			if strings.HasPrefix(line, "group ") && slices.ContainsFunc(words, func(w string) bool { return w == name || strings.HasPrefix(w, name+"-") && w != "istio-system" }) {
				d.Advise("the standard library has it: `import \"std/%s\"`, and then `%s.%s`", file, file, group)
			}
		}
	}
}

// noNamespaceLine says why a bare name is one of a namespace that nobody has.
func noNamespaceLine(s *scope, d *diag.Diagnostic, id ast.Ident) {
	if strings.Contains(id.Text, "/") {
		return
	}
	if s.ns == defaultNamespace {
		d.Note("no `namespace` line stands above %q, so it is a name in %s", id.Text, s.ns)
		if s.unit.File.Source.NoFile {
			d.Advise("write the name with its namespace: `NAMESPACE/%s`", id.Text) // no line can be added to a question
			return
		}
		d.Advise("add the line, or write the name with its namespace")
	}
}

// everybody are the words by which other languages mean every caller, or none that is known. No rule is about a workload of
// such a name: a deny of it would refuse nobody.
var everybody = map[string]bool{
	"any": true, "anybody": true, "everyone": true, "everybody": true, "anonymous": true, "unauthenticated": true,
}

// misread reports whether a name is declared by a statement that could not be read, which was reported: what is said of it is no
// second error.
func (r *resolver) misread(name string) bool {
	if r.misreads == nil {
		r.misreads = map[string]bool{}
		units := slices.AppendSeq(slices.Clone(r.in.Units), maps.Keys(r.libs))
		for _, u := range units {
			for _, st := range u.File.Stmts {
				bad, ok := st.(*ast.Bad)
				if !ok {
					continue
				}
				kind, rest, _ := strings.Cut(u.File.Source.Text[bad.Start:bad.End], " ")
				switch kind {
				case "group", "methods", "paths", "policy", "workload", "pods":
					rest = strings.TrimLeft(rest, ` \t"`)
					if i := strings.IndexAny(rest, " \t\r\n\"=:,;(){}[]"); i >= 0 {
						rest = rest[:i]
					}
					r.misreads[rest[strings.IndexByte(rest, '/')+1:]] = true
				}
			}
		}
	}
	return r.misreads[name]
}

// serviceHost offers the workload that a name with dots means as a host: cart.shop, cart.shop.svc.cluster.local.
func (r *resolver) serviceHost(s *scope, d *diag.Diagnostic, id ast.Ident, name, rest string) bool {
	ns, domain, _ := strings.Cut(rest, ".")
	if domain != "" && domain != "svc" && !strings.HasPrefix(domain, "svc.") {
		return false
	}
	if r.names[ns][name] == nil && domain == "" && r.names[name][ns] != nil {
		name, ns = ns, name // shop.cart
	}
	if r.names[ns][name] == nil && r.pods[ns][name] == nil {
		return false
	}
	d.Fix(s.span(&id), ns+"/"+name, "a name in a namespace is written %s/%s", ns, name)
	return true
}
