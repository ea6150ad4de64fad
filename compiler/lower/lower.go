// Package lower turns a program into Istio objects for sidecars: exact set difference, the HTTP and TCP readings of a rule,
// baselines, grouping, names. What a sidecar cannot enforce as written is refused with the reason.
package lower

import (
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

type lowerer struct {
	p     *ir.Program
	now   string
	diags *diag.List

	byNamespace map[string][]*ir.Workload
	bearers     ir.Bearers // empty where there are no pods: nothing else asks for labels
	ports       map[string]*knownPorts
	closed      closed
	objects     map[objectKey]*object
	delegates   []delegate
	plain       plain
	expanded    int // values of alternatives beyond the first of each statement
}

// Program lowers a program. now is the day that `until` is held against, YYYY-MM-DD; empty for none. The plan is complete
// only when the list holds no error.
func Program(p *ir.Program, now string) (*Plan, diag.List) {
	var diags diag.List
	l := &lowerer{
		p: p, now: now, diags: &diags, byNamespace: map[string][]*ir.Workload{}, ports: map[string]*knownPorts{},
		objects: make(map[objectKey]*object, len(p.Parts.Rules)), plain: newPlain(&p.Parts),
	}
	for _, w := range p.Workloads {
		l.byNamespace[w.Namespace] = append(l.byNamespace[w.Namespace], w)
	}
	if len(p.Pods) > 0 {
		l.bearers = ir.NewBearers(p.Workloads)
	}
	l.baselines()
	for _, r := range p.Rules {
		n := len(diags)
		l.rule(r)
		r.Via.Relate(diags[n:], r.Span)
	}
	l.checkDelegates()
	list := append(append(l.authorization(), l.peerAuthentication()...), l.requestAuthentication()...)
	objs := make([]*named, len(list))
	for i := range list {
		objs[i] = &list[i]
	}
	l.name(objs)
	return newPlan(l, objs), diags
}

// expired reports whether a date is in the past; `until` is inclusive.
func (l *lowerer) expired(until string) bool { return until != "" && l.now != "" && until < l.now }

func (l *lowerer) rule(r *ir.Rule) {
	if r.Plain.Target != 0 && l.plainRule(r) {
		return
	}
	if r.Action == ast.Allow && !r.DryRun && !l.closed.covers(r.Target) && !r.Unconditional() {
		if !l.p.Incomplete {
			l.noBaseline(r)
		}
		return
	}
	l.supported(r)
	cs := l.cubes(r)
	if l.expired(r.Until) {
		if (r.Action == ast.Deny || r.Action == ast.Delegate) && !r.DryRun {
			l.diags.Add(diag.ExpiredDeny, r.Span, "this %s expired on %s and is still enforced", r.Action, r.Until).
				Advise("delete it, or prolong it")
		} else {
			l.diags.Add(diag.ExpiredAllow, r.Span, "this %s expired on %s and is no longer emitted", r.Action, r.Until).
				Advise("delete it, or prolong it")
			return
		}
	}
	if len(cs) == 0 { // nothing of it is left, which is reported: an object without rules would mean something else
		return
	}
	if !l.fits(r, cs) {
		return
	}
	o := l.object(r.Action, r.Provider, r.DryRun, r.Target)
	o.cubes = append(o.cubes, cs)
	if r.Action == ast.Delegate {
		l.delegates = append(l.delegates, delegate{r, cs})
	}
}

// supported reports fields that the target version lacks.
func (l *lowerer) supported(r *ir.Rule) {
	v := l.p.Mesh.Istio
	if !v.Before(1, 31) {
		return
	}
	for _, list := range [][]ir.Source{r.Sources.Any, r.Sources.Except} {
		for _, s := range list {
			if s.Kind == ir.TrustDomain && len(s.Value) > 1 && s.Value[0] == '*' && v.Before(1, 31) {
				l.diags.Add(diag.FieldNeedsVersion, s.Span, "a trust domain with a leading wildcard needs Istio 1.31, and the target is %d.%d", v.Major, v.Minor).
					Advise("name the trust domains one by one, or raise `istio` in the mesh block")
			}
		}
	}
	if !v.Before(1, 22) {
		return
	}
	ops := slices.Clone(r.Cuts)
	for _, e := range r.Entries {
		ops = append(append(ops, e.Op), e.Cuts...)
	}
	for _, o := range ops {
		for _, p := range o.Paths {
			if s, _ := split(paths, p); s == template {
				l.diags.Add(diag.FieldNeedsVersion, o.Span, "path templates need Istio 1.22, and the target is %d.%d", v.Major, v.Minor).
					Advise("use a prefix such as \"/items/*\", or raise `istio` in the mesh block")
			}
		}
	}
}

// covered lists the workloads that a target covers.
func (l *lowerer) covered(t *ir.Target) []*ir.Workload {
	switch t.Kind {
	case ir.OnWorkload:
		return []*ir.Workload{t.Workload}
	case ir.OnMesh:
		return l.p.Workloads
	case ir.OnNamespace:
		return l.byNamespace[t.Namespace]
	}
	return slices.Collect(l.bearers.Picked(t.Pods))
}

func labelKey(labels []ir.Label) string {
	var b strings.Builder
	for _, l := range labels {
		b.WriteString(l.Key)
		b.WriteByte('=')
		b.WriteString(l.Value)
		b.WriteByte(0)
	}
	return b.String()
}
