package sem

import (
	"cmp"
	"slices"
)

// Difference is a request in a set of requests that was asked for, with what lies around it.
type Difference struct {
	Request  Request
	Smallest bool   // no request of the set costs less: proven
	Box      []Side // a box of such requests around it that no attribute can widen, in the order of attributes

	cost  int
	point []int32 // the atoms of Request
}

// Side is what a box lets one attribute be: the values that one of Is matches (without any: every present value) and that none
// of Not matches.
type Side struct {
	Attr   Attr
	All    bool // any value of the universe, or none, if it can be absent there
	Absent bool // a request without the attribute too
	// Is and Not say the present values exactly, in few matchers, if Said; otherwise Values has one for each class of them.
	Said    bool
	Is, Not []Matcher
	Values  []Value // a value for each class in the box, the cheapest first
	Except  []Value // a value for each class of the universe that is not in the box
}

// Minus tells what is in a and not in b: nil if nothing is.
func (s *Space) Minus(a, b *Set) (*Difference, error) {
	s.steps = s.limits.Steps
	branches, err := s.minus(a.pieces, b.pieces)
	if err != nil {
		return nil, err
	}
	return s.difference(branches)
}

// Meets tells what is both in a and in b: nil if nothing is.
func (s *Space) Meets(a, b *Set) (*Difference, error) {
	both, err := s.and(a.pieces, b.pieces)
	if err != nil {
		return nil, err
	}
	return s.Minus(&Set{both}, &Set{})
}

// Any tells what is in a: nil if nothing is.
func (s *Space) Any(a *Set) (*Difference, error) { return s.Minus(a, &Set{}) }

// Equal tells what is in one of a and b only: nil if they are equal. Of a difference on each side it is the smaller one, and
// inA tells which side it is of.
func (s *Space) Equal(a, b *Set) (d *Difference, inA bool, err error) {
	x, errX := s.Minus(a, b)
	y, errY := s.Minus(b, a)
	switch {
	case x == nil && y == nil:
		if errX == nil {
			errX = errY
		}
		return nil, false, errX
	case y == nil || x != nil && cmp.Or(cmp.Compare(x.cost, y.cost), slices.Compare(x.point, y.point)) <= 0:
		x.Smallest = x.Smallest && errY == nil
		return x, true, nil
	}
	y.Smallest = y.Smallest && errX == nil
	return y, false, nil
}

// difference is the smallest request of the branches, with the box around it.
func (s *Space) difference(branches []branch) (*Difference, error) {
	f := s.smallest(branches, false)
	if !f.found {
		if f.over {
			return nil, ErrBudget
		}
		return nil, nil
	}
	d := &Difference{Request: Request{}, Smallest: !f.over, cost: f.cost, point: f.point}
	box := s.widen(branches, f.point)
	for i := range s.dims {
		dim := &s.dims[i]
		if dim.atoms.values == nil {
			continue
		}
		d.Request[dim.attr] = dim.atoms.values[f.point[i]]
		d.Box = append(d.Box, s.side(dim, dim.sets[box[i]]))
	}
	return d, nil
}

// widen is a largest box in the union of the branches and what is outside of the universe that has a point in it. Attributes
// become arbitrary in their order, and then as wide as can be.
func (s *Space) widen(branches []branch, point []int32) []int32 {
	n := len(s.dims)
	box := s.cube()
	for d, a := range point {
		m := s.stack.at
		b := s.stack.take(len(s.dims[d].sets[full]))
		clear(b)
		b.set(int(a))
		box[d] = s.intern(&s.dims[d], b)
		s.stack.release(m)
	}
	if s.steps < s.limits.Steps/2 {
		s.steps = s.limits.Steps / 2 // of its own
	}
	for _, whole := range [2]bool{true, false} {
		for d := range n {
			was := box[d]
			if was == full {
				continue
			}
			box[d] = full
			// Whatever of the box is in no branch takes its atoms away.
			bad, ok := s.outsiders(box, branches, d, whole)
			switch box[d] = was; {
			case !ok:
				continue
			case bad == none:
				box[d] = full
			case !whole:
				box[d] = s.less(d, full, bad)
			}
		}
	}
	return box
}

// outsiders is the atoms of dimension d with which some request of a box and of the universe is in no branch. With any, one of
// them will do.
func (s *Space) outsiders(box []int32, branches []branch, d int, any bool) (int32, bool) {
	var near []piece
	for _, br := range branches {
		near = append(near, piece{s.touching(br.pos, box), s.touching(br.neg, box)})
	}
	rest, err := s.minus([]piece{{pos: box}}, near)
	if err != nil {
		return none, false
	}
	atoms, err := s.project(rest, d, any)
	return atoms, err == nil
}

// touching is the cubes of a list that have a request in common with a box.
func (s *Space) touching(list, box []int32) []int32 {
	n := len(s.dims)
	var out []int32
next:
	for i := 0; i < len(list); i += n {
		for d, id := range list[i : i+n] {
			if id != full && box[d] != full && id != box[d] && !s.dims[d].sets[id].meets(s.dims[d].sets[box[d]]) {
				continue next
			}
		}
		out = append(out, list[i:i+n]...)
	}
	return out
}

// Project tells which values of an attribute the requests of a set have.
func (s *Space) Project(a *Set, attr Attr) (Side, error) {
	s.steps = s.limits.Steps
	d := slices.IndexFunc(s.dims, func(d dim) bool { return d.attr == attr && d.atoms.values != nil })
	branches, err := s.minus(a.pieces, nil)
	if err != nil {
		return Side{}, err
	}
	if d < 0 { // nothing tests it
		f := s.smallest(branches, true)
		if f.over {
			return Side{}, ErrBudget
		}
		return Side{Attr: attr, All: f.found, Absent: f.found, Said: true}, nil
	}
	atoms, err := s.project(branches, d, false)
	if err != nil {
		return Side{}, err
	}
	return s.side(&s.dims[d], s.dims[d].sets[atoms]), nil
}

// project is the atoms of dimension d that the requests of branches have; with any, one of them will do.
func (s *Space) project(branches []branch, d int, any bool) (int32, error) {
	n := len(s.dims)
	dim := &s.dims[d]
	got := newBits(dim.n)
	left := newBits(dim.n)
	for _, br := range branches {
		q := s.newCover(br.neg)
		f := s.newSearch(true)
		for i := 0; i < len(br.pos); i += n {
			cube := br.pos[i : i+n]
			copy(left, dim.sets[cube[d]])
			left.andNot(got)
			for !left.empty() {
				f.found = false
				f.set(cube)
				f.box[d], f.ids[d] = left, -1
				if q.run(f, nil); f.over {
					return none, ErrBudget
				}
				if !f.found {
					break
				}
				// So are all atoms with which the same request is in no cube.
				copy(q.cand, q.all)
				for _, e := range q.used {
					if int(e) != d {
						q.cand.and(q.rows[e][f.point[e]])
					}
				}
				for a := left.next(0); a >= 0; a = left.next(a + 1) {
					if q.rows[d] == nil || !q.rows[d][a].meets(q.cand) {
						got.set(a)
					}
				}
				left.andNot(got)
				if any {
					return s.intern(dim, got), nil
				}
			}
		}
	}
	return s.intern(dim, got), nil
}
