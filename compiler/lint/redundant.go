package lint

import (
	"slices"

	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// finding is what was found of one rule, or of one baseline; a statement on several targets, or in a policy that is used
// several times, is spoken of when the same is found of all that it became.
type finding struct {
	code    diag.Code
	at      source.Span
	via     *ir.Use
	what    string
	on      *ir.Target
	by      []*ir.Rule
	base    *ir.Baseline
	all     bool // it says so: `allow all`
	request sem.Request
}

// baselines finds those that stand twice on one target.
func (l *linter) baselines(s *intent.Scope) {
	for i, b := range s.Baselines {
		for _, c := range s.Baselines[:i] {
			if b.DryRun == c.DryRun && outlives(c.Until, b.Until) && b.Target.Place() == c.Target.Place() {
				l.found = append(l.found, finding{code: diag.DuplicateStatement, at: b.Span, via: b.Via, what: "baseline", on: &b.Target, base: c})
				break
			}
		}
	}
}

// redundant looks for rules of a scope that lie in others.
func (l *linter) redundant(s *intent.Scope) {
	if len(s.Rules) == 0 {
		return
	}
	around := l.sharingWith(s.Rules, l.around(s))
	if len(around)+len(s.Rules) < 2 {
		return
	}
	rules := s.Rules
	if len(around) == 0 {
		if rules = s.Sharing(); !s.Plain() {
			rules = l.sharing(s.Rules)
		}
		if len(rules) == 0 {
			return
		}
		first := groupOf(rules[0])
		if !slices.ContainsFunc(rules, func(r *ir.Rule) bool { return groupOf(r) != first }) {
			l.union(s, nil, rules)
			return
		}
	}
	own, others := map[group][]*ir.Rule{}, map[group][]*ir.Rule{}
	var order []group
	for _, r := range rules {
		g := groupOf(r)
		if own[g] == nil {
			order = append(order, g)
		}
		own[g] = append(own[g], r)
	}
	for _, r := range around {
		others[groupOf(r)] = append(others[groupOf(r)], r)
	}
	for _, g := range order {
		l.union(s, others[g], own[g])
	}
}

// sharing returns the rules that share a caller with another one, if all are of single principals: nothing else lies in
// anything. Otherwise it returns all rules.
func (l *linter) sharing(rules []*ir.Rule) []*ir.Rule {
	l.round++
	shared := false
	for _, r := range rules {
		callers := l.sourcesOf(r)
		if len(callers) == 0 {
			return rules
		}
		for _, c := range callers {
			switch seen := l.mark(c); *seen {
			case l.round:
				*seen, shared = -l.round, true
			case -l.round:
			default:
				*seen = l.round
			}
		}
	}
	if !shared {
		return nil
	}
	var out []*ir.Rule
	for _, r := range rules {
		if slices.ContainsFunc(l.sourcesOf(r), func(c int32) bool { return l.seen[c] == -l.round }) {
			out = append(out, r)
		}
	}
	return out
}

// sharingWith returns the rules around a scope that may share a caller with one of its own, if these are all of single principals:
// in no other rule lies anything of them.
func (l *linter) sharingWith(own, around []*ir.Rule) []*ir.Rule {
	if len(around) == 0 {
		return nil
	}
	l.round++
	for _, r := range own {
		callers := l.sourcesOf(r)
		if len(callers) == 0 {
			return around
		}
		for _, c := range callers {
			*l.mark(c) = l.round
		}
	}
	var out []*ir.Rule
	for _, r := range around {
		callers := l.sourcesOf(r)
		if len(callers) == 0 || slices.ContainsFunc(callers, func(c int32) bool { return *l.mark(c) == l.round }) {
			out = append(out, r)
		}
	}
	return out
}

// mark is where the round is noted in which a caller was seen last.
func (l *linter) mark(caller int32) *int32 {
	if n := int(caller) + 1 - len(l.seen); n > 0 {
		l.seen = append(l.seen, make([]int32, n+len(l.seen))...)
	}
	return &l.seen[caller]
}

// same is equal for simple rules of one caller that are equal.
type same struct {
	caller int32
	op     *shape
}

// union looks for rules that lie in the union of others: those of a scope itself may, those around it do not.
func (l *linter) union(s *intent.Scope, around, own []*ir.Rule) {
	if len(around)+len(own) < 2 {
		return
	}
	items := l.items[:0]
	for _, r := range around {
		items = append(items, l.item(r))
	}
	var known map[same][]int
	if len(own) > few {
		known = make(map[same][]int, len(own))
	}
	for _, r := range own {
		x := l.item(r)
		if first := twin(known, items[len(around):], &x); first != nil {
			l.found = append(l.found, finding{code: diag.DuplicateStatement, at: r.Span, via: r.Via, what: r.Action.String(), on: r.Target, by: []*ir.Rule{first}})
			continue
		}
		items = append(items, x)
	}
	l.items = items
	index := newIndex(len(items))
	for i := range items {
		index.add(items, i)
	}
	var suspects []int
	var spared map[int]bool
	for i := len(items) - 1; i >= len(around); i-- {
		if !index.covered(l, items, i) {
			continue
		}
		by := -1
		if items[i].simple {
			for j := range index.near(items, i, false) {
				if j != i && !spared[j] && (by < 0 || j < by) && l.look(1) && items[i].within(&items[j]) {
					by = j
				}
			}
		}
		if by < 0 {
			suspects = append(suspects, i)
			continue
		}
		if spared == nil {
			spared = map[int]bool{}
		}
		spared[i] = true
		r, code := items[i].r, diag.SubsumedStatement
		if items[by].within(&items[i]) && r.Target.Place() == items[by].r.Target.Place() {
			code = diag.DuplicateStatement
		}
		l.found = append(l.found, finding{code: code, at: r.Span, via: r.Via, what: r.Action.String(), on: r.Target, by: []*ir.Rule{items[by].r}})
	}
	if len(suspects) == 0 {
		return
	}
	relevant := make([]bool, len(items))
	n := 0
	take := func(i int) {
		if !relevant[i] && n < maxTogether && !spared[i] {
			relevant[i] = true
			n++
		}
	}
	slices.Sort(suspects)
	for _, i := range suspects {
		take(i)
		for _, last := range []bool{false, true} {
			for j := range index.near(items, i, last) {
				if j != i && l.look(1) && items[j].may(&items[i], last) {
					take(j)
				}
			}
		}
	}
	if len(items) <= maxTogether/4 {
		for i := range items {
			take(i)
		}
	}
	var dates []string // of the suspects: what ends before is no help
	for _, i := range suspects {
		dates = append(dates, items[i].r.Until)
	}
	for _, until := range unique(dates) {
		q := &question{scope: s, answer: l.heard}
		for i := range items {
			r := items[i].r
			if by := outlives(r.Until, until); relevant[i] && by {
				q.rules = append(q.rules, r)
				q.may = append(q.may, r.Until == until && slices.Contains(suspects, i))
				q.by = append(q.by, true)
			}
		}
		l.put(q)
	}
}

// twin is an earlier rule that is the same. x becomes the next one.
func twin(known map[same][]int, before []item, x *item) *ir.Rule {
	if !x.simple {
		return nil
	}
	if known == nil {
		for i := range before {
			if x.twin(&before[i]) {
				return before[i].r
			}
		}
		return nil
	}
	k := same{x.callers[0], x.op}
	for _, i := range known[k] {
		if x.twin(&before[i]) {
			return before[i].r
		}
	}
	known[k] = append(known[k], len(before))
	return nil
}

// heard takes the answer to a question about a union.
func (l *linter) heard(a *answer) {
	for i, r := range a.rules {
		x := &a.of[i]
		if !a.may[i] || x.Unknown || len(x.By) == 0 {
			continue
		}
		f := finding{code: diag.SubsumedStatement, at: r.Span, via: r.Via, what: r.Action.String(), on: r.Target}
		for _, j := range x.By {
			f.by = append(f.by, a.rules[j])
		}
		switch {
		case len(x.By) > 1:
			f.code = diag.RedundantStatement
		case r.Target.Place() == f.by[0].Target.Place() && sem.Same(a.sets[i], a.sets[x.By[0]]):
			f.code = diag.DuplicateStatement
		}
		l.found = append(l.found, f)
	}
}
