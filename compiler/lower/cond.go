package lower

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
)

// maxCubes bounds what one statement may expand to: alternatives of conditions, sources and exclusions multiply.
const maxCubes = 4096

// tooManyCubes says that a statement is past maxCubes.
var tooManyCubes = fmt.Sprintf("more than %d Istio rules", maxCubes)

// maxExpanded bounds what the alternatives of all statements hold beside the first of each, in values.
const maxExpanded = 2_000_000

// cubeCost is how many values take the time and memory of one alternative.
const cubeCost = 8

// maxConds bounds the conditions of one Istio rule: each is held against every other.
const maxConds = 512

// maxPerCube bounds the conditions of all alternatives of a statement together, as a mean of maxCubes of them.
const maxPerCube = 32

// maxJoined bounds the conditions that are looked at while the alternatives of one statement are made: what multiplies and then
// falls together again leaves no trace in its result.
const maxJoined = 4_000_000

// normal turns the conditions of one statement into alternatives.
type normal struct {
	joined int
	past   string // the bound that they are past
}

// dnf turns a condition into alternatives of conjunctions: the form that Istio's `when` has. ok is false past a bound.
// A condition that tests nothing is one empty conjunction.
func (n *normal) dnf(c *ir.Cond, negated bool) (out [][]when, ok bool) {
	if c == nil {
		return [][]when{nil}, true
	}
	switch c.Op {
	case ir.CondNot:
		return n.dnf(c.List[0], !negated)
	case ir.CondTest:
		return literal(&c.Test, negated), true
	}
	if (c.Op == ir.CondOr) != negated { // De Morgan: a negated conjunction is a disjunction
		for _, x := range c.List {
			alts, ok := n.dnf(x, negated)
			if ok && len(out)+len(alts) > maxCubes {
				n.past, ok = tooManyCubes, false
			}
			if !ok {
				return nil, false
			}
			out = append(out, alts...)
		}
		return mergeAlternatives(out), true
	}
	var several [][][]when // what does not multiply comes first
	out = [][]when{nil}
	for _, x := range c.List {
		alts, ok := n.dnf(x, negated)
		if !ok {
			return nil, false
		}
		if len(alts) > 1 {
			several = append(several, alts)
		} else if out, ok = n.products(out, alts); !ok {
			return nil, false
		}
	}
	for _, alts := range several {
		if out, ok = n.products(out, alts); !ok {
			return nil, false
		}
	}
	return out, true
}

// products joins each of some alternatives with each of others; ok is false past a bound.
func (n *normal) products(list, with [][]when) (out [][]when, ok bool) {
	if len(list)*len(with) > maxCubes {
		n.past = tooManyCubes
		return nil, false
	}
	if len(list) == 1 && len(list[0]) == 0 {
		return with, true
	}
	conds := 0
	for _, a := range list {
		for _, b := range with {
			switch n.joined += len(a) + len(b); {
			case len(a)+len(b) > maxConds:
				n.past = fmt.Sprintf("one Istio rule of more than %d conditions", maxConds)
				return nil, false
			case n.joined > maxJoined:
				n.past = fmt.Sprintf("more than %d conditions, before those that fall together do", maxJoined)
				return nil, false
			}
			j, possible := both(a, b)
			if !possible {
				continue
			}
			if conds += len(j); conds > maxCubes*maxPerCube {
				n.past = fmt.Sprintf("more than %d conditions of all its Istio rules together", maxCubes*maxPerCube)
				return nil, false
			}
			out = append(out, j)
		}
	}
	return out, true
}

// literal is a test as alternatives. "Different" means present and different, so it needs the attribute; its complement has
// two alternatives in one: Istio's notValues hold on absence.
func literal(t *ir.Test, negated bool) [][]when {
	values := sorted(t.Values)
	made := func(s set) when { return condition(t.Key, t.Kind.HTTP(), s) }
	one := func(s set) [][]when { return [][]when{{made(s)}} }
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
	return [][]when{{made(set{out: star})}, {made(set{in: values})}}
}

// both joins two conjunctions. Positive lists of one key stay apart (for a claim that is a list, different elements may meet
// them), negative lists join.
func both(a, b []when) ([]when, bool) {
	if len(b) == 0 {
		return a, true
	}
	if len(a) == 0 {
		return b, true
	}
	out := append(make([]when, 0, len(a)+len(b)), a...)
next:
	for _, w := range b {
		for i := range out {
			o := &out[i]
			if o.key != w.key {
				continue
			}
			if o.text == w.text {
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
				*o = condition(o.key, o.http, set{in: in, out: union(o.out, w.out)})
				continue next
			}
		}
		out = append(out, w)
	}
	slices.SortFunc(out, func(x, y when) int { return strings.Compare(x.text, y.text) })
	return out, true
}

// condition makes a condition, with its text.
func condition(key string, http bool, s set) when {
	text := s.appendKey(append([]byte(key), 2))
	return when{key: key, http: http, set: s, text: string(text)}
}

// mergeAlternatives joins single positive tests of one key: x == "a" or x == "b" is x in ["a", "b"].
func mergeAlternatives(alts [][]when) [][]when {
	single := func(a []when) bool { return len(a) == 1 && len(a[0].in) > 0 && len(a[0].out) == 0 }
	var out [][]when
	at := map[string]int{}      // the first of each key
	in := map[string][]string{} // where there are several
	for _, a := range alts {
		if !single(a) {
			out = append(out, a)
			continue
		}
		k := a[0].key
		i, seen := at[k]
		if !seen {
			at[k] = len(out)
			out = append(out, a)
			continue
		}
		if in[k] == nil {
			in[k] = slices.Clone(out[i][0].in)
		}
		in[k] = append(in[k], a[0].in...)
	}
	for k, list := range in {
		out[at[k]] = []when{condition(k, out[at[k]][0].http, set{in: sorted(list)})}
	}
	return out
}
