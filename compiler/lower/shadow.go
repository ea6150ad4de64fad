package lower

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// refusal is a DENY rule as it is emitted, of callers with an identity, of those without, or of both, that asks for nothing but
// a port at most, on HTTP or on other connections.
type refusal struct {
	rule                *ir.Rule
	identified, unnamed bool // which callers
	http, tcp           bool // on which traffic
	ports, notPorts     []string
}

// whole reports whether the rule refuses everything on its target.
func (x *refusal) whole() bool {
	return x.identified && x.unnamed && x.http && x.tcp && len(x.ports)+len(x.notPorts) == 0
}

// refusalOf reads a DENY rule as Istio does, on HTTP and on other connections.
func refusalOf(r *ir.Rule, c *cube) refusal {
	x := refusal{rule: r, ports: c.f[ports].in, notPorts: c.f[ports].out}
	switch p := c.f[principals]; {
	case p.free():
		x.identified, x.unnamed = true, true
	case slices.Equal(p.in, star) && len(p.out) == 0:
		x.identified = true
	case slices.Equal(p.out, star) && len(p.in) == 0:
		x.unnamed = true
	}
	bare := func(c *cube) bool {
		for f := range c.f {
			if f := field(f); f != principals && f != ports && !c.f[f].free() {
				return false
			}
		}
		return len(c.conds) == 0
	}
	onHTTP, onTCP := *c, c.withoutHTTP()
	if m := c.f[methods]; slices.Equal(m.in, star) && len(m.out) == 0 {
		onHTTP.f[methods] = set{} // present: true for every HTTP request
	}
	x.http, x.tcp = bare(&onHTTP), bare(&onTCP)
	return x
}

// shut remembers a DENY rule that may leave an allow nothing to do.
func (l *lowerer) shut(r *ir.Rule, cs []cube) {
	for i := range cs {
		if x := refusalOf(r, &cs[i]); (x.identified || x.unnamed) && (x.http || x.tcp) {
			k := fmt.Sprint(r.Target.Kind, targetKey(&r.Target), x.identified, x.unnamed, x.http, x.tcp, x.ports, x.notPorts)
			if l.closed.shapes[k] { // an earlier one refuses the same
				continue
			}
			if l.closed.shapes == nil {
				l.closed.shapes = map[string]bool{}
			}
			l.closed.shapes[k] = true
			l.closed.refusals = append(l.closed.refusals, x)
			l.closed.refused.Add(&r.Target)
		}
	}
}

// maxDead is how many of the allows that one deny leaves nothing to do are shown.
const maxDead = 8

// shadowed reports denies that leave allows nothing to do, one alone or several together: once for a deny and a target.
func (l *lowerer) shadowed() {
	if len(l.closed.refusals) == 0 {
		return
	}
	type fault struct {
		span    source.Span
		message string
	}
	dead := map[fault]map[source.Span]bool{} // the places of the allows: a policy is used more than once
	at := map[fault]int{}                    // in the diagnostics
	for _, r := range l.p.Rules {
		if r.Action != ast.Allow || r.DryRun || l.expired(r.Until) {
			continue
		}
		places := l.closed.refused.Of(&r.Target)
		if len(places) == 0 {
			continue
		}
		by, none := l.refusers(r, places)
		if !none {
			continue
		}
		d := by[0].rule
		var others []*ir.Rule
		for _, x := range by[1:] {
			if x.rule != d {
				others = append(others, x.rule)
			}
		}
		f := fault{span: d.Span}
		switch {
		case len(others) > 0:
			f.message = "this deny and others refuse all that an allow lets through to " + r.Target.String() + ", and no allow can override them"
		case by[0].whole():
			f.message = "this deny refuses every request to " + d.Target.String() + ", and no allow can override it"
		default:
			f.message = "this deny refuses all that an allow lets through to " + r.Target.String() + ", and no allow can override it"
		}
		if i, known := at[f]; known {
			if !dead[f][r.Span] && len(dead[f]) < maxDead {
				d.Via.And((*l.diags)[i].Relate(r.Span, "this allow is dead, too"), r.Via)
			}
			dead[f][r.Span] = true
			continue
		}
		n := len(*l.diags)
		at[f], dead[f] = n, map[source.Span]bool{r.Span: true}
		out := l.diags.Add(diag.DenyShadowsAllow, d.Span, "%s", f.message)
		for _, other := range others {
			d.Via.And(out.Relate(other.Span, "together with this one"), other.Via)
		}
		d.Via.And(out.Relate(r.Span, "this allow is dead"), r.Via).
			Note("the baseline that allows can open is `deny all`: Istio writes it as an ALLOW policy without rules")
		if l.closed.covers(&d.Target) {
			out.Advise("delete the deny, since a `deny all` already closes %s to all that no allow lets through; or delete the allow", &d.Target)
		} else {
			out.Advise("%s in place of the deny, or delete one of the two", l.baselineFor(&d.Target))
		}
		d.Via.Relate((*l.diags)[n:], d.Span)
	}
	for f, i := range at {
		if n := len(dead[f]) - maxDead; n > 0 {
			(*l.diags)[i].Note("%d more allows are dead", n)
		}
	}
}

// said is a part of what an allow says: its callers with an identity or those without, on HTTP or on other connections.
type said struct {
	named, http bool
	ports       []string // that the allow names, if it does
}

// partsOf lists the parts of what an allow says.
func partsOf(r *ir.Rule) []said {
	var out []said
	identified, unnamed := callers(r.Sources)
	for i := range r.Entries {
		e := &r.Entries[i]
		on := numbers(e.Op.Ports)
		if r.Target.Port != 0 {
			on = []string{strconv.Itoa(r.Target.Port)}
		}
		onHTTP := e.Op.Speaks != ir.TCPTraffic
		onTCP := !e.Op.HTTP() && len(r.Sources.As)+len(r.Sources.NotAs) == 0 && !readsHTTP(r.When, false) && !readsHTTP(e.When, false)
		for _, named := range []bool{true, false} {
			if named && !identified || !named && !unnamed {
				continue
			}
			if onHTTP {
				out = append(out, said{named, true, on})
			}
			if onTCP {
				out = append(out, said{named, false, on})
			}
		}
	}
	return out
}

// refusers finds denies, among those at some places, that together refuse all that an allow says: one alone where one does.
func (l *lowerer) refusers(r *ir.Rule, at []int) (by []*refusal, dead bool) {
	parts := partsOf(r)
	at = l.closed.onPorts(&r.Target, at, parts)
	for _, i := range at {
		x := &l.closed.refusals[i]
		if !slices.ContainsFunc(parts, func(p said) bool { return !l.refuses(x, r, p) }) {
			return []*refusal{x}, len(parts) > 0
		}
	}
	for _, p := range parts {
		i := slices.IndexFunc(at, func(i int) bool { return l.refuses(&l.closed.refusals[i], r, p) })
		if i < 0 {
			return nil, false
		}
		if x := &l.closed.refusals[at[i]]; !slices.Contains(by, x) {
			by = append(by, x)
		}
	}
	return by, len(by) > 0
}

// onPorts leaves those of the denies on a target, in their order, that may refuse one of the parts by its port.
func (c *closed) onPorts(t *ir.Target, at []int, parts []said) []int {
	if len(at) <= fewValues {
		return at
	}
	by := c.byPort[t.Place()]
	if by == nil {
		by = map[string][]int{}
		for _, i := range at {
			on := c.refusals[i].ports
			if len(on) == 0 {
				on = []string{""} // all ports
			}
			for _, n := range on {
				by[n] = append(by[n], i)
			}
		}
		if c.byPort == nil {
			c.byPort = map[ir.Place]map[string][]int{}
		}
		c.byPort[t.Place()] = by
	}
	out := slices.Clone(by[""])
	for _, p := range parts {
		if len(p.ports) > 0 { // of which a deny must have all
			out = append(out, by[p.ports[0]]...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// refuses reports whether a deny refuses a part of what an allow says.
func (l *lowerer) refuses(x *refusal, allow *ir.Rule, p said) bool {
	if p.named && !x.identified || !p.named && !x.unnamed || p.http && !x.http || !p.http && !x.tcp {
		return false
	}
	if len(x.ports) > 0 && (len(p.ports) == 0 || !subset(p.ports, x.ports)) {
		return false
	}
	if len(x.notPorts) == 0 || len(p.ports) > 0 && !slices.ContainsFunc(p.ports, func(n string) bool { return slices.Contains(x.notPorts, n) }) {
		return true
	}
	kp := l.portsOf(&allow.Target) // on a port that is declared to speak the other there is nothing to let through
	if p.http {
		return subset(x.notPorts, kp.tcp)
	}
	return subset(x.notPorts, kp.http)
}

// callers reports whether some callers of a rule have an identity, and whether some have none.
func callers(s *ir.Sources) (identified, unnamed bool) {
	for _, x := range s.Any {
		identified = identified || x.Kind != ir.Plaintext
		unnamed = unnamed || x.Kind == ir.Anyone || x.Kind == ir.Plaintext
	}
	for _, x := range s.Except {
		identified = identified && x.Kind != ir.Authenticated
		unnamed = unnamed && x.Kind != ir.Plaintext
	}
	return identified, unnamed
}
