package lower

import (
	"fmt"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// closed knows what the baselines cover.
type closed struct {
	baselines *ir.Covering
}

// covers reports whether everything that t covers is closed.
func (c *closed) covers(t *ir.Target) bool { return c.baselines.Any(t) }

func targetKey(t *ir.Target) string { return t.Namespace + "\x00" + labelKey(t.Labels()) }

// baselines makes the objects of `deny all` and learns what they cover.
func (l *lowerer) baselines() {
	l.closed.baselines = l.p.Closed()
	for _, b := range l.p.Baselines {
		n := len(*l.diags)
		if l.expired(b.Until) && !b.DryRun {
			l.diags.Add(diag.ExpiredDeny, b.Span, "this baseline expired on %s and is still enforced", b.Until).
				Advise("delete it, or prolong it")
		}
		if b.DryRun && l.expired(b.Until) {
			l.diags.Add(diag.ExpiredAllow, b.Span, "this dry-run baseline expired on %s and is no longer emitted", b.Until).
				Advise("delete it, or prolong it")
			b.Via.Relate((*l.diags)[n:], b.Span)
			continue
		}
		b.Via.Relate((*l.diags)[n:], b.Span)
		if t := b.Target; t.Labels() == nil {
			l.objects[objectKey{action: baseline, dryRun: b.DryRun, namespace: t.Namespace}] = &object{target: t}
		} else {
			l.object(ast.Allow, "", b.DryRun, &t)
		}
	}
}

func (l *lowerer) noBaseline(r *ir.Rule) {
	d := l.diags.Add(diag.NoBaseline, r.Span, "no `deny all` covers %s, so this allow would close it by its mere presence, and its last allow would open it again", r.Target)
	d.Advise("%s", l.baselineFor(r.Target))
}

// baselineFor says which baselines would close a target. The root namespace has none of its own.
func (l *lowerer) baselineFor(t *ir.Target) string {
	switch {
	case t.Kind == ir.OnMesh:
		return "add `deny all in mesh`"
	case t.Kind == ir.OnNamespace:
		return fmt.Sprintf("add `deny all in %s`", t.Namespace)
	case t.Kind == ir.OnPods && t.Pods.Mesh:
		return fmt.Sprintf("add `deny all in mesh`, or `deny all on %s`", t.Pods.Name)
	case t.Kind == ir.OnWorkload && t.Namespace == l.p.Mesh.RootNamespace:
		return fmt.Sprintf("add `deny all on %s`, or `deny all in mesh`", t.Workload.Ref())
	}
	return fmt.Sprintf("add `deny all in %s`, or `deny all on %s/%s`", t.Namespace, t.Namespace, t.Name())
}

// openWorkloads warns of workloads that nothing closes and no `allow all` declares open.
func (l *lowerer) openWorkloads() {
	if l.p.Incomplete {
		return
	}
	l.pointless()
	var wanted ir.Covering
	for _, r := range l.p.Rules {
		if r.Action == ast.Allow && !r.DryRun && r.Unconditional() && !l.expired(r.Until) {
			wanted.Add(r.Target)
		}
	}
	var open []*ir.Workload
	flush := func() {
		if len(open) == 0 {
			return
		}
		names := make([]string, 0, len(open))
		for _, w := range open {
			names = append(names, w.Name)
		}
		ns := open[0].Namespace
		if n := len(names); n > 8 {
			names = append(names[:8], "…")
		}
		are := "is"
		if len(open) > 1 {
			are = "are"
		}
		d := l.diags.Add(diag.LeftOpen, open[0].Span, "%s in namespace %s %s open: every request passes that no deny refuses", strings.Join(names, ", "), ns, are).
			Advise("%s", l.closing(open))
		if open[0].AllLabels != nil { // of an inventory, which may hold what is another program's to close
			d.Advise("or, where another program closes it, say so at the `inventory` statement, or at the `mesh` block: `# ztc:allow %s REASON`", diag.LeftOpen)
		}
		open = nil
	}
	for _, w := range l.p.Workloads {
		t := ir.Target{Kind: ir.OnWorkload, Workload: w, Namespace: w.Namespace}
		if l.closed.covers(&t) || wanted.Any(&t) || w.Guard != nil && w.Guard.NoProxy == ir.SystemNamespace { // no statement closes those
			continue
		}
		if len(open) > 0 && open[0].Namespace != w.Namespace {
			flush()
		}
		open = append(open, w)
	}
	flush()
}

// pointless reports an allow of everything on a target that has a baseline of its own, or holds one.
func (l *lowerer) pointless() {
	type place struct {
		kind ir.TargetKind
		key  string
	}
	on := func(t *ir.Target) place { return place{t.Kind, targetKey(t)} }
	first := map[place]*ir.Baseline{}   // on each target; under the zero place, on any
	within := map[string]*ir.Baseline{} // in each namespace
	for _, b := range l.p.Baselines {
		if b.DryRun {
			continue
		}
		for _, k := range []place{{}, on(&b.Target)} {
			if first[k] == nil {
				first[k] = b
			}
		}
		if t := &b.Target; t.Kind != ir.OnMesh && within[t.Namespace] == nil {
			within[t.Namespace] = b
		}
	}
	for _, r := range l.p.Rules {
		if r.Action != ast.Allow || r.DryRun || !r.Unconditional() {
			continue
		}
		var b *ir.Baseline
		switch r.Target.Kind {
		case ir.OnMesh:
			b = first[place{}]
		case ir.OnNamespace:
			b = within[r.Target.Namespace]
		default:
			b = first[on(r.Target)]
		}
		if b != nil {
			d := l.diags.Add(diag.AllowAllBaseline, r.Span, "everything passes to %s, so its baseline closes nothing", r.Target)
			r.Via.And(d.Relate(b.Span, "the baseline"), b.Via).
				Advise("delete one of the two")
			r.Via.Relate((*l.diags)[len(*l.diags)-1:], r.Span)
		}
	}
}

// closing says how workloads of one namespace are closed, or said to be open. The root namespace has no baseline of its own.
func (l *lowerer) closing(open []*ir.Workload) string {
	if ns := open[0].Namespace; ns != l.p.Mesh.RootNamespace {
		return fmt.Sprintf("add `deny all in %s`, or `allow all in %s` if that is wanted", ns, ns)
	}
	if len(open) == 1 {
		return fmt.Sprintf("add `deny all on %s`, or `deny all in mesh`", open[0].Ref())
	}
	return "add `deny all in mesh`"
}
