// Package lint finds statements that are legal and say less than they seem to: those that others say already, and those that
// can do nothing. It decides by the algebra (compiler/sem), over all requests there can be. What comes before that is a look
// at the parts of statements that costs little and leaves out nearly all of them.
//
// What a lint says is proven. Where that takes more than its budget it says nothing: it is no proof of the absence of faults.
package lint

import (
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
	maxAsked    = 20_000    // statements that the algebra is asked about in one program
	maxTogether = 256       // in one question
)

// limits bound one question to the algebra.
var limits = sem.Limits{Atoms: 4000, Cubes: 1 << 13, Steps: 1 << 14}

// linter holds what is known of a program.
type linter struct {
	p     *ir.Program
	meant *intent.Program
	wide  ir.Covering     // scopes that may hold the pods of others
	at    []*intent.Scope // their places
	numbers
	left, asked int
	questions   []*question
	found       []finding
}

// Program lints a program that has no errors, as it is on a day (YYYY-MM-DD, empty for none).
func Program(p *ir.Program, now string) diag.List {
	l := &linter{p: p, meant: intent.Of(p, now), left: maxLooked, asked: maxAsked}
	for _, s := range l.meant.Scopes {
		if t := target(s); t != nil && t.Kind != ir.OnWorkload {
			l.wide.Add(t)
			l.at = append(l.at, s)
		}
	}
	for _, s := range l.meant.Scopes {
		l.baselines(s)
		l.redundant(s)
	}
	l.ask()
	return l.report()
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
			return &r.Target
		}
	}
	return &s.Rules[0].Target
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
	scope  *intent.Scope
	rules  []*ir.Rule
	may    []bool // that is asked about
	by     []bool // that others may lie in
	answer func(*answer)
	found  answer
}

// answer is what became of a question.
type answer struct {
	*question
	known bool
	of    []sem.Redundancy
	sets  []*sem.Expr
}

// put keeps a question, if the budget of the program allows it.
func (l *linter) put(q *question) {
	if l.asked < len(q.rules) {
		return
	}
	l.asked -= len(q.rules)
	l.questions = append(l.questions, q)
}

// ask asks all questions, on all processors, and hears the answers in their order.
func (l *linter) ask() {
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(len(l.questions), runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			r := reader{l.meant, l.meant.Reader()}
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
		if q.found.known {
			q.answer(&q.found)
		}
	}
}

// reader reads rules on both chains at once.
type reader struct {
	m *intent.Program
	r *intent.Reader
}

// onHTTP holds for HTTP requests. The chain that a request comes on is an attribute of it here, so that one question is about
// both.
var onHTTP = sem.Says("\x00http")

var offHTTP = sem.Not(onHTTP)

func (r *reader) rule(x *ir.Rule) *sem.Expr {
	return chains(r.r.Rule(x, intent.HTTP), r.r.Rule(x, intent.TCP))
}

func chains(http, tcp *sem.Expr) *sem.Expr {
	return sem.Or(sem.And(onHTTP, http), sem.And(offHTTP, tcp))
}

func (r *reader) universe(s *intent.Scope) *sem.Expr {
	return chains(r.m.Universe(s, intent.HTTP), r.m.Universe(s, intent.TCP))
}

func (q *question) settle(r *reader) {
	defer func() { _ = recover() }() // a lint is silent where it does not know
	q.found = answer{question: q}
	for _, x := range q.rules {
		q.found.sets = append(q.found.sets, r.rule(x))
	}
	space, err := sem.NewSpace(limits, r.universe(q.scope), nil, q.found.sets...)
	if err != nil {
		return
	}
	sets := make([]*sem.Set, len(q.rules))
	for i, x := range q.found.sets {
		if sets[i], err = space.Set(x); err != nil {
			return
		}
	}
	of, err := space.Spare(sets, func(i int) bool { return q.may[i] }, func(i int) bool { return q.by[i] })
	if err != nil {
		return
	}
	q.found.of, q.found.known = of, true
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
