package lower

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// Istio compiles one policy twice: for HTTP requests and for connections that are not HTTP. On the second, an ALLOW rule with
// a field of HTTP vanishes, and a DENY or AUDIT rule loses the field and widens (istio-semantics 3). The two functions here
// turn cubes into rules that mean the same on both.

// knownPorts are the ports of a target that are declared to speak something other than HTTP, and what else is known.
type knownPorts struct {
	tcp, http []string
	open      []string // of which nobody said, on some workload, what they speak
	known     bool
	onlyTCP   bool         // nothing is declared to speak HTTP, or is not declared to speak anything
	unknown   *ir.Workload // a workload of the target whose ports nobody declared
	conflict  [2]*ir.Workload
	port      int                     // that the two of conflict disagree on
	mixed     []string                // of tcp, those that not every workload with ports has
	declares  map[string]*ir.Workload // by port of tcp: who says so
}

func (l *lowerer) allowTraffic(r *ir.Rule, cs []cube) []cube {
	kp := l.portsOf(r.Target)
	mixed := slices.ContainsFunc(cs, func(c cube) bool { return !c.isHTTP() })
	lets := "this allow lets nothing through"
	if mixed {
		lets = "what this allow says of HTTP lets nothing through"
	}
	var over *refused // connections that are not HTTP and are let through, once they are asked for
	beside := func(c *cube) bool {
		if over == nil {
			over = newRefused(slices.DeleteFunc(slices.Clone(cs), func(c cube) bool { return !c.tcp }))
		}
		wide := c.withoutHTTP()
		return over.includes(&wide)
	}
	out := make([]cube, 0, len(cs))
	for _, c := range cs {
		switch {
		case c.tcp:
			explicit := explicitTCP(r)
			// Of a whole namespace, pods that nobody declared may speak HTTP on the same port number.
			one := r.Target.Kind == ir.OnWorkload
			if !one || len(kp.tcp) == 0 || !c.require(ports, kp.tcp) {
				if explicit {
					l.tcpNeedsPorts(r, kp)
					return nil
				}
				certain := one && (kp.known || len(c.f[ports].in) > 0 && subset(c.f[ports].in, kp.http))
				if !certain {
					l.diags.Add(diag.TCPNotCovered, r.Span, "connections that are not HTTP will not pass: an ALLOW rule can let them through only by port, and no port of %s is sure to speak them", r.Target).
						Note("an exception of HTTP leaves those connections allowed").
						Advise("write `{ http } except ...` if only HTTP is meant, or a rule for each workload, with its ports declared")
				}
				continue
			}
			if open := undeclared(r.Target.Workload); len(open) > 0 {
				l.diags.Add(diag.TCPNotCovered, r.Span, "connections that are not HTTP will not pass on port %s of %s: nobody declared what it speaks", strings.Join(open, ", "), r.Target).
					Advise("declare it: `port tcp-admin 9000`, or `port admin 9000 tcp`")
			}
			c.tcp = false
		case c.isHTTP():
			// Beside the connections of its sources and ports, as `{ GET; tcp }` has them, it need not be: a deny takes it so, too.
			if (c.http || !mixed) && !(mixed && beside(&c)) && l.speaksNoHTTP(r, kp, &c, lets) {
				return nil
			}
			if !c.hasHTTPField() {
				c.f[methods].in = star // present: true for every HTTP request
			}
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		l.diags.Add(diag.MatchesNothing, r.Span, "nothing is left of this allow that Istio could let through on %s", r.Target)
		return nil
	}
	if l.writtenOnTCP(r, kp) {
		return nil
	}
	l.leavesConnections(r, kp, cs)
	return out
}

func (l *lowerer) tcpNeedsPorts(r *ir.Rule, kp *knownPorts) {
	d := l.diags.Add(diag.TCPNeedsPorts, r.Span, "`tcp` in an allow needs ports that are declared to speak it, and there are none on %s that this rule can mean", r.Target)
	d.Note("Istio has no test for \"is not HTTP\" in an ALLOW rule, so only declared ports can be let through")
	switch {
	case r.Target.Kind == ir.OnWorkload && len(kp.tcp) > 0:
		d.Advise("port %s of %s is declared to speak it, and the rule leaves it out: name it, or drop the exception", strings.Join(byNumber(kp.tcp), ", "), r.Target)
	case r.Target.Kind == ir.OnWorkload && r.Target.Workload.AllLabels != nil:
		d.Advise(nameInManifest)
	case r.Target.Kind == ir.OnWorkload:
		d.Advise("declare them: `workload %s { port db 5432 tcp }`, or name the port: `%s:5432`", r.Target.Workload.Ref(), r.Target)
	case len(kp.tcp) > 0:
		d.Advise("write a rule for each workload: other pods may speak HTTP on port %s", strings.Join(kp.tcp, ", "))
	default:
		d.Advise("name the workload and its port")
	}
}

// withTCP spells the operations of a rule with those of connections that are not HTTP beside them, "" where these cannot be meant:
// they have no token.
func withTCP(r *ir.Rule) string {
	if len(r.Sources.As)+len(r.Sources.NotAs) > 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("{ ")
	for i := range r.Entries {
		e := &r.Entries[i]
		op := "http"
		if e.Op.Speaks != ir.AnyTraffic || e.Op.HTTP() || len(e.Op.Ports) > 0 {
			op = e.Op.Span.Text()
		}
		b.WriteString(op)
		for _, cuts := range [][]ir.Operation{e.Cuts, r.Cuts} {
			for j := range cuts {
				b.WriteString(" except " + cuts[j].Span.Text())
			}
		}
		if e.When != nil || r.When != nil {
			b.WriteString(" when ...")
		}
		b.WriteString("; ")
	}
	if b.Len() > 160 || strings.Contains(b.String(), "\n") {
		return "{ ...; tcp }"
	}
	return b.String() + "tcp }"
}

func (l *lowerer) denyTraffic(r *ir.Rule, cs []cube) []cube {
	var httpCubes, tcpCubes, out []cube
	for _, c := range cs {
		switch {
		case c.tcp:
			tcpCubes = append(tcpCubes, c)
		case c.isHTTP():
			httpCubes = append(httpCubes, c)
		default:
			out = append(out, c)
		}
	}
	over := newRefused(append(slices.Clone(tcpCubes), out...))
	kp := l.portsOf(r.Target)
	mixed := len(tcpCubes)+len(out) > 0
	var open []string   // ports on which the rule covers all connections of its sources
	var spared []string // ports on which it covers nothing, that another pod may have for HTTP
	for _, c := range httpCubes {
		// widened to every connection of its sources and ports: fine where those are refused anyway
		wide := c.withoutHTTP()
		if over.includes(&wide) {
			out = append(out, c)
			if !c.hasHTTPField() {
				over.add(c)
			}
			continue
		}
		if !kp.known {
			d := l.diags.Add(diag.PortsUnknown, r.Span, "this %s reads HTTP, and the ports of %s are not known", r.Action, l.unknownName(r, kp))
			d.Note("on connections that are not HTTP Istio drops what it cannot read, and the rule would cover all of them")
			declare := fmt.Sprintf("declare the ports (`workload %s { port http 8080 }`)", l.unknownName(r, kp))
			if block := withTCP(r); block != "" {
				declare += ", or cover those connections as well: `" + block + "`"
			}
			d.Advise("%s", declare)
			return nil
		}
		if kp.conflict[0] != nil {
			l.portConflict(r, kp)
			return nil
		}
		if (c.http || !mixed) && l.speaksNoHTTP(r, kp, &c, "this "+r.Action.String()+" would match nothing it says") {
			return nil
		}
		if at := c.within(kp.open); len(at) > 0 {
			if len(c.within(kp.http)) == 0 {
				l.undeclaredPorts(r, at)
				return nil
			}
			open = union(open, at)
		}
		if len(kp.tcp) > 0 {
			if r.Target.Kind != ir.OnWorkload {
				if len(out)+len(tcpCubes) > maxCubes {
					l.tooLarge(r, tooManyCubes)
					return nil
				}
				out = append(out, slices.DeleteFunc(c.besides(tcpCubes, kp.tcp), func(d cube) bool { return l.empty(&d) })...)
			}
			if len(tcpCubes) == 0 {
				spared = union(spared, c.within(kp.mixed))
			}
			if !c.exclude(ports, kp.tcp) {
				continue // its other alternatives are what can be on these ports
			}
		}
		if !c.hasHTTPField() {
			c.f[methods].in = star
		}
		out = append(out, c)
	}
	if len(open) > 0 {
		l.refusesConnections(r, open)
	}
	if len(spared) > 0 && r.Target.Kind != ir.OnWorkload {
		l.sparesPorts(r, kp, spared)
	}
	widened := newRefused(nil)
	for i := range out {
		widened.add(out[i].withoutHTTP())
	}
	for _, t := range tcpCubes {
		if widened.includes(&t) {
			continue // an HTTP rule already widens to it
		}
		t.tcp = false
		t.f[methods].out = star // never true of a request; on other connections Istio drops it
		if r.Target.Kind == ir.OnWorkload && kp.known && len(kp.http) > 0 {
			t.exclude(ports, kp.http) // these have no such connections: says so, and spares Istio's warning; other pods may have them
		}
		out = append(out, t)
		widened.add(t.withoutHTTP())
	}
	if !l.expand(r, (over.looks+widened.looks)/looksPerValue) {
		return nil
	}
	if l.writtenOnTCP(r, kp) {
		return nil
	}
	l.leavesConnections(r, kp, cs)
	return out
}

// within lists those of some ports that a cube covers.
func (c *cube) within(list []string) []string {
	in, out := c.f[ports].in, c.f[ports].out
	return slices.DeleteFunc(slices.Clone(list), func(p string) bool {
		return len(in) > 0 && !slices.Contains(in, p) || slices.Contains(out, p)
	})
}

// undeclaredPorts reports a rule that reads HTTP where nobody said of any port that it speaks HTTP.
func (l *lowerer) undeclaredPorts(r *ir.Rule, at []string) {
	d := l.diags.Add(diag.PortsUnknown, r.Span, "this %s reads HTTP, and nobody declared what port %s of %s speaks", r.Action, strings.Join(byNumber(at), ", "), r.Target)
	d.Note("on connections that are not HTTP Istio drops what it cannot read, and the rule would cover all of them")
	l.declare(d, r, at[0])
}

// refusesConnections warns of a rule that reads HTTP, of ports on which it covers every connection that is not HTTP, too.
func (l *lowerer) refusesConnections(r *ir.Rule, at []string) {
	d := l.diags.Add(diag.TCPCovered, r.Span, "on port %s of %s this %s covers every connection of its sources that is not HTTP, too: nobody declared what it speaks", strings.Join(byNumber(at), ", "), r.Target, r.Action)
	d.Note("on those connections Istio drops what it cannot read")
	l.declare(d, r, at[0])
}

// sparesPorts warns of a rule for several workloads that reads HTTP, of ports that it leaves out for all of them since one declares
// that it speaks something else there.
func (l *lowerer) sparesPorts(r *ir.Rule, kp *knownPorts, at []string) {
	at = byNumber(at)
	by := kp.declares[at[0]]
	if len(at) > 8 {
		at = append(at[:8:8], "…")
	}
	d := l.diags.Add(diag.PortSpared, r.Span, "this %s leaves out port %s for all of %s, since %s speaks something other than HTTP there: of another pod, a request to that port is not %s",
		r.Action, strings.Join(at, ", "), r.Target, by.Ref(), map[ast.Action]string{ast.Deny: "refused", ast.Audit: "recorded", ast.Delegate: "asked about"}[r.Action])
	d.Relate(by.Span, "the one that has it")
	d.Advise("write a rule for each workload: it leaves out that one's own ports alone")
	if block := withTCP(r); block != "" {
		d.Advise("or cover connections that are not HTTP as well, and with them every port: `%s`", block)
	}
	d.Advise("or say that it is meant: `except port %s`", strings.Join(at, ", "))
}

// nameInManifest is advice for workloads of an inventory, which a program does not declare again.
const nameInManifest = "in a manifest, name the port of the Service after what it speaks (`http-a`, `tcp-a`), or give it an appProtocol"

// declare says how to tell what a port speaks, or to cover its connections as well.
func (l *lowerer) declare(d *diag.Diagnostic, r *ir.Rule, port string) {
	w := r.Target.Workload
	if w == nil || w.AllLabels == nil {
		d.Advise("declare it: `port http-a %s`, or `port a %s tcp`", port, port)
	}
	if w == nil || w.AllLabels != nil {
		d.Advise(nameInManifest)
	}
	if block := withTCP(r); block != "" {
		d.Advise("or cover those connections as well: `%s`", block)
	}
}

// besides are the requests of a cube of HTTP, on ports that some workload declares to speak something else, whose connections
// are refused anyway, as cubes of connections say. Other pods may speak HTTP there.
func (c *cube) besides(connections []cube, declared []string) []cube {
	var out []cube
	for i := range connections {
		t, d := &connections[i], *c
		ok := d.require(ports, declared)
		for f := range t.f { // of one rule: what tests one field has the same values, or is of ports
			if in := t.f[f].in; len(in) > 0 {
				ok = ok && d.require(field(f), in)
			}
			ok = ok && d.exclude(field(f), t.f[f].out)
		}
		if !ok || !d.settle() {
			continue
		}
		if d.conds, ok = both(d.conds, t.conds); !ok {
			continue
		}
		if !d.hasHTTPField() {
			d.f[methods].in = star
		}
		out = append(out, d)
	}
	return out
}

// speaksNoHTTP reports HTTP where every port that a cube is about is declared to speak something else.
func (l *lowerer) speaksNoHTTP(r *ir.Rule, kp *knownPorts, c *cube, so string) bool {
	in := c.f[ports].in
	switch {
	case len(in) > 0 && len(kp.tcp) > 0 && subset(in, kp.tcp):
		if len(r.Entries) > 1 && l.writtenOnTCP(r, kp) {
			return true
		}
		l.diags.Add(diag.HTTPOnTCPPort, r.Span, "port %s of %s does not speak HTTP, so %s", strings.Join(in, ", "), r.Target, so)
	case len(in) == 0 && kp.known && len(kp.tcp) > 0 && kp.onlyTCP:
		l.diags.Add(diag.HTTPOnTCPPort, r.Span, "no port of %s speaks HTTP, so %s", r.Target, so).
			Note("declared TCP ports: %s", strings.Join(kp.tcp, ", "))
	default:
		return false
	}
	return true
}

// readOnTCP reports an operation that names nothing of HTTP, whose conditions, tokens or exceptions read what only HTTP has, on
// ports that the one target declares to speak something else: beside others of its rule it would be lost in silence.
func (l *lowerer) readOnTCP(r *ir.Rule, e *ir.Entry, of []cube) bool {
	if r.Target.Kind != ir.OnWorkload || e.Op.HTTP() || len(of) == 0 || !of[0].isHTTP() {
		return false
	}
	kp := l.portsOf(r.Target)
	for i := range of {
		if in := of[i].f[ports].in; !of[i].isHTTP() || len(in) == 0 || !subset(in, kp.tcp) {
			return false
		}
	}
	l.diags.Add(diag.HTTPOnTCPPort, e.Op.Span, "port %s of %s does not speak HTTP, so this operation means nothing there: what is asked of it only HTTP has", strings.Join(of[0].f[ports].in, ", "), r.Target).
		Advise("write a statement of its own for those connections, without that")
	return true
}

// writtenOnTCP reports operations of HTTP at ports that they or the target name, and that the one target declares to speak
// something else. Beside those of connections, too: what is written there means nothing.
func (l *lowerer) writtenOnTCP(r *ir.Rule, kp *knownPorts) (any bool) {
	if r.Target.Kind != ir.OnWorkload || len(kp.tcp) == 0 {
		return false
	}
	for i := range r.Entries {
		op := &r.Entries[i].Op
		if !op.HTTP() {
			continue
		}
		at := op.Ports
		if r.Target.Port != 0 {
			at = []int{r.Target.Port}
		}
		var tcp []string
		for _, n := range at {
			if p := strconv.Itoa(n); slices.Contains(kp.tcp, p) {
				tcp = append(tcp, p)
			}
		}
		if len(tcp) > 0 {
			any = true
			l.diags.Add(diag.HTTPOnTCPPort, op.Span, "port %s of %s does not speak HTTP, so this operation means nothing there", strings.Join(tcp, ", "), r.Target)
		}
	}
	return any
}

// looksPerValue is how many looks at a cube take the time of one value that is emitted.
const looksPerValue = 16

// refused are cubes, of which one may include another cube. What is asked twice is looked for once, and cubes that are equal
// are found without a look at others.
type refused struct {
	inclusion
	cubes []cube
	have  map[string]bool
	asked map[string]int // how many of the cubes do not include it
	looks int            // cubes looked at
}

func newRefused(cubes []cube) *refused {
	x := &refused{have: map[string]bool{}, asked: map[string]int{}}
	for _, c := range cubes {
		x.add(c)
	}
	return x
}

func (x *refused) add(c cube) {
	if k := c.key(0, nFields, true); !x.have[k] {
		x.have[k] = true
		x.cubes = append(x.cubes, c)
	}
}

// includes reports whether one of the cubes includes c, read off the text.
func (x *refused) includes(c *cube) bool {
	k := c.key(0, nFields, true)
	if x.have[k] {
		return true
	}
	for i := x.asked[k]; i < len(x.cubes); i++ {
		x.looks++
		if x.inclusion.includes(&x.cubes[i], c) {
			x.have[k] = true
			return true
		}
	}
	x.asked[k] = len(x.cubes)
	return false
}

// withoutHTTP is what Istio makes of a DENY rule on connections that are not HTTP.
func (c *cube) withoutHTTP() cube {
	d := *c
	for f := range d.f {
		if field(f).http() {
			d.f[f] = set{}
		}
	}
	d.conds = slices.DeleteFunc(slices.Clone(d.conds), func(w when) bool { return w.http })
	d.http, d.tcp = false, true
	return d
}

func (l *lowerer) portConflict(r *ir.Rule, kp *knownPorts) {
	a, b := kp.conflict[0], kp.conflict[1]
	l.diags.Add(diag.PortsConflict, r.Span, "port %d speaks HTTP on %s and something else on %s, so one rule for %s cannot tell them apart", kp.port, a.Ref(), b.Ref(), r.Target).
		Advise("write a rule for each workload")
}

func (l *lowerer) unknownName(r *ir.Rule, kp *knownPorts) string {
	if kp.unknown != nil {
		return kp.unknown.Ref()
	}
	return r.Target.String()
}

// portsOf gathers the declared ports of every workload that a target covers.
func (l *lowerer) portsOf(t *ir.Target) *knownPorts {
	key := targetKey(t)
	if t.Kind == ir.OnMesh || t.Kind == ir.OnPods && t.Pods.Mesh {
		key = "\x00" + key
	}
	if kp := l.ports[key]; kp != nil {
		return kp
	}
	kp := &knownPorts{onlyTCP: true, declares: map[string]*ir.Workload{}}
	by := map[int]map[ir.Protocol]*ir.Workload{}
	has := map[int]int{} // workloads
	listen := 0
	covered := l.covered(t)
	for _, w := range covered {
		if len(w.Ports) > 0 {
			listen++
		}
		if !w.PortsKnown && kp.unknown == nil {
			kp.unknown = w
		}
		for _, p := range w.Ports {
			if p.Protocol == ir.Undeclared && !ir.ProxyPort(p.Number) && !w.Guard.Bypassed(p.Number) { // elsewhere a policy means nothing
				kp.open = append(kp.open, strconv.Itoa(p.Number))
			}
			kp.onlyTCP = kp.onlyTCP && p.Protocol == ir.TCP
			has[p.Number]++
			if by[p.Number] == nil {
				by[p.Number] = map[ir.Protocol]*ir.Workload{}
			}
			if by[p.Number][p.Protocol] == nil {
				by[p.Number][p.Protocol] = w
			}
		}
	}
	for n, protos := range by {
		if protos[ir.TCP] != nil {
			port := strconv.Itoa(n)
			kp.tcp = append(kp.tcp, port)
			if kp.declares[port] = protos[ir.TCP]; has[n] < listen {
				kp.mixed = append(kp.mixed, port)
			}
			other := protos[ir.HTTP]
			if other == nil {
				other = protos[ir.Undeclared]
			}
			if other != nil && (kp.conflict[0] == nil || n < kp.port) {
				kp.conflict, kp.port = [2]*ir.Workload{other, protos[ir.TCP]}, n
			}
		} else if protos[ir.HTTP] != nil && protos[ir.Undeclared] == nil {
			kp.http = append(kp.http, strconv.Itoa(n))
		}
	}
	kp.tcp, kp.http, kp.open, kp.mixed = sorted(kp.tcp), sorted(kp.http), sorted(kp.open), sorted(kp.mixed)
	kp.known = len(covered) > 0 && kp.unknown == nil
	l.ports[key] = kp
	return kp
}

func explicitTCP(r *ir.Rule) bool {
	return slices.ContainsFunc(r.Entries, func(e ir.Entry) bool { return e.Op.Speaks == ir.TCPTraffic })
}

// undeclared lists the ports of a workload of which nobody said what they speak.
func undeclared(w *ir.Workload) []string {
	var out []string
	for _, p := range w.Ports {
		if p.Protocol == ir.Undeclared {
			out = append(out, strconv.Itoa(p.Number))
		}
	}
	return out
}

// subset reports whether a sorted list holds all of another one.
func subset(a, b []string) bool {
	return !slices.ContainsFunc(a, func(v string) bool { _, in := slices.BinarySearch(b, v); return !in })
}
