package lower

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/diag"
)

// guards are the first statements of two providers that guard something; the second is nil where there is one provider, and
// both where there is none. Two are enough to refuse a program, and make a union cheap.
type guards struct{ first, second *ir.Rule }

// and adds statements: of each provider the first one counts, and of the providers the first two.
func (g guards) and(more ...*ir.Rule) guards {
	for _, r := range more {
		switch {
		case r == nil:
		case g.first == nil:
			g.first = r
		case earlier(r, g.first):
			if g.first.Provider != r.Provider {
				g.second = g.first
			}
			g.first = r
		case g.first.Provider != r.Provider && (g.second == nil || earlier(r, g.second)):
			g.second = r
		}
	}
	return g
}

func earlier(a, b *ir.Rule) bool {
	return cmp.Or(a.Span.Compare(b.Span), strings.Compare(a.Provider, b.Provider)) < 0
}

// guarded is a target of delegates.
type guarded struct {
	target *ir.Target
	by     guards
}

// twoProviders refuses two providers on one pod, over whatever selectors they come to it: Istio would turn all of their
// rules into a DENY. Each known workload is asked who guards it, and each target as a pod that carries its labels and no
// others.
func (l *lowerer) twoProviders() {
	wide := map[string]guards{} // of namespaces, and under "" of the mesh
	picked := map[string]*ir.Selectors[*guarded]{}
	targets := map[string]*guarded{} // by selector
	for _, d := range l.delegates {
		t := d.rule.Target
		ns := reach(t)
		k := ns + "\x00" + labelKey(t.Labels())
		g := targets[k]
		if g == nil {
			g = &guarded{target: t}
			targets[k] = g
			if picked[ns] == nil {
				picked[ns] = &ir.Selectors[*guarded]{}
			}
			picked[ns].Add(t.Labels(), g) // nothing, for a whole namespace
		}
		g.by = g.by.and(d.rule)
		if t.Labels() == nil {
			wide[ns] = g.by
		}
	}
	said := map[guards]bool{}
	say := func(where string, g guards) {
		if g.second != nil && !said[g] {
			said[g] = true
			l.twoOn(where, g)
		}
	}
	on := func(ns string, pod map[string]string) guards {
		var g guards
		for _, scope := range []string{"", ns} {
			g = g.and(wide[scope].first, wide[scope].second)
			for x := range picked[scope].Picking(pod) {
				g = g.and(x.by.first, x.by.second)
			}
		}
		return g
	}
	for _, w := range l.p.Workloads {
		say(w.Ref(), on(w.Namespace, w.PodLabels()))
	}
	order := slices.Sorted(maps.Keys(targets))
	for _, k := range order {
		t := targets[k].target
		say(t.String(), on(reach(t), t.PodLabels()))
	}
	if !l.p.Inventoried {
		l.unsure(targets, order, say)
	}
}

// unsure reports pods that nobody can tell apart without an inventory. Pods of the whole mesh may be in any namespace.
func (l *lowerer) unsure(targets map[string]*guarded, order []string, say func(string, guards)) {
	list := make([]*ir.Target, len(order))
	for i, k := range order {
		list[i] = targets[k].target
	}
	groups := map[string]guards{}
	var local, meshed guards // of namespaces and of pods in one, and of pods in the mesh
	for i, alike := range lookalikes(list) {
		t, g := list[i], targets[order[i]].by
		if t.Kind == ir.OnPods {
			groups[alike] = groups[alike].and(g.first, g.second)
			say(t.String(), groups[alike])
		}
		switch {
		case t.Kind == ir.OnPods && t.Pods.Mesh:
			meshed = meshed.and(g.first, g.second)
		case t.Kind == ir.OnPods || t.Kind == ir.OnNamespace:
			local = local.and(g.first, g.second)
		}
	}
	if meshed.first != nil && local.first != nil {
		say("pods of the mesh", meshed.and(local.first, local.second))
	}
}

// confusedProviders refuses names that Istio does not tell apart where it asks several providers. What a provider is asked
// about is marked istio-ext-authz-NAME-ns[..., and each is asked about the marks that begin with its own name.
func (l *lowerer) confusedProviders() {
	names := map[string]*ir.Rule{}
	for _, d := range l.delegates {
		if old := names[d.rule.Provider]; old == nil || earlier(d.rule, old) {
			names[d.rule.Provider] = d.rule
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		for _, mark := range []string{"-", "-n", "-ns", "-ns["} {
			base, ok := strings.CutSuffix(name, mark)
			if other := names[base]; ok && other != nil {
				r := names[name]
				d := l.diags.Add(diag.TwoProviders, r.Span, "provider %q would be asked about all that %q is asked about: Istio goes by how the names begin", name, base)
				r.Via.And(d.Relate(other.Span, "the other one"), other.Via).Advise("give one of the two another name in meshConfig.extensionProviders")
				r.Via.Relate((*l.diags)[len(*l.diags)-1:], r.Span)
			}
		}
	}
}

func (l *lowerer) twoOn(where string, g guards) {
	d := l.diags.Add(diag.TwoProviders, g.second.Span, "provider %q guards %s, and so does %q: Istio asks neither, and refuses all that their rules cover", g.second.Provider, where, g.first.Provider)
	g.second.Via.And(d.Relate(g.first.Span, "the other one"), g.first.Via)
	g.second.Via.Relate((*l.diags)[len(*l.diags)-1:], g.second.Span)
	if v := l.p.Mesh.Istio; l.p.Mesh.MultipleProviders {
		d.Note("`providers multiple` needs Istio 1.30, and the target is %d.%d", v.Major, v.Minor)
		return
	}
	d.Advise("put both checks behind one provider").
		Advise("or write `providers multiple` in the mesh block, if istiod runs with PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS=true (Istio 1.30)")
}
