package sem

import (
	mathbits "math/bits"
	"slices"
)

// Side is what a box lets one attribute be.
//
// If Said, it is what one of Is matches (without any: whatever there is in the universe, absence included) and none of Not; and
// if Unlisted, it is also what no matcher on the attribute matches that the space knows of, absence included, and without Is
// nothing else.
//
// A list with very many matchers has a side for each matcher that matters.
type Side struct {
	Attr     Attr
	All      bool // whatever there is in the universe
	None     bool // nothing, of a projection
	Absent   bool // a request without the attribute is in it
	Said     bool
	Is, Not  []Matcher
	Unlisted bool
	Values   []Value // one for each class of values in it, the cheapest first: all of them unless Said, otherwise a few
	Except   []Value // likewise for those of the universe that are not in it

	set bits
}

// few is the number of examples of what is said in other words.
const few = 8

// side says what a set of atoms is.
func (s *Space) side(d *dim, set bits) Side {
	out := Side{Attr: d.attr, All: d.sets[full].inside(set), None: set.empty(), set: set}
	rest := d.sets[full].clone()
	rest.andNot(set)
	if out.Said = out.All || out.None; !out.Said {
		d.say(&out, set, rest)
	}
	most := d.n
	if out.Said {
		most = few
	}
	out.Values, out.Except = d.some(set, most), d.some(rest, most)
	out.Absent = slices.ContainsFunc(out.Values, func(v Value) bool { return v.Absent }) // it is the cheapest
	return out
}

// some are the values of the first atoms of a set.
func (d *dim) some(set bits, most int) (out []Value) {
	for a := set.next(0); a >= 0 && len(out) < most; a = set.next(a + 1) {
		out = append(out, d.atoms.values[a])
	}
	return out
}

// say finds few matchers for the atoms of want, which those of rest are not.
func (d *dim) say(out *Side, want, rest bits) {
	unlisted := d.sets[full].clone() // one atom at most
	spare := newBits(d.n)            // what can be taken away again: of matchers with nothing of want
	for _, has := range d.atoms.has {
		unlisted.andNot(has)
		if !has.meets(want) {
			spare.or(has)
		}
	}
	best := len(d.ms) + 2
	offer := func(is, not []int, unlisted bool) {
		n := len(is) + len(not)
		if unlisted {
			n++
		}
		if n < best {
			best = n
			out.Is, out.Not, out.Unlisted, out.Said = d.matchers(is), d.matchers(not), unlisted, true
		}
	}
	if not, left := d.pick(rest, want, nil); left.empty() {
		offer(nil, not, false)
	}
	listed := want.clone()
	listed.andNot(unlisted)
	plus := unlisted.meets(want)
	if listed.empty() {
		offer(nil, nil, plus)
		return
	}
	for _, spare := range []bits{nil, spare} {
		is, left := d.pick(listed, rest, spare)
		if !left.empty() {
			continue
		}
		extra := newBits(d.n)
		for _, m := range is {
			extra.or(d.atoms.has[m])
		}
		extra.and(rest)
		not, _ := d.pick(extra, want, nil)
		offer(is, not, plus)
	}
}

// pick covers want with few of the matchers that have nothing of avoid but what is spare, those with the most of it first, and
// returns what is left of it.
func (d *dim) pick(want, avoid, spare bits) (picked []int, left bits) {
	type candidate struct{ at, n int }
	var list []candidate
matchers:
	for m, has := range d.atoms.has {
		n := 0
		for i, w := range has {
			bad := w & avoid[i]
			if spare != nil {
				bad &^= spare[i]
			}
			if bad != 0 {
				continue matchers
			}
			n += mathbits.OnesCount64(w & want[i])
		}
		if n > 0 {
			list = append(list, candidate{m, n})
		}
	}
	slices.SortStableFunc(list, func(a, b candidate) int { return b.n - a.n })
	left = want.clone()
	for _, c := range list {
		if has := d.atoms.has[c.at]; has.meets(left) {
			picked = append(picked, c.at)
			left.andNot(has)
		}
	}
	slices.Sort(picked)
	return picked, left
}

// matchers are some matchers, with the others of their unions.
func (d *dim) matchers(list []int) (out []Matcher) {
	for i, m := range d.ms {
		if slices.ContainsFunc(list, func(p int) bool { return p == i || d.union != nil && d.union[p] == d.union[i] }) {
			out = append(out, m)
		}
	}
	return out
}

// Values returns one value for each class of values of an attribute that the space tells apart, the cheapest first; none where
// nothing tests it, or its classes are too many.
func (s *Space) Values(attr Attr) []Value {
	for i := range s.dims {
		if d := &s.dims[i]; d.attr == attr && d.switches == nil && d.atoms.values != nil {
			return d.some(d.sets[full], d.n)
		}
	}
	return nil
}
