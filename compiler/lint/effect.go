package lint

import (
	"slices"

	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// enforced are the rules of an action that are not on dry run.
func enforced(rules []*ir.Rule, action ast.Action) (out []*ir.Rule) {
	for _, r := range rules {
		if r.Action == action && !r.DryRun {
			out = append(out, r)
		}
	}
	return out
}

// effects looks for allows of a scope of which denies leave nothing, for denies that refuse nothing that would pass, and for
// rules that match nothing.
func (l *linter) effects(s *intent.Scope) {
	if len(s.Rules) == 0 {
		return
	}
	around := l.around(s)
	if s.Plain() && len(around) == 0 { // allows of identities, which nothing takes away from
		return
	}
	own := enforced(s.Rules, ast.Deny)
	if denies := append(enforced(around, ast.Deny), own...); len(denies) > 0 {
		l.shadowed(s, denies)
	}
	if len(own) > 0 && l.closed.Any(target(s)) {
		l.idle(s, own, around)
	}
	l.contradictions(s)
	l.everything(s)
}

// shadowed looks for allows of a scope that lie in denies.
func (l *linter) shadowed(s *intent.Scope, denies []*ir.Rule) {
	whole := slices.IndexFunc(denies, (*ir.Rule).Unconditional)
	items := make([]item, len(denies))
	for i, d := range denies {
		items[i] = l.item(d)
	}
	var suspects []*ir.Rule
	relevant := make([]bool, len(denies))
	for _, r := range s.Rules {
		if r.Action != ast.Allow || r.DryRun {
			continue
		}
		if whole >= 0 {
			l.found = append(l.found, finding{code: diag.DenyShadowsAllow, at: r.Span, via: r.Via, on: r.Target, by: denies[whole : whole+1]})
			continue
		}
		a := l.item(r)
		found := 0
		for _, last := range [...]bool{false, true} {
			one := false
			for i := range items {
				if l.look(1) && items[i].may(&a, last) {
					one, relevant[i] = true, true
				}
			}
			if one {
				found++
			}
		}
		if found == 2 {
			suspects = append(suspects, r)
		}
	}
	if len(denies) > maxTogether/2 {
		var some []*ir.Rule
		for i, d := range denies {
			if relevant[i] {
				some = append(some, d)
			}
		}
		denies = some
	}
	if len(denies) > maxTogether {
		return
	}
	for some := range slices.Chunk(suspects, maxTogether) {
		q := &question{scope: s, witness: true, rules: slices.Concat(denies, some), answer: func(a *answer) {
			for i, r := range a.rules[len(denies):] {
				x := &a.of[len(denies)+i]
				if len(x.By) == 0 {
					continue
				}
				f := finding{code: diag.DenyShadowsAllow, at: r.Span, via: r.Via, on: r.Target, request: a.requests[len(denies)+i]}
				for _, j := range x.By {
					f.by = append(f.by, a.rules[j])
				}
				l.found = append(l.found, f)
			}
		}}
		q.may, q.by = make([]bool, len(q.rules)), make([]bool, len(q.rules))
		for i := range q.rules {
			q.may[i], q.by[i] = i >= len(denies), i < len(denies)
		}
		l.put(q)
	}
}

// enough is how many allows are held against one deny: where none of these meets it, nothing is said.
const enough = 8

// idle looks for denies of a scope that is closed that no allow meets.
func (l *linter) idle(s *intent.Scope, own, around []*ir.Rule) {
	allows := append(enforced(around, ast.Allow), enforced(s.Rules, ast.Allow)...)
	if target(s).Kind != ir.OnWorkload {
		for other := range l.beside(s) {
			if overlap(s, other) {
				if !l.look(len(other.Rules)) {
					return
				}
				allows = append(allows, enforced(other.Rules, ast.Allow)...)
			}
		}
	}
	for _, d := range own {
		var met []*ir.Rule
		for _, a := range allows {
			if !l.look(1) || len(met) > enough {
				break
			}
			if meet(d, a) {
				met = append(met, a)
			}
		}
		if len(met) > enough || l.left <= 0 {
			continue
		}
		f := finding{code: diag.DenyWithoutEffect, at: d.Span, via: d.Via, on: d.Target}
		if len(met) == 0 {
			l.found = append(l.found, f)
			continue
		}
		q := &question{scope: s, rules: append(met, d), apart: true, answer: func(a *answer) {
			if a.are {
				l.found = append(l.found, f)
			}
		}}
		l.put(q)
	}
}

// overlap reports whether some pod may be in both scopes. False is certain.
func overlap(s, t *intent.Scope) bool {
	if s.Namespace != t.Namespace && !s.Mesh && !t.Mesh {
		return false
	}
	if declared(t) {
		return true
	}
	for _, x := range s.Labels {
		if slices.ContainsFunc(t.Labels, func(y ir.Label) bool { return x.Key == y.Key && x.Value != y.Value }) {
			return false
		}
	}
	return true
}

// meet reports whether a request may be of two rules. False is certain.
func meet(a, b *ir.Rule) bool {
	if a.Target.Port != 0 && b.Target.Port != 0 && a.Target.Port != b.Target.Port {
		return false
	}
	if !any2(a.Sources.Any, b.Sources.Any, ir.Source.Meets) {
		return false
	}
	for i := range a.Entries {
		for j := range b.Entries {
			x, y := &a.Entries[i].Op, &b.Entries[j].Op
			if lists(x.Methods, y.Methods, ir.MeetPatterns) && lists(x.Paths, y.Paths, ir.MeetPatterns) && lists(x.Ports, y.Ports, func(m, n int) bool { return m == n }) {
				return true
			}
		}
	}
	return false
}

// lists compares alternatives; an empty list is no test, and long ones may meet.
func lists[T any](a, b []T, meet func(a, b T) bool) bool {
	return len(a) == 0 || len(b) == 0 || any2(a, b, meet)
}

func any2[T any](a, b []T, meet func(a, b T) bool) bool {
	const most = 1024
	return len(a)*len(b) > most || slices.ContainsFunc(a, func(x T) bool { return slices.ContainsFunc(b, func(y T) bool { return meet(x, y) }) })
}

// contradictions looks for rules whose conditions leave nothing.
func (l *linter) contradictions(s *intent.Scope) {
	var some []*ir.Rule
	for _, r := range s.Rules {
		if r.Plain.Sources == 0 && (r.When != nil || slices.ContainsFunc(r.Entries, func(e ir.Entry) bool { return e.When != nil })) {
			some = append(some, r)
		}
	}
	for rules := range slices.Chunk(some, maxTogether) {
		q := &question{scope: s, rules: rules, may: make([]bool, len(rules)), by: make([]bool, len(rules)), answer: func(a *answer) {
			for i, r := range a.rules {
				if a.of[i].Empty {
					l.found = append(l.found, finding{code: diag.MatchesNothing, at: r.Span, via: r.Via, what: r.Action.String(), on: r.Target})
				}
			}
		}}
		for i := range q.may {
			q.may[i] = true
		}
		l.put(q)
	}
}
