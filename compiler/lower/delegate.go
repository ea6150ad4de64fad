package lower

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// delegate is a lowered delegate rule.
type delegate struct {
	rule  *ir.Rule
	cubes []cube
}

// delegateTraffic is denyTraffic for delegates: a gRPC provider is asked wherever a DENY would refuse, an HTTP provider about
// HTTP requests only (istio-semantics 1.5).
func (l *lowerer) delegateTraffic(r *ir.Rule, cs []cube) []cube {
	kind, kp := l.p.Mesh.Providers[r.Provider], l.portsOf(r.Target)
	if kind == ir.HTTPProvider {
		return l.httpOnly(r, kp, cs)
	}
	out := l.denyTraffic(r, cs)
	if out == nil || kind == ir.GRPCProvider {
		return out
	}
	at := &set{} // the TCP ports that the rule covers
	tcp := false
	for i := range cs {
		if c := &cs[i]; !c.isHTTP() {
			tcp = tcp || c.tcp
			for _, p := range kp.tcp {
				if in, out := c.f[ports].in, c.f[ports].out; (len(in) == 0 || slices.Contains(in, p)) && !slices.Contains(out, p) {
					at.in = union(at.in, []string{p})
				}
			}
		}
	}
	if len(at.in) == 0 && !tcp {
		return out
	}
	where := "connections that are not HTTP"
	if len(at.in) > 0 {
		where += " on port " + strings.Join(byNumber(at.in), ", ")
	}
	l.diags.Add(diag.ProviderUnknown, r.Span, "provider %q is asked about %s of %s only if it is of the gRPC kind, and nothing says that it is", r.Provider, where, r.Target).
		Advise("say it in the mesh block: `provider %q grpc`", r.Provider).
		Advise("or write `{ http }` after the target, if only HTTP is meant")
	return out
}

// httpOnly lowers a rule for an HTTP provider. Nothing of it widens on other connections, as Istio asks nothing there: so it
// needs no ports, and must not speak of those connections. On ports that speak HTTP there are none, and what an exception
// leaves of them goes.
func (l *lowerer) httpOnly(r *ir.Rule, kp *knownPorts, cs []cube) []cube {
	requests := slices.ContainsFunc(cs, func(c cube) bool { return !c.tcp })
	one := r.Target.Kind == ir.OnWorkload // of more, pods that nobody declared may speak something else on the same port number
	for i := range cs {
		c := &cs[i]
		in := c.f[ports].in
		switch {
		case len(in) > 0 && subset(in, kp.tcp):
			l.diags.Add(diag.HTTPProviderOnTCP, r.Span, "port %s of %s does not speak HTTP, and provider %q is asked about nothing else", strings.Join(byNumber(in), ", "), r.Target, r.Provider).
				Note("the mesh block says that it is an HTTP provider")
			return nil
		case !requests || !c.isHTTP() && !(one && len(in) > 0 && subset(in, kp.http)):
			l.diags.Add(diag.HTTPProviderOnTCP, r.Span, "this delegate speaks of connections that are not HTTP, and provider %q is never asked about them", r.Provider).
				Note("the mesh block says that it is an HTTP provider; other connections would pass without it").
				Advise("write `{ http }` after the target, or name ports that are declared to speak HTTP")
			return nil
		}
	}
	return slices.DeleteFunc(cs, func(c cube) bool { return c.tcp })
}

// asks makes an object ask its provider.
func asks(o *istio.Object, provider string) {
	o.Authorization.ActionDetail = &security.AuthorizationPolicy_Provider{
		Provider: &security.AuthorizationPolicy_ExtensionProvider{Name: provider},
	}
}

// fold writes a provider's name with what the name of an object may have; letters where nothing is left.
func fold(provider string) string {
	words := strings.FieldsFunc(strings.ToLower(provider), func(c rune) bool { return !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9') })
	if len(words) == 0 {
		return letters(hash(provider)%11881376, 5) // 26^5
	}
	return strings.Join(words, "-")
}

// checkDelegates says of all delegates together what one alone does not show.
func (l *lowerer) checkDelegates() {
	if len(l.delegates) == 0 {
		return
	}
	several := l.assume()
	switch m := l.p.Mesh; {
	case !several:
	case m.MultipleProviders && !m.Istio.Before(1, 30):
		l.confusedProviders()
	default:
		l.twoProviders()
	}
	if !l.p.Incomplete {
		l.nothingToAsk()
	}
}

// assume says once a program what its delegates take for granted, and reports whether they name several providers.
func (l *lowerer) assume() bool {
	first := slices.MinFunc(l.delegates, func(a, b delegate) int { return a.rule.Span.Compare(b.rule.Span) })
	names := map[string]bool{}
	for _, d := range l.delegates {
		names[strconv.Quote(d.rule.Provider)] = true
	}
	list, subject := slices.Sorted(maps.Keys(names)), "provider %s is"
	if len(list) > 1 {
		subject = "providers %s are"
	}
	if len(list) > 8 {
		list = append(list[:8], "…")
	}
	d := l.diags.Add(diag.DelegateAssumes, first.rule.Span, subject+" taken to be in meshConfig.extensionProviders: where one is missing, Istio refuses all that its rules cover", strings.Join(list, ", "))
	d.Note("and not to set failOpen, which lets requests pass while the provider does not answer")
	if l.p.Mesh.MultipleProviders {
		d.Note("`providers multiple` is taken to say that istiod runs with PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS=true")
	}
	return len(names) > 1
}

// nothingToAsk warns of delegates on what is closed, where no allow can match what they speak of.
func (l *lowerer) nothingToAsk() {
	wide := map[string][]*object{} // allows on namespaces, and under "" on the mesh
	all := map[string][]*object{}  // allows in a namespace, and under "" those that reach every one
	picked := map[string]*ir.Selectors[*object]{}
	for _, k := range slices.SortedFunc(maps.Keys(l.objects), compareKeys) {
		o := l.objects[k]
		if k.action != ast.Allow || k.dryRun || len(o.cubes)+len(o.plain) == 0 {
			continue
		}
		ns := reach(&o.target)
		all[ns] = append(all[ns], o)
		if o.target.Labels() == nil {
			wide[ns] = append(wide[ns], o)
			continue
		}
		if picked[ns] == nil {
			picked[ns] = &ir.Selectors[*object]{}
		}
		picked[ns].Add(o.target.Labels(), o)
	}
	meeting := func(t *ir.Target) []*object {
		switch t.Kind {
		case ir.OnMesh:
			var list []*object
			for _, ns := range slices.Sorted(maps.Keys(all)) {
				list = append(list, all[ns]...)
			}
			return list
		case ir.OnWorkload:
			list := slices.Concat(wide[""], wide[t.Namespace])
			list = slices.AppendSeq(list, picked[""].Picking(t.PodLabels()))
			return slices.AppendSeq(list, picked[t.Namespace].Picking(t.PodLabels()))
		}
		return slices.Concat(all[""], all[t.Namespace])
	}
	budget := 1 << 22 // comparisons of two values: past them nothing is said
	known := map[string][]*object{}
	for _, d := range l.delegates {
		t := d.rule.Target
		if !l.closed.covers(t) || t.Kind == ir.OnPods && t.Pods.Mesh { // pods of any namespace: nothing is sure
			continue
		}
		k := reach(t) + "\x00" + labelKey(t.Labels())
		list, seen := known[k]
		if !seen {
			list = meeting(t)
			known[k] = list
		}
		if !meet(d.cubes, list, &l.plain, &budget) {
			l.diags.Add(diag.DelegateNothing, d.rule.Span, "no allow lets anything pass to %s that provider %q would be asked about", t, d.rule.Provider).
				Advise("add the `allow` that it guards: a provider can refuse, and opens nothing")
			d.rule.Via.Relate((*l.diags)[len(*l.diags)-1:], d.rule.Span)
		}
	}
}

// reach is the namespace that a target lies in, "" for one that reaches every namespace.
func reach(t *ir.Target) string {
	if t.Kind == ir.OnMesh || t.Kind == ir.OnPods && t.Pods.Mesh {
		return ""
	}
	return t.Namespace
}

// meet reports whether some cube may match a request that a cube of the objects matches as well.
func meet(cs []cube, objects []*object, k *plain, budget *int) bool {
	for i := range cs {
		for _, o := range objects {
			for c := range o.each(k) {
				if *budget--; *budget < 0 || !apart(&cs[i], &c, budget) {
					return true
				}
			}
		}
	}
	return false
}

// apart reports whether no request can match both cubes, read off the text.
func apart(a, b *cube, budget *int) bool {
	for f := range a.f {
		x, y := a.f[f], b.f[f]
		if len(x.in)+len(y.in) == 0 {
			continue
		}
		if *budget -= len(x.in)*len(y.in) + len(x.in)*len(y.out) + len(x.out)*len(y.in); *budget < 0 {
			return false
		}
		differ := len(x.in) > 0 && len(y.in) > 0 && !slices.ContainsFunc(x.in, func(v string) bool { return !allDisjoint(field(f), y.in, v) })
		if differ || excluded(field(f), x.in, y.out) || excluded(field(f), y.in, x.out) {
			return true
		}
	}
	return false
}

// excluded reports whether every value of a list is among those that are excluded.
func excluded(f field, in, out []string) bool {
	return len(in) > 0 && !slices.ContainsFunc(in, func(v string) bool {
		return !slices.ContainsFunc(out, func(w string) bool { return covers(f, w, v) })
	})
}
