package proof

import (
	"context"
	"fmt"
	"maps"
	"slices"

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
	Failures []Failure
	// Unclear is why the question cannot be asked: too many ports to choose from, nobody or nothing that it speaks of.
	Unclear string
	// Unknown is why the answer is not known. A trial that is unknown does not hold.
	Unknown error
	// Decided are the statements that had a say in what was asked.
	Decided []*ir.Rule
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
	Nothing     bool // no request is as the trial says
	Request     sem.Request
	Smallest    bool
	Box         []sem.Side // what may differ in the request, and the answer stays
	Verdict     Verdict
}

// Name is the name of the test that a trial is of, or the text of a proof.
func (t *Trial) Name() string {
	if t.Expect != nil {
		return t.Expect.Test
	}
	return t.Proof.Span.Text()
}

// Run runs the trials of the names that only picks (nil for all), in the order of their places.
func (w *World) Run(ctx context.Context, only func(string) bool) []*Trial {
	var out []*Trial
	run := func(t *Trial, ask func()) {
		if only != nil && !only(t.Name()) {
			return
		}
		if t.Unknown = ctx.Err(); t.Unknown == nil {
			ask()
		}
		out = append(out, t)
	}
	for _, x := range w.p.Expects {
		t := &Trial{Expect: x}
		run(t, func() { w.expect(t) })
	}
	for _, x := range w.p.Proofs {
		t := &Trial{Proof: x}
		run(t, func() { w.prove(t) })
	}
	slices.SortStableFunc(out, func(a, b *Trial) int { return a.Span().Compare(b.Span()) })
	return out
}

// expect asks what an expectation asks.
func (w *World) expect(t *Trial) {
	x := t.Expect
	for i := range x.Targets {
		target := &x.Targets[i]
		for _, d := range w.destinations(target) {
			if x.Allow {
				w.expectAllow(t, target, d)
			} else {
				w.expectDeny(t, target, d)
			}
			if t.Unclear != "" || t.Unknown != nil {
				return
			}
		}
	}
}

// question is a rule that stands for the requests that a trial speaks of.
func question(s *ir.Sources, target *ir.Target, entries []ir.Entry, cuts []ir.Operation, when *ir.Cond) *ir.Rule {
	return &ir.Rule{Action: ast.Audit, Sources: s, Target: *target, Entries: entries, More: &ir.More{Cuts: cuts, When: when}}
}

func (x *asked) entries() []ir.Entry {
	if x.Op == nil {
		return []ir.Entry{{}}
	}
	return []ir.Entry{{Op: *x.Op}}
}

type asked ir.Expect

// expectAllow asks about one request: what the expectation leaves out is chosen plainly.
func (w *World) expectAllow(t *Trial, target *ir.Target, d *Destination) {
	x := (*asked)(t.Expect)
	port, chain, why := x.choose(target, d)
	if why != "" {
		t.Unclear = why
		return
	}
	q := w.reader.Question(question(x.Sources, target, x.entries(), nil, nil), chains[chain].intent)
	fixed := x.given()
	fixed[sem.Attr{Kind: sem.Port}] = port
	l, err := w.ladder(d, chain)
	if err != nil {
		t.Unknown = err
		return
	}
	passes := l.Passes()
	open, all := map[sem.Attr]bool{}, map[sem.Attr]bool{}
	q.Attrs(open)
	q.Attrs(all)
	passes.Attrs(all)
	for a := range all {
		if _, stated := fixed[a]; !stated && !open[a] {
			fixed[a] = plainly(a, d, x.Op)
		}
	}
	w.hold(t, d, chain, fixed, q, passes, all, true)
}

// expectDeny asks about all requests that fit.
func (w *World) expectDeny(t *Trial, target *ir.Target, d *Destination) {
	x := (*asked)(t.Expect)
	for chain := range chains {
		if chain != httpChain && slices.ContainsFunc(x.With, func(g ir.Given) bool { return g.Kind.HTTP() }) {
			continue
		}
		q := w.reader.Question(question(x.Sources, target, x.entries(), nil, nil), chains[chain].intent)
		l, err := w.ladder(d, chain)
		if err != nil {
			t.Unknown = err
			return
		}
		passes := l.Passes()
		all := map[sem.Attr]bool{}
		q.Attrs(all)
		passes.Attrs(all)
		fixed := x.given()
		consent(fixed, all, "yes")
		w.hold(t, d, chain, fixed, q, sem.Not(passes), all, false)
		if len(t.Failures) > 0 && t.Failures[len(t.Failures)-1].Destination == d || t.Unknown != nil {
			return // one failure for each destination
		}
	}
}

// hold adds a failure for a request of a question that a set does not have; with some, for a question that has no request, too.
func (w *World) hold(t *Trial, d *Destination, chain int, fixed sem.Request, question, want *sem.Expr, attrs map[sem.Attr]bool, some bool) {
	fix := sem.Given(fixed)
	q, in := fix(sem.And(question, w.universe(d, chain, attrs))), fix(want)
	space, err := sem.NewSpace(limits, nil, w.named(), q, in)
	if err != nil {
		t.Unknown = err
		return
	}
	set, err := space.Set(q)
	if err == nil && some {
		any, errAny := space.Any(set)
		if err = errAny; err == nil && any == nil {
			t.Failures = append(t.Failures, Failure{Destination: d, Nothing: true, Request: fixed, Verdict: Verdict{Chain: chains[chain].plane}})
			return
		}
	}
	var goal *sem.Set
	var diff *sem.Difference
	if err == nil {
		goal, err = space.Set(in)
	}
	if err == nil {
		diff, err = space.Minus(set, goal)
	}
	if err != nil {
		t.Unknown = err
		return
	}
	w.decided(t, d, chain, fixed, q)
	if diff != nil {
		request := maps.Clone(fixed)
		maps.Copy(request, diff.Request)
		t.Failures = append(t.Failures, Failure{Destination: d, Request: request, Smallest: diff.Smallest, Box: diff.Box, Verdict: w.Why(d, chain, request)})
	}
}

// decided notes the statements that speak of some request of a question.
func (w *World) decided(t *Trial, d *Destination, chain int, fixed sem.Request, q *sem.Expr) {
	fix := sem.Given(fixed)
	for _, s := range w.scopesOf(d) {
		for _, r := range s.Rules {
			if slices.Contains(t.Decided, r) {
				continue
			}
			x := fix(w.reader.Rule(r, chains[chain].intent))
			space, err := sem.NewSpace(limits, nil, nil, q, x)
			if err != nil {
				continue
			}
			a, errA := space.Set(q)
			b, errB := space.Set(x)
			if errA != nil || errB != nil {
				continue
			}
			if both, err := space.Meets(a, b); err == nil && both != nil {
				t.Decided = append(t.Decided, r)
			}
		}
	}
}

// given are the attributes that an expectation states.
func (x *asked) given() sem.Request {
	out := sem.Request{}
	for _, g := range x.With {
		a, v := intent.Stated(&g)
		out[a] = v
	}
	return out
}

// choose chooses the port and the chain of the one request that an expectation is about.
func (x *asked) choose(target *ir.Target, d *Destination) (port sem.Value, chain int, why string) {
	http := x.Op != nil && x.Op.HTTP() || len(x.Sources.As)+len(x.Sources.NotAs) > 0 ||
		slices.ContainsFunc(x.With, func(g ir.Given) bool { return g.Kind.HTTP() })
	tcp := x.Op != nil && x.Op.Speaks == ir.TCPTraffic
	numbers := []int{}
	if target.Port != 0 {
		numbers = append(numbers, target.Port)
	} else if x.Op != nil {
		numbers = append(numbers, x.Op.Ports...)
	}
	if tcp {
		chain = 1
	}
	if len(numbers) > 1 {
		return port, 0, "an `expect allow` is about one request: write one port"
	}
	if d.Workload == nil || len(d.Workload.Ports) == 0 {
		if len(numbers) == 1 {
			return text(numbers[0]), chain, ""
		}
		return sem.Value{Absent: true}, chain, "" // one that no policy names
	}
	var fit []ir.Port
	for _, p := range d.Workload.Ports {
		if (len(numbers) == 0 || p.Number == numbers[0]) && !(http && p.Protocol == ir.TCP) && !(tcp && p.Protocol == ir.HTTP) {
			fit = append(fit, p)
		}
	}
	switch {
	case len(fit) == 1:
		if fit[0].Protocol == ir.TCP {
			chain = 1
		}
		return text(fit[0].Number), chain, ""
	case len(fit) > 1:
		return port, 0, fmt.Sprintf("%s has several ports to choose from (%s): write the one that is asked for, as in `%s:%d`", d.Name, ports(fit), d.Name, fit[0].Number)
	case len(numbers) == 1 && d.Workload.Port(numbers[0]) == nil:
		return text(numbers[0]), chain, ""
	case http:
		return port, 0, fmt.Sprintf("no port of %s speaks HTTP", d.Name)
	}
	return port, 0, fmt.Sprintf("every port of %s speaks HTTP", d.Name)
}

func text(n int) sem.Value { return sem.Value{Parts: []string{fmt.Sprint(n)}} }

// plainly is the value of an attribute that nobody states.
func plainly(a sem.Attr, d *Destination, op *ir.Operation) sem.Value {
	switch a.Kind {
	case sem.Method:
		if op != nil && op.GRPC {
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
	if w.names == nil {
		w.names = map[sem.Kind][]sem.Value{
			sem.Method: {{Parts: []string{"GET"}}, {Parts: []string{"POST"}}},
			sem.Path:   {{Parts: []string{"/"}}},
		}
		const most = 1000 // of a large mesh the first will do
		for _, x := range w.p.Workloads[:min(most, len(w.p.Workloads))] {
			w.names[sem.Peer] = append(w.names[sem.Peer], sem.Value{Parts: []string{w.mesh.TrustDomain, x.Namespace, x.Account}})
		}
	}
	return w.names
}

// prove asks what a proof asks.
func (w *World) prove(t *Trial) {
	x := t.Proof
	spoken := false // there is a request that the proof speaks of
	passed := false
	for i := range x.Targets {
		target := &x.Targets[i]
		for _, d := range w.destinations(target) {
			failed := len(t.Failures)
			for chain := range chains {
				if len(t.Failures) > failed {
					break // one failure for each destination
				}
				l, err := w.ladder(d, chain)
				if err != nil {
					t.Unknown = err
					return
				}
				passes := l.Passes()
				q := w.reader.Question(question(x.Sources, target, x.Entries, x.Cuts, x.When), chains[chain].intent)
				if x.Mode == ir.Never && chain == httpChain {
					q = sem.Or(q, w.spellings(x, target))
				}
				if x.Mode == ir.Only && target.Port != 0 {
					passes = sem.And(passes, onPort(target.Port))
				}
				all := map[sem.Attr]bool{}
				q.Attrs(all)
				passes.Attrs(all)
				fixed := sem.Request{}
				switch x.Mode {
				case ir.Only:
					consent(fixed, all, "yes")
					spoken = true
					w.hold(t, d, chain, fixed, passes, q, all, false)
					passed = passed || w.some(t, fixed, sem.And(passes, w.universe(d, chain, all)))
				case ir.Never:
					consent(fixed, all, "yes")
					spoken = w.some(t, fixed, q) || spoken // what mTLS or nobody's tokens rule out does not pass, too
					w.hold(t, d, chain, fixed, q, sem.Not(passes), all, false)
				case ir.Always:
					consent(fixed, all, "no")
					spoken = w.some(t, fixed, sem.And(q, w.universe(d, chain, all))) || spoken
					w.hold(t, d, chain, fixed, q, passes, all, false)
				}
				if t.Unknown != nil {
					return
				}
			}
		}
	}
	switch {
	case !spoken:
		t.Unclear = "there is no request that this speaks of, so it proves nothing"
	case x.Mode == ir.Only && !passed && len(t.Failures) == 0:
		t.Unclear = "nothing passes at all"
	}
}

// some reports whether a set has a request.
func (w *World) some(t *Trial, fixed sem.Request, set *sem.Expr) bool {
	x := sem.Given(fixed)(set)
	space, err := sem.NewSpace(limits, nil, nil, x)
	if err != nil {
		t.Unknown = err
		return false
	}
	s, err := space.Set(x)
	if err == nil {
		var any *sem.Difference
		if any, err = space.Any(s); err == nil {
			return any != nil
		}
	}
	t.Unknown = err
	return false
}

// spellings are the requests that a server may take for those of a proof, though their paths are other ones.
func (w *World) spellings(x *ir.Proof, target *ir.Target) *sem.Expr {
	var out []*sem.Expr
	for i := range x.Entries {
		e := x.Entries[i]
		if len(e.Op.Paths) == 0 || e.Op.GRPC {
			continue
		}
		var paths []*sem.Expr
		for _, p := range e.Op.Paths {
			for _, m := range check.Spellings(p) {
				paths = append(paths, sem.Is(sem.Matcher{Attr: sem.Attr{Kind: sem.Path}, Parts: [3]sem.Pattern{m}}))
			}
		}
		e.Op.Paths, e.Op.Speaks = nil, ir.HTTPTraffic
		q := w.reader.Question(question(x.Sources, target, []ir.Entry{e}, x.Cuts, x.When), chains[httpChain].intent)
		out = append(out, sem.And(q, sem.Or(paths...)))
	}
	return sem.Or(out...)
}
