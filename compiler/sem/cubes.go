package sem

import "slices"

// A list of cubes is a []int32: a set's number for each dimension, cube after cube. No cube in it is empty.

// piece is the requests that are in a cube of pos and in none of neg. A complement stays a neg list: it is spelled out as cubes
// only where something else is joined to it.
type piece struct{ pos, neg []int32 }

// value is what a node of an expression was found to be: a set of atoms of one dimension, or a union of pieces.
type value struct {
	state  uint8
	dim    int32
	id     int32 // of the set
	test   int32 // the number of a matcher, + 1
	pieces []piece
}

// maxPieces bounds the pieces of one union: complements that take too many cubes to be spelled out.
const maxPieces = 256

const (
	unknown uint8 = iota
	one
	many
)

// Set is a set of requests of one Space.
type Set struct {
	pieces []piece
	// What takes requests away, once it was asked for: cubes, with those outside of the universe, and pieces with a neg.
	cover *cover
	holes []piece
}

// Set is the requests that x holds for: one of the expressions that the space was made for, or made of them, or of their
// matchers as far as these do not stand together with others (see unions).
func (s *Space) Set(x *Expr) (*Set, error) {
	s.reset()
	if !s.madeFor(x) {
		return nil, errForeign
	}
	if s.void {
		return &Set{}, nil
	}
	v, err := s.value(x)
	if err != nil {
		return nil, err
	}
	return &Set{pieces: s.pieces(v)}, nil
}

// madeFor reports whether the atoms tell what an expression asks: where there are unions, they do for every node that the
// space was made with, but for tests, and for a test that stands alone.
func (s *Space) madeFor(x *Expr) bool {
	if s.union == nil {
		return true
	}
	if x.op == opTest {
		t, err := s.test(x)
		if err != nil {
			return false
		}
		d := &s.dims[t.dim]
		return d.union == nil || len(d.matchers([]int{int(t.at)})) == 1
	}
	if n, ok := s.nodes[x]; ok && n < s.made && (x.op != opNot || x.list[0].op != opTest) {
		return true
	}
	return !slices.ContainsFunc(x.list, func(y *Expr) bool { return !s.madeFor(y) })
}

// value works out a node, once.
func (s *Space) value(x *Expr) (value, error) {
	n, ok := s.nodes[x]
	if !ok {
		n = int32(len(s.values))
		s.nodes[x] = n
		s.values = append(s.values, value{})
	}
	if v := s.values[n]; v.state != unknown {
		return v, nil
	}
	var v value
	var err error
	switch x.op {
	case opTest:
		var t test
		if t, err = s.test(x); err == nil {
			d := &s.dims[t.dim]
			m := s.stack.at
			b := s.stack.take(len(d.sets[full]))
			copy(b, d.atoms.has[t.at])
			b.and(d.sets[full])
			v = value{state: one, dim: t.dim, id: s.intern(d, b)}
			s.stack.release(m)
		}
	case opNot:
		if v, err = s.value(x.list[0]); err == nil {
			v, err = s.not(v)
		}
	case opAnd, opOr:
		v, err = s.list(x)
	}
	if err != nil {
		return value{}, err
	}
	v.test = s.values[n].test
	s.values[n] = v
	return v, nil
}

// test is where the atoms of a test are.
func (s *Space) test(x *Expr) (test, error) {
	if n, ok := s.nodes[x]; ok && s.values[n].test > 0 {
		return s.tests[s.values[n].test-1], nil
	}
	id, ok := s.ids[x.test]
	if !ok {
		return test{}, errForeign
	}
	return s.tests[id], nil
}

// list is the value of And and Or. What it says of one attribute becomes one set of atoms first.
func (s *Space) list(x *Expr) (value, error) {
	if len(x.list) == 0 {
		if x.op == opAnd {
			return value{state: one, id: full}, nil
		}
		return value{state: one, id: none}, nil
	}
	m := s.stack.at
	defer func() { s.stack.release(m) }()
	type gathered struct {
		dim  int32
		bits bits
	}
	var buf [8]gathered
	sets := buf[:0]
	var rest []value
	gather := func(dim int32, set bits) {
		i := slices.IndexFunc(sets, func(g gathered) bool { return g.dim == dim })
		switch {
		case i < 0:
			b := s.stack.take(len(set))
			copy(b, set)
			sets = append(sets, gathered{dim, b})
		case x.op == opAnd:
			sets[i].bits.and(set)
		default:
			sets[i].bits.or(set)
		}
	}
	for _, y := range x.list {
		if y.op == opTest { // needs no number
			t, err := s.test(y)
			if err != nil {
				return value{}, err
			}
			gather(t.dim, s.dims[t.dim].atoms.has[t.at])
			continue
		}
		v, err := s.value(y)
		if err != nil {
			return value{}, err
		}
		switch {
		case v.state == many:
			rest = append(rest, v)
		case v.id != full && v.id != none:
			gather(v.dim, s.dims[v.dim].sets[v.id])
		case (v.id == full) == (x.op == opOr):
			return v, nil // it decides
		}
	}
	for _, g := range sets {
		g.bits.and(s.dims[g.dim].sets[full])
	}
	slices.SortFunc(sets, func(a, b gathered) int { return int(a.dim) - int(b.dim) })
	if len(sets) == 1 && len(rest) == 0 {
		return value{state: one, dim: sets[0].dim, id: s.intern(&s.dims[sets[0].dim], sets[0].bits)}, nil
	}
	if len(sets) == 0 && len(rest) == 1 {
		return rest[0], nil
	}
	if x.op == opAnd {
		cube := s.cube()
		for _, g := range sets {
			if cube[g.dim] = s.intern(&s.dims[g.dim], g.bits); cube[g.dim] == none {
				return value{state: one, id: none}, nil
			}
		}
		pieces := []piece{{pos: cube}}
		for _, v := range rest {
			var err error
			if pieces, err = s.and(pieces, v.pieces); err != nil {
				return value{}, err
			}
		}
		return s.shrink(pieces), nil
	}
	var free []int32
	for _, g := range sets {
		id := s.intern(&s.dims[g.dim], g.bits)
		switch id {
		case full:
			return value{state: one, id: full}, nil
		case none:
			continue
		}
		cube := s.cube()
		cube[g.dim] = id
		free = append(free, cube...)
	}
	var pieces []piece
	for _, v := range rest {
		pieces = append(pieces, v.pieces...)
	}
	pieces, err := s.or(free, pieces)
	return s.shrink(pieces), err
}

// cube is a new cube of every request.
func (s *Space) cube() []int32 {
	n := len(s.dims)
	if len(s.cubes)+n > cap(s.cubes) {
		s.cubes = make([]int32, 0, max(n, 1024))
	}
	at := len(s.cubes)
	s.cubes = s.cubes[: at+n : cap(s.cubes)]
	c := s.cubes[at : at+n : at+n]
	clear(c)
	return c
}

// pieces is a value as a union of pieces.
func (s *Space) pieces(v value) []piece {
	switch {
	case v.state == many:
		return v.pieces
	case v.id == none:
		return nil
	}
	cube := s.cube()
	cube[v.dim] = v.id
	return []piece{{pos: cube}}
}

// shrink is the simplest value of pieces.
func (s *Space) shrink(pieces []piece) value {
	if len(pieces) == 0 {
		return value{state: one, id: none}
	}
	if p := pieces[0]; len(pieces) == 1 && len(p.neg) == 0 && len(p.pos) == len(s.dims) {
		d := slices.IndexFunc(p.pos, func(id int32) bool { return id != full })
		if d < 0 {
			return value{state: one, id: full}
		}
		if !slices.ContainsFunc(p.pos[d+1:], func(id int32) bool { return id != full }) {
			return value{state: one, dim: int32(d), id: p.pos[d]}
		}
	}
	return value{state: many, pieces: pieces}
}

// not is the complement: of each piece, all but pos, and neg.
func (s *Space) not(v value) (value, error) {
	if v.state == one {
		return value{state: one, dim: v.dim, id: s.less(int(v.dim), full, v.id)}, nil
	}
	all := []piece{{pos: s.cube()}}
	for _, p := range v.pieces {
		other := []piece{{pos: s.cube(), neg: p.pos}}
		if len(p.neg) > 0 {
			other = append(other, piece{pos: p.neg})
		}
		var err error
		if all, err = s.and(all, other); err != nil {
			return value{}, err
		}
	}
	return s.shrink(all), nil
}

// and is the requests in both unions.
func (s *Space) and(a, b []piece) ([]piece, error) {
	var out []piece
	for _, p := range a {
		for _, q := range b {
			pos, err := s.product(p.pos, q.pos)
			if err != nil {
				return nil, err
			}
			if len(pos) == 0 {
				continue
			}
			neg := p.neg
			if len(q.neg) > 0 {
				neg = s.tidy(append(slices.Clip(neg), q.neg...))
			}
			out = append(out, piece{pos, neg})
			if len(out) > maxPieces {
				return nil, ErrBudget
			}
		}
	}
	return out, nil
}

// or is the requests in the cubes of free or in one of the pieces. A complement beside something else is spelled out, if that
// takes few cubes.
func (s *Space) or(free []int32, pieces []piece) ([]piece, error) {
	var kept []piece
	for _, p := range pieces {
		if len(p.neg) == 0 {
			free = append(free, p.pos...)
		} else {
			kept = append(kept, p)
		}
	}
	if len(kept) > 1 || len(kept) == 1 && len(free) > 0 {
		still := kept[:0]
		for _, p := range kept {
			n := 64 + 4*len(p.pos)/len(s.dims)
			if cubes, ok := s.sharp(p, min(n, s.limits.Cubes)); ok {
				free = append(free, cubes...)
			} else {
				still = append(still, p)
			}
		}
		kept = still
	}
	if len(free) > s.limits.Cubes*len(s.dims) || len(kept) > maxPieces {
		return nil, ErrBudget
	}
	if len(free) > 0 {
		kept = append(kept, piece{pos: s.tidy(free)})
	}
	return kept, nil
}

// product is the cubes of what a cube of a and one of b have in common.
func (s *Space) product(a, b []int32) ([]int32, error) {
	n := len(s.dims)
	if len(a) == n && isFull(a) {
		return b, nil
	}
	if len(b) == n && isFull(b) {
		return a, nil
	}
	var out []int32
	for i := 0; i < len(a); i += n {
		if s.work -= len(b) / n / 8; s.work < 0 {
			return nil, ErrBudget
		}
		for j := 0; j < len(b); j += n {
			if !s.touches(a[i:i+n], b[j:j+n], -1) {
				continue
			}
			s.work--
			at := len(out)
			out = append(out, a[i:i+n]...)
			for d, id := range b[j : j+n] {
				out[at+d] = s.meet(d, out[at+d], id)
			}
			if len(out) > s.limits.Cubes*n {
				return nil, ErrBudget
			}
		}
	}
	return s.tidy(out), nil
}

func isFull(cube []int32) bool {
	return !slices.ContainsFunc(cube, func(id int32) bool { return id != full })
}

// sharp spells a piece out as cubes, at most limit of them.
func (s *Space) sharp(p piece, limit int) ([]int32, bool) {
	n := len(s.dims)
	list := p.pos
	var other []int32
	for j := 0; j < len(p.neg); j += n {
		hole := p.neg[j : j+n]
		if s.work -= len(list) / n / 8; s.work < 0 {
			return nil, false
		}
		next := other[:0]
		for i := 0; i < len(list); i += n {
			if next = s.cut(next, list[i:i+n], hole); len(next) > limit*n {
				return nil, false
			}
		}
		if other = list; j == 0 {
			other = nil // p's own
		}
		list = next
	}
	return s.tidy(list), true
}

// cut appends the parts of a cube that are outside of a hole; they have nothing in common.
func (s *Space) cut(list, cube, hole []int32) []int32 {
	if !s.touches(hole, cube, -1) {
		return append(list, cube...)
	}
	s.work--
	m := len(list)
	list = append(list, cube...) // what is left to cut, which gives way to the next part
	for d, id := range hole {
		if id == full {
			continue
		}
		in, out := s.meet(d, list[m+d], id), s.less(d, list[m+d], id)
		if out != none {
			list = append(list, list[m:m+len(cube)]...)
			list[m+d] = out
			m += len(cube)
		}
		list[m+d] = in
	}
	return list[:m]
}

// flat spells pieces out as cubes.
func (s *Space) flat(pieces []piece) ([]int32, error) {
	var out []int32
	for _, p := range pieces {
		if len(p.neg) == 0 && len(pieces) == 1 {
			return p.pos, nil
		}
		cubes, ok := s.sharp(p, s.limits.Cubes)
		if !ok {
			return nil, ErrBudget
		}
		if out = append(out, cubes...); len(out) > s.limits.Cubes*len(s.dims) {
			return nil, ErrBudget
		}
	}
	return s.tidy(out), nil
}
