package lower

import (
	"fmt"

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
