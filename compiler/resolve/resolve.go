// Package resolve binds names: it takes syntax trees, with their imports read, and an inventory, and returns the program they
// mean, every name resolved, every set, group and policy expanded. A statement with an error is left out and reported.
package resolve

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// Unit is one file with the files that it imports, by alias. A library holds definitions only and belongs to no program.
type Unit struct {
	File    *ast.File
	Imports map[string]*Unit
	Library bool
	// Question says that the file asks about requests, and that nothing is said in it of what runs: a port that a workload does
	// not have is a note, since connections to it come as well.
	Question bool
	Std      bool // of the standard library, whose names are taken on trust where an inventory says nothing of their namespace
}

// Input is what a program is resolved from.
type Input struct {
	Units     []*Unit       // the program's own files
	Inventory *ir.Inventory // nil when there is none
	// Overrides of the mesh block, "" for none.
	Istio, DataPlane, TrustDomain string
}

// Program resolves a program. It is complete only when the list holds no error.
func Program(in Input) (*ir.Program, diag.List) {
	r := &resolver{
		in:    in,
		p:     &ir.Program{},
		names: map[string]map[string]*ir.Workload{},
		pods:  map[string]map[string]*ir.Pods{},
		own:   table{},
		libs:  map[*Unit]table{},
		known: map[string]bool{},
		warn:  map[*ir.Workload]bool{},
		meth:  map[string]bool{},
		fine:  map[checked]bool{},
		carry: map[string]*ir.Carriers[*ir.Workload]{},
	}
	r.mesh()
	r.tables = append(r.tables, r.own)
	r.declare()
	r.inventory()
	r.accounts()
	r.settle()
	r.policies()
	n := 0
	for _, u := range in.Units {
		n += len(u.File.Stmts)
	}
	r.p.Rules = make([]*ir.Rule, 0, n)
	for _, u := range in.Units {
		r.unit(u)
	}
	r.p.Parts.Sources, r.p.Parts.Entries = int(r.parts.numbers.Sources), int(r.parts.numbers.Entries)
	r.unused()
	r.finish()
	r.p.Lossy = r.diags.HasErrors()
	return r.p, r.diags
}

type resolver struct {
	in    Input
	p     *ir.Program
	diags diag.List

	names  map[string]map[string]*ir.Workload // namespace, name
	pods   map[string]map[string]*ir.Pods
	own    table                                  // definitions of the program
	libs   map[*Unit]table                        // definitions of each library
	tables []table                                // own and libs, in their order
	known  map[string]bool                        // namespaces that exist
	tests  map[string]source.Span                 // name -> where the first test of it has it
	runs   map[string][]*ir.Workload              // "ns/account" to who runs as it
	twins  map[*ir.Workload]*ir.InventoryWorkload // inventoried workloads with the name of another
	warn   map[*ir.Workload]bool                  // workloads with a warning about their account
	meth   map[string]bool                        // methods that a set declares

	carry   map[string]*ir.Carriers[*ir.Workload] // by namespace; see carriers
	picking map[string]*ir.Selectors[int]         // by namespace; see services
	fine    map[checked]bool                      // selectors that were found to pick their own workload alone

	parts   parts // of plain rules
	named   []named
	callers []ir.Sources

	misreads   map[string]bool // names of what is declared by statements that could not be read; nil before it is asked for
	suggested  int             // searches for suggestions, bounded
	compared   int             // letters compared in them, bounded
	statements int             // after expansion, bounded
	nested     int             // groups and sets that are being expanded
}

// checked is a workload and the namespace whose workloads its selector was held against.
type checked struct {
	w  *ir.Workload
	ns string
}

// table holds definitions by name: groups, sets and policies.
type table map[string]*definition

// definition is a named group, set or policy with the scope that its body is resolved in.
type definition struct {
	name    ast.Ident
	scope   scope
	group   *ast.Group
	set     *ast.Set
	policy  *ast.Policy
	sig     *signature  // of a policy
	used    bool        // something refers to it
	values  []string    // of a set, once it was expanded
	callers []ir.Source // of a group, once it was expanded
	busy    bool        // being expanded: a cycle comes back here
	huge    bool        // expands past a bound, or holds something that does
}

func (d *definition) kind() string {
	switch {
	case d.group != nil:
		return "group"
	case d.policy != nil:
		return "policy"
	case d.set.Kind == ast.Methods:
		return "set of methods"
	}
	return "set of paths"
}

func (d *definition) isGroup() bool  { return d.group != nil }
func (d *definition) isSet() bool    { return d.set != nil }
func (d *definition) isPolicy() bool { return d.policy != nil }

// scope is where a name stands: its file, the namespace of bare names, and inside a policy the parameters.
type scope struct {
	unit   *Unit
	ns     string
	params map[string]bound
	via    *ir.Use // the `use` that brought us here, nil outside
}

// defaultNamespace is that of names above the first `namespace` line of a file.
const defaultNamespace = "default"

func (s *scope) span(n ast.Node) source.Span { return s.unit.File.Span(n) }

// report adds a diagnostic at a node, and the uses that led there.
func (r *resolver) report(s *scope, code diag.Code, n ast.Node, format string, args ...any) *diag.Diagnostic {
	return r.reportAt(s, code, s.span(n), format, args...)
}

func (r *resolver) reportAt(s *scope, code diag.Code, at source.Span, format string, args ...any) *diag.Diagnostic {
	d := r.diags.Add(code, at, format, args...)
	s.via.Relate(r.diags[len(r.diags)-1:], source.Span{}) // inBody says where
	return d
}

func (s *scope) definitions(r *resolver) table {
	if s.unit.Library {
		return r.libs[s.unit]
	}
	return r.own
}

// statements calls f for each statement of a file with the namespace in force.
func statements(u *Unit, f func(s *scope, st ast.Stmt)) {
	s := &scope{unit: u, ns: defaultNamespace}
	for _, st := range u.File.Stmts {
		if n, ok := st.(*ast.Namespace); ok && !n.Block {
			s = &scope{unit: u, ns: n.Name.Text}
		}
		f(s, st)
	}
}

// mesh reads the mesh block and the overrides.
func (r *resolver) mesh() {
	m := &r.p.Mesh
	*m = ir.Mesh{TrustDomain: "cluster.local", RootNamespace: "istio-system", AppLabel: "app", Istio: ir.Version{Major: 1, Minor: 31, Patch: ir.AnyPatch}}
	var first source.Span
	for _, u := range r.in.Units {
		statements(u, func(s *scope, st ast.Stmt) {
			b, ok := st.(*ast.Mesh)
			if !ok {
				return
			}
			if first.File != nil {
				r.report(s, diag.MeshTwice, b, "a program has one mesh block, and this is another").Relate(first, "the first one")
				return
			}
			first = s.span(b)
			r.meshBlock(s, b)
		})
	}
	if v := r.in.TrustDomain; v != "" {
		if bad := checkTrustDomain(v, false); bad != "" {
			r.diags.Add(diag.BadSetting, source.Span{}, "--trust-domain %q %s", v, bad)
		}
		m.TrustDomain = v
	}
	m.Aliases = slices.DeleteFunc(m.Aliases, func(a string) bool { return a == m.TrustDomain })
	if v := r.in.Istio; v != "" {
		ver, ok := parseVersion(v)
		if !ok {
			r.diags.Add(diag.BadSetting, source.Span{}, "--istio %q is not a version such as 1.27", v)
		}
		m.Istio = ver
	}
	switch r.in.DataPlane {
	case "", "sidecar":
	case "ambient":
		r.diags.Add(diag.AmbientNotYet, source.Span{}, "the ambient data plane has no lowering yet (--data-plane ambient)")
	default:
		r.diags.Add(diag.BadSetting, source.Span{}, "--data-plane %q is neither sidecar nor ambient", r.in.DataPlane)
	}
}

func (r *resolver) meshBlock(s *scope, b *ast.Mesh) {
	m := &r.p.Mesh
	if b.Program != nil {
		m.Program = b.Program.Text
		if bad := dnsLabel(m.Program); bad != "" {
			r.report(s, diag.BadName, b.Program, "program name %q %s", m.Program, bad)
		} else {
			r.programName(s, b.Program)
		}
	}
	const maxAliases = 16 // meshes that move from one trust domain to another have one or two
	if b.TrustDomain != nil {
		m.TrustDomain = b.TrustDomain.Value
		if bad := checkTrustDomain(m.TrustDomain, false); bad != "" {
			r.report(s, diag.BadSetting, b.TrustDomain, "trust domain %q %s", m.TrustDomain, bad)
		}
	}
	for i := range b.Aliases {
		a := &b.Aliases[i]
		if i == maxAliases {
			r.report(s, diag.BadSetting, a, "there are %d aliases of the trust domain, and at most %d are taken: every caller stands for its account in all of them", len(b.Aliases), maxAliases)
			break
		}
		bad := checkTrustDomain(a.Value, false)
		if bad == "" && slices.Contains(m.Aliases, a.Value) {
			bad = "is there already"
		}
		if bad != "" {
			r.report(s, diag.BadSetting, a, "trust domain %q %s", a.Value, bad)
			continue
		}
		m.Aliases = append(m.Aliases, a.Value)
	}
	if b.RootNamespace != nil {
		m.RootNamespace = b.RootNamespace.Text
		if bad := dnsLabel(m.RootNamespace); bad != "" {
			r.report(s, diag.BadName, b.RootNamespace, "namespace %q %s", m.RootNamespace, bad)
		}
	}
	if b.AppLabel != nil {
		m.AppLabel = b.AppLabel.Text
		if bad := labelKey(m.AppLabel); bad != "" {
			r.report(s, diag.BadSetting, b.AppLabel, "label key %q %s", m.AppLabel, bad)
		}
	}
	if b.Istio != nil {
		v, ok := parseVersion(b.Istio.Value)
		if !ok {
			r.report(s, diag.BadSetting, b.Istio, "istio %q is not a version such as \"1.27\"", b.Istio.Value)
		} else {
			m.Istio = v
		}
	}
	r.providers(s, b)
	if b.DataPlane != nil && b.DataPlane.Text == "ambient" && r.in.DataPlane == "" {
		r.report(s, diag.AmbientNotYet, b.DataPlane, "the ambient data plane has no lowering yet")
	}
}

// declare collects what the files of the program and its libraries define.
func (r *resolver) declare() {
	for _, u := range r.in.Units {
		statements(u, func(s *scope, st ast.Stmt) { r.declareOne(s, st, r.own) })
		r.library(u)
	}
}

// library collects the definitions of imported files, each in a table of its own.
func (r *resolver) library(u *Unit) {
	for _, alias := range slices.Sorted(maps.Keys(u.Imports)) {
		lib := u.Imports[alias]
		if lib == nil || r.libs[lib] != nil {
			continue
		}
		t := table{}
		r.libs[lib] = t
		r.tables = append(r.tables, t)
		statements(lib, func(s *scope, st ast.Stmt) {
			switch x := st.(type) {
			case *ast.Group, *ast.Set, *ast.Policy:
				r.declareOne(s, st, t)
			case *ast.Import, *ast.Bad:
			case *ast.Namespace:
				if x.Block {
					r.report(s, diag.ImportHoldsMore, st, "an imported file holds definitions only: groups, sets and policies")
				}
			default:
				r.report(s, diag.ImportHoldsMore, st, "an imported file holds definitions only: groups, sets and policies")
			}
		})
		r.library(lib)
	}
}

func (r *resolver) declareOne(s *scope, st ast.Stmt, t table) {
	switch d := st.(type) {
	case *ast.Namespace:
		if bad := dnsLabel(d.Name.Text); bad != "" {
			r.report(s, diag.BadName, &d.Name, "namespace %q %s", d.Name.Text, bad)
			return
		}
		r.known[d.Name.Text] = true
		if d.DataPlane != nil && d.DataPlane.Text == "ambient" || d.Waypoint != nil {
			r.report(s, diag.AmbientNotYet, d, "the ambient data plane has no lowering yet")
		}
	case *ast.Workload:
		r.declareWorkload(s, d)
	case *ast.Pods:
		r.declarePods(s, d)
	case *ast.Group:
		r.define(s, t, &definition{name: d.Name, group: d})
	case *ast.Set:
		r.define(s, t, &definition{name: d.Name, set: d})
		if d.Kind == ast.Methods {
			for _, it := range d.Items {
				if it.Kind == ast.ItemMethod {
					r.meth[it.Text] = true
				}
			}
		}
	case *ast.Policy:
		r.define(s, t, &definition{name: d.Name, policy: d})
	}
}

func (r *resolver) define(s *scope, t table, d *definition) {
	d.scope = *s
	r.ownName(s, d.name, d.kind())
	if old := t[d.name.Text]; old != nil {
		r.report(s, diag.NameClash, &d.name, "%q is already a %s", d.name.Text, old.kind()).Relate(old.scope.span(&old.name), "here")
		return
	}
	t[d.name.Text] = d
}

// settle checks definitions against workloads, and decides whether the convention holds.
func (r *resolver) settle() {
	inNames, inPods := slices.Sorted(maps.Keys(r.names)), slices.Sorted(maps.Keys(r.pods))
	for _, name := range slices.Sorted(maps.Keys(r.own)) {
		d := r.own[name]
		for _, ns := range inNames {
			if w := r.names[ns][name]; w != nil {
				r.report(&d.scope, diag.NameClash, &d.name, "%s %q has the name of workload %s", d.kind(), name, w.Ref()).
					Relate(w.Span, "the workload").Advise("rename the %s", d.kind())
				break
			}
		}
		for _, ns := range inPods {
			if p := r.pods[ns][name]; p != nil {
				r.report(&d.scope, diag.NameClash, &d.name, "%s %q has the name of pods %q", d.kind(), name, name).
					Relate(p.Span, "the pods").Advise("rename the %s", d.kind())
				break
			}
		}
	}
	r.known[r.p.Mesh.RootNamespace] = true
	r.p.Convention = len(r.names) == 0 && r.in.Inventory == nil
	r.p.Inventoried = r.in.Inventory != nil
}

// finish sorts what was gathered and says what a reader should know of the whole.
func (r *resolver) finish() {
	n := 0
	for _, all := range r.names {
		n += len(all)
	}
	r.p.Workloads = make([]*ir.Workload, 0, n)
	for _, ns := range slices.Sorted(maps.Keys(r.names)) {
		from := len(r.p.Workloads)
		r.p.Workloads = slices.AppendSeq(r.p.Workloads, maps.Values(r.names[ns]))
		slices.SortFunc(r.p.Workloads[from:], func(a, b *ir.Workload) int { return strings.Compare(a.Name, b.Name) })
	}
	if r.p.Convention && len(r.p.Workloads) > 0 {
		w := slices.MinFunc(r.p.Workloads, func(a, b *ir.Workload) int { return a.Span.Compare(b.Span) })
		r.diags.Add(diag.Convention, w.Span, "no workload is declared or inventoried, so a bare name is the service account of that name and the pods labelled %s with it", r.p.Mesh.AppLabel).
			Advise("add `inventory \"k8s/\"` to have names, accounts, labels and ports checked")
	}
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

func parseVersion(s string) (ir.Version, bool) {
	major, minor, ok := strings.Cut(s, ".")
	minor, patch, _ := strings.Cut(minor, ".")
	a, erra := strconv.ParseUint(major, 10, 8)
	b, errb := strconv.ParseUint(minor, 10, 8)
	v := ir.Version{Major: int(a), Minor: int(b), Patch: ir.AnyPatch}
	if c, err := strconv.ParseUint(patch, 10, 8); err == nil { // what is no number, such as 1.29-dev, says nothing more
		v.Patch = int(c)
	}
	return v, ok && erra == nil && errb == nil && a == 1
}
