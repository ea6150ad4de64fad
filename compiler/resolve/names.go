package resolve

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/scan"
)

// entity is what a name stands for: one field is set. The zero entity is an error that has been reported.
type entity struct {
	workload  *ir.Workload
	pods      *ir.Pods
	namespace string      // of ns/*
	def       *definition // group, set or policy
	arg       *bound      // argument of the policy that the name stands in
}

// lookup finds what a name stands for. A bare name is a parameter, a definition, or a workload of the current namespace, in
// this order; since a clash of them is an error the order never decides a meaning.
func (r *resolver) lookup(s *scope, id ast.Ident) entity {
	text := id.Text
	if i := strings.IndexByte(text, '/'); i >= 0 {
		if text[i+1:] == "*" {
			return entity{namespace: r.namespace(s, id, text[:i])}
		}
		return r.workload(s, id, text[:i], text[i+1:])
	}
	if alias, member, dotted := strings.Cut(text, "."); dotted {
		return entity{def: r.imported(s, id, alias, member)}
	}
	if a, ok := s.argument(text); ok {
		return entity{arg: &a}
	}
	if d := s.definitions(r)[text]; d != nil {
		d.used = true
		return entity{def: d}
	}
	if s.unit.Library {
		d := r.report(s, diag.UnknownName, &id, "an imported file knows only its own definitions, and %q is none of them", text)
		r.suggestDefinition(s, d, id, (*definition).isGroup)
		d.Advise("write it with its namespace: %s/%s", s.ns, text)
		return entity{}
	}
	return r.workload(s, id, s.ns, text)
}

// ownName refuses a word that begins statements as the name of a definition or parameter: what the author names has a name of
// its own, and a reader is spared `use allow(deny)`. The grammar refuses the reserved words.
func (r *resolver) ownName(s *scope, id ast.Ident, what string) {
	if scan.IsStatementWord(id.Text) {
		r.report(s, diag.ReservedName, &id, "%q begins statements, and is no name for a %s", id.Text, what).Advise("choose another name")
	}
}

func (r *resolver) imported(s *scope, id ast.Ident, alias, member string) *definition {
	lib, ok := s.unit.Imports[alias]
	if !ok && s.brokenImport(alias) {
		return nil
	}
	if !ok {
		d := r.report(s, diag.UnknownImport, &id, "no import is named %q here", alias)
		if r.serviceHost(s, d, id, alias, member) {
			return nil
		}
		has := func(yield func(string) bool) {
			for x, lib := range s.unit.Imports {
				if r.libs[lib][member] != nil && !yield(x) {
					return
				}
			}
		}
		r.suggest(s, d, id, alias, has, func(x string) string { return x + "." + member })
		if len(d.Fixes) == 0 {
			d.Note("a name with a dot is always a definition of an import; a workload with a dot in its name is written with its namespace: %s/%s", s.ns, id.Text)
			r.wherefrom(s, d, alias, member)
		}
		return nil
	}
	if lib == nil {
		return nil // could not be read, and was reported
	}
	def := r.libs[lib][member]
	if def == nil {
		d := r.report(s, diag.UnknownName, &id, "import %q defines no %q", alias, member)
		if r.otherImport(s, d, id, member, nil); len(d.Fixes) == 0 {
			r.suggest(s, d, id, member, maps.Keys(r.libs[lib]), func(x string) string { return alias + "." + x })
		}
		if len(d.Fixes) == 0 {
			d.Note("it defines %s", some(slices.Sorted(maps.Keys(r.libs[lib]))))
		}
		return nil
	}
	def.used = true
	return def
}

// some lists the first of names, and how many more there are.
func some(names []string) string {
	const most = 20
	switch n := len(names); {
	case n == 0:
		return "nothing"
	case n > most:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), n-most)
	}
	return strings.Join(names, ", ")
}

// namespace checks that a namespace exists and returns it, or "".
func (r *resolver) namespace(s *scope, n ast.Node, ns string) string {
	if bad := dnsLabel(ns); bad != "" {
		r.report(s, diag.BadName, n, "namespace %q %s", ns, bad)
		return ""
	}
	if !r.p.Convention && !r.known[ns] {
		d := r.report(s, diag.UnknownNamespace, n, "unknown namespace %q", ns)
		names := maps.Keys(r.known)
		_, rest, qualified := strings.Cut(s.span(n).Text(), "/") // what follows the namespace stays as it is
		r.suggestAt(s, d, n, ns, names, func(x string) string {
			if qualified {
				return x + "/" + rest
			}
			return x
		})
		if len(d.Fixes) == 0 && !r.notNamespace(s, d, n, ns) {
			d.Advise("declare it: `namespace %s { }`, or give an inventory that has it", ns)
		}
		return ""
	}
	return ns
}

// workload finds a workload or pods by namespace and name; under the convention every name is one.
func (r *resolver) workload(s *scope, id ast.Ident, ns, name string) entity {
	if w := r.names[ns][name]; w != nil {
		if x := r.twins[w]; x != nil {
			r.report(s, diag.NameClash, &id, "%s could mean either of two workloads in the inventory", w.Ref()).
				Relate(w.Span, "one").Relate(x.Span, "the other, a %s", x.Kind).
				Advise("rename one of them, or declare `pods` by its labels, or write `account` for a caller")
			return entity{}
		}
		return entity{workload: w}
	}
	if p := r.pods[ns][name]; p != nil {
		return entity{pods: p}
	}
	if bad := dnsName(ns, name); bad != "" {
		r.report(s, diag.BadName, &id, "name %q %s", id.Text, bad)
		return entity{}
	}
	if bare := id.Text == name; bare && everybody[name] {
		r.report(s, diag.UnknownWorkload, &id, "no workload is called %q, and it is no word of the language", name).
			Advise("every caller is `anyone`, those without an identity `plaintext`, those with one `authenticated`; a workload of that name is %s/%s", ns, name)
		return entity{}
	}
	if r.p.Convention {
		x := slab(&r.named)
		w := &x.Workload
		x.label[0] = ir.Label{Key: r.p.Mesh.AppLabel, Value: name}
		*w = ir.Workload{Namespace: ns, Name: name, Account: name, Labels: x.label[:], Span: s.span(&id)}
		if len(name) > 63 {
			r.report(s, diag.BadName, &id, "name %q is longer than a label value may be (63), so the convention cannot select its pods", name)
		}
		r.add(w)
		return entity{workload: w}
	}
	if r.misread(name) {
		return entity{}
	}
	bare := !strings.Contains(id.Text, "/")
	if !r.known[ns] {
		d := r.report(s, diag.UnknownNamespace, &id, "unknown namespace %q", ns)
		if !bare {
			r.suggest(s, d, id, ns, maps.Keys(r.known), func(x string) string { return x + "/" + name })
		}
		r.elsewhere(s, d, id, ns, name)
		if r.names[s.ns][ns] != nil && !bare {
			d.Note("%q is a workload of namespace %s; what stands before a slash is a namespace, and a path is a string", ns, s.ns)
		}
		noNamespaceLine(s, d, id)
		return entity{}
	}
	d := r.report(s, diag.UnknownWorkload, &id, "unknown workload %q in namespace %s", name, ns)
	if r.suggested > maxSuggested {
		return entity{}
	}
	if bare {
		r.otherImport(s, d, id, name, (*definition).isGroup)
	}
	r.elsewhere(s, d, id, ns, name)
	r.behind(s, d, id, ns, name)
	names := slices.AppendSeq(slices.Collect(maps.Keys(r.names[ns])), maps.Keys(r.pods[ns]))
	if bare {
		names = slices.AppendSeq(slices.AppendSeq(names, s.named(r, (*definition).isGroup)), maps.Keys(s.params))
	}
	if len(d.Fixes) == 0 {
		r.suggest(s, d, id, name, slices.Values(names), func(x string) string {
			if bare {
				return x
			}
			return ns + "/" + x
		})
	}
	r.perhapsNamespace(d, id)
	if len(d.Fixes) == 0 {
		r.perhapsAccount(d, ns, name)
	}
	if up := strings.ToUpper(name); len(d.Fixes) == 0 && bare && registered[up] {
		d.Advise("if the method is meant, it is written in capitals, and no comma stands before it: `-> api %s`", up)
	}
	return entity{}
}

// Bounds of the search for alternatives to names, in one program.
const (
	maxSuggested = 200         // searches
	maxCompared  = 200_000_000 // pairs of letters
)

// suggests counts a search for alternatives to a name, and reports whether it is within the bounds.
func (r *resolver) suggests(have string, names iter.Seq[string]) bool {
	if r.suggested++; r.suggested > maxSuggested {
		return false
	}
	for n := range names {
		r.compared += len(have) * len(n)
	}
	return r.compared <= maxCompared
}

// suggest offers the nearest known name as a fix.
func (r *resolver) suggest(s *scope, d *diag.Diagnostic, id ast.Ident, have string, names iter.Seq[string], spell func(string) string) {
	r.suggestAt(s, d, &id, have, names, spell)
}

func (r *resolver) suggestAt(s *scope, d *diag.Diagnostic, n ast.Node, have string, names iter.Seq[string], spell func(string) string) {
	if !r.suggests(have, names) {
		return
	}
	if best := Nearest(have, names); best != "" {
		d.Fix(s.span(n), spell(best), "did you mean %q?", spell(best))
	}
}

// Nearest returns the name at the smallest edit distance, at most a third of the length, the first in the alphabet of equals; or "".
func Nearest(have string, names iter.Seq[string]) string {
	best, most := "", max(1, len(have)/3)
	for n := range names {
		if n == have || len(n)-len(have) > most || len(have)-len(n) > most {
			continue
		}
		if d := diag.Distance(have, n, most+1); d < most || d == most && (best == "" || n < best) {
			best, most = n, d
		}
	}
	return best
}
