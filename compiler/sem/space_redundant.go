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
	r := &redundancy{s: s, start: start, owner: owner, q: s.newCover(slices.Concat(cubes, s.outside)), f: s.newSearch(true)}
	r.skip, r.trail = newBits(r.q.n), newBits(r.q.n)
	none := s.newCover(s.outside)
	budget := s.limits.Steps + 64*r.q.n
	out := make([]Redundancy, len(sets))
	for i := range sets {
		s.steps = min(budget, s.limits.Steps)
		had := s.steps
		out[i] = r.of(i, none)
		budget -= had - s.steps
	}
	return out, nil
}

// redundancy is one index for all the sets.
type redundancy struct {
	s           *Space
	q           *cover
	f           *search
	start       []int
	owner       []int32
	skip, trail bits
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

func (r *redundancy) of(i int, none *cover) (out Redundancy) {
	out.Inside = -1
	r.f.over = false
	defer func() {
		if r.f.over {
			out = Redundancy{Unknown: true, Inside: -1}
		}
	}()
	if out.Empty = r.covered(none, i, nil); out.Empty || r.f.over {
		return out
	}
	request := slices.Clone(r.f.point)
	clear(r.skip)
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
