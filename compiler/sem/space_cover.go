package sem

import "slices"

// cover is an index of cubes: for each atom the cubes that have it.
type cover struct {
	s     *Space
	cubes []int32
	n, w  int      // cubes, and words of a set of cubes
	used  []int32  // dimensions that some cube limits
	rows  [][]bits // dimension, and atom: nil where unused
	all   bits
	cand  bits // of the probe at hand
	trail bits // cubes that a proof stood on, if it is kept
}

func (s *Space) newCover(cubes []int32) *cover {
	nd := len(s.dims)
	n := len(cubes) / nd
	w := (n + 63) / 64
	q := &cover{s: s, cubes: cubes, n: n, w: w, rows: make([][]bits, nd)}
	words := make(bits, 2*w)
	q.all, q.cand = words[:w:w], words[w:]
	if n == 0 {
		return q
	}
	q.all.fill(n)
	free := make(bits, w)
	for d := range s.dims {
		dim := &s.dims[d]
		limited := false
		for i := d; i < len(cubes) && !limited; i += nd {
			limited = cubes[i] != full
		}
		if !limited {
			continue
		}
		q.used = append(q.used, int32(d))
		words := make(bits, dim.n*w)
		rows := make([]bits, dim.n)
		for a := range rows {
			rows[a] = words[a*w : (a+1)*w : (a+1)*w]
		}
		// A set of many atoms is a row everywhere but where it is not.
		clear(free)
		dense := false
		for i := range n {
			id := cubes[i*nd+d]
			if id == full {
				free.set(i)
				continue
			}
			set := dim.sets[id]
			if 2*set.count() > dim.n {
				free.set(i)
				dense = true
				continue
			}
			for a := set.next(0); a >= 0; a = set.next(a + 1) {
				rows[a].set(i)
			}
		}
		for a := range rows {
			rows[a].or(free)
		}
		if dense {
			for i := range n {
				id := cubes[i*nd+d]
				if id == full || !free.get(i) {
					continue
				}
				for k, w := range dim.sets[id] {
					for w = dim.sets[full][k] &^ w; w != 0; w &= w - 1 {
						a := bits{w}.next(0) + k*64
						rows[a][i>>6] &^= 1 << (uint(i) & 63)
					}
				}
			}
		}
		q.rows[d] = rows
	}
	return q
}

// search looks for the smallest request in some boxes that no cube of a cover has.
type search struct {
	s     *Space
	any   bool // any request will do
	found bool
	over  bool // the budget is spent
	cost  int
	point []int32 // the request found: an atom of each dimension
	at    []int32 // the probe
	box   []bits
	ids   []int32 // number of the set in box, or -1
}

func (s *Space) newSearch(any bool) *search {
	n := len(s.dims)
	ints := make([]int32, 3*n)
	return &search{s: s, any: any, point: ints[:n:n], at: ints[n : 2*n : 2*n], ids: ints[2*n:], box: make([]bits, n)}
}

// set makes a cube the box to search.
func (f *search) set(cube []int32) {
	for d, id := range cube {
		f.ids[d], f.box[d] = id, f.s.dims[d].sets[id]
	}
}

// run searches the box for requests that are in no cube, those of skip aside. The probe is always the smallest request of the
// box: if it is in no cube, then no other one of the box needs to be looked at.
func (q *cover) run(f *search, skip bits) {
	s := q.s
	if s.steps--; s.steps < 0 {
		f.over = true
		return
	}
	cost := 0
	for d := range s.dims {
		dim := &s.dims[d]
		a := int32(0)
		if f.ids[d] >= 0 {
			a = dim.least[f.ids[d]]
		} else {
			a = int32(f.box[d].next(0))
		}
		f.at[d] = a
		cost += dim.atoms.costs[a]
	}
	if f.found && (cost > f.cost || cost == f.cost && slices.Compare(f.at, f.point) >= 0) {
		return
	}
	copy(q.cand, q.all)
	if skip != nil {
		q.cand.andNot(skip)
	}
	for _, d := range q.used {
		q.cand.and(q.rows[d][f.at[d]])
	}
	best, out, seen := -1, len(s.dims)+1, 0
	nd := len(s.dims)
	for i := q.cand.next(0); i >= 0; i = q.cand.next(i + 1) {
		seen++
		k := 0
		for _, d := range q.used {
			if id := q.cubes[i*nd+int(d)]; id != full && id != f.ids[d] && !f.box[d].inside(s.dims[d].sets[id]) {
				if k++; k >= out {
					break
				}
			}
		}
		if k < out {
			best, out = i, k
			if k == 0 {
				break
			}
		}
	}
	s.steps -= seen / 64
	if best < 0 {
		f.found, f.cost = true, cost
		copy(f.point, f.at)
		return
	}
	if q.trail != nil {
		q.trail.set(best)
	}
	if out == 0 {
		return
	}
	// What is outside of that cube is searched in parts that have nothing in common.
	m := s.stack.at
	old := s.stack.take(nd) // numbers of the sets to put back
	for d := range old {
		old[d] = uint64(f.ids[d])
	}
	var buf [16]bits
	boxes := append(buf[:0], f.box...)
	for _, d := range q.used {
		id := q.cubes[best*nd+int(d)]
		if id == full || id == f.ids[d] {
			continue
		}
		set := s.dims[d].sets[id]
		from := f.box[d]
		rest := s.stack.take(len(set))
		copy(rest, from)
		rest.andNot(set)
		if rest.empty() {
			continue
		}
		f.box[d], f.ids[d] = rest, -1
		q.run(f, skip)
		if f.over || f.any && f.found {
			break
		}
		in := rest // the part outside is done with
		copy(in, from)
		in.and(set)
		f.box[d] = in
	}
	copy(f.box, boxes)
	for d := range old {
		f.ids[d] = int32(old[d])
	}
	s.stack.release(m)
}

// branch is the requests in a cube of pos and in none of neg; minus makes those that a difference is the union of.
type branch = piece

// minus is what is in a, not in b, and in the universe, as branches.
func (s *Space) minus(a, b []piece) ([]branch, error) {
	n := len(s.dims)
	var without []int32 // b's cubes
	var holes []piece   // and those that lack something
	for _, p := range b {
		if len(p.neg) == 0 {
			without = append(without, p.pos...)
		} else {
			holes = append(holes, p)
		}
	}
	// The holes of all but the largest piece are spelled out if possible.
	slices.SortStableFunc(holes, func(p, q piece) int { return len(q.neg) - len(p.neg) })
	for i := len(holes) - 1; i >= 1; i-- {
		cubes, ok := s.sharp(holes[i], min(s.limits.Cubes, 1024+4*len(holes[i].pos)/n))
		if ok {
			without = append(without, cubes...)
			holes = slices.Delete(holes, i, i+1)
		}
	}
	without = append(without, s.outside...)
	var out []branch
	for _, p := range a {
		neg := without
		if len(p.neg) > 0 {
			neg = slices.Concat(p.neg, without)
		}
		out = append(out, branch{p.pos, neg})
	}
	for _, h := range holes {
		var next []branch
		for _, br := range out {
			if !covers(br.neg, h.pos, n) {
				next = append(next, branch{br.pos, slices.Concat(br.neg, h.pos)})
			}
			hole := s.unknown(h.neg, br.neg)
			pos, err := s.product(br.pos, hole)
			if err != nil {
				return nil, err
			}
			if len(pos) > 0 {
				next = append(next, branch{pos, br.neg})
			}
		}
		if out = next; len(out) > 4096 {
			return nil, ErrBudget
		}
	}
	return out, nil
}

// covers tells if one of the lists has the cube of every request.
func covers(a, b []int32, n int) bool {
	for _, list := range [2][]int32{a, b} {
		for i := 0; i < len(list); i += n {
			if isFull(list[i : i+n]) {
				return true
			}
		}
	}
	return false
}

// unknown is the cubes of list that are not among those of known.
func (s *Space) unknown(list, known []int32) []int32 {
	n := len(s.dims)
	if len(known) == 0 || len(list) == 0 {
		return list
	}
	size := 16
	for size < 2*len(known)/n {
		size *= 2
	}
	if len(s.table) < size {
		s.table = make([]int32, size)
	}
	table := s.table[:size]
	clear(table)
	slot := func(cube []int32) *int32 {
		for k := int(hash(cube)) & (size - 1); ; k = (k + 1) & (size - 1) {
			if at := int(table[k]); at == 0 || slices.Equal(known[at-n:at], cube) {
				return &table[k]
			}
		}
	}
	for i := 0; i < len(known); i += n {
		*slot(known[i : i+n]) = int32(i + n)
	}
	var out []int32
	for i := 0; i < len(list); i += n {
		if cube := list[i : i+n]; *slot(cube) == 0 {
			out = append(out, cube...)
		}
	}
	return out
}

// smallest searches branches for their smallest request; without one the answer is proven, unless the search is over.
func (s *Space) smallest(branches []branch, any bool) *search {
	n := len(s.dims)
	f := s.newSearch(any)
	for _, br := range branches {
		todo := s.unknown(br.pos, br.neg)
		if len(todo) == 0 {
			continue
		}
		q := s.newCover(br.neg)
		for i := 0; i < len(todo); i += n {
			f.set(todo[i : i+n])
			if q.run(f, nil); f.over || f.any && f.found {
				return f
			}
		}
	}
	return f
}
