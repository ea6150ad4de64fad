package sem

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Difference is a request in a set of requests that was asked for, with what lies around it.
type Difference struct {
	Request  Request
	Smallest bool   // no request of the set costs less: proven
	Box      []Side // a box of such requests around it, in the order of attributes; none can be wider, but past the budget

	cost  int
	costs map[Attr]int // of each attribute
	point []int32      // the atoms of Request
}

// Compare orders differences by what their requests cost, and then attribute by attribute, whatever space they are of: negative where
// d comes before o. What a request does not name costs nothing.
func (d *Difference) Compare(o *Difference) int {
	if c := cmp.Compare(d.cost, o.cost); c != 0 {
		return c
	}
	attrs := slices.Concat(slices.Collect(maps.Keys(d.Request)), slices.Collect(maps.Keys(o.Request)))
	slices.SortFunc(attrs, func(a, b Attr) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), strings.Compare(a.Name, b.Name)) })
	for _, a := range slices.Compact(attrs) {
		v, w := d.Request[a], o.Request[a]
		if c := cmp.Or(cmp.Compare(d.costs[a], o.costs[a]), slices.Compare(v.Parts, w.Parts)); c != 0 {
			return c
		}
	}
	return 0
}

// Minus tells what is in a and not in b: nil if nothing is.
func (s *Space) Minus(a, b *Set) (*Difference, error) {
	s.reset()
	branches, err := s.minus(a, b)
	if err != nil {
		return nil, err
	}
	return s.difference(branches)
}

// Meets tells what is both in a and in b: nil if nothing is.
func (s *Space) Meets(a, b *Set) (*Difference, error) {
	s.reset()
	both, err := s.and(a.pieces, b.pieces)
	if err != nil {
		return nil, err
	}
	return s.Minus(&Set{pieces: both}, &Set{})
}

// Inside tells if all of a is in b, for those who need no request that is not.
func (s *Space) Inside(a, b *Set) (bool, error) {
	s.reset()
	branches, err := s.minus(a, b)
	if err != nil {
		return false, err
	}
	f := s.smallest(branches, true)
	if f.over {
		return false, ErrBudget
	}
	return !f.found, nil
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
	d := &Difference{Request: Request{}, Smallest: !f.over, cost: f.cost, costs: map[Attr]int{}, point: f.point}
	box := s.widen(branches, f.point)
	for i := range s.dims {
		dim := &s.dims[i]
		d.costs[dim.attr] += dim.atoms.costs[f.point[i]]
		switch {
		case dim.atoms.values == nil:
		case dim.switches == nil:
			d.Request[dim.attr] = dim.atoms.values[f.point[i]]
			d.Box = append(d.Box, s.side(dim, dim.sets[box[i]]))
		default:
			if int(dim.first) == i {
				v, exact := dim.switches.request(f.point[i:])
				d.Request[dim.attr] = v
				d.Smallest = d.Smallest && exact
			}
			// Of switches only those that must be on or off, or one if there is none.
			last := len(d.Box) > 0 && d.Box[len(d.Box)-1].Attr == dim.attr
			if box[i] != full || !last && i == int(dim.first)+len(dim.switches.atoms)-1 {
				d.Box = append(d.Box, s.side(dim, dim.sets[box[i]]))
			}
		}
	}
	return d, nil
}

// request is the list at a point, and whether its cost is what the switches say: no element turns two of them on.
func (sw *switches) request(point []int32) (Value, bool) {
	var on []int32
	for i := range sw.atoms {
		if point[i] == 1 {
			on = append(on, int32(i))
		}
	}
	return sw.value(on), !slices.ContainsFunc(sw.hits, func(hits []int32) bool { return len(hits) > 1 })
}

// widen is a largest box in the union of the branches and what is outside of the universe that has a point in it. Attributes
// become arbitrary in their order, and then as wide as can be; past the budget they stay as they are.
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
	s.steps, s.work = max(s.steps, s.limits.Steps/8), max(s.work, s.limits.Cubes) // of its own
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
				return box
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
	if len(branches) > 1 || len(s.outside) > 0 {
		return s.strangers(box, branches, d, any)
	}
	// Of one piece: what a cube of the cover has, and what no cube of the piece has.
	n := len(s.dims)
	dim := &s.dims[d]
	m := s.stack.at
	defer func() { s.stack.release(m) }()
	bad, left := s.stack.take(len(dim.sets[full])), s.stack.take(len(dim.sets[full]))
	clear(bad)
	neg := branches[0].from.cubes
	for i := 0; i < len(neg); i += n {
		if cube := neg[i : i+n]; s.touches(cube, box, d) {
			if bad.or(dim.sets[cube[d]]); any {
				return s.intern(dim, bad), true
			}
		}
	}
	copy(left, dim.sets[box[d]])
	left.andNot(bad)
	pos := branches[0].pos
	for i := 0; i < len(pos); i += n {
		if cube := pos[i : i+n]; s.within(box, cube, d) {
			left.andNot(dim.sets[cube[d]])
		}
	}
	if !left.empty() {
		rest := slices.Clone(box)
		rest[d] = s.intern(dim, left)
		more, ok := s.strangers(rest, []branch{{pos, &cover{s: s}}}, d, any)
		if !ok {
			return none, false
		}
		bad.or(dim.sets[more])
	}
	return s.intern(dim, bad), true
}

// strangers is outsiders of any branches.
func (s *Space) strangers(box []int32, branches []branch, d int, any bool) (int32, bool) {
	near := &Set{}
	for _, br := range branches {
		if pos := s.touching(br.pos, box); len(pos) > 0 {
			near.pieces = append(near.pieces, piece{pos, s.touching(br.from.cubes, box)})
		}
	}
	rest, err := s.minus(&Set{pieces: []piece{{pos: box}}}, near)
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
	for i := 0; i < len(list); i += n {
		if cube := list[i : i+n]; s.touches(cube, box, -1) {
			out = append(out, cube...)
		}
	}
	return out
}

// touches tells if two cubes have a request in common, whatever dimension but is.
func (s *Space) touches(a, b []int32, but int) bool {
	for d, id := range a {
		if id != full && b[d] != full && id != b[d] && d != but && !s.dims[d].sets[id].meets(s.dims[d].sets[b[d]]) {
			return false
		}
	}
	return true
}

// Project tells which values of an attribute the requests of a set have.
func (s *Space) Project(a *Set, attr Attr) (Side, error) {
	s.reset()
	d := slices.IndexFunc(s.dims, func(d dim) bool { return d.attr == attr && d.atoms.values != nil })
	branches, err := s.minus(a, &Set{})
	if err != nil {
		return Side{}, err
	}
	if d < 0 { // nothing tests it
		f := s.smallest(branches, true)
		if f.over {
			return Side{}, ErrBudget
		}
		return Side{Attr: attr, All: f.found, None: !f.found, Said: true}, nil
	}
	if s.dims[d].switches != nil {
		return Side{}, ErrBudget // too many classes to list
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
		if s.work < 0 {
			return none, ErrBudget
		}
		q := br.from
		f := s.newSearch(true)
		for i := 0; i < len(br.pos); i += n {
			cube := br.pos[i : i+n]
			copy(left, dim.sets[cube[d]])
			left.andNot(got)
			for !left.empty() {
				f.found = false
				f.set(cube)
				f.box[d], f.ids[d] = left, -1
				if q.find(f, nil); f.over {
					return none, ErrBudget
				}
				if !f.found {
					break
				}
				// So are all atoms with which the same request is in no cube.
				copy(q.cand, q.all)
				for _, e := range q.used {
					if int(e) != d {
						q.cand.and(q.row(e, f.point[e]))
					}
				}
				for a := left.next(0); a >= 0; a = left.next(a + 1) {
					if q.rows[d] == nil || !q.row(int32(d), int32(a)).meets(q.cand) {
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
