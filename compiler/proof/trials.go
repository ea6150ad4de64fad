package proof

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/check"
	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/source"
)

// Trial is what came of one `expect` or `prove`. Exactly one of Expect and Proof is set.
type Trial struct {
	Expect *ir.Expect
	Proof  *ir.Proof
	// Failures are one for each destination, at most, that says something else; none when the trial holds.
	// The first few have a request and a verdict: those that Report speaks of.
	Failures []Failure
	// Unclear is why the question cannot be asked: too many ports to choose from, nobody or nothing that it speaks of.
	Unclear string
	// Unknown is why the answer is not known. A trial that is unknown does not hold.
	Unknown error
	// Decided are the statements and rules that had a say in what was asked, where coverage is asked for.
	Decided []Voice

	world *World
}

// Holds reports whether the trial holds.
func (t *Trial) Holds() bool { return len(t.Failures) == 0 && t.Unclear == "" && t.Unknown == nil }

// Span is where the trial was written.
func (t *Trial) Span() source.Span {
	if t.Expect != nil {
		return t.Expect.Span
	}
	return t.Proof.Span
}

// Failure is a request of which the policies say something else than a trial wants.
type Failure struct {
	Destination *Destination
	Nothing     *ir.Sources // callers of whom there is no request as the trial wants it, else nil
	Why         string      // there is Nothing
	Request     sem.Request
	Smallest    bool
	Idle        map[sem.Attr]bool // attributes of the request that may be anything, all at once, and the answer stays
	Box         []sem.Side        // what else may differ in the request
	Spelled     bool              // the request has another spelling of a path that a proof names
	Verdict     Verdict
}

// Name is the name of the test that a trial is of, or the text of a proof.
func (t *Trial) Name() string {
	if t.Expect != nil {
		return t.Expect.Test
	}
	return t.Proof.Span.Text()
}

// Run runs the trials of the names that only picks (nil for all), in the order of their places. With coverage it finds out
// which statements and rules had a say in each.
func (w *World) Run(ctx context.Context, only func(string) bool, coverage bool) []*Trial {
	var out []*Trial
	add := func(t *Trial) {
		if only == nil || only(t.Name()) {
			out = append(out, t)
		}
	}
	for _, x := range w.p.Expects {
		add(&Trial{Expect: x, world: w})
	}
	for _, x := range w.p.Proofs {
		add(&Trial{Proof: x, world: w})
	}
	slices.SortStableFunc(out, func(a, b *Trial) int { return a.Span().Compare(b.Span()) })
	w.run(ctx, out, coverage)
	return out
}

// question is a rule that stands for the requests that a trial speaks of.
func question(s *ir.Sources, target *ir.Target, entries []ir.Entry, cuts []ir.Operation, when *ir.Cond) *ir.Rule {
	return &ir.Rule{Action: ast.Audit, Sources: s, Target: target, Entries: entries, More: &ir.More{Cuts: cuts, When: when}}
}

func (x *asked) entries() []ir.Entry {
	if x.Op == nil {
		return []ir.Entry{{}}
	}
	op := *x.Op
	if x.Allow { // one request has one host: not the host with every port, too
		op.Hosts = slices.DeleteFunc(slices.Clone(op.Hosts), func(h string) bool {
			bare, ports := strings.CutSuffix(h, ":*")
			return ports && slices.Contains(op.Hosts, bare)
		})
	}
	return []ir.Entry{{Op: op}}
}

type asked ir.Expect

// expectAllow asks about one request: what the expectation leaves out is chosen plainly.
func (c *class) expectAllow(t *Trial, target *ir.Target, d *Destination) (out outcome) {
	x := (*asked)(t.Expect)
	port, chain, why := x.choose(target, d)
	if why != "" {
		out.unclear = why
		return out
	}
	q := c.reader.Question(question(x.Sources, target, x.entries(), nil, nil), chains[chain].intent)
	fixed := x.given()
	fixed[sem.Attr{Kind: sem.Port}] = port
	passes, all, err := c.passes(d, chain, q)
	if err != nil {
		out.unknown = err
		return out
	}
	stated(fixed, all)
	open := map[sem.Attr]bool{{Kind: sem.Peer}: true} // the caller is never left out: `anyone` is everybody
	q.Attrs(open)
	if _, err = x.fill(fixed, open, all, d, nil, q, passes); err != nil {
		out.unknown = err
		return out
	}
	universe := c.w.universe(d, chain, all)
	for i := range x.Sources.Any { // each has a request: another one's is no answer
		one := *x.Sources
		one.Any = one.Any[i : i+1]
		q := c.reader.Question(question(&one, target, x.entries(), nil, nil), chains[chain].intent)
		switch none, err := empty(fixed, q, universe); {
		case err != nil:
			out.unknown = err
			return out
		case none:
			f := Failure{Nothing: &one, Request: fixed, Verdict: Verdict{Chain: chains[chain].plane}}
			if c.details {
				f.Why = c.w.why(x, &one, d, chain, fixed, q)
			}
			out.failure = &failure{f, chain}
			return out
		}
	}
	c.hold(&out, d, chain, fixed, q, passes, all)
	if f := out.failure; f != nil && c.details {
		f.Idle = c.w.idle(f.Request, x.given(), q, passes, universe)
	}
	return out
}

// expectDeny asks about all requests that fit.
func (c *class) expectDeny(t *Trial, target *ir.Target, d *Destination) (out outcome) {
	x := (*asked)(t.Expect)
	for chain := range chains {
		if chain != httpChain && slices.ContainsFunc(x.With, func(g ir.Given) bool { return g.Kind.HTTP() }) {
			continue
		}
		q := c.reader.Question(question(x.Sources, target, x.entries(), nil, nil), chains[chain].intent)
		passes, all, err := c.passes(d, chain, q)
		if err != nil {
			out.unknown = err
			return out
		}
		fixed := x.given()
		stated(fixed, all)
		consent(fixed, all, "yes")
		if c.hold(&out, d, chain, fixed, q, sem.Not(passes), all); out.failure != nil || out.unknown != nil {
			return out // one failure for each destination
		}
		c.some(t, &out, fixed, q, sent(d, chain, all)) // what does not come there does not pass, too
	}
	return out
}

// given are the attributes that an expectation states.
func (x *asked) given() sem.Request {
	out := sem.Request{}
	for _, g := range x.With {
		a, v := intent.Stated(&g)
		out[a] = v
		if other, some := otherwise(a); some {
			out[other] = sem.Value{Absent: true}
		}
	}
	return out
}

// otherwise is the attribute that metadata of the same name would be if it were a list and not a string, or a string and not a list.
func otherwise(a sem.Attr) (sem.Attr, bool) {
	switch a.Kind {
	case sem.Metadata:
		a.Kind = sem.MetadataList
	case sem.MetadataList:
		a.Kind = sem.Metadata
	default:
		return a, false
	}
	return a, true
}

// isOtherwise reports whether a request has metadata of this name as a string where a list is asked for, or the other way round.
func isOtherwise(r sem.Request, a sem.Attr) bool {
	other, some := otherwise(a)
	v, there := r[other]
	return some && there && !v.Absent
}

// stated adds the attributes that are stated to those that count: what comes there may depend on them, where no policy does.
func stated(fixed sem.Request, all map[sem.Attr]bool) {
	for a := range fixed {
		all[a] = true
	}
}

// choice is a port that a request can go to, and the chain that takes it there.
type choice struct {
	port  sem.Value
	chain int
}

// choose chooses the port and the chain of the one request that an expectation is about.
func (x *asked) choose(target *ir.Target, d *Destination) (port sem.Value, chain int, why string) {
	if target.Port == 0 && x.Op != nil && len(x.Op.Ports) > 1 {
		return port, 0, "an `expect allow` is about one request: write one port"
	}
	fit, why := x.choices(target, d)
	switch {
	case why != "":
		return port, 0, why
	case len(fit) == 1:
		return fit[0].port, fit[0].chain, ""
	}
	numbers := make([]string, len(fit))
	for i, c := range fit {
		numbers[i] = c.port.Parts[0]
	}
	name := bare(x.Namespace, d.Workload)
	return port, 0, fmt.Sprintf("%s has several ports to choose from (%s): write the one that is asked for, as in `%s:%s`",
		name, strings.Join(numbers, ", "), name, numbers[0])
}

// http reports whether an expectation names something that only HTTP has.
func (x *asked) http() bool {
	return x.Op != nil && x.Op.HTTP() || len(x.Sources.As)+len(x.Sources.NotAs) > 0 ||
		slices.ContainsFunc(x.With, func(g ir.Given) bool { return g.Kind.HTTP() })
}

// both adds the other chain of the ports of which it is not known what they speak, where nothing that is written tells.
func (x *asked) both(d *Destination, fit []choice) (out []choice) {
	for _, c := range fit {
		out = append(out, c)
		if !x.http() && c.either(d) {
			out = append(out, choice{c.port, 1})
		}
	}
	return out
}

// either reports whether this is HTTP on a port that may as well speak something else, by all that is known of it.
func (c choice) either(d *Destination) bool {
	if c.chain != httpChain {
		return false
	}
	if d.Workload == nil || c.port.Absent {
		return true
	}
	n, _ := strconv.Atoi(c.port.Parts[0])
	p := d.Workload.Port(n)
	return p == nil || p.Protocol != ir.HTTP
}

// choices are the ports that fit what is written, at least one, or why there is none.
func (x *asked) choices(target *ir.Target, d *Destination) (fit []choice, why string) {
	http := x.http()
	tcp := x.Op != nil && x.Op.Speaks == ir.TCPTraffic
	var numbers []int
	if target.Port != 0 {
		numbers = append(numbers, target.Port)
	} else if x.Op != nil {
		numbers = append(numbers, x.Op.Ports...)
	}
	chain := httpChain
	if tcp {
		chain = 1
	}
	if d.Workload == nil || len(d.Workload.Ports) == 0 {
		if len(numbers) == 0 {
			return []choice{{sem.Value{Absent: true}, chain}}, "" // one that no policy names
		}
		for _, n := range numbers {
			fit = append(fit, choice{text(n), chain})
		}
		return fit, ""
	}
	name := bare(x.Namespace, d.Workload)
	for _, p := range d.Workload.Ports {
		if (len(numbers) == 0 || slices.Contains(numbers, p.Number)) && !(http && p.Protocol == ir.TCP) && !(tcp && p.Protocol == ir.HTTP) {
			on := chain
			if p.Protocol == ir.TCP {
				on = 1
			}
			fit = append(fit, choice{text(p.Number), on})
		}
	}
	for _, n := range numbers {
		if d.Workload.Port(n) == nil {
			fit = append(fit, choice{text(n), chain})
		}
	}
	switch {
	case len(fit) > 0:
		return fit, ""
	case len(numbers) > 0 && http:
		return nil, fmt.Sprintf("port %s of %s does not speak HTTP", listed(numbers), name)
	case len(numbers) > 0:
		return nil, fmt.Sprintf("port %s of %s speaks HTTP, and nothing else", listed(numbers), name)
	case http:
		return nil, fmt.Sprintf("no port of %s speaks HTTP", name)
	}
	return nil, fmt.Sprintf("every port of %s speaks HTTP", name)
}

func listed(numbers []int) string {
	out := make([]string, len(numbers))
	for i, n := range numbers {
		out[i] = strconv.Itoa(n)
	}
	return strings.Join(out, ", ")
}

func text(n int) sem.Value { return sem.Value{Parts: []string{fmt.Sprint(n)}} }

// fill chooses what a request is that an expectation is about, where neither it nor its question says so, and tells which
// attributes these are.
func (x *asked) fill(fixed sem.Request, open, all map[sem.Attr]bool, d *Destination, named map[sem.Kind][]sem.Value, questions ...*sem.Expr) (chosen map[sem.Attr]bool, err error) {
	chosen = map[sem.Attr]bool{}
	for a := range all {
		v, stated := fixed[a]
		nowhere := stated && v.Absent && a.Kind == sem.Port // no port is known
		if (stated || open[a]) && !nowhere {
			continue
		}
		if chosen[a], fixed[a] = true, x.plainly(a, d); located(a.Kind) {
			if fixed[a], err = sem.Unlisted(a, limits, named, questions...); err != nil {
				return nil, err
			}
		}
	}
	return chosen, nil
}

// located are the attributes that every connection has: what nobody states is a value that no rule names, if there is one.
func located(k sem.Kind) bool {
	return k == sem.SourceIP || k == sem.RemoteIP || k == sem.DestIP || k == sem.Port
}

// plainly is the value of an attribute that nobody states.
func (x *asked) plainly(a sem.Attr, d *Destination) sem.Value {
	switch a.Kind {
	case sem.Claim:
		if a.Name == "aud" {
			return x.audience(d)
		}
	case sem.Header:
		return x.tokenLine(a, d)
	case sem.Method:
		if x.Op != nil && x.Op.GRPC {
			return sem.Value{Parts: []string{"POST"}}
		}
		return sem.Value{Parts: []string{"GET"}}
	case sem.Path:
		return sem.Value{Parts: []string{"/"}}
	case sem.Host:
		if d.Workload != nil {
			return sem.Value{Parts: []string{d.Workload.Name + "." + d.Workload.Namespace}}
		}
		return sem.Value{Parts: []string{"pod"}}
	case sem.Answer:
		return sem.Value{Parts: []string{"yes"}}
	}
	return sem.Value{Absent: true}
}

// audience is the first one that a token is meant for, where its issuer's tokens have to name one.
func (x *asked) audience(d *Destination) sem.Value {
	for _, as := range x.Sources.As {
		for _, issuer := range d.tokens.Issuers {
			if list := d.tokens.Audiences[issuer]; len(list) > 0 && (as.Value == "*" || strings.HasPrefix(as.Value, issuer+"/")) {
				return sem.Value{Parts: list[:1]}
			}
		}
	}
	return sem.Value{Absent: true}
}

// tokenLine is a header with a token, where the request has one that stays in this header.
func (x *asked) tokenLine(a sem.Attr, d *Destination) sem.Value {
	if len(x.Sources.As) > 0 && len(d.tokens.Headers) > 0 {
		if h := d.tokens.Headers[0]; h.Kept && h.Name == a.Name {
			return sem.Value{Parts: []string{h.Prefix + "x"}}
		}
	}
	return sem.Value{Absent: true}
}

// consent fixes what external authorizers say.
func consent(fixed sem.Request, attrs map[sem.Attr]bool, answer string) {
	for a := range attrs {
		if a.Kind == sem.Answer {
			fixed[a] = sem.Value{Parts: []string{answer}}
		}
	}
}

// named are the values that witnesses prefer: what the program names.
func (w *World) named() map[sem.Kind][]sem.Value {
	names := map[sem.Kind][]sem.Value{
		sem.Method: {{Parts: []string{"GET"}}, {Parts: []string{"POST"}}},
		sem.Path:   {{Parts: []string{"/"}}},
	}
	const most = 1000 // of a large mesh the first will do
	for _, x := range w.p.Workloads[:min(most, len(w.p.Workloads))] {
		names[sem.Peer] = append(names[sem.Peer], sem.Value{Parts: []string{w.mesh.TrustDomain, x.Namespace, x.Account}})
	}
	return names
}

// prove asks what a proof asks.
func (c *class) prove(t *Trial, target *ir.Target, d *Destination) (out outcome) {
	x := t.Proof
	for chain := range chains {
		q := c.reader.asked(x, target, chain)
		passes, all, err := c.passes(d, chain, q)
		if err != nil {
			out.unknown = err
			return out
		}
		fixed := sem.Request{}
		switch x.Mode {
		case ir.Only:
			if target.Port != 0 {
				passes = sem.And(passes, onPort(target.Port))
			}
			consent(fixed, all, "yes")
			c.hold(&out, d, chain, fixed, passes, q, all)
			c.some(t, &out, fixed, passes, c.w.universe(d, chain, all))
		case ir.Never:
			consent(fixed, all, "yes")
			if c.details { // a request that is named says more than another spelling of it
				plain := c.reader.Question(question(x.Sources, target, x.Entries, x.Cuts, x.When), chains[chain].intent)
				c.hold(&out, d, chain, fixed, plain, sem.Not(passes), all)
			}
			if out.failure == nil && out.unknown == nil {
				c.hold(&out, d, chain, fixed, q, sem.Not(passes), all)
				if c.details && out.failure != nil {
					out.failure.Spelled = true
				}
			}
			c.some(t, &out, fixed, q, sent(d, chain, all)) // what does not come there does not pass, too
		case ir.Always:
			if out.unknown = c.w.early(d, chain); out.unknown != nil {
				return out
			}
			consent(fixed, all, "no")
			c.hold(&out, d, chain, fixed, q, passes, all)
			c.some(t, &out, fixed, q, c.w.universe(d, chain, all))
		}
		if out.failure != nil || out.unknown != nil {
			return out // one failure for each destination
		}
	}
	return out
}

// spellings are the requests that a server may take for those of a proof, though their paths are other ones.
func spellings(r *intent.Reader, x *ir.Proof, target *ir.Target) *sem.Expr {
	var out []*sem.Expr
	for i := range x.Entries {
		e := x.Entries[i]
		if len(e.Op.Paths) == 0 || e.Op.GRPC {
			continue
		}
		var paths []*sem.Expr
		for _, p := range e.Op.Paths {
			paths = append(paths, check.Spellings(p))
		}
		e.Op.Paths, e.Op.Speaks = nil, ir.HTTPTraffic
		q := r.Question(question(x.Sources, target, []ir.Entry{e}, x.Cuts, x.When), chains[httpChain].intent)
		out = append(out, sem.And(q, sem.Or(paths...)))
	}
	return sem.Or(out...)
}
