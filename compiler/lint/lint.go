// Package lint finds statements that are legal and say less than they seem to: those that others say already, and those that
// can do nothing. It decides by the algebra (compiler/sem), over all requests there can be. What comes before that is a look
// at the parts of statements that costs little and leaves out nearly all of them.
//
// What a lint says is proven. Where that takes more than its budget it says nothing: it is no proof of the absence of faults.
package lint

import (
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// Bounds of what is looked at.
const (
	maxLooked   = 4_000_000 // comparisons of parts in one program
	maxAsked    = 8_000     // statements that the algebra is asked about in one program, each with a share of its values
	maxTogether = 256       // in one question
	maxValues   = 2_000     // of the statements in one question
)

// limits bound one question to the algebra.
var limits = sem.Limits{Atoms: 4000, Cubes: 1 << 13, Steps: 1 << 14}

// linter holds what is known of a program.
type linter struct {
	p      *ir.Program
	meant  *intent.Program
	wide   ir.Covering     // scopes that may hold the pods of others
	at     []*intent.Scope // their places
	closed *ir.Covering
	numbers
	left, asked int
	items       []item  // of the scope at hand
	seen        []int32 // callers: the round of sharing in which each was seen last, negative for twice
	round       int32
	questions   []*question
	found       []finding
	told        map[fault]*told
	omitted     []*omission
	unsent      []*omission
	ajar        []leftOpen
	bases       *bases
	transport   *ir.Covering

	destinations map[*intent.Scope]*destination
	neighbours   *neighbours
}

// Program lints a program that has no errors, by what it means. said is what was said of it: what compiler/check takes for the
// worse is found out here, in Result.
func Program(p *ir.Program, m *intent.Program, said diag.List) *Result {
	l := &linter{p: p, meant: m, left: maxLooked, asked: maxAsked, closed: p.Closed(), bases: newBases(p)}
	l.principals = map[string]int32{}
	m.Units()
	for _, s := range l.meant.Scopes {
		if t := target(s); t != nil && t.Kind != ir.OnWorkload {
			l.wide.Add(t)
			l.at = append(l.at, s)
		}
	}
	for _, s := range l.meant.Scopes {
		l.baselines(s)
		l.redundant(s)
		l.effects(s)
	}
	l.open()
	l.omissions(said)
	l.sent()
	l.ask()
	out := &Result{l.report(), l.omitted}
	l.said(&out.Diags)
	l.opened(&out.Diags)
	return out
}

// Result is what was found of a program.
type Result struct {
	Diags   diag.List
	omitted []*omission
}

// target is where the rules of a scope apply: that of one that is not a workload, if there is one. nil without rules.
func target(s *intent.Scope) *ir.Target {
	if len(s.Rules) == 0 {
		return nil
	}
	for _, r := range s.Rules {
		if r.Target.Kind != ir.OnWorkload || r.Target.Workload != s.Rules[0].Target.Workload {
			if r.Target.Kind == ir.OnWorkload { // the pods that both are
				return &ir.Target{Kind: ir.OnPods, Namespace: s.Namespace, Pods: &ir.Pods{Namespace: s.Namespace, Labels: s.Labels, Mesh: s.Mesh}}
			}
			return r.Target
		}
	}
	return s.Rules[0].Target
}

// around are the rules on all pods of a scope that stand in other scopes.
func (l *linter) around(s *intent.Scope) []*ir.Rule {
	var out []*ir.Rule
	if len(l.at) > 0 {
		for _, i := range l.wide.Of(target(s)) {
			if l.at[i] != s {
				out = append(out, l.at[i].Rules...)
			}
		}
	}
	return out
}

// look takes n comparisons from those that are left, and reports whether there were so many.
func (l *linter) look(n int) bool {
	if l.left < n {
		return false
	}
	l.left -= n
	return true
}

// outlives reports whether a statement is in force as long as another one. `until` ends what an allow says; what it ends of a
// deny stays, but is to be deleted.
func outlives(a, b string) bool { return a == "" || b != "" && a >= b }

// question is one for the algebra: of some rules on all pods of a scope, which ones lie in the union of others.
type question struct {
	scope    *intent.Scope
	rules    []*ir.Rule
	may      []bool // that is asked about
	by       []bool // that others may lie in
	apart    bool   // it is asked whether the last rule and all others have nothing in common
	witness  bool   // a request of each is wanted
	omits    *omits
	full     bool      // it is asked whether the rules together have every request
	stranger *sem.Expr // that the rules are denies, and it is asked whether they refuse every stranger that this lets in
	answer   func(*answer)
	found    answer
}

// answer is what became of a question.
type answer struct {
	*question
	known    bool
	of       []sem.Redundancy
	sets     []*sem.Expr
	are      bool // apart
	panicked any
	requests []sem.Request
	needed   []*ir.Rule // some of the rules that have every request
}

// put keeps a question, if the budget of the program allows it.
func (l *linter) put(q *question) {
	values := 0
	for _, r := range q.rules {
		values += weight(r)
	}
	if l.affords(len(q.rules), values, q.witness) {
		l.asked -= price(len(q.rules), values, q.witness)
		l.questions = append(l.questions, q)
	}
}

// price is what a question of so many rules, which test so many values, takes from the budget.
func price(rules, values int, witness bool) int {
	n := rules + values/16
	if witness {
		n *= 2
	}
	return n
}

// affords reports whether the budget allows a question.
func (l *linter) affords(rules, values int, witness bool) bool {
	return values <= maxValues && l.asked >= price(rules, values, witness)
}

// weight is the number of values that a rule tests.
func weight(r *ir.Rule) int {
	n := len(r.Sources.Any) + len(r.Sources.As) + len(r.Sources.Except) + len(r.Sources.NotAs)
	for _, list := range [][]ir.Net{r.Sources.From, r.Sources.NotNet} {
		for i := range list {
			n += len(list[i].Blocks)
		}
	}
	op := func(o *ir.Operation) { n += len(o.Methods) + len(o.Paths) + len(o.Hosts) + len(o.Ports) }
	var cond func(c *ir.Cond)
	cond = func(c *ir.Cond) {
		if c != nil {
			n += 1 + len(c.Test.Values)
			for _, x := range c.List {
				cond(x)
			}
		}
	}
	cond(r.When)
	for i := range r.Cuts {
		op(&r.Cuts[i])
	}
	for i := range r.Entries {
		e := &r.Entries[i]
		op(&e.Op)
		cond(e.When)
		for j := range e.Cuts {
			op(&e.Cuts[j])
		}
	}
	return n
}

// ask asks all questions, on all processors, and hears the answers in their order.
func (l *linter) ask() {
	named, declared := l.named(), l.declared()
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(len(l.questions), runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			r := reader{l.meant, l.meant.Reader(), named, declared}
			for {
				i := int(next.Add(1)) - 1
				if i >= len(l.questions) {
					return
				}
				l.questions[i].settle(&r)
			}
		})
	}
	wait.Wait()
	for _, q := range l.questions {
		if q.found.panicked != nil {
			panic(q.found.panicked) // as beside does
		}
		if q.found.known {
			q.answer(&q.found)
		}
	}
}

// reader reads rules on both chains at once.
type reader struct {
	m     *intent.Program
	r     *intent.Reader
	named map[sem.Kind][]sem.Value
	// declared are the claims that are one string, if at all, in all tokens that the program has verified.
	declared map[sem.Attr]bool
}

// named are the values that witnesses prefer: what the program names.
func (l *linter) named() map[sem.Kind][]sem.Value {
	out := map[sem.Kind][]sem.Value{
		sem.Method: {{Parts: []string{"GET"}}, {Parts: []string{"POST"}}},
		sem.Path:   {{Parts: []string{"/"}}},
	}
	const most = 200
	for _, w := range l.p.Workloads[:min(most, len(l.p.Workloads))] {
		out[sem.Peer] = append(out[sem.Peer], sem.Value{Parts: []string{l.p.Mesh.TrustDomain, w.Namespace, w.Account}})
	}
	return out
}

// declared are the claims that every jwt statement of the program declares to be strings.
func (l *linter) declared() map[sem.Attr]bool {
	var all map[sem.Attr]bool
	for i, j := range l.p.JWT {
		claims := intent.Strings(j)
		if i > 0 {
			maps.DeleteFunc(claims, func(a sem.Attr, _ bool) bool { return !all[a] })
		}
		all = claims
	}
	return all
}

// onHTTP holds for HTTP requests. The chain that a request comes on is an attribute of it here, so that one question is about
// both.
var onHTTP = sem.Says(chain.Name)

var chain = sem.Attr{Kind: sem.Answer, Name: "\x00http"}

var offHTTP = sem.Not(onHTTP)

// rule is what a rule speaks of; nothing is known of one past the budget.
func (r *reader) rule(x *ir.Rule) (set *sem.Expr, known bool) {
	http, err := r.r.Rule(x, intent.HTTP)
	tcp, errTCP := r.r.Rule(x, intent.TCP)
	if err != nil || errTCP != nil {
		return nil, false
	}
	return chains(http, tcp), true
}

func chains(http, tcp *sem.Expr) *sem.Expr {
	return sem.Or(sem.And(onHTTP, http), sem.And(offHTTP, tcp))
}

// universe holds for the requests that come to a scope, as far as some sets tell.
func (r *reader) universe(s *intent.Scope, sets ...*sem.Expr) *sem.Expr {
	parts := []*sem.Expr{chains(r.m.Universe(s, intent.HTTP), r.m.Universe(s, intent.TCP))}
	if len(r.declared) > 0 {
		attrs := map[sem.Attr]bool{}
		for _, x := range sets {
			x.Attrs(attrs)
		}
		for a := range r.declared {
			if attrs[a] {
				parts = append(parts, sem.Not(sem.Is(sem.Matcher{Attr: a, Parts: [3]sem.Pattern{{Op: sem.Several}}})))
			}
		}
	}
	return sem.And(parts...)
}

func (q *question) settle(r *reader) {
	q.found = answer{question: q}
	defer func() { q.found.panicked = recover() }() // in a goroutine nobody else could
	for _, x := range q.rules {
		set, known := r.rule(x)
		if !known {
			return
		}
		q.found.sets = append(q.found.sets, set)
	}
	if q.omits != nil {
		q.omits.settle(r, q)
		return
	}
	if q.stranger != nil {
		q.strangers(r)
		return
	}
	universe := r.universe(q.scope, q.found.sets...)
	if q.full {
		q.everything(universe)
		return
	}
	space, err := sem.NewSpace(limits, universe, nil, q.found.sets...)
	if err != nil {
		return
	}
	sets := make([]*sem.Set, len(q.rules))
	for i, x := range q.found.sets {
		if sets[i], err = space.Set(x); err != nil {
			return
		}
	}
	if q.apart {
		n := len(sets) - 1
		all, err := space.Set(sem.Or(q.found.sets[:n]...))
		if err != nil {
			return
		}
		both, err := space.Meets(sets[n], all)
		q.found.are, q.found.known = both == nil, err == nil
		return
	}
	of, err := space.Spare(sets, func(i int) bool { return q.may[i] }, func(i int) bool { return q.by[i] })
	if err != nil {
		return
	}
	if q.witness {
		q.found.requests = make([]sem.Request, len(sets))
		for i, x := range q.found.sets {
			if len(of[i].By) > 0 {
				q.found.requests[i], _ = first(universe, r.named, x)
			}
		}
	}
	q.found.of, q.found.known = of, true
}

// first is a smallest request of a set, which names nothing that others test; nil where it has none, if that is known.
func first(universe *sem.Expr, named map[sem.Kind][]sem.Value, x *sem.Expr) (r sem.Request, known bool) {
	space, err := sem.NewSpace(limits, universe, named, x)
	if err != nil {
		return nil, false
	}
	set, err := space.Set(x)
	if err != nil {
		return nil, false
	}
	d, err := space.Any(set)
	if err != nil || d == nil {
		return nil, err == nil
	}
	if v, told := d.Request[chain]; told && (v.Absent || v.Parts[0] != "yes") {
		maps.DeleteFunc(d.Request, func(a sem.Attr, _ sem.Value) bool { return ofHTTP(a.Kind) }) // a connection has none
	}
	delete(d.Request, chain)
	return d.Request, true
}

// ofHTTP reports whether only HTTP requests have an attribute.
func ofHTTP(k sem.Kind) bool {
	switch k {
	case sem.Method, sem.Host, sem.Path, sem.Header, sem.Token, sem.Claim:
		return true
	}
	return false
}

// group is the rules that one union is made of.
type group struct {
	action   ast.Action
	provider string
	dryRun   bool
}

func groupOf(r *ir.Rule) group { return group{r.Action, r.Provider, r.DryRun} }

func unique[T comparable](list []T) []T {
	var out []T
	for _, x := range list {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}
