package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// A stranger is a caller that no statement gives a right to: one without an identity, or with one that nothing names, and
// without a token. A workload that nothing closes is left open where some request of a stranger passes.

// shut is whether denies leave strangers nothing of some pods.
type shut struct{ is bool }

// open looks for workloads that nothing closes and no `allow all` declares open.
func (l *linter) open() {
	var wanted, refused ir.Covering
	var by []*intent.Scope // of refused
	for _, s := range l.meant.Scopes {
		if s.Plain() {
			continue
		}
		refuses := false
		for _, r := range s.Rules {
			if r.Action == ast.Allow && !r.DryRun && r.Unconditional() {
				wanted.Add(r.Target)
			}
			refuses = refuses || refusesStrangers(r)
		}
		if refuses {
			refused.Add(target(s))
			by = append(by, s)
		}
	}
	asked := map[string]*shut{}
	for _, w := range l.p.Workloads {
		t := ir.Target{Kind: ir.OnWorkload, Workload: w, Namespace: w.Namespace}
		if l.closed.Any(&t) || wanted.Any(&t) || w.Guard != nil && w.Guard.NoProxy == ir.SystemNamespace { // no statement closes those
			continue
		}
		var scopes []*intent.Scope
		for _, i := range refused.Of(&t) {
			scopes = append(scopes, by[i])
		}
		l.ajar = append(l.ajar, leftOpen{w, l.shut(&t, scopes, asked)})
	}
}

// leftOpen is a workload that nothing closes, unless denies shut strangers out.
type leftOpen struct {
	workload *ir.Workload
	unless   *shut
}

// shut asks whether the denies of some scopes leave strangers nothing of a workload; nil where there are none. What is the same
// for several workloads is asked once.
func (l *linter) shut(t *ir.Target, scopes []*intent.Scope, asked map[string]*shut) *shut {
	if len(scopes) == 0 {
		return nil
	}
	lets := l.mtls(t)
	key := fmt.Sprint(t.IsGateway(), l.transport.Of(t))
	on := &intent.Scope{} // of which no port is known
	var denies []*ir.Rule
	for _, s := range scopes {
		denies = append(denies, slices.DeleteFunc(slices.Clone(s.Rules), func(r *ir.Rule) bool { return !refusesStrangers(r) })...)
		key += fmt.Sprintf(" %p", s)
		if target(s).Workload == t.Workload {
			on = s
		}
	}
	if asked[key] == nil {
		out := &shut{}
		asked[key] = out
		l.put(&question{scope: on, rules: denies, stranger: lets, answer: func(a *answer) { out.is = a.are }})
	}
	return asked[key]
}

// refusesStrangers reports whether a deny may refuse whoever it does not name.
func refusesStrangers(r *ir.Rule) bool {
	return r.Action == ast.Deny && !r.DryRun && slices.ContainsFunc(r.Sources.Any, func(x ir.Source) bool {
		return x.Kind == ir.Anyone || x.Kind == ir.Plaintext || x.Kind == ir.Authenticated
	})
}

// strangers finds out whether no request of a stranger passes denies.
func (q *question) strangers(r *reader) {
	denied := sem.Or(q.found.sets...)
	peer := sem.Attr{Kind: sem.Peer}
	attrs := map[sem.Attr]bool{}
	denied.Attrs(attrs)
	none := sem.Request{}
	for a := range attrs {
		if a.Kind == sem.Token || a.Kind == sem.Claim {
			none[a] = sem.Value{Absent: true}
		}
	}
	universe := r.universe(q.scope)
	passing := sem.Given(none)(sem.And(q.stranger, sem.Not(denied)))
	for _, who := range []*sem.Expr{sem.Not(identified), sem.And(identified, sem.Unnamed(peer, denied))} {
		if some, _ := first(sem.True, nil, who); some == nil { // patterns name everybody
			return
		}
		passes, known := first(universe, nil, sem.And(who, passing))
		if !known || passes != nil {
			q.found.known = known
			return
		}
	}
	q.found.are, q.found.known = true, true
}

// opened speaks of the workloads that are left open, by namespace.
func (l *linter) opened(diags *diag.List) {
	left := slices.DeleteFunc(l.ajar, func(o leftOpen) bool { return o.unless != nil && o.unless.is })
	for len(left) > 0 {
		first := left[0].workload
		n := slices.IndexFunc(left, func(o leftOpen) bool { return o.workload.Namespace != first.Namespace })
		if n < 0 {
			n = len(left)
		}
		var names []string
		for _, o := range left[:n] {
			names = append(names, o.workload.Name)
		}
		if n > 8 {
			names = append(names[:8], "…")
		}
		are := "is"
		if n > 1 {
			are = "are"
		}
		d := diags.Add(diag.LeftOpen, first.Span, "%s in namespace %s %s open: every request passes that no deny refuses", strings.Join(names, ", "), first.Namespace, are).
			Advise("%s", l.closing(first, n))
		if first.AllLabels != nil { // of an inventory, which may hold what is another program's to close
			d.Advise("or, where another program closes it, say so at the `inventory` statement, or at the `mesh` block: `# ztc:allow %s REASON`", diag.LeftOpen)
		}
		left = left[n:]
	}
}

// closing says how n workloads of one namespace are closed, or said to be open. The root namespace has no baseline of its own.
func (l *linter) closing(first *ir.Workload, n int) string {
	if ns := first.Namespace; ns != l.p.Mesh.RootNamespace {
		return fmt.Sprintf("add `deny all in %s`, or `allow all in %s` if that is wanted", ns, ns)
	}
	if n == 1 {
		return fmt.Sprintf("add `deny all on %s`, or `deny all in mesh`", first.Ref())
	}
	return "add `deny all in mesh`"
}
