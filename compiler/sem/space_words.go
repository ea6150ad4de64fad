package sem

import "slices"

// side says what a set of atoms is.
func (s *Space) side(d *dim, set bits) Side {
	out := Side{Attr: d.attr, All: d.sets[full].inside(set)}
	present, rest := newBits(d.n), newBits(d.n) // in the set, and not
	for a := d.sets[full].next(0); a >= 0; a = d.sets[full].next(a + 1) {
		v := d.atoms.values[a]
		in := set.get(a)
		if in {
			out.Values = append(out.Values, v)
		} else {
			out.Except = append(out.Except, v)
		}
		switch {
		case v.Absent:
			out.Absent = out.Absent || in
		case in:
			present.set(a)
		default:
			rest.set(a)
		}
	}
	if present.empty() || rest.empty() {
		// Only the absence, every present value, or nothing.
		if out.Said = !present.empty(); !out.Said {
			out.Said = len(out.Values) <= 1
		}
		return out
	}
	is, okIs := d.say(present, rest)
	not, okNot := d.say(rest, present)
	switch {
	case okIs && (!okNot || len(is) <= len(not)):
		out.Is, out.Said = is, true
	case okNot:
		out.Not, out.Said = not, true
	default:
		out.Is, out.Not, out.Said = d.within(present, rest)
	}
	return out
}

// say covers the atoms of want with few matchers that have none of avoid, the widest first.
func (d *dim) say(want, avoid bits) ([]Matcher, bool) {
	type candidate struct{ at, n int }
	var list []candidate
	for m, has := range d.atoms.has {
		if has.meets(want) && !has.meets(avoid) {
			list = append(list, candidate{m, has.count()})
		}
	}
	slices.SortStableFunc(list, func(a, b candidate) int { return b.n - a.n })
	left := want.clone()
	var out []Matcher
	for _, c := range list {
		if has := d.atoms.has[c.at]; has.meets(left) {
			out = append(out, d.ms[c.at])
			left.andNot(has)
		}
	}
	return out, left.empty()
}

// within says want as what one matcher has, less what others have: the narrowest that has all of want.
func (d *dim) within(want, rest bits) (is, not []Matcher, ok bool) {
	best, n := -1, 0
	for m, has := range d.atoms.has {
		if !want.inside(has) {
			continue
		}
		if k := has.count(); best < 0 || k < n {
			best, n = m, k
		}
	}
	if best < 0 {
		return nil, nil, false
	}
	extra := d.atoms.has[best].clone()
	extra.and(rest)
	not, ok = d.say(extra, want)
	if !ok {
		return nil, nil, false
	}
	return []Matcher{d.ms[best]}, not, true
}
