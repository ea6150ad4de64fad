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
	mesh       bool
	namespaces map[string]bool
	selectors  map[string]bool // namespace and selector of workloads and pods with a baseline of their own
	pods       ir.Selectors[*ir.Pods]
	refused    ir.Covering // by the denies of refusals, in their order
	refusals   []refusal
}

func targetKey(t *ir.Target) string { return t.Namespace + "\x00" + labelKey(t.Labels()) }

func (c *closed) add(t *ir.Target) {
	switch t.Kind {
	case ir.OnMesh:
		c.mesh = true
	case ir.OnNamespace:
		c.namespaces[t.Namespace] = true
	case ir.OnPods:
		c.pods.Add(t.Pods.Labels, t.Pods)
		fallthrough
	default:
		c.selectors[targetKey(t)] = true
	}
}

// covers reports whether everything that t covers is closed.
func (c *closed) covers(t *ir.Target) bool {
	switch {
	case c.mesh:
		return true
	case t.Kind == ir.OnMesh:
		return false
	case t.Kind == ir.OnNamespace:
		return c.namespaces[t.Namespace]
	case t.Kind == ir.OnPods && t.Pods.Mesh:
		return c.selectors[targetKey(t)]
	case c.namespaces[t.Namespace] || c.selectors[targetKey(t)]:
		return true
	}
	if c.pods.Empty() {
		return false
	}
	for p := range c.pods.Picking(t.PodLabels()) {
		if p.Mesh || p.Namespace == t.Namespace {
			return true
		}
	}
	return false
}

// baselines makes the objects of `deny all` and learns what they cover.
func (l *lowerer) baselines() {
	l.closed = closed{namespaces: map[string]bool{}, selectors: map[string]bool{}}
	for _, b := range l.p.Baselines {
		n := len(*l.diags)
		if l.expired(b.Until) && !b.DryRun {
			l.diags.Add(diag.ExpiredDeny, b.Span, "this baseline expired on %s and is still enforced", b.Until).
				Advise("delete it, or prolong it")
		}
		if !b.DryRun {
			l.closed.add(&b.Target)
		} else if l.expired(b.Until) {
			l.diags.Add(diag.ExpiredAllow, b.Span, "this dry-run baseline expired on %s and is no longer emitted", b.Until).
				Advise("delete it, or prolong it")
			b.Via.Relate((*l.diags)[n:])
			continue
		}
		b.Via.Relate((*l.diags)[n:])
		if t := b.Target; t.Labels() == nil {
			l.objects[objectKey{action: baseline, dryRun: b.DryRun, namespace: t.Namespace}] = &object{target: t}
		} else {
			l.object(ast.Allow, "", b.DryRun, &t)
		}
	}
}

func (l *lowerer) noBaseline(r *ir.Rule) {
	d := l.diags.Add(diag.NoBaseline, r.Span, "no `deny all` covers %s, so this allow would close it by its mere presence, and its last allow would open it again", &r.Target)
	d.Advise("%s", l.baselineFor(&r.Target))
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

// openWorkloads warns of workloads that nothing closes and no `allow all` declares open, and refuses a deny of everything
// beside an allow.
func (l *lowerer) openWorkloads() {
	l.shadowed()
	if l.p.Incomplete {
		return
	}
	l.pointless()
	wanted := closed{namespaces: map[string]bool{}, selectors: map[string]bool{}}
	for _, r := range l.p.Rules {
		if r.Action == ast.Allow && !r.DryRun && r.Unconditional() && !l.expired(r.Until) {
			wanted.add(&r.Target)
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
		l.diags.Add(diag.LeftOpen, open[0].Span, "%s in namespace %s %s open: every request passes that no deny refuses", strings.Join(names, ", "), ns, are).
			Advise("%s", l.closing(open))
		open = nil
	}
	for _, w := range l.p.Workloads {
		t := ir.Target{Kind: ir.OnWorkload, Workload: w, Namespace: w.Namespace}
		if l.closed.covers(&t) || wanted.covers(&t) || w.Guard != nil && w.Guard.NoProxy == ir.SystemNamespace { // no statement closes those
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
	for _, r := range l.p.Rules {
		if r.Action != ast.Allow || r.DryRun || !r.Unconditional() {
			continue
		}
		for _, b := range l.p.Baselines {
			t := &b.Target
			same := targetKey(t) == targetKey(&r.Target) && t.Kind == r.Target.Kind
			within := r.Target.Kind == ir.OnMesh || r.Target.Kind == ir.OnNamespace && t.Kind != ir.OnMesh && t.Namespace == r.Target.Namespace
			if !b.DryRun && (same || within) {
				l.diags.Add(diag.AllowAllBaseline, r.Span, "everything passes to %s, so its baseline closes nothing", &r.Target).Relate(b.Span, "the baseline").
					Advise("delete one of the two")
				r.Via.Relate((*l.diags)[len(*l.diags)-1:])
				break
			}
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
