package sem

import "slices"

// Redundancy is what becomes of one set among others.
type Redundancy struct {
	Unknown bool // not proven within the budget
	Empty   bool // no request is in it
	Inside  int  // the first other set that it lies in, or -1
	// By are other sets that it lies in the union of, none of which can be spared: those that come last are spared first.
	// None unless it is redundant.
	By []int
}

// Redundant tells of each of the sets what it adds to the union of the others. That is not simultaneous: of two equal sets each
// lies in the other one.
func (s *Space) Redundant(sets []*Set) ([]Redundancy, error) {
	r, err := s.newRedundancy(sets)
	if err != nil {
		return nil, err
	}
	out := make([]Redundancy, len(sets))
	for i := range sets {
		out[i] = r.next(i)
	}
	return out, nil
}

// Spare tells, of each of the sets that may be spared, what it adds to the union of those that others can lie in. It goes from
// the last one to the first, and one that adds nothing is not in that union any more: all of them can be spared together, and
// of equal sets it is the first one that stays.
func (s *Space) Spare(sets []*Set, may, by func(i int) bool) ([]Redundancy, error) {
	r, err := s.newRedundancy(sets)
	if err != nil {
		return nil, err
	}
	for i := range sets {
		if !by(i) {
			r.leave(i)
		}
	}
	out := make([]Redundancy, len(sets))
	for i := len(sets) - 1; i >= 0; i-- {
		if !may(i) {
			out[i].Inside = -1
			continue
		}
		if out[i] = r.next(i); len(out[i].By) > 0 {
			r.leave(i)
		}
	}
	return out, nil
}

func (s *Space) newRedundancy(sets []*Set) (*redundancy, error) {
	s.reset()
	n := len(s.dims)
	var cubes []int32
	start := make([]int, len(sets)+1)
	for i, set := range sets {
		own, err := s.flat(set.pieces)
		if err != nil {
			return nil, err
		}
		cubes = append(cubes, own...)
		start[i+1] = len(cubes) / n
		if len(cubes) > s.limits.Cubes*n {
			return nil, ErrBudget
		}
	}
	owner := make([]int32, 0, len(cubes)/n)
	for i := range sets {
		for range start[i+1] - start[i] {
			owner = append(owner, int32(i))
		}
	}
	r := &redundancy{s: s, start: start, owner: owner, q: s.newCover(slices.Concat(cubes, s.outside)), f: s.newSearch(true), none: s.newCover(s.outside)}
	r.skip, r.trail, r.left = newBits(r.q.n), newBits(r.q.n), newBits(r.q.n)
	r.budget = s.limits.Steps + 64*r.q.n
	return r, nil
}

// redundancy is one index for all the sets.
type redundancy struct {
	s           *Space
	q           *cover
	f           *search
	start       []int
	owner       []int32
	skip, trail bits
	left        bits   // cubes of the sets that nothing lies in any more
	none        *cover // what is outside of the universe
	budget      int    // probes left for all sets
}

// leave takes a set out of the union.
func (r *redundancy) leave(i int) {
	for c := r.start[i]; c < r.start[i+1]; c++ {
		r.left.set(c)
	}
}

// next tells of one set, within what is left of the budget.
func (r *redundancy) next(i int) Redundancy {
	r.s.steps = min(r.budget, r.s.limits.Steps)
	had := r.s.steps
	out := r.of(i)
	r.budget -= had - r.s.steps
	return out
}

// covered tells if set i lies in the union of the cubes that are not skipped.
func (r *redundancy) covered(q *cover, i int, skip bits) bool {
	n := len(r.s.dims)
	r.f.found = false
	for c := r.start[i]; c < r.start[i+1]; c++ {
		r.f.set(r.q.cubes[c*n : (c+1)*n])
		if q.find(r.f, skip); r.f.found || r.f.over {
			return false
		}
	}
	return true
}

// only skips all the sets but some.
func (r *redundancy) only(sets ...int) bits {
	r.skip.fill(len(r.owner))
	for c := len(r.owner); c < r.q.n; c++ { // what is outside of the universe
		r.skip[c>>6] &^= 1 << (uint(c) & 63)
	}
	for _, j := range sets {
		for c := r.start[j]; c < r.start[j+1]; c++ {
			r.skip[c>>6] &^= 1 << (uint(c) & 63)
		}
	}
	return r.skip
}

func (r *redundancy) of(i int) (out Redundancy) {
	out.Inside = -1
	r.f.over = false
	defer func() {
		if r.f.over {
			out = Redundancy{Unknown: true, Inside: -1}
		}
	}()
	if out.Empty = r.covered(r.none, i, nil); out.Empty || r.f.over {
		return out
	}
	request := slices.Clone(r.f.point)
	copy(r.skip, r.left)
	for c := r.start[i]; c < r.start[i+1]; c++ {
		r.skip.set(c)
	}
	clear(r.trail)
	r.q.trail = r.trail
	is := r.covered(r.q, i, r.skip)
	r.q.trail = nil
	if !is {
		return out
	}
	// A set that it lies in has any request of it.
	has := r.q.all.clone()
	has.andNot(r.skip)
	for _, d := range r.q.used {
		has.and(r.q.row(d, request[d]))
	}
	last := -1
	for c := has.next(0); c >= 0 && c < len(r.owner); c = has.next(c + 1) {
		j := int(r.owner[c])
		if j == last {
			continue
		}
		last = j
		if r.covered(r.q, i, r.only(j)) {
			out.Inside, out.By = j, []int{j}
			return out
		}
		if r.f.over {
			return out
		}
	}
	for c := r.trail.next(0); c >= 0 && c < len(r.owner); c = r.trail.next(c + 1) {
		if j := int(r.owner[c]); len(out.By) == 0 || out.By[len(out.By)-1] != j {
			out.By = append(out.By, j)
		}
	}
	for k := len(out.By) - 1; k >= 0 && len(out.By) > 1; k-- {
		without := slices.Delete(slices.Clone(out.By), k, k+1)
		if r.covered(r.q, i, r.only(without...)) {
			out.By = without
		}
		if r.f.over {
			return out
		}
	}
	return out
}
