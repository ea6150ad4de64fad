package sem

import (
	mathbits "math/bits"
	"slices"
)

// cover is a list of cubes to find in, by hash or, for each atom, as those that have it: each index is made when it is needed.
type cover struct {
	s     *Space
	cubes []int32
	n, w  int     // cubes, and words of a set of cubes
	table []int32 // hash to the end of a cube
	used  []int32 // dimensions that some cube limits
	rows  []bits  // dimension -> atom after atom, w words each; nil where unused
	all   bits
	cand  bits // of the probe at hand
	trail bits // cubes that a proof stood on, if it is kept
}

func (s *Space) newCover(cubes []int32) *cover {
	n := len(cubes) / len(s.dims)
	return &cover{s: s, cubes: cubes, n: n, w: (n + 63) / 64}
}

// has tells if a cube is one of the cover's.
func (q *cover) has(cube []int32) bool {
	n := len(cube)
	if q.n == 0 {
		return false
	}
	if q.table == nil {
		size := 16
		for size < 2*q.n {
			size *= 2
		}
		q.table = make([]int32, size)
		for end := n; end <= len(q.cubes); end += n {
			*q.slot(q.cubes[end-n : end]) = int32(end)
		}
	}
	return *q.slot(cube) != 0
}

func (q *cover) slot(cube []int32) *int32 {
	n, mask := len(cube), len(q.table)-1
	for k := int(hash(cube)) & mask; ; k = (k + 1) & mask {
		if end := int(q.table[k]); end == 0 || slices.Equal(q.cubes[end-n:end], cube) {
			return &q.table[k]
		}
	}
}

// index makes the rows.
func (q *cover) index() {
	s, n, w, nd, cubes := q.s, q.n, q.w, len(q.s.dims), q.cubes
	s.work -= n
	q.rows = make([]bits, nd)
	words := make(bits, 2*w)
	q.all, q.cand = words[:w:w], words[w:]
	if n == 0 {
		return
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
		rows := make(bits, dim.n*w)
		q.rows[d] = rows
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
				rows[a*w+i>>6] |= 1 << (uint(i) & 63)
			}
		}
		for a := range dim.n {
			rows[a*w : (a+1)*w].or(free)
		}
		if dense {
			for i := range n {
				id := cubes[i*nd+d]
				if id == full || !free.get(i) {
					continue
				}
				for k, word := range dim.sets[id] {
					for word = dim.sets[full][k] &^ word; word != 0; word &= word - 1 {
						a := k*64 + mathbits.TrailingZeros64(word)
						rows[a*w+i>>6] &^= 1 << (uint(i) & 63)
					}
				}
			}
		}
	}
}

// row is the cubes that have an atom.
func (q *cover) row(d, a int32) bits { return q.rows[d][int(a)*q.w : int(a+1)*q.w] }

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

// find searches the box for requests that are in no cube, those of skip aside.
func (q *cover) find(f *search, skip bits) {
	if q.rows == nil {
		q.index()
	}
	q.run(f, skip)
}

// run is find, once there are rows. The probe is always the smallest request of the
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
		q.cand.and(q.row(d, f.at[d]))
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

// branch is the requests in a cube of pos and in none of a cover: a piece of a difference.
type branch struct {
	pos  []int32
	from *cover
}

// minus is what is in a, not in b, and in the universe.
func (s *Space) minus(a, b *Set) ([]branch, error) {
	s.prepare(b)
	var out []branch
	for _, p := range a.pieces {
		if s.work < 0 {
			return nil, ErrBudget
		}
		from := b.cover
		if len(p.neg) > 0 {
			from = s.newCover(slices.Concat(p.neg, b.cover.cubes))
		}
		out = append(out, branch{p.pos, from})
	}
	for _, h := range b.holes {
		var next []branch
		for _, br := range out {
			// What is not in the hole's piece at all, and what is in the hole.
			if !s.full(br.from.cubes) && !s.full(h.pos) {
				next = append(next, branch{br.pos, s.newCover(slices.Concat(br.from.cubes, h.pos))})
			}
			pos, err := s.product(br.pos, br.others(h.neg))
			if err != nil {
				return nil, err
			}
			if len(pos) > 0 {
				next = append(next, branch{pos, br.from})
			}
		}
		if out = next; len(out) > maxPieces {
			return nil, ErrBudget
		}
	}
	return out, nil
}

// prepare makes of a set what takes its requests away. The holes of all but the largest piece are spelled out if possible.
func (s *Space) prepare(b *Set) {
	if b.cover != nil {
		return
	}
	n := len(s.dims)
	var cubes []int32
	for _, p := range b.pieces {
		if len(p.neg) == 0 {
			cubes = append(cubes, p.pos...)
		} else {
			b.holes = append(b.holes, p)
		}
	}
	slices.SortStableFunc(b.holes, func(p, q piece) int { return len(q.neg) - len(p.neg) })
	for i := len(b.holes) - 1; i >= 1; i-- {
		p := b.holes[i]
		if spelled, ok := s.sharp(p, min(s.limits.Cubes, 1024+4*len(p.pos)/n)); ok {
			cubes = append(cubes, spelled...)
			b.holes = slices.Delete(b.holes, i, i+1)
		}
	}
	b.cover = s.newCover(append(cubes, s.outside...))
}

// full tells if one of the cubes is that of every request.
func (s *Space) full(list []int32) bool {
	n := len(s.dims)
	for i := 0; i < len(list); i += n {
		if isFull(list[i : i+n]) {
			return true
		}
	}
	return false
}

// others is the cubes of list that are not among those of the branch's cover.
func (br *branch) others(list []int32) []int32 {
	if br.from.n == 0 {
		return list
	}
	n := len(br.from.s.dims)
	var out []int32
	for i := 0; i < len(list); i += n {
		if cube := list[i : i+n]; !br.from.has(cube) {
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
		if s.work < 0 {
			f.over = true
			return f
		}
		todo := br.others(br.pos)
		for i := 0; i < len(todo); i += n {
			f.set(todo[i : i+n])
			if br.from.find(f, nil); f.over || f.any && f.found {
				return f
			}
		}
	}
	return f
}
