package resolve

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// unit resolves the statements of one file of the program.
func (r *resolver) unit(u *Unit) {
	r.parts.ahead = r.lookAhead(u)
	statements(u, func(s *scope, st ast.Stmt) { r.statement(s, st) })
	r.parts.ahead.wait()
}

func (r *resolver) statement(s *scope, st ast.Stmt) {
	if r.statements > maxStatements {
		return
	}
	switch st := st.(type) {
	case *ast.Bad:
		r.p.Incomplete = true
	case *ast.Rule:
		r.rule(s, st)
	case *ast.Plain:
		r.plain(s, st)
	case *ast.Use:
		r.use(s, st)
	case *ast.MTLS:
		r.mtls(s, st)
	case *ast.JWT:
		r.jwt(s, st)
	case *ast.Test:
		r.expects(s, st)
	case *ast.Prove:
		r.prove(s, st)
	case *ast.Group:
		r.members(s, &definition{name: st.Name, group: st, scope: *s}, st) // an unused group is checked, too
	case *ast.Set:
		r.items(s, st.Items, st.Kind)
	}
}

func (r *resolver) rule(s *scope, a *ast.Rule) {
	at := s.span(a)
	if a.Action == ast.Delegate && !r.delegate(s, a) {
		return
	}
	if a.DryRun && a.Action == ast.Audit {
		r.report(s, diag.DryRunAudit, a, "an audit rule never changes the outcome, and Istio refuses dry-run on it").Advise("delete `dry-run`")
		return
	}
	until, because, ok := r.clauses(s, &a.Clauses)
	if a.Baseline != nil {
		r.baseline(s, a, until, because, ok)
		return
	}
	strict := a.Action == ast.Allow
	src := r.sources(s, &a.Sources, strict)
	entries, good := r.entries(s, &a.Ops, a)
	cuts, fine := r.cuts(s, a.Cuts)
	when, well := r.cond(s, a.Clauses.When)
	targets, done := r.targets(s, a.Targets)
	if src == nil || !ok || !good || !fine || !well || !done || !r.count(s, a, len(targets)*weight(src, entries, cuts, when)) {
		return
	}
	if a.Action == ast.Delegate && !r.delegable(s, src, entries, when) {
		return
	}
	r.made(s, targets, ir.Rule{
		Action: a.Action, DryRun: a.DryRun, Sources: src, Entries: entries, Span: at,
		More: &ir.More{Provider: provider(a), Cuts: cuts, When: when, Until: until, Because: because, Via: s.via},
	})
}

// made adds a rule for each of its targets.
func (r *resolver) made(s *scope, targets []ir.Target, rule ir.Rule) {
	for i := range targets {
		if t := &targets[i]; r.portsExist(s, t, rule.Entries) {
			x := rule
			x.Target = t
			r.p.Rules = append(r.p.Rules, &x)
		}
	}
}

// portsExist checks that `port N` names a port that the workload has.
func (r *resolver) portsExist(s *scope, t *ir.Target, entries []ir.Entry) bool {
	for i := range entries {
		for _, n := range entries[i].Op.Ports {
			if !r.portExists(s, t, n, entries[i].Op.Span) {
				return false
			}
		}
	}
	return true
}

// portExists checks that a target has a port, where its ports are known. Those of the proxy are in every pod, and what is to be
// said of them is for package check.
func (r *resolver) portExists(s *scope, t *ir.Target, n int, at source.Span) bool {
	if ir.ProxyPort(n) || t.Kind != ir.OnWorkload || len(t.Workload.Ports) == 0 || t.Workload.Port(n) != nil {
		return true
	}
	d := r.reportAt(s, diag.UnknownPort, at, "%s has no port %d", t.Workload.Ref(), n)
	if s.unit.Question {
		d.Severity = diag.Note
	}
	r.portNotes(d, t.Workload, n)
	return s.unit.Question
}

func (r *resolver) clauses(s *scope, c *ast.Clauses) (until, because string, ok bool) {
	if c.Because != nil {
		because = c.Because.Value
	}
	if c.Until == nil {
		return "", because, true
	}
	if !ValidDate(c.Until.Text) {
		r.report(s, diag.BadDate, c.Until, "%s is not a day of the calendar", c.Until.Text)
		return "", because, false
	}
	return c.Until.Text, because, true
}

// ValidDate reports whether s is a day of the Gregorian calendar, written YYYY-MM-DD.
func ValidDate(s string) bool {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return false
	}
	y, erry := strconv.Atoi(s[:4])
	m, errm := strconv.Atoi(s[5:7])
	d, errd := strconv.Atoi(s[8:])
	if erry != nil || errm != nil || errd != nil || m < 1 || m > 12 || d < 1 || y < 1 {
		return false
	}
	days := [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[m-1]
	if m == 2 && (y%4 == 0 && y%100 != 0 || y%400 == 0) {
		days = 29
	}
	return d <= days
}

// baseline resolves `ACTION all in ...` and `ACTION all on ...`: the baseline for deny, `anyone` for the others.
func (r *resolver) baseline(s *scope, a *ast.Rule, until, because string, ok bool) {
	targets, good := r.scopeTargets(s, a.Baseline.In, a.Baseline.On)
	r.p.Incomplete = r.p.Incomplete || !ok || !good
	if !ok || !good || !r.count(s, a, len(targets)) {
		return
	}
	at := s.span(a)
	for i := range targets {
		t := &targets[i]
		if a.Action == ast.Deny {
			if t.Port != 0 {
				r.report(s, diag.BaselinePort, a, "a baseline closes a workload as a whole, not one port").
					Advise("write `deny anyone -> %s:%d` to refuse the port", t.Workload.Ref(), t.Port)
				continue
			}
			r.p.Baselines = append(r.p.Baselines, &ir.Baseline{Target: *t, DryRun: a.DryRun, Until: until, Because: because, Span: at, Via: s.via})
			continue
		}
		r.p.Rules = append(r.p.Rules, &ir.Rule{
			Action: a.Action, DryRun: a.DryRun, All: true, Target: t, Span: at,
			More:    &ir.More{Provider: provider(a), Until: until, Because: because, Via: s.via},
			Sources: &ir.Sources{Any: []ir.Source{{Kind: ir.Anyone, Span: at}}, Span: at},
			Entries: []ir.Entry{{Op: ir.Operation{Span: at}}},
		})
	}
}

// scopeTargets resolves `in scopes` or `on targets`.
func (r *resolver) scopeTargets(s *scope, in []ast.Scope, on []ast.Target) ([]ir.Target, bool) {
	if len(on) > 0 {
		return r.targets(s, on)
	}
	ok := true
	var out []ir.Target
	for i := range in {
		x := &in[i]
		t := ir.Target{Kind: ir.OnMesh, Namespace: r.p.Mesh.RootNamespace, Span: s.span(x)}
		if !x.Mesh {
			t.Kind, t.Namespace = ir.OnNamespace, r.namespace(s, x, x.Name)
			if t.Namespace == "" || !r.notRoot(s, x, t.Namespace) {
				ok = false
				continue
			}
		}
		out = append(out, t)
	}
	return out, ok
}

// notRoot refuses the root namespace as a scope: a policy there reaches the whole mesh.
func (r *resolver) notRoot(s *scope, n ast.Node, ns string) bool {
	if ns != r.p.Mesh.RootNamespace {
		return true
	}
	r.report(s, diag.RootNamespace, n, "%s is the root namespace: a policy there reaches the whole mesh", ns).Fix(s.span(n), "mesh", "if the whole mesh is meant")
	return false
}

func (r *resolver) targets(s *scope, list []ast.Target) ([]ir.Target, bool) {
	ok := true
	var out []ir.Target
	for i := range list {
		more, good := r.target(s, &list[i])
		ok = ok && good
		out = append(out, more...)
	}
	return out, ok
}

func (r *resolver) target(s *scope, a *ast.Target) ([]ir.Target, bool) {
	switch a.Kind {
	case ast.TargetMesh:
		return r.withPort(s, a, []ir.Target{{Kind: ir.OnMesh, Namespace: r.p.Mesh.RootNamespace, Span: s.span(a)}})
	case ast.TargetRef:
		list, ok := r.targetRef(s, a.Name, a)
		if !ok {
			return nil, false
		}
		return r.withPort(s, a, list)
	}
	r.report(s, diag.TargetRefNotYet, a, "targets attached by targetRefs (gateway, service, service-entry, gateway-class) have no lowering yet").
		Note("a sidecar ignores a policy with targetRefs, so nothing would be enforced")
	return nil, false
}

func (r *resolver) targetRef(s *scope, id ast.Ident, at ast.Node) ([]ir.Target, bool) {
	e := r.lookup(s, id)
	span := s.span(at)
	switch {
	case e.workload != nil:
		w := e.workload
		r.defaultAccount(w)
		if !r.selects(s, w, at) {
			return nil, false
		}
		return []ir.Target{{Kind: ir.OnWorkload, Workload: w, Namespace: w.Namespace, Span: span}}, true
	case e.pods != nil:
		return []ir.Target{{Kind: ir.OnPods, Pods: e.pods, Namespace: e.pods.Namespace, Span: span}}, r.podsExist(s, e.pods, at)
	case e.namespace != "":
		if !r.notRoot(s, at, e.namespace) {
			return nil, false
		}
		return []ir.Target{{Kind: ir.OnNamespace, Namespace: e.namespace, Span: span}}, true
	case e.arg != nil:
		if e.arg.arg.Kind != ast.ArgRef {
			r.report(s, diag.WrongKind, at, "parameter %q stands for %s here, and a target is a workload, pods, a group or ns/*", id.Text, e.arg.arg.Value.Text).
				Relate(e.arg.scope.span(&e.arg.arg), "the argument")
			return nil, false
		}
		n := len(r.diags)
		defer func() { r.inBody(n, s, at) }()
		return r.targetRef(e.arg.scope, e.arg.arg.Value, &e.arg.arg.Value)
	case e.def != nil && e.def.group != nil:
		return r.targetMembers(s, e.def, at)
	case e.def != nil:
		r.wrongKind(s, at, e.def, "a target is a workload, pods, a group or ns/*")
	}
	return nil, false
}

func (r *resolver) targetMembers(s *scope, d *definition, at ast.Node) ([]ir.Target, bool) {
	inner, ok := r.enter(s, d, at)
	if !ok {
		return nil, false
	}
	defer r.leave(d)
	var out []ir.Target
	for i := range d.group.Members {
		m := &d.group.Members[i]
		if m.Kind != ast.SourceRef {
			r.report(s, diag.WrongKind, at, "group %q holds %s, which is a caller and cannot be a target", d.name.Text, inner.span(m).Text()).Relate(inner.span(m), "this member")
			return nil, false
		}
		list, good := r.targetRef(inner, m.Name, m)
		ok = ok && good
		out = append(out, list...)
		if !r.bounded(s, at, d, len(out), len(list)) {
			return nil, false
		}
		if r.holdsHuge(inner, d, m.Name.Text) {
			return nil, false
		}
	}
	return out, ok
}

// selects checks that the selector of a workload picks its pods and no others.
func (r *resolver) selects(s *scope, w *ir.Workload, at ast.Node) bool {
	if len(w.Labels) == 0 {
		r.report(s, diag.SelectorPicksMore, at, "the pods of %s carry no labels, so a selector cannot pick them alone", w.Ref()).
			Relate(w.Span, "in the inventory").Advise("label them, or write the rule for %s/*", w.Namespace)
		return false
	}
	if !r.selectable(s, w.Labels, at) {
		return false
	}
	if w.Namespace == r.p.Mesh.RootNamespace { // a policy with a selector there reaches every namespace
		if !r.p.Inventoried {
			r.report(s, diag.RootNamespace, at, "%s is in the root namespace, where a policy for its labels reaches pods with these labels in every namespace", w.Ref()).
				Advise("give an inventory, which shows whether there are any, or write `pods %s in mesh { ... }` if they are meant", w.Name)
			return false
		}
		for _, ns := range slices.Sorted(maps.Keys(r.names)) {
			if ns != w.Namespace && !r.alone(s, w, ns, at) {
				return false
			}
		}
	}
	return r.alone(s, w, w.Namespace, at)
}

// selectable checks that Istio takes a selector of so many labels.
func (r *resolver) selectable(s *scope, labels []ir.Label, at ast.Node) bool {
	if len(labels) > istio.MaxMatchLabels {
		r.report(s, diag.BadSetting, at, "a selector of %d labels is more than Istio takes (%d)", len(labels), istio.MaxMatchLabels)
		return false
	}
	return true
}

// alone checks that the selector of a workload picks no other workload of a namespace. Under the convention it cannot: its
// one label is its name.
func (r *resolver) alone(s *scope, w *ir.Workload, ns string, at ast.Node) bool {
	key := checked{w, ns}
	if r.p.Convention || r.fine[key] {
		return true
	}
	for o := range r.carriers(ns).Picked(w.Labels) {
		if o != w {
			r.report(s, diag.SelectorPicksMore, at, "the labels of %s also pick the pods of %s", w.Ref(), o.Ref()).
				Relate(o.Span, "this one").Advise("give %s a label of its own, or name both", w.Ref())
			return false
		}
	}
	r.fine[key] = true
	return true
}

// carriers finds the workloads of a namespace by label. Called where all of them are known.
func (r *resolver) carriers(ns string) *ir.Carriers[*ir.Workload] {
	c := r.carry[ns]
	if c == nil {
		c = &ir.Carriers[*ir.Workload]{}
		for _, name := range slices.Sorted(maps.Keys(r.names[ns])) {
			c.Add(r.names[ns][name].PodLabels(), r.names[ns][name])
		}
		r.carry[ns] = c
	}
	return c
}

func (r *resolver) podsExist(s *scope, p *ir.Pods, at ast.Node) bool {
	if !r.selectable(s, p.Labels, at) {
		return false
	}
	if !r.p.Inventoried {
		return true
	}
	for ns := range r.names {
		if !p.Mesh && ns != p.Namespace {
			continue
		}
		for range r.carriers(ns).Picked(p.Labels) {
			return true
		}
	}
	where := "namespace " + p.Namespace
	if p.Mesh {
		where = "any namespace"
	}
	d := r.report(s, diag.SelectorPicksNothing, at, "no pod of %s in the inventory carries the labels of pods %q", where, p.Name).Relate(p.Span, "declared here")
	r.pickedElsewhere(d, p)
	return false
}

// withPort adds the port of a target, by number or by name.
func (r *resolver) withPort(s *scope, a *ast.Target, list []ir.Target) ([]ir.Target, bool) {
	if a.Port == nil {
		return list, true
	}
	text := a.Port.Text
	at := a.Port
	if v, ok := s.argument(text); ok {
		n, body := len(r.diags), s
		defer func() { r.inBody(n, body, a.Port) }()
		s, at, text = v.scope, &v.arg.Value, v.arg.Value.Text
		if v.arg.Kind != ast.ArgInt && v.arg.Kind != ast.ArgRef {
			r.report(s, diag.WrongKind, at, "parameter %q is not a port here", a.Port.Text)
			return nil, false
		}
	}
	n, err := strconv.Atoi(text)
	if errors.Is(err, strconv.ErrRange) {
		n, err = 0, nil // a number, and no name
	}
	ok := true
	for i := range list {
		t := &list[i]
		t.PortSpan = s.span(at)
		switch {
		case err == nil && (n < 1 || n > 65535):
			r.report(s, diag.BadPort, at, "port %s is not between 1 and 65535", text)
			return nil, false
		case err == nil:
			t.Port = n
			ok = r.portExists(s, t, n, t.PortSpan) && ok
		case t.Kind != ir.OnWorkload:
			r.report(s, diag.UnknownPort, at, "a port name such as %q belongs to a workload, and %s is not one", text, t).Advise("write the number")
			ok = false
		default:
			ok = r.namedPort(s, at, t, text) && ok
		}
	}
	return list, ok
}

func (r *resolver) namedPort(s *scope, at *ast.Ident, t *ir.Target, name string) bool {
	w := t.Workload
	found := map[int]bool{}
	var names []string
	for _, p := range w.Ports {
		if p.Name == name {
			found[p.Number] = true
		}
		names = append(names, p.Name)
	}
	for _, svc := range r.services(w) {
		for _, sp := range svc.Ports {
			names = append(names, sp.Name)
			if sp.Name == name {
				if n := targetPort(w, sp); n != 0 {
					found[n] = true
				}
			}
		}
	}
	switch len(found) {
	case 1:
		for n := range found {
			t.Port = n
		}
		return true
	case 0:
		d := r.report(s, diag.UnknownPort, at, "%s has no port named %q", w.Ref(), name)
		r.suggest(s, d, *at, name, slices.Values(names), func(x string) string { return x })
		r.portNotes(d, w, 0)
	default:
		r.report(s, diag.UnknownPort, at, "%q names two ports of %s: one of its pods and another of a Service", name, w.Ref()).Advise("write the number")
	}
	return false
}

func (r *resolver) services(w *ir.Workload) []*ir.InventoryService {
	if r.in.Inventory == nil {
		return nil
	}
	all := r.in.Inventory.Services
	if r.picking == nil {
		r.picking = map[string]*ir.Selectors[int]{}
		for i, svc := range all {
			if r.picking[svc.Namespace] == nil {
				r.picking[svc.Namespace] = &ir.Selectors[int]{}
			}
			r.picking[svc.Namespace].Add(labelsOf(svc.Selector), i)
		}
	}
	var out []*ir.InventoryService
	for _, i := range slices.Sorted(r.picking[w.Namespace].Picking(w.PodLabels())) {
		out = append(out, &all[i])
	}
	return out
}

func targetPort(w *ir.Workload, sp ir.InventoryServicePort) int {
	if sp.TargetName == "" {
		return sp.Target
	}
	for _, p := range w.Ports {
		if p.Name == sp.TargetName {
			return p.Number
		}
	}
	return 0
}

// portNotes says which ports there are, and where a Service's port leads.
func (r *resolver) portNotes(d *diag.Diagnostic, w *ir.Workload, n int) {
	var have []string
	for _, p := range w.Ports {
		have = append(have, strings.TrimSpace(p.Name+" "+strconv.Itoa(p.Number)))
	}
	if len(have) == 0 {
		d.Note("no manifest and no declaration says which ports it has").Advise("declare them: `workload %s { port ... }`, or give an inventory that has them", w.Ref())
		return
	}
	d.Note("its ports are %s", strings.Join(have, ", "))
	leads := map[int]bool{}
	for _, svc := range r.services(w) {
		for _, sp := range svc.Ports {
			if to := targetPort(w, sp); sp.Number == n && to != 0 {
				d.Note("%d is the port of Service %s/%s; the pods behind it listen on %d, and policies see that", n, svc.Namespace, svc.Name, to)
				leads[to] = true
			}
		}
	}
	if d.Span.Text() != strconv.Itoa(n) {
		return // there is more in that place than the number
	}
	for to := range leads {
		if len(leads) == 1 {
			d.Fix(d.Span, strconv.Itoa(to), "the port that the pods listen on")
		}
	}
	if len(leads) > 0 {
		return
	}
	numbers := func(yield func(string) bool) {
		for _, p := range w.Ports {
			if !yield(strconv.Itoa(p.Number)) {
				return
			}
		}
	}
	if best := Nearest(strconv.Itoa(n), numbers); best != "" {
		d.Fix(d.Span, best, "did you mean %s?", best)
	}
}
