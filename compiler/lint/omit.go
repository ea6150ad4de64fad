package lint

import (
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/proof"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// omission is a warning of compiler/check that a caller gets past a statement by leaving something out: what it goes by is
// the text, and here it is found out whether such a request passes.
type omission struct {
	code   diag.Code
	at     source.Span
	deny   bool
	asked  int // destinations
	known  int // of which something is known
	never  int // where no such request passes, whatever mTLS and tokens are required
	passes sem.Request

	rule *ir.Rule          // of an attribute that a client sends or does not
	left map[sem.Attr]bool // all of these
}

// maxDestinations is how many destinations of one statement are looked at.
const maxDestinations = 32

// omissions finds the rules that said speaks of, and asks about them.
func (l *linter) omissions(said diag.List) {
	var by *placed
	for i := range said {
		d := &said[i]
		if d.Code != diag.PlaintextPasses && d.Code != diag.TokenLeftOut && d.Code != diag.AbsencePasses {
			continue
		}
		o := &omission{code: d.Code, at: d.Span, deny: true}
		l.omitted = append(l.omitted, o)
		if by == nil {
			by = l.placed()
		}
		for _, at := range by.around(d.Span) {
			o.deny = o.deny && at.rule.Action == ast.Deny
			l.omit(o, at.scope, at.rule)
		}
	}
}

// placed finds the denies and audits of a program by the places of their statements, and of their callers, which may be an argument's.
// Places of either kind are equal or have nothing in common.
type placed struct {
	rules []scoped // in their order
	kinds [2]spans
}

type scoped struct {
	scope *intent.Scope
	rule  *ir.Rule
}

// spans are places, sorted, and the rules at each.
type spans struct {
	sorted []source.Span
	at     map[source.Span][]int
}

func (l *linter) placed() *placed {
	p := &placed{}
	for k := range p.kinds {
		p.kinds[k].at = map[source.Span][]int{}
	}
	for _, s := range l.meant.Scopes {
		for _, r := range s.Rules {
			if r.DryRun || r.Plain.Sources != 0 || r.Action != ast.Deny && r.Action != ast.Audit {
				continue
			}
			p.kinds[0].at[r.Span] = append(p.kinds[0].at[r.Span], len(p.rules))
			p.kinds[1].at[r.Sources.Span] = append(p.kinds[1].at[r.Sources.Span], len(p.rules))
			p.rules = append(p.rules, scoped{s, r})
		}
	}
	for k := range p.kinds {
		p.kinds[k].sorted = slices.SortedFunc(maps.Keys(p.kinds[k].at), source.Span.Compare)
	}
	return p
}

// around returns the rules with a place around another one, in their order.
func (p *placed) around(in source.Span) []scoped {
	var at []int
	for k := range p.kinds {
		x := &p.kinds[k]
		last := source.Span{File: in.File, Start: in.Start, End: math.MaxInt32}
		i, _ := slices.BinarySearchFunc(x.sorted, last, source.Span.Compare) // behind all that begin at it, or before
		for i--; i >= 0 && x.sorted[i].File == in.File; i-- {
			if s := x.sorted[i]; in.End <= s.End {
				at = append(at, x.at[s]...)
			} else if s.Start < in.Start {
				break // what is before it ends before it
			}
		}
	}
	slices.Sort(at)
	var out []scoped
	for _, i := range slices.Compact(at) {
		out = append(out, p.rules[i])
	}
	return out
}

// destination is what a request to a scope meets.
type destination struct {
	target         *ir.Target
	denies, allows []*ir.Rule // that are enforced, there and around it
	values         int        // that they test
}

// destination returns what a request to a scope meets. Many statements are asked about at one.
func (l *linter) destination(s *intent.Scope) *destination {
	if d := l.destinations[s]; d != nil {
		return d
	}
	rules := append(l.around(s), s.Rules...)
	d := &destination{target: target(s), denies: enforced(rules, ast.Deny), allows: enforced(rules, ast.Allow)}
	for _, list := range [][]*ir.Rule{d.denies, d.allows} {
		for _, r := range list {
			d.values += weight(r)
		}
	}
	if l.destinations == nil {
		l.destinations = map[*intent.Scope]*destination{}
	}
	l.destinations[s] = d
	return d
}

// omit asks of one rule, at each of its destinations.
func (l *linter) omit(o *omission, s *intent.Scope, r *ir.Rule) {
	without, absent := leaves(o, r)
	given := sem.Request{}
	for a := range o.left {
		given[a] = sem.Value{Absent: true}
	}
	if without == nil {
		o.asked++ // and nothing is known
		return
	}
	at := []*intent.Scope{s}
	if l.destination(s).target.Kind != ir.OnWorkload {
		for other := range l.beside(s) {
			switch {
			case !overlap(s, other):
			case slices.ContainsFunc(l.wide.Of(target(other)), func(i int) bool { return l.at[i] == s }):
				at = append(at, other)
			case !slices.Contains(l.around(s), other.Rules[0]):
				o.asked++ // some pods may be in both, and of those nothing is known
			}
		}
	}
	if len(at) > maxDestinations {
		o.asked++
		at = at[:maxDestinations]
	}
	for _, x := range at {
		o.asked++
		at := l.destination(x)
		if !l.affords(1+len(at.denies)+len(at.allows), weight(without)+at.values, false) {
			continue
		}
		q := &question{scope: x, rules: []*ir.Rule{without}, omits: &omits{absent: absent, given: given, closed: l.closed.Any(at.target), ports: declaredPorts(at.target), mtls: l.mtls(at.target), issuers: l.issuers()}}
		for _, list := range [][]*ir.Rule{at.denies, at.allows} {
			q.omits.from = append(q.omits.from, len(q.rules))
			q.rules = append(q.rules, list...)
		}
		q.answer = func(a *answer) {
			o.known++
			switch {
			case a.requests[0] != nil:
				if o.passes == nil {
					o.passes = a.requests[0]
				}
			case a.are:
				o.never++
			}
		}
		l.put(q)
	}
}

// omits is what a question about what is left out goes by: its first rule is what is left of a statement, and after it come
// the denies and the allows of the destination.
type omits struct {
	absent  []sem.Kind // attributes that are left out
	given   sem.Request
	from    []int // where the denies begin, and the allows
	closed  bool
	ports   *sem.Expr // holds for the declared ports
	mtls    *sem.Expr // holds for the callers that are let in
	issuers []string  // of the tokens that the program has verified
}

// settle finds a request that passes.
func (x *omits) settle(r *reader, q *question) {
	sets := q.found.sets
	parts := []*sem.Expr{sets[0], sem.Not(sem.Or(sets[x.from[0]:x.from[1]]...))}
	if x.closed {
		parts = append(parts, sem.Or(sets[x.from[1]:]...))
	}
	all := sem.And(parts...)
	attrs := map[sem.Attr]bool{}
	all.Attrs(attrs)
	none := maps.Clone(x.given)
	for a := range attrs {
		if slices.Contains(x.absent, a.Kind) {
			none[a] = sem.Value{Absent: true}
		}
	}
	if slices.Contains(x.absent, sem.Token) || slices.ContainsFunc(slices.Collect(maps.Keys(x.given)), func(a sem.Attr) bool { return a.Kind == sem.Header }) {
		all = sem.And(all, onHTTP)
	}
	given := sem.Given(none)
	universe := r.universe(q.scope, given(all))
	let := sem.And(all, x.mtls, x.verified(attrs))
	request, known := first(universe, r.named, given(let))
	if !known {
		return
	}
	if request != nil { // one of HTTP, on a declared port, says more
		for _, narrow := range []*sem.Expr{sem.And(onHTTP, x.ports), x.ports, onHTTP} {
			if better, known := first(universe, r.named, given(sem.And(let, narrow))); known && better != nil {
				request = better
				break
			}
		}
	}
	for _, k := range x.absent {
		if request != nil && k != sem.Claim {
			request[sem.Attr{Kind: k}] = sem.Value{Absent: true}
		}
	}
	if request != nil {
		maps.Copy(request, x.given)
	}
	q.found.requests = []sem.Request{request}
	if request == nil {
		any, known := first(universe, r.named, given(all))
		if !known {
			return
		}
		q.found.are = any == nil
	}
	q.found.known = true
}

// declaredPorts holds for the ports that a target declares, and for all where it declares none.
func declaredPorts(t *ir.Target) *sem.Expr {
	if t.Kind != ir.OnWorkload || len(t.Workload.Ports) == 0 {
		return sem.True
	}
	var ports []*sem.Expr
	for i := range t.Workload.Ports {
		ports = append(ports, onPort(t.Workload.Ports[i].Number))
	}
	return sem.Or(ports...)
}

func onPort(n int) *sem.Expr {
	return sem.Is(sem.Matcher{Attr: sem.Attr{Kind: sem.Port}, Parts: [3]sem.Pattern{{Op: sem.Range, Lo: n, Hi: n}}})
}

// verified holds where a token is of one of the issuers, and where claims are those of a token.
func (x *omits) verified(attrs map[sem.Attr]bool) *sem.Expr {
	token := sem.Attr{Kind: sem.Token}
	var by []*sem.Expr
	for _, issuer := range x.issuers {
		by = append(by, sem.Is(sem.Matcher{Attr: token, Parts: [3]sem.Pattern{{Op: sem.Exact, Text: issuer}}}))
	}
	issued := sem.Or(by...)
	var parts []*sem.Expr
	for a := range attrs {
		switch a.Kind {
		case sem.Token:
			parts = append(parts, sem.Or(sem.Not(sem.Is(sem.Matcher{Attr: a})), issued))
		case sem.Claim:
			parts = append(parts, sem.Or(sem.Not(sem.Is(sem.Matcher{Attr: a, Parts: [3]sem.Pattern{{Op: sem.Present}}})), issued))
		}
	}
	return sem.And(parts...)
}

// issuers are those of all tokens that the program has verified.
func (l *linter) issuers() (out []string) {
	for _, j := range l.p.JWT {
		out = append(out, j.Issuer)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// leaves is what is left of a rule when its caller leaves out what a warning is about.
func leaves(o *omission, r *ir.Rule) (*ir.Rule, []sem.Kind) {
	y := *r
	from := *r.Sources
	y.Sources = &from
	switch o.code {
	case diag.PlaintextPasses:
		from.Any, from.Except, from.Exceptions = []ir.Source{{Kind: ir.Plaintext}}, nil, nil
		return &y, []sem.Kind{sem.Peer}
	case diag.TokenLeftOut:
		from.As, from.NotAs = nil, nil
		replace(&y, func(t *ir.Test, _ bool) *ir.Cond {
			if t.Kind == ir.AttrClaim || t.Kind == ir.AttrAudience || t.Kind == ir.AttrPresenter {
				return &ir.Cond{Op: ir.CondAnd}
			}
			return nil
		})
		return &y, []sem.Kind{sem.Token, sem.Claim}
	case diag.HeaderLeftOut:
		replace(&y, func(t *ir.Test, negated bool) *ir.Cond {
			if a, sent := sentBy(t); sent && !negated && o.left[a] && t.Op != ast.Absent {
				return &ir.Cond{Op: ir.CondAnd}
			}
			return nil
		})
		return &y, nil
	}
	replace(&y, func(t *ir.Test, _ bool) *ir.Cond {
		if t.Span != o.at {
			return nil
		}
		absent := *t
		absent.Op, absent.Values = ast.Absent, nil
		return &ir.Cond{Op: ir.CondTest, Test: absent}
	})
	return &y, nil
}

// replace puts other conditions in the place of tests of a rule, where with has one. It is told which stand under an odd number
// of `not`.
func replace(r *ir.Rule, with func(t *ir.Test, negated bool) *ir.Cond) {
	var cond func(c *ir.Cond, negated bool) *ir.Cond
	cond = func(c *ir.Cond, negated bool) *ir.Cond {
		if c == nil {
			return nil
		}
		if c.Op == ir.CondTest {
			if x := with(&c.Test, negated); x != nil {
				return x
			}
			return c
		}
		x := *c
		x.List = make([]*ir.Cond, len(c.List))
		for i := range c.List {
			x.List[i] = cond(c.List[i], negated != (c.Op == ir.CondNot))
		}
		return &x
	}
	more := *r.More
	more.When = cond(r.When, false)
	r.More = &more
	r.Entries = slices.Clone(r.Entries)
	for i := range r.Entries {
		r.Entries[i].When = cond(r.Entries[i].When, false)
	}
}

// mtls holds for the callers that the transport of a target lets in: those with an identity, and others where it is not
// strict. Of statements the closest one counts; of a gateway none does.
func (l *linter) mtls(t *ir.Target) *sem.Expr {
	if l.transport == nil {
		l.transport = &ir.Covering{}
		for _, m := range l.p.MTLS {
			l.transport.Add(&m.Target)
		}
	}
	if t.IsGateway() {
		return sem.True
	}
	rank := func(m *ir.MTLS) int {
		switch {
		case m.Target.Labels() != nil:
			return 2
		case m.Target.Kind == ir.OnNamespace:
			return 1
		}
		return 0
	}
	var all *ir.MTLS
	ports := map[int]string{}
	for _, i := range l.transport.Of(t) {
		switch m := l.p.MTLS[i]; {
		case m.Target.Port != 0:
			ports[m.Target.Port] = m.Mode
		case all == nil || rank(m) > rank(all):
			all = m
		}
	}
	lets := func(mode string) *sem.Expr {
		if mode == "STRICT" {
			return identified
		}
		return sem.True
	}
	var parts, others []*sem.Expr
	for _, n := range slices.Sorted(maps.Keys(ports)) {
		here := onPort(n)
		others = append(others, here)
		parts = append(parts, sem.Or(sem.Not(here), lets(ports[n])))
	}
	mode := ""
	if all != nil {
		mode = all.Mode
	}
	return sem.And(append(parts, sem.Or(append(others, lets(mode))...))...)
}

var identified = sem.Is(sem.Matcher{Attr: sem.Attr{Kind: sem.Peer}})

// Settle tells, in what was said before, what was found of it: what passes is an error in a deny, and what does not is none.
func (r *Result) Settle(said *diag.List) {
	type place struct {
		code diag.Code
		at   source.Span
	}
	first := map[place]int{}
	for i, d := range slices.Backward(*said) {
		first[place{d.Code, d.Span}] = i
	}
	none := map[int]bool{}
	for _, o := range r.omitted {
		i := first[place{o.code, o.at}]
		switch d := &(*said)[i]; {
		case o.passes != nil:
			d.Note("such a request passes: %s", proof.Words(o.passes))
			if o.deny && o.code != diag.AbsencePasses {
				d.Severity, d.Waiver = diag.Error, nil
			}
		case o.asked > 0 && o.never == o.asked:
			none[i] = true
		}
	}
	if len(none) > 0 {
		i := -1
		*said = slices.DeleteFunc(*said, func(diag.Diagnostic) bool { i++; return none[i] })
	}
}

// sentBy is the attribute of a test that a client sends or does not, as it likes.
func sentBy(t *ir.Test) (a sem.Attr, sent bool) {
	if t.Kind != ir.AttrHeader && t.Kind != ir.AttrSNI {
		return a, false
	}
	a, _ = intent.Stated(&ir.Given{Key: t.Key, Kind: t.Kind})
	return a, true
}

// sent looks for denies on the value of what a client may as well leave out.
func (l *linter) sent() {
	of := map[source.Span]*omission{}
	for _, s := range l.meant.Scopes {
		for _, r := range s.Rules {
			if r.Action != ast.Deny || r.DryRun || r.Plain.Sources != 0 {
				continue
			}
			var first *ir.Test
			left := map[sem.Attr]bool{}
			y := *r
			replace(&y, func(t *ir.Test, negated bool) *ir.Cond {
				if a, sent := sentBy(t); sent && !negated && (t.Op == ast.Equal || t.Op == ast.In) {
					left[a] = true
					if first == nil {
						first = t
					}
				}
				return nil
			})
			if first == nil {
				continue
			}
			o := of[first.Span]
			if o == nil {
				o = &omission{code: diag.HeaderLeftOut, at: first.Span, rule: r, left: left}
				of[first.Span] = o
				l.unsent = append(l.unsent, o)
			}
			l.omit(o, s, r)
		}
	}
}

// said speaks of the denies that a client gets around by leaving something out.
func (l *linter) said(diags *diag.List) {
	for _, o := range l.unsent {
		if o.passes == nil {
			continue
		}
		var names []string
		for a := range o.left {
			names = append(names, proof.Attribute(a))
		}
		slices.Sort(names)
		n := len(*diags)
		diags.Add(o.code, o.at, "a client gets around this deny by leaving out %s, which it need not send", strings.Join(names, " and ")).
			Note("such a request passes: %s", proof.Words(o.passes)).
			Advise("have the deny refuse all but what is wanted, absence included: `when not (... == ...)`").
			Advise("or let the allows say what they want: `allow ... when ... == ...`")
		o.rule.Via.Relate((*diags)[n:], o.rule.Span)
	}
}
