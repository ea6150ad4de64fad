package sem

import (
	"cmp"
	"errors"
	"slices"
	"strings"
)

// Limits bound what one Space and one question of it may take. A zero field stands for its default.
type Limits struct {
	Atoms int // classes of values of one attribute
	Cubes int // cubes of one union
	Steps int // probes of one question
}

func (l Limits) withDefaults() Limits {
	return Limits{
		Atoms: cmp.Or(l.Atoms, 20_000),
		Cubes: cmp.Or(l.Cubes, 1<<17),
		Steps: cmp.Or(l.Steps, 1<<18),
	}
}

var errForeign = errors.New("the expression tests what the space was not made for")

// Space decides questions about the requests that some expressions speak of. It splits the values of every attribute into
// atoms, so that a request is one atom of each, and a set of requests a union of cubes: one set of atoms of each attribute.
// A Space is used by one goroutine.
type Space struct {
	limits  Limits
	dims    []dim
	ids     map[Matcher]int32 // to tests
	tests   []test
	union   []int32         // test -> its union, nil if each stands alone; see unions
	made    int32           // nodes that the space was made with
	nodes   map[*Expr]int32 // to values
	values  []value
	outside []int32       // cubes that are outside of the universe; single atoms that are so are in no set at all
	void    bool          // there are no requests
	alone   map[Attr]bool // lists that have one element at most
	steps   int           // probes left for the question at hand
	work    int           // cubes to build left for it
	spent   int           // by the questions before
	words   arena         // sets of atoms, for as long as the space lives
	stack   arena         // sets of atoms of searches
	table   []int32       // of tidy and of known cubes
	hashes  []uint64
	cubes   []int32 // arena of lists of cubes
}

// test is where the atoms of a matcher are found.
type test struct{ dim, at int32 }

// dim is one dimension: the atoms of an attribute, the cheapest first, and the sets of them that occur, each once.
type dim struct {
	attr  Attr
	ms    []Matcher
	union []int32 // matcher -> its union, nil if each stands alone; see unions
	atoms *atoms
	n     int    // atoms
	sets  []bits // full and none, then others
	least []int32
	table []int32 // hash to a set's number + 1

	switches *switches // what this is one of, from dimension first on
	first    int32
}

// The numbers of the first two sets of a dimension.
const (
	full = 0 // of the atoms that the universe has
	none = 1
)

// NewSpace makes a space for questions about exprs, and about what is built of their matchers. Requests that universe does not
// hold for (nil: there are none) are left out of every answer. Witnesses prefer the named values, by kind.
func NewSpace(limits Limits, universe *Expr, named map[Kind][]Value, exprs ...*Expr) (*Space, error) {
	if universe == nil {
		universe = True
	}
	n := nodes{left: 1 << 15}
	for _, x := range exprs {
		n.count(x)
	}
	s := &Space{limits: limits.withDefaults(), ids: make(map[Matcher]int32, n.tests/2), nodes: make(map[*Expr]int32, n.all)}
	s.values = make([]value, 0, n.all)
	s.steps, s.work = s.limits.Steps, 16*s.limits.Cubes
	var u unions
	var tests []*Expr
	conjuncts(universe, func(x *Expr) {
		tests = s.collect(x, tests, &u)
		u.root(s, x)
		if a, is := x.alone(); is {
			if s.alone == nil {
				s.alone = map[Attr]bool{}
			}
			s.alone[a] = true
		}
	})
	for _, x := range exprs {
		tests = s.collect(x, tests, &u)
		u.root(s, x)
	}
	s.union, s.made = u.find(len(tests)), int32(len(s.values))
	if err := s.split(tests, named); err != nil {
		return nil, err
	}
	if err := s.confine(universe); err != nil {
		return nil, err
	}
	s.exclude()
	return s, nil
}

// nodes counts what expressions are made of, up to a bound, so that tables are made of the right size.
type nodes struct{ all, tests, left int }

func (n *nodes) count(x *Expr) {
	if n.left--; n.left < 0 {
		return
	}
	n.all++
	if x.op == opTest {
		n.tests++
	}
	for _, y := range x.list {
		n.count(y)
	}
}

// reset begins a question.
func (s *Space) reset() {
	s.spent = s.Spent()
	s.steps, s.work = s.limits.Steps, 16*s.limits.Cubes
}

// Spent is how many steps all questions took, in probes: building eight cubes counts as one. It is the same for the same
// questions, so that many spaces can share a budget.
func (s *Space) Spent() int {
	return s.spent + max(0, s.limits.Steps-s.steps) + max(0, 16*s.limits.Cubes-s.work)/8
}

// collect gives every node of an expression a number, and returns the tests with those of matchers that are new.
func (s *Space) collect(x *Expr, tests []*Expr, u *unions) []*Expr {
	if _, ok := s.nodes[x]; ok {
		return tests
	}
	v := value{}
	if x.op == opTest {
		id, ok := s.ids[x.test]
		if !ok {
			id = int32(len(tests))
			s.ids[x.test] = id
			tests = append(tests, x)
		}
		v.test = id + 1
	}
	s.nodes[x] = int32(len(s.values))
	s.values = append(s.values, v)
	for _, y := range x.list {
		tests = s.collect(y, tests, u)
	}
	u.members(s, x)
	return tests
}

// split makes the dimensions, in the order of their attributes; nothing depends on the order in which the tests came.
func (s *Space) split(tests []*Expr, named map[Kind][]Value) error {
	order := make([]int32, len(tests))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int { return compareMatchers(&tests[i].test, &tests[j].test) })
	sorted := make([]Matcher, len(tests))
	for i, id := range order {
		sorted[i] = tests[id].test
	}
	s.tests = make([]test, len(tests))
	for start := 0; start < len(sorted); {
		end := start + 1
		for end < len(sorted) && sorted[end].Attr == sorted[start].Attr {
			end++
		}
		if err := s.addAttr(sorted[start:end], order[start:end], named); err != nil {
			return err
		}
		start = end
	}
	if len(s.dims) == 0 { // nothing is tested: one dimension of one atom
		s.dims = append(s.dims, dim{atoms: &atoms{costs: []int{0}}, n: 1})
	}
	for i := range s.dims {
		d := &s.dims[i]
		all := s.words.take((d.n + 63) / 64)
		all.fill(d.n)
		s.begin(d, all)
	}
	return nil
}

// addAttr adds the dimension of an attribute, or the switches of a list that takes too many atoms. ids are the tests of ms.
func (s *Space) addAttr(ms []Matcher, ids []int32, named map[Kind][]Value) error {
	attr, first := ms[0].Attr, int32(len(s.dims))
	var union []int32
	if s.union != nil && shapeOf(attr.Kind).list {
		union = make([]int32, len(ids))
		for i, id := range ids {
			union[i] = s.union[id]
		}
	}
	split := partition
	if s.alone[attr] {
		split = partitionAlone
	}
	a, err := split(attr, ms, union, named[attr.Kind], s.limits.Atoms)
	if err == nil {
		s.dims = append(s.dims, dim{attr: attr, ms: ms, union: union, atoms: a, n: len(a.values)})
		for i, id := range ids {
			s.tests[id] = test{first, int32(i)}
		}
		return nil
	}
	if err != ErrBudget || !shapeOf(attr.Kind).list || s.alone[attr] {
		return err
	}
	sw, err := partitionSwitches(attr, ms, union, named[attr.Kind], s.limits.Atoms)
	if err != nil {
		return err
	}
	for n, a := range sw.atoms {
		d := dim{attr: attr, atoms: a, n: len(a.values), switches: sw, first: first}
		for at, i := range sw.own[n] {
			d.ms = append(d.ms, ms[i])
			s.tests[ids[i]] = test{first + int32(n), int32(at)}
		}
		if union != nil {
			d.union = make([]int32, len(d.ms)) // all are one
		}
		s.dims = append(s.dims, d)
	}
	for i, n := range sw.of {
		if d := &s.dims[first]; n < 0 { // it holds for no list, and may be of any switch
			s.tests[ids[i]] = test{first, int32(len(d.ms))}
			d.ms, d.atoms.has = append(d.ms, ms[i]), append(d.atoms.has, newBits(2))
			if union != nil {
				d.union = append(d.union, -1)
			}
		}
	}
	return nil
}

// begin makes the table of sets of a dimension anew, for the atoms in all.
func (s *Space) begin(d *dim, all bits) {
	d.sets = append(d.sets[:0], all, s.words.take(len(all)))
	clear(d.sets[none])
	d.least = append(d.least[:0], int32(all.next(0)), -1)
	d.table = make([]int32, 16)
	for i, b := range d.sets {
		d.table[d.slot(b)] = int32(i) + 1
	}
}

// slot is the place of a set in the table: of the set itself, if it is there.
func (d *dim) slot(b bits) int {
	h := uint64(len(b))
	for _, w := range b {
		h = (h ^ w) * 0x9e3779b97f4a7c15
		h ^= h >> 29
	}
	mask := len(d.table) - 1
	for i := int(h) & mask; ; i = (i + 1) & mask {
		if d.table[i] == 0 || slices.Equal(d.sets[d.table[i]-1], b) {
			return i
		}
	}
}

// intern is the number of a set of atoms. b may be changed afterwards.
func (s *Space) intern(d *dim, b bits) int32 {
	i := d.slot(b)
	if d.table[i] != 0 {
		return d.table[i] - 1
	}
	c := s.words.take(len(b))
	copy(c, b)
	id := int32(len(d.sets))
	d.sets = append(d.sets, c)
	d.least = append(d.least, int32(c.next(0)))
	d.table[i] = id + 1
	if 2*len(d.sets) > len(d.table) {
		d.table = make([]int32, 4*len(d.table))
		for i, b := range d.sets {
			d.table[d.slot(b)] = int32(i) + 1
		}
	}
	return id
}

// meet, join and less are the sets of the atoms in both of a and b, in one of them, and in a but not in b.
func (s *Space) meet(d int, a, b int32) int32 {
	switch {
	case a == b || b == full:
		return a
	case a == full:
		return b
	case a == none || b == none:
		return none
	}
	return s.combine(d, a, b, bits.and)
}

func (s *Space) join(d int, a, b int32) int32 {
	switch {
	case a == b || b == none:
		return a
	case a == none:
		return b
	case a == full || b == full:
		return full
	}
	return s.combine(d, a, b, bits.or)
}

func (s *Space) less(d int, a, b int32) int32 {
	switch {
	case a == b || b == full || a == none:
		return none
	case b == none:
		return a
	}
	return s.combine(d, a, b, bits.andNot)
}

func (s *Space) combine(d int, a, b int32, op func(bits, bits)) int32 {
	dim := &s.dims[d]
	m := s.stack.at
	x := s.stack.take(len(dim.sets[a]))
	copy(x, dim.sets[a])
	op(x, dim.sets[b])
	id := s.intern(dim, x)
	s.stack.release(m)
	return id
}

// conjuncts goes through what holds wherever an expression does.
func conjuncts(x *Expr, f func(*Expr)) {
	if x.op != opAnd {
		f(x)
		return
	}
	for _, y := range x.list {
		conjuncts(y, f)
	}
}

// confine leaves out the requests that universe does not hold for. What it says of one attribute takes atoms out of all sets;
// the rest is a union of cubes.
func (s *Space) confine(universe *Expr) error {
	if universe == True {
		return nil
	}
	s.reset()
	live := make([]int32, len(s.dims))
	var rest []*Expr
	var err error
	conjuncts(universe, func(x *Expr) {
		v, errValue := s.value(x)
		switch {
		case errValue != nil:
			err = errValue
		case v.state == one:
			live[v.dim] = s.meet(int(v.dim), live[v.dim], v.id)
		default:
			rest = append(rest, x)
		}
	})
	if err != nil {
		return err
	}
	for i, id := range live {
		d := &s.dims[i]
		s.void = s.void || id == none
		if id != full {
			s.begin(d, d.sets[id])
		}
	}
	for i := range s.values {
		s.values[i] = value{test: s.values[i].test}
	}
	if s.void || len(rest) == 0 {
		return nil
	}
	v, err := s.value(Not(And(rest...)))
	if err != nil {
		return err
	}
	s.outside, err = s.flat(s.pieces(v))
	return err
}

// exclude puts outside of the universe what switches cannot be together.
func (s *Space) exclude() {
	for i := range s.dims {
		d := &s.dims[i]
		if d.switches == nil || int(d.first) != i {
			continue
		}
		b := newBits(2)
	never:
		for _, states := range d.switches.never {
			cube := s.cube()
			for _, x := range states {
				clear(b)
				if x.on {
					b.set(1)
				} else {
					b.set(0)
				}
				at := &s.dims[i+int(x.at)]
				b.and(at.sets[full])
				if b.empty() {
					continue never
				}
				cube[i+int(x.at)] = s.intern(at, b)
			}
			s.outside = append(s.outside, cube...)
		}
	}
}

func compareMatchers(a, b *Matcher) int {
	if c := cmp.Or(cmp.Compare(a.Attr.Kind, b.Attr.Kind), strings.Compare(a.Attr.Name, b.Attr.Name)); c != 0 {
		return c
	}
	for i := range a.Parts {
		p, q := &a.Parts[i], &b.Parts[i]
		if *p == *q {
			continue
		}
		fold := 0
		if p.Fold != q.Fold {
			fold = 1
			if q.Fold {
				fold = -1
			}
		}
		return cmp.Or(cmp.Compare(p.Op, q.Op), strings.Compare(p.Text, q.Text), fold, cmp.Compare(p.Lo, q.Lo), cmp.Compare(p.Hi, q.Hi))
	}
	return 0
}
