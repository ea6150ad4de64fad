package lower

import (
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
)

// maxCubes bounds what one statement may expand to: alternatives of conditions, sources and exclusions multiply.
const maxCubes = 4096

// maxConds bounds the conditions of one Istio rule: each is held against every other.
const maxConds = 512

// dnf turns a condition into alternatives of conjunctions: the form that Istio's `when` has. ok is false past maxCubes.
// A condition that tests nothing is one empty conjunction.
func dnf(c *ir.Cond, negated bool) (out [][]when, ok bool) {
	if c == nil {
		return [][]when{nil}, true
	}
	switch c.Op {
	case ir.CondNot:
		return dnf(c.List[0], !negated)
	case ir.CondTest:
		return literal(&c.Test, negated), true
	}
	if (c.Op == ir.CondOr) != negated { // De Morgan: a negated conjunction is a disjunction
		for _, x := range c.List {
			alts, ok := dnf(x, negated)
			if !ok || len(out)+len(alts) > maxCubes {
				return nil, false
			}
			out = append(out, alts...)
		}
		return mergeAlternatives(out), true
	}
	out = [][]when{nil}
	for _, x := range c.List {
		alts, ok := dnf(x, negated)
		if !ok || len(out)*len(alts) > maxCubes {
			return nil, false
		}
		next := make([][]when, 0, len(out)*len(alts))
		for _, a := range out {
			for _, b := range alts {
				if len(a)+len(b) > maxConds {
					return nil, false
				}
				if j, ok := both(a, b); ok {
					next = append(next, j)
				}
			}
		}
		out = next
	}
	return out, true
}

// readsHTTP reports whether every alternative of a condition tests something of HTTP.
func readsHTTP(c *ir.Cond, negated bool) bool {
	if c == nil {
		return false
	}
	reads := func(x *ir.Cond) bool { return readsHTTP(x, negated) }
	switch {
	case c.Op == ir.CondTest:
		return c.Test.Kind.HTTP()
	case c.Op == ir.CondNot:
		return readsHTTP(c.List[0], !negated)
	case (c.Op == ir.CondAnd) != negated:
		return slices.ContainsFunc(c.List, reads)
	}
	return len(c.List) > 0 && !slices.ContainsFunc(c.List, func(x *ir.Cond) bool { return !reads(x) })
}

// literal is a test as alternatives. "Different" means present and different, so it needs the attribute; its complement has
// two alternatives in one: Istio's notValues hold on absence.
func literal(t *ir.Test, negated bool) [][]when {
	w := when{key: t.Key, http: t.Kind.HTTP()}
	values := sorted(t.Values)
	one := func(s set) [][]when {
		w.set = s
		return [][]when{{w}}
	}
	op := t.Op
	oneOf := op == ast.Equal || op == ast.In
	if t.Kind == ir.AttrDestination && (op == ast.NotEqual || op == ast.NotIn) {
		// an address is always there: plain complement, and Istio has no "*" for it
		if negated {
			return one(set{in: values})
		}
		return one(set{out: values})
	}
	switch {
	case oneOf && !negated:
		return one(set{in: values})
	case oneOf:
		return one(set{out: values})
	case op == ast.Present && !negated, op == ast.Absent && negated:
		return one(set{in: star})
	case op == ast.Present, op == ast.Absent:
		return one(set{out: star})
	case !negated: // != and not in
		return one(set{in: star, out: values})
	}
	// the complement of "present and different": absent, or one of the values
	a, b := w, w
	a.set, b.set = set{out: star}, set{in: values}
	return [][]when{{a}, {b}}
}

// both joins two conjunctions. Positive lists of one key stay apart (for a claim that is a list, different elements may meet
// them), negative lists join.
func both(a, b []when) ([]when, bool) {
	out := slices.Clone(a)
next:
	for _, w := range b {
		for i := range out {
			o := &out[i]
			if o.key != w.key {
				continue
			}
			if slices.Equal(o.in, w.in) && slices.Equal(o.out, w.out) {
				continue next
			}
			if slices.Equal(w.in, star) && slices.Equal(o.out, star) || slices.Equal(o.in, star) && slices.Equal(w.out, star) {
				return nil, false // present and absent
			}
			if slices.Equal(o.in, star) && len(w.in) > 0 || len(o.in) == 0 || len(w.in) == 0 || slices.Equal(w.in, star) {
				in := o.in
				if len(in) == 0 || slices.Equal(in, star) && len(w.in) > 0 {
					in = w.in
				}
				o.set = set{in: in, out: union(o.out, w.out)}
				continue next
			}
		}
		out = append(out, w)
	}
	slices.SortFunc(out, func(x, y when) int { return strings.Compare(condText(x), condText(y)) })
	return out, true
}

func (w *when) equal(x *when) bool {
	return w.key == x.key && slices.Equal(w.in, x.in) && slices.Equal(w.out, x.out)
}

func condText(w when) string {
	var b strings.Builder
	b.WriteString(w.key)
	b.WriteByte(2)
	w.set.key(&b)
	return b.String()
}

// mergeAlternatives joins single positive tests of one key: x == "a" or x == "b" is x in ["a", "b"].
func mergeAlternatives(alts [][]when) [][]when {
	var out [][]when
next:
	for _, a := range alts {
		if len(a) == 1 && len(a[0].in) > 0 && len(a[0].out) == 0 {
			for i := range out {
				o := out[i]
				if len(o) == 1 && o[0].key == a[0].key && len(o[0].in) > 0 && len(o[0].out) == 0 {
					w := o[0]
					w.in = union(w.in, a[0].in)
					out[i] = []when{w}
					continue next
				}
			}
		}
		out = append(out, a)
	}
	return out
}
