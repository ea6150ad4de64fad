package lower

import (
	"slices"
	"strconv"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// cubes lowers one rule to the Istio rules that mean it: exact set difference, one cube per alternative. A rule that cannot
// be enforced as written gives a diagnostic and nil.
func (l *lowerer) cubes(r *ir.Rule) []cube {
	if l.expanded > maxExpanded { // which was reported
		return nil
	}
	sources := l.sources(r)
	if sources == nil {
		return nil
	}
	var normal normal
	ruleWhen, ok := normal.dnf(r.When, false)
	if !ok {
		l.tooLarge(r, normal.past)
		return nil
	}
	out := make([]cube, 0, len(sources)*len(r.Entries)*len(ruleWhen))
	dead := false // an entry is, which is reported
	for i := range r.Entries {
		e := &r.Entries[i]
		ops, ok := l.operations(r, e)
		if !ok {
			return nil
		}
		dead = dead || len(ops) == 0
		entryWhen, ok := normal.dnf(e.When, false)
		switch {
		case !ok:
		case len(sources)*len(ops)*len(ruleWhen)*len(entryWhen)+len(out) > maxCubes:
			normal.past, ok = tooManyCubes, false
		default:
			entryWhen, ok = normal.products(ruleWhen, entryWhen)
		}
		if !ok {
			l.tooLarge(r, normal.past)
			return nil
		}
		from, met := len(out), 0
		for _, s := range sources {
			for _, o := range ops {
				for _, conds := range entryWhen {
					c := s
					copy(c.f[nSource:], o.f[nSource:])
					c.tcp, c.http, c.conds = o.tcp, o.http, conds
					if !c.settle() {
						continue
					}
					if met++; !l.empty(&c) {
						out = append(out, c)
					}
				}
			}
		}
		if met > 0 && len(out) == from && len(r.Entries) > 1 {
			l.diags.Add(diag.MatchesNothing, e.Op.Span, "this operation matches no request: its exceptions and conditions exclude each other")
			dead = true
		}
		if met == 0 && len(ops) > 0 && e.Op.Speaks == ir.TCPTraffic && len(r.Entries) > 1 {
			l.tcpMatchesNothing(r, e)
			dead = true
		}
		if len(r.Entries) > 1 && l.readOnTCP(r, e, out[from:]) {
			out, dead = out[:from], true
		}
	}
	if len(out) == 0 {
		if dead {
			return nil
		}
		l.diags.Add(diag.MatchesNothing, r.Span, "this %s matches no request: its parts exclude each other", r.Action)
		return nil
	}
	more := 0
	for i := range out[1:] {
		more += cubeCost + out[i+1].values()
	}
	if !l.expand(r, more) {
		return nil
	}
	if out, ok = joinTraffic(out); !ok {
		l.tooLarge(r, tooManyCubes)
		return nil
	}
	if r.Action == ast.Allow {
		return l.allowTraffic(r, out)
	}
	if r.Action == ast.Delegate {
		return l.delegateTraffic(r, out)
	}
	return l.denyTraffic(r, out)
}

func (l *lowerer) tooLarge(r *ir.Rule, past string) {
	l.diags.Add(diag.TooManyAlternatives, r.Span, "this rule expands to %s", past).
		Advise("split it, or narrow its exceptions and conditions")
}

// fits reports whether the exceptions and conditions of each alternative, which cannot be split, have room in one object. What
// is past the limit by its values alone need not be made to be refused.
func (l *lowerer) fits(r *ir.Rule, cs []cube) bool {
	for i := range cs {
		if n := cs[i].unsplit(); n > istio.MaxAnnotations {
			l.diags.Add(diag.ObjectTooLarge, r.Span, "the exceptions and conditions of one Istio rule of this %s have %d bytes, and Kubernetes takes up to %d for a whole object", r.Action, n, istio.MaxAnnotations).
				Advise("shorten its exceptions and conditions, or split the statement")
			return false
		}
	}
	return true
}

// expand counts what a rule expands to beyond one alternative; false where the program comes to too much.
func (l *lowerer) expand(r *ir.Rule, n int) bool {
	if l.expanded += n; l.expanded <= maxExpanded {
		return true
	}
	l.diags.Add(diag.TooManyAlternatives, r.Span, "with this rule the exceptions and conditions of the program expand to more than %d values of Istio rules", maxExpanded).
		Advise("name what is wanted in place of exceptions, or split the program")
	return false
}

// sources lowers the source side: one cube per alternative, with only source fields set. Sources that test the same field
// share a cube.
func (l *lowerer) sources(r *ir.Rule) []cube {
	s := r.Sources
	var all, plain bool
	var lists [3][]string // principals, namespaces, trust domains
	for _, x := range s.Any {
		switch x.Kind {
		case ir.Anyone:
			all = true
		case ir.Plaintext:
			plain = true
		case ir.Authenticated:
			lists[principals] = append(lists[principals], "*")
		case ir.Principal:
			lists[principals] = append(lists[principals], x.Value)
		case ir.Namespace:
			lists[namespaces] = append(lists[namespaces], x.Value)
		case ir.TrustDomain:
			f, v := l.trustDomain(x.Value)
			lists[f] = append(lists[f], v)
		}
	}
	authenticated := slices.Contains(lists[principals], "*")
	if all || plain && authenticated && len(s.Except) == 0 {
		all, plain, lists = true, false, [3][]string{}
	}
	var out []cube
	if all {
		out = append(out, cube{})
	}
	if plain {
		var c cube
		c.f[principals].out = star
		out = append(out, c)
	}
	for f, list := range lists {
		if len(list) == 0 || authenticated && field(f) != principals {
			continue
		}
		var c cube
		c.f[f].in = prune(field(f), sorted(list))
		out = append(out, c)
	}
	kept := out[:0]
	for _, c := range out {
		if l.narrow(&c, s) {
			kept = append(kept, c)
		}
	}
	if len(kept) == 0 {
		l.diags.Add(diag.MatchesNothing, s.Span, "these sources are nobody: everyone named is excluded again")
		return nil
	}
	return kept
}

// narrow applies as, from and except; false when nobody is left.
func (l *lowerer) narrow(c *cube, s *ir.Sources) bool {
	ok := true
	if len(s.As) > 0 {
		ok = c.require(requestPrincipals, prune(requestPrincipals, texts(s.As)))
	}
	for _, n := range s.From {
		ok = ok && c.require(netField(n), prune(netField(n), texts(n.Blocks)))
	}
	var except [nFields][]string
	for _, x := range s.Except {
		switch x.Kind {
		case ir.Anyone:
			return false
		case ir.Plaintext:
			if !c.identified() {
				ok = ok && !slices.Contains(c.f[principals].out, "*") && c.require(principals, star)
			}
		case ir.Authenticated:
			ok = ok && !c.identified() && c.exclude(principals, star)
		case ir.Principal:
			except[principals] = append(except[principals], x.Value)
		case ir.Namespace:
			except[namespaces] = append(except[namespaces], x.Value)
		case ir.TrustDomain:
			f, v := l.trustDomain(x.Value)
			except[f] = append(except[f], v)
		}
	}
	if slices.Contains(c.f[principals].out, "*") { // who has no identity is none of them
		except = [nFields][]string{}
	}
	if len(s.NotAs) > 0 {
		except[requestPrincipals] = texts(s.NotAs)
	}
	for _, n := range s.NotNet {
		f := netField(n)
		except[f] = append(except[f], texts(n.Blocks)...)
	}
	for f, list := range except {
		if len(list) > 0 {
			ok = ok && c.exclude(field(f), sorted(list))
		}
	}
	return ok
}

// trustDomain picks the field for a trust domain. The principal prefix td/* says the same as `trustDomains` on Envoy, is not
// widened to the mesh's aliases (Istio rewrites principals of five parts only), and every version understands it; only a
// leading wildcard needs the field itself.
func (l *lowerer) trustDomain(v string) (field, string) {
	switch {
	case v[0] == '*' && len(v) > 1:
		return trustDomains, v
	case v[len(v)-1] == '*':
		return principals, v
	}
	return principals, v + "/*"
}

func netField(n ir.Net) field {
	if n.Client {
		return remoteIPBlocks
	}
	return ipBlocks
}

func texts(list []ir.Text) []string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = t.Value
	}
	return sorted(out)
}

// operations lowers one entry: its operation, minus the cuts of the entry and of the rule. Only operation fields are set. An
// entry of which nothing is left is reported, and leaves the others of its rule alone: the report may be waived.
func (l *lowerer) operations(r *ir.Rule, e *ir.Entry) ([]cube, bool) {
	out := make([]cube, 1)
	c := &out[0]
	ok := c.fill(&e.Op)
	if ok && r.Target.Port != 0 {
		ok = c.require(ports, []string{strconv.Itoa(r.Target.Port)})
	}
	if !ok {
		l.diags.Add(diag.MatchesNothing, e.Op.Span, "this operation can never happen on port %d", r.Target.Port)
		return nil, true
	}
	if len(e.Cuts)+len(r.Cuts) == 0 {
		return out, true
	}
	for _, cut := range joinCuts(e.Cuts, r.Cuts) {
		out = subtract(out, &cut)
		if len(out) == 0 {
			l.diags.Add(diag.MatchesNothing, cut.Span, "nothing is left of the operation after this exception")
			return nil, true
		}
		if len(out) > maxCubes {
			l.tooLarge(r, tooManyCubes)
			return nil, false
		}
	}
	return out, true
}

// joinCuts makes one exception of all those that test the same field alone: thousands of them are one list.
func joinCuts(lists ...[]ir.Operation) []ir.Operation {
	type alone struct {
		field  field
		speaks ir.Speaks
	}
	at := map[alone]int{}
	var out []ir.Operation
	for _, o := range slices.Concat(lists...) {
		n, k := 0, alone{speaks: o.Speaks}
		for f, have := range map[field]int{methods: len(o.Methods), paths: len(o.Paths), hosts: len(o.Hosts), ports: len(o.Ports)} {
			if have > 0 {
				n, k.field = n+1, f
			}
		}
		i, seen := at[k]
		if n != 1 || !seen {
			if n == 1 {
				at[k] = len(out)
			}
			// the lists are shared: what is appended below must not be written into them
			o.Methods, o.Paths, o.Hosts, o.Ports = slices.Clip(o.Methods), slices.Clip(o.Paths), slices.Clip(o.Hosts), slices.Clip(o.Ports)
			out = append(out, o)
			continue
		}
		c := &out[i]
		c.Methods, c.Paths = append(c.Methods, o.Methods...), append(c.Paths, o.Paths...)
		c.Hosts, c.Ports = append(c.Hosts, o.Hosts...), append(c.Ports, o.Ports...)
		c.Span = o.Span
	}
	return out
}

// fill makes an empty cube one of an operation; false where that is nothing.
func (c *cube) fill(o *ir.Operation) bool {
	c.http, c.tcp = o.HTTP(), o.Speaks == ir.TCPTraffic
	c.f[methods].in = sorted(o.Methods)
	c.f[paths].in = prune(paths, sorted(o.Paths))
	c.f[hosts].in = prune(hosts, sorted(o.Hosts))
	c.f[ports].in = numbers(o.Ports)
	return !c.http || !c.tcp
}

func numbers(list []int) []string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = strconv.Itoa(n)
	}
	return sorted(out)
}

// subtract removes an operation from alternatives, exactly: what does not meet one of its fields stays (De Morgan).
func subtract(from []cube, cut *ir.Operation) []cube {
	var out []cube
	var x cube
	ok := x.fill(cut)
	if !ok {
		return from
	}
	for _, c := range from {
		if x.http && !c.http {
			d := c
			d.tcp = true
			out = append(out, d)
			if c.tcp {
				continue
			}
		}
		if x.tcp && !c.tcp {
			d := c
			d.http = true
			out = append(out, d)
			if c.http {
				continue
			}
		}
		for f := nSource; f < nFields; f++ {
			if in := x.f[f].in; len(in) > 0 {
				d := c
				d.http = d.http || f.http()
				if !(d.http && d.tcp) && d.exclude(f, in) {
					out = append(out, d)
				}
			}
		}
	}
	return out
}

// joinTraffic finds what a cube of connections that are not HTTP and one of every HTTP request have in common: a cube that speaks
// of both, which a proxy need not tell apart. Of the two, what it covers goes. ok is false past maxCubes.
func joinTraffic(cs []cube) (out []cube, ok bool) {
	if !slices.ContainsFunc(cs, func(c cube) bool { return c.tcp }) {
		return cs, true // which are most
	}
	requests := map[string][]int{} // places of cubes of every HTTP request, by their sources
	for i := range cs {
		if c := &cs[i]; c.http && !c.tcp && !c.hasHTTPField() {
			k := c.key(0, nSource, false)
			requests[k] = append(requests[k], i)
		}
	}
	covered := make([]bool, len(cs))
	for i := range cs {
		t := &cs[i]
		if !t.tcp || len(requests) == 0 {
			continue
		}
		own := t.key(nSource, nFields, true)
		for _, j := range requests[t.key(0, nSource, false)] {
			c, meet := t.withRequests(&cs[j])
			if !meet {
				continue
			}
			if len(out)+len(cs) > maxCubes {
				return nil, false
			}
			k := c.key(nSource, nFields, true)
			covered[i] = covered[i] || k == own
			covered[j] = covered[j] || k == cs[j].key(nSource, nFields, true)
			out = append(out, c)
		}
	}
	for i := range cs {
		if !covered[i] {
			out = append(out, cs[i])
		}
	}
	return out, true
}

// withRequests is what a cube of connections and one of HTTP requests, which has the same sources and tests nothing of HTTP,
// have in common.
func (c *cube) withRequests(h *cube) (cube, bool) {
	out := *c
	out.tcp = false
	if in := h.f[ports].in; len(in) > 0 && !out.require(ports, in) || !out.exclude(ports, h.f[ports].out) {
		return out, false
	}
	var ok bool
	out.conds, ok = both(c.conds, h.conds)
	return out, ok
}
