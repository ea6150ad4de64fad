package check

import (
	"maps"
	"slices"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// A policy is enforced by the proxy before a pod and by nobody else, and an identity comes from the caller's proxy. So what an
// inventory says of proxies is held against the rules. What is certain, of a workload that a statement names, is an error;
// what a wide statement covers besides, or what an installation of Istio may have otherwise, is a warning.

// guards holds the workloads that have something to be said of.
type guards struct {
	p      *ir.Program
	diags  *diag.List
	in     map[string][]*ir.Workload // by namespace
	runs   map[string][]*ir.Workload // everything that runs as an identity, where some of it has no proxy
	spaces map[string]string         // the source that stands for a namespace, to the namespace
	pods   map[*ir.Pods]picked
	bearer ir.Bearers // all workloads; built when asked
	said   map[saying]bool
}

// picked are the workloads without a proxy that pods pick.
type picked struct {
	bare []*ir.Workload
	all  bool // there are no others
}

// saying is something that is said once.
type saying struct {
	code diag.Code
	what any
}

func checkGuards(p *ir.Program, diags *diag.List) {
	g := guards{p: p, diags: diags, said: map[saying]bool{}, pods: map[*ir.Pods]picked{}}
	g.learn()
	n := len(*diags)
	since := func(via *ir.Use, at source.Span) { // says where a policy brought what was said
		via.Relate((*diags)[n:], at)
		n = len(*diags)
	}
	for _, b := range p.Baselines {
		g.target(&b.Target, "baseline", b.Span)
		since(b.Via, b.Span)
	}
	var last *ir.Sources
	for _, r := range p.Rules {
		g.ports(r)
		if len(g.in) > 0 {
			g.target(r.On(), r.Action.String(), r.Span)
			if r.Sources != last { // the targets of one statement share their sources
				last = r.Sources
				g.sources(r)
			}
		}
		since(r.Via, r.Span)
	}
	for _, j := range p.JWT {
		g.target(&j.Target, "jwt", j.Span)
		since(j.Via, j.Span)
	}
	for _, m := range p.MTLS {
		if m.Mode == "STRICT" { // the others ask for nothing that would have to be enforced
			g.target(&m.Target, "mtls", m.Span)
			since(m.Via, m.Span)
		}
	}
}

func (g *guards) learn() {
	for _, w := range g.p.Workloads {
		if w.Guard == nil {
			continue
		}
		if g.in == nil {
			g.in, g.runs, g.spaces = map[string][]*ir.Workload{}, map[string][]*ir.Workload{}, map[string]string{}
		}
		g.in[w.Namespace] = append(g.in[w.Namespace], w)
		if !w.Guard.Identity() {
			g.runs[g.p.Mesh.Identity(w.Namespace, w.Account)] = nil
			g.spaces[g.p.Mesh.Identity(w.Namespace, "*")] = w.Namespace
		}
	}
	if len(g.runs) == 0 {
		return
	}
	for _, w := range g.p.Workloads {
		id := g.p.Mesh.Identity(w.Namespace, w.Account)
		if list, asked := g.runs[id]; asked {
			g.runs[id] = append(list, w)
		}
	}
}

// once reports whether this is the first time that something is to be said.
func (g *guards) once(code diag.Code, what any) bool {
	k := saying{code, what}
	first := !g.said[k]
	g.said[k] = true
	return first
}

// target holds a statement against the proxies of its target. what names the statement.
func (g *guards) target(t *ir.Target, what string, at source.Span) {
	if len(g.in) == 0 {
		return
	}
	switch t.Kind {
	case ir.OnWorkload:
		w := t.Workload
		switch {
		case w.Guard == nil:
		case w.Guard.NoProxy == ir.NamespaceSilent:
			g.silent(w, t.Span)
		case w.Guard.NoProxy != ir.Proxied:
			g.unenforced(t, what, at, []*ir.Workload{w})
		case t.Port == 0:
			g.around(w, t.Span)
		}
	case ir.OnPods:
		x := g.picks(t)
		if x.all && !slices.ContainsFunc(x.bare, func(w *ir.Workload) bool {
			return w.Guard.NoProxy == ir.Proxied || w.Guard.NoProxy == ir.NamespaceSilent
		}) {
			g.unenforced(t, what, at, x.bare)
			return
		}
		g.members(t, what, t.Pods, x.bare)
	case ir.OnNamespace:
		g.members(t, what, t.Namespace, g.in[t.Namespace])
	case ir.OnMesh:
		if what == "allow" || !g.once(diag.MemberNoProxy, "") {
			return
		}
		// Who says mesh does not mean the control plane, nor the namespaces that nobody asked Istio to look after.
		for _, ns := range slices.Sorted(maps.Keys(g.in)) {
			if ns != g.p.Mesh.RootNamespace {
				g.members(t, what, ns, slices.DeleteFunc(slices.Clone(g.in[ns]), func(w *ir.Workload) bool {
					return w.Guard.NoProxy == ir.SystemNamespace || w.Guard.NoProxy == ir.NamespaceSilent
				}))
			}
		}
	}
}

func (g *guards) unenforced(t *ir.Target, what string, at source.Span, list []*ir.Workload) {
	w := list[0]
	d := g.diags.Add(diag.NoProxy, t.Span, "no sidecar enforces this %s on %s: %s", what, t, why(w.Guard))
	d.Relate(w.Guard.Span, "the inventory says so")
	if !t.Span.In(at) {
		d.Relate(at, "the statement")
	}
	advise(d, w.Guard)
}

// members says, once, which members of a wide target nobody guards. An allow is not told: what it lets pass passes there.
func (g *guards) members(t *ir.Target, what string, key any, list []*ir.Workload) {
	if what == "allow" || len(list) == 0 || !g.once(diag.MemberNoProxy, key) {
		return
	}
	var bare []*ir.Workload
	for _, w := range list {
		switch w.Guard.NoProxy {
		case ir.Proxied:
			g.around(w, t.Span)
		case ir.NamespaceSilent:
			g.silent(w, t.Span)
		default:
			bare = append(bare, w)
		}
	}
	if len(bare) == 0 {
		return
	}
	d := g.diags.Add(diag.MemberNoProxy, t.Span, "no sidecar enforces this %s on %s", what, names(bare))
	for _, w := range bare[:min(len(bare), 3)] {
		d.Relate(w.Guard.Span, "%s: %s", w.Ref(), why(w.Guard))
	}
	if slices.ContainsFunc(bare, func(w *ir.Workload) bool { return w.Guard.NoProxy != ir.Waypoint }) {
		d.Advise("give them a sidecar, or guard them by other means")
	}
}

// silent says, once a namespace, that its pods have a proxy only where an installation injects everywhere.
func (g *guards) silent(w *ir.Workload, at source.Span) {
	if !g.once(diag.NamespaceSilent, w.Namespace) {
		return
	}
	g.diags.Add(diag.NamespaceSilent, at, "namespace %q has no label that asks for sidecars, so by default its pods have none", w.Namespace).
		Relate(w.Guard.Span, "the Namespace in the inventory").
		Note("without a sidecar no policy is enforced for a pod, and it has no identity").
		Advise("write the label `istio-injection: enabled` in the Namespace")
}

// around says, once a workload, which ports a statement about all of them misses.
func (g *guards) around(w *ir.Workload, at source.Span) {
	if len(w.Guard.Around) == 0 || !g.once(diag.PortsAround, w) {
		return
	}
	ports := w.Guard.Around
	if w.Guard.Only {
		ports = nil
		for _, p := range w.Ports {
			if w.Guard.Bypassed(p.Number) && !ir.ProxyPort(p.Number) {
				ports = append(ports, p.Number)
			}
		}
		if len(ports) == 0 {
			return
		}
	}
	g.diags.Add(diag.PortsAround, at, "%s of %s goes around the sidecar, so nothing guards it", traffic(ports), w.Ref()).
		Relate(w.Guard.PortSpan, "the inventory says so").
		Advise("change that, or guard the port by other means, such as a NetworkPolicy")
}

// ports holds the ports that a rule names against what passes the proxy.
func (g *guards) ports(r *ir.Rule) {
	if r.Target.Port != 0 {
		g.port(r, r.Target.Port, r.On().PortSpan)
	}
	for i := range r.Entries {
		for _, n := range r.Entries[i].Op.Ports {
			g.port(r, n, r.Entries[i].Op.Span)
		}
	}
}

func (g *guards) port(r *ir.Rule, n int, at source.Span) {
	t := r.Target
	switch {
	case ir.ProxyPort(n) && r.Action == ast.Allow:
		g.diags.Add(diag.ProxyPortOpen, at, "port %d is the proxy's own and guarded by nothing, so everyone reaches it, whatever this allow says", n).
			Advise("delete the rule, or the port in it; a NetworkPolicy can guard the port")
	case ir.ProxyPort(n):
		g.diags.Add(diag.PortUnguarded, at, "port %d is the proxy's own and guarded by nothing, so this %s never sees a request", n, r.Action).
			Advise("guard it by other means, such as a NetworkPolicy")
	case t.Kind == ir.OnWorkload && t.Workload.Guard.Bypassed(n):
		w := t.Workload
		d := g.diags.Add(diag.PortUnguarded, at, "traffic to port %d of %s does not pass its sidecar, so nothing enforces this %s", n, w.Ref(), r.Action)
		d.Relate(w.Guard.PortSpan, "the inventory says so").
			Advise("change that, or guard the port by other means, such as a NetworkPolicy")
	}
}

// picks finds what pods pick.
func (g *guards) picks(t *ir.Target) picked {
	if x, ok := g.pods[t.Pods]; ok {
		return x
	}
	if g.bearer == nil {
		g.bearer = ir.NewBearers(g.p.Workloads)
	}
	var x picked
	n := 0
	for w := range g.bearer.Picked(t.Pods) {
		if n++; w.Guard != nil {
			x.bare = append(x.bare, w)
		}
	}
	x.all = n > 0 && len(x.bare) == n
	g.pods[t.Pods] = x
	return x
}
