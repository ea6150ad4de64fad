package check

import (
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// sources holds the callers that a rule names against their proxies: without one a caller has no identity.
func (g *guards) sources(r *ir.Rule) {
	for i := range r.Sources.Any {
		g.source(r, &r.Sources.Any[i], false)
	}
	if r.Action == ast.Allow {
		return // who has no identity is not allowed as `authenticated except` either
	}
	for i := range r.Sources.Except {
		g.source(r, &r.Sources.Except[i], true)
	}
}

func (g *guards) source(r *ir.Rule, s *ir.Source, except bool) {
	if s.Kind != ir.Principal {
		return
	}
	if ns := g.spaces[s.Value]; ns != "" {
		g.callers(r, s, ns)
		return
	}
	list := g.runs[s.Value]
	if len(list) == 0 || slices.ContainsFunc(list, func(w *ir.Workload) bool { return w.Guard.Identity() }) {
		return
	}
	w := list[0]
	if i := slices.IndexFunc(list, func(w *ir.Workload) bool { return w.Guard.NoProxy != ir.NamespaceSilent }); i >= 0 {
		w = list[i]
	} else {
		g.silent(w, s.Span)
		return
	}
	code := diag.SourceNoProxy
	if s.Verbatim { // who spells an identity out may have it from somewhere else
		code = diag.AccountNoProxy
	}
	effect, mend := "this "+r.Action.String()+" never matches it", "give it a sidecar"
	switch {
	case code == diag.AccountNoProxy:
		mend += ", if no other caller has this identity"
	case except:
		effect, mend = "this exception spares nobody", mend+", or delete the exception"
	case r.Action == ast.Allow:
		mend += "; or let callers without an identity in by address: `plaintext from \"10.0.0.0/8\"`"
	default:
		mend += "; `mtls strict` on the target shuts out callers without an identity"
	}
	d := g.diags.Add(code, s.Span, "%s calls without an identity, so %s: %s", w.Ref(), effect, why(w.Guard))
	d.Relate(w.Guard.Span, "the inventory says so")
	if !s.Span.In(r.Span) {
		d.Relate(r.Span, "the statement")
	}
	d.Advise("%s", mend)
}

// callers says, once a namespace, which of its workloads a source `ns/*` does not mean.
func (g *guards) callers(r *ir.Rule, s *ir.Source, ns string) {
	if !g.once(diag.CallersNoProxy, ns) {
		return
	}
	var bare []*ir.Workload
	for _, w := range g.in[ns] {
		switch {
		case w.Guard.Identity():
		case w.Guard.NoProxy == ir.NamespaceSilent:
			g.silent(w, s.Span)
		default:
			bare = append(bare, w)
		}
	}
	if len(bare) == 0 {
		return
	}
	d := g.diags.Add(diag.CallersNoProxy, s.Span, "this %s does not match %s, which call without an identity", r.Action, names(bare))
	for _, w := range bare[:min(len(bare), 3)] {
		d.Relate(w.Guard.Span, "%s: %s", w.Ref(), why(w.Guard))
	}
}

// why says why there is no proxy.
func why(g *ir.Guard) string {
	switch g.NoProxy {
	case ir.HostNetwork:
		return "its pods use the host's network, and the injector skips those"
	case ir.InjectionOff:
		return "its pods switch the sidecar off"
	case ir.NamespaceOff:
		return "its namespace switches sidecars off"
	case ir.SystemNamespace:
		return "the injector skips the namespaces of Kubernetes itself"
	case ir.NamespaceSilent:
		return "its namespace asks for no sidecars"
	case ir.AmbientPods:
		return "its pods are in the ambient data plane, and this program is compiled for sidecars"
	case ir.NotCaptured:
		return "its sidecar captures no inbound traffic"
	case ir.Waypoint:
		return "a waypoint ignores policies that are not attached to it by targetRefs"
	}
	return ""
}

func advise(d *diag.Diagnostic, g *ir.Guard) {
	switch g.NoProxy {
	case ir.HostNetwork, ir.SystemNamespace:
		d.Advise("delete the statement, and guard the pods by other means")
	case ir.AmbientPods:
		d.Advise("take the label %q away from them, or leave them out of the program", "istio.io/dataplane-mode")
	case ir.Waypoint:
		d.Advise("delete the statement")
	default:
		d.Advise("change that, or delete the statement and guard the pods by other means")
	}
}

// names lists workloads for a message.
func names(list []*ir.Workload) string {
	var out []string
	for _, w := range list {
		if len(out) == 8 {
			out = append(out, "…")
			break
		}
		out = append(out, w.Ref())
	}
	return strings.Join(out, ", ")
}

// traffic names the traffic to some ports.
func traffic(ports []int) string {
	if len(ports) == 1 {
		return "traffic to port " + strconv.Itoa(ports[0])
	}
	var out []string
	for _, n := range ports {
		if len(out) == 8 {
			out = append(out, "…")
			break
		}
		out = append(out, strconv.Itoa(n))
	}
	return "traffic to ports " + strings.Join(out, ", ")
}
