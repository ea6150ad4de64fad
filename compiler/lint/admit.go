package lint

import (
	"slices"

	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// everything looks for allows that let everybody do everything where a baseline closes: one alone, or several together. Whether
// denies refuse some of it does not matter: the baseline closes nothing.
func (l *linter) everything(s *intent.Scope) {
	var some []*ir.Rule
	for _, r := range s.Rules {
		switch {
		case !admits(r):
		case r.Unconditional():
			b := l.own(r.Target)
			if b == nil && !r.All {
				b = l.covering(r.Target)
			}
			if b != nil {
				l.found = append(l.found, finding{code: diag.AllowAllBaseline, at: r.Span, via: r.Via, on: r.Target, base: b, all: r.All})
			}
			return // what others say beside it is in it
		default:
			some = append(some, r)
		}
	}
	own := len(some)
	if own == 0 || own > maxTogether {
		return
	}
	for _, r := range l.around(s) {
		if admits(r) {
			some = append(some, r)
		}
	}
	on := target(s)
	b := l.covering(on)
	if b == nil || !slices.ContainsFunc(some, unidentified) {
		return
	}
	l.put(&question{scope: s, rules: some, full: true, answer: func(a *answer) {
		i := -1 // the last one of this scope: those around it stand for more
		for j, r := range a.needed {
			if slices.Contains(some[:own], r) && (i < 0 || a.needed[i].Span.Compare(r.Span) < 0) {
				i = j
			}
		}
		if i >= 0 {
			r := a.needed[i]
			l.found = append(l.found, finding{code: diag.AllowAllBaseline, at: r.Span, via: r.Via, on: on, base: b, by: slices.Delete(a.needed, i, i+1)})
		}
	}})
}

// admits reports whether an allow may be for whoever it does not name, without a token.
func admits(r *ir.Rule) bool {
	from := r.Sources
	return r.Action == ast.Allow && !r.DryRun && len(from.As)+len(from.NotAs) == 0 &&
		slices.ContainsFunc(from.Any, func(x ir.Source) bool {
			return x.Kind == ir.Anyone || x.Kind == ir.Plaintext || x.Kind == ir.Authenticated
		})
}

// unidentified reports whether a rule may be for callers without an identity.
func unidentified(r *ir.Rule) bool {
	return slices.ContainsFunc(r.Sources.Any, func(x ir.Source) bool { return x.Kind == ir.Anyone || x.Kind == ir.Plaintext })
}

// bases are the baselines that are enforced: where each is the first one.
type bases struct {
	list   []*ir.Baseline // in the order of linter.closed
	on     map[ir.Place]*ir.Baseline
	within map[string]*ir.Baseline // those in a namespace, and under "" all
}

func newBases(p *ir.Program) *bases {
	b := &bases{on: map[ir.Place]*ir.Baseline{}, within: map[string]*ir.Baseline{}}
	for _, x := range p.Baselines {
		if x.DryRun {
			continue
		}
		b.list = append(b.list, x)
		if k := x.Target.Place(); b.on[k] == nil {
			b.on[k] = x
		}
		spaces := []string{""}
		if x.Target.Kind != ir.OnMesh {
			spaces = append(spaces, x.Target.Namespace)
		}
		for _, ns := range spaces {
			if b.within[ns] == nil {
				b.within[ns] = x
			}
		}
	}
	return b
}

// own is a baseline of a target itself, or of what lies in it.
func (l *linter) own(t *ir.Target) *ir.Baseline {
	switch t.Kind {
	case ir.OnMesh:
		return l.bases.within[""]
	case ir.OnNamespace:
		return l.bases.within[t.Namespace]
	}
	return l.bases.on[t.Place()]
}

// covering is a baseline that covers a target.
func (l *linter) covering(t *ir.Target) *ir.Baseline {
	if i := l.closed.Of(t); len(i) > 0 {
		return l.bases.list[i[0]]
	}
	return nil
}

// everything finds out whether the rules have every request, and which of them are enough for that.
func (q *question) everything(universe *sem.Expr) {
	full := func(sets []*sem.Expr) (is, known bool) {
		other, known := first(universe, nil, sem.Not(sem.Or(sets...)))
		return known && other == nil, known
	}
	all, known := full(q.found.sets)
	if q.found.known = known; !all {
		return
	}
	sets, rules := slices.Clone(q.found.sets), slices.Clone(q.rules)
	for i := len(sets) - 1; i >= 0; i-- {
		without := slices.Delete(slices.Clone(sets), i, i+1)
		if spare, _ := full(without); spare {
			sets, rules = without, slices.Delete(rules, i, i+1)
		}
	}
	q.found.needed = rules
}
