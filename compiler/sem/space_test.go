package sem

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// exact is a test of one attribute for one value of it.
func exact(k Kind, name string, parts ...string) *Expr {
	m := Matcher{Attr: Attr{k, name}}
	for i, p := range parts {
		if p != "" {
			m.Parts[i] = Pattern{Op: Exact, Text: p}
		}
	}
	return Is(m)
}

// randomTest is one of few tests of few attributes.
func randomTest(r *rand.Rand) *Expr {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	switch r.IntN(11) {
	case 0, 1:
		return exact(Peer, "", pick("", "td"), pick("", "a", "b"), pick("x", "y"))
	case 2:
		return exact(Peer, "", "", pick("a", "b", "c"), "")
	case 3:
		return exact(Method, "", pick("GET", "POST"))
	case 4:
		return field(Method, "", Present, "")
	case 5:
		return exact(Path, "", pick("/a", "/b"))
	case 6:
		return field(Path, "", Prefix, pick("/", "/a", "/a/"))
	case 7:
		return exact(Header, "h", pick("1", "2"))
	case 8:
		return field(Header, "h", Prefix, "")
	case 9:
		lo := r.IntN(3)
		return Is(Matcher{Attr: Attr{Kind: Port}, Parts: [3]Pattern{{Op: Range, Lo: lo, Hi: lo + r.IntN(2)}}})
	}
	return exact(SNI, "", "s")
}

// randomExpr nests tests to a depth.
func randomExpr(r *rand.Rand, depth int) *Expr {
	if depth == 0 || r.IntN(6) == 0 {
		return randomTest(r)
	}
	var list []*Expr
	for range r.IntN(4) {
		list = append(list, randomExpr(r, depth-1))
	}
	switch r.IntN(5) {
	case 0, 1:
		return Or(list...)
	case 2, 3:
		return And(list...)
	}
	return Not(randomExpr(r, depth-1))
}

// shuffled is the same expression with its lists in another order.
func shuffled(r *rand.Rand, x *Expr) *Expr {
	y := &Expr{op: x.op, test: x.test}
	for _, i := range r.Perm(len(x.list)) {
		y.list = append(y.list, shuffled(r, x.list[i]))
	}
	return y
}

// world has every request of a space, one of each class, the smallest first, to ask them one by one.
type world struct {
	s     *Space
	point [][]int
}

func newWorld(s *Space, universe *Expr) *world {
	w := &world{s: s, point: [][]int{nil}}
	for i := range s.dims {
		var next [][]int
		for _, p := range w.point {
			for a := range s.dims[i].n {
				next = append(next, append(slices.Clip(p), a))
			}
		}
		w.point = next
	}
	w.point = slices.DeleteFunc(w.point, func(p []int) bool { return universe != nil && !w.holds(universe, p) })
	cost := func(p []int) (c int) {
		for i, a := range p {
			c += s.dims[i].atoms.costs[a]
		}
		return c
	}
	slices.SortStableFunc(w.point, func(p, q []int) int { return cost(p) - cost(q) })
	return w
}

func (w *world) holds(x *Expr, p []int) bool {
	for _, y := range x.list {
		if h := w.holds(y, p); x.op == opAnd && !h || x.op == opOr && h || x.op == opNot {
			return x.op == opOr || x.op == opNot && !h
		}
	}
	if x.op != opTest {
		return x.op == opAnd
	}
	t := w.s.tests[w.s.ids[x.test]]
	return w.s.dims[t.dim].atoms.has[t.at].get(p[t.dim])
}

// all are the requests that an expression holds for.
func (w *world) all(x *Expr) (out [][]int) {
	for _, p := range w.point {
		if w.holds(x, p) {
			out = append(out, p)
		}
	}
	return out
}

func (w *world) request(p []int) Request {
	r := Request{}
	for i, a := range p {
		if d := &w.s.dims[i]; d.atoms.values != nil {
			r[d.attr] = d.atoms.values[a]
		}
	}
	return r
}

// check holds a difference to what it should be of.
func (w *world) check(t *testing.T, what string, d *Difference, x *Expr) {
	t.Helper()
	all := w.all(x)
	if d == nil {
		if len(all) > 0 {
			t.Fatalf("%s: nothing, but %v is", what, w.request(all[0]))
		}
		return
	}
	if len(all) == 0 {
		t.Fatalf("%s: %v, but there is nothing", what, d.Request)
	}
	if !d.Smallest || !reflect.DeepEqual(d.Request, w.request(all[0])) {
		t.Fatalf("%s: %v (smallest: %v), but the smallest is %v", what, d.Request, d.Smallest, w.request(all[0]))
	}
	// The box has nothing else, and grows in no attribute.
	k := 0
	for i := range w.s.dims {
		dim := &w.s.dims[i]
		if dim.atoms.values == nil {
			continue
		}
		w.checkSide(t, what, dim, d.Box[k])
		k++
	}
	inBox := func(p []int, but int) bool {
		k := 0
		for i := range w.s.dims {
			if dim := &w.s.dims[i]; dim.atoms.values != nil {
				if i != but && !d.Box[k].set.get(p[i]) {
					return false
				}
				k++
			}
		}
		return true
	}
	blocked := map[[2]int]bool{} // dimension and atom
	for _, p := range w.point {
		if w.holds(x, p) {
			continue
		}
		if inBox(p, -1) {
			t.Fatalf("%s: the box has %v, which is not in the difference", what, w.request(p))
		}
		for i := range w.s.dims {
			if inBox(p, i) {
				blocked[[2]int{i, p[i]}] = true
			}
		}
	}
	k = 0
	for i := range w.s.dims {
		dim := &w.s.dims[i]
		if dim.atoms.values == nil {
			continue
		}
		for a, v := range dim.atoms.values {
			if dim.sets[full].get(a) && !d.Box[k].set.get(a) && !blocked[[2]int{i, a}] {
				t.Fatalf("%s: the box can have %v too", what, v)
			}
		}
		k++
	}
}

// checkSide holds the words of a side to its atoms.
func (w *world) checkSide(t *testing.T, what string, d *dim, side Side) {
	t.Helper()
	has := func(ms []Matcher, a int) bool {
		return slices.ContainsFunc(ms, func(m Matcher) bool { return d.atoms.has[w.s.tests[w.s.ids[m]].at].get(a) })
	}
	for a, v := range d.atoms.values {
		in := side.set.get(a)
		if !d.sets[full].get(a) {
			if in {
				t.Fatalf("%s: %v is outside of the universe", what, v)
			}
			continue
		}
		said := (len(side.Is) > 0 || !side.Unlisted) && (len(side.Is) == 0 || has(side.Is, a)) && !has(side.Not, a) ||
			side.Unlisted && !has(d.ms, a)
		if side.Said && !side.None && said != in || side.None && in || side.All && !in || v.Absent && side.Absent != in {
			t.Fatalf("%s: %v: said %v, is %v: %+v", what, v, said, in, side)
		}
		list := side.Except
		if in {
			list = side.Values
		}
		if listed := slices.ContainsFunc(list, func(w Value) bool { return reflect.DeepEqual(v, w) }); !listed && len(list) < few {
			t.Fatalf("%s: %v is in neither list of %+v", what, v, side)
		}
	}
}

func TestSpaceAgreesWithEnumeration(t *testing.T) {
	seeds := 2000
	if testing.Short() {
		seeds = 500
	}
	differ := 0
	for seed := range seeds {
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		a, b := randomExpr(r, 1+r.IntN(4)), randomExpr(r, 1+r.IntN(4))
		var universe *Expr
		if r.IntN(2) == 0 {
			universe = And(randomExpr(r, r.IntN(3)), Or(randomTest(r), randomTest(r), Not(randomTest(r))))
		}
		s, err := NewSpace(Limits{}, universe, nil, a, b)
		if err != nil {
			t.Fatal(err)
		}
		what := func(name string) string { return fmt.Sprintf("seed %d: %s", seed, name) }
		sets := make([]*Set, 2)
		for i, x := range []*Expr{a, b} {
			if sets[i], err = s.Set(x); err != nil {
				t.Fatal(err)
			}
		}
		w := newWorld(s, universe)
		minus, err := s.Minus(sets[0], sets[1])
		if err != nil {
			t.Fatal(err)
		}
		w.check(t, what("minus"), minus, And(a, Not(b)))
		if inside, err := s.Inside(sets[0], sets[1]); err != nil || inside != (minus == nil) {
			t.Fatalf("seed %d: inside: %v, %v", seed, inside, err)
		}
		if minus != nil {
			differ++
			if !a.Holds(minus.Request) || b.Holds(minus.Request) || universe != nil && !universe.Holds(minus.Request) {
				t.Fatalf("seed %d: %v is no witness", seed, minus.Request)
			}
		}
		meets, err := s.Meets(sets[0], sets[1])
		if err != nil {
			t.Fatal(err)
		}
		w.check(t, what("meets"), meets, And(a, b))
		some, err := s.Any(sets[0])
		if err != nil {
			t.Fatal(err)
		}
		w.check(t, what("any"), some, a)
		equal, inA, err := s.Equal(sets[0], sets[1])
		if err != nil {
			t.Fatal(err)
		}
		if equal != nil && !w.holds(And(a, Not(b)), w.find(equal.Request)) == inA {
			t.Fatalf("seed %d: the difference is of the other side", seed)
		}
		if equal == nil || !inA {
			w.check(t, what("equal"), equal, And(b, Not(a)))
		} else {
			w.check(t, what("equal"), equal, And(a, Not(b)))
		}
		if all := w.all(Or(And(a, Not(b)), And(b, Not(a)))); (equal == nil) != (len(all) == 0) || equal != nil && !reflect.DeepEqual(equal.Request, w.request(all[0])) {
			t.Fatalf("seed %d: equal: %v of %d", seed, equal, len(all))
		}
		for i := range s.dims {
			d := &s.dims[i]
			if d.atoms.values == nil {
				continue
			}
			side, err := s.Project(sets[0], d.attr)
			if err != nil {
				t.Fatal(err)
			}
			w.checkSide(t, what("project"), d, side)
			for k, v := range d.atoms.values {
				is := slices.ContainsFunc(w.all(a), func(p []int) bool { return p[i] == k })
				if is != side.set.get(k) {
					t.Fatalf("seed %d: project: %v: %v", seed, v, !is)
				}
			}
		}
		// The same sets in another order give the same answers.
		a2, b2 := shuffled(r, a), shuffled(r, b)
		s2, err := NewSpace(Limits{}, universe, nil, b2, a2)
		if err != nil {
			t.Fatal(err)
		}
		set2, _ := s2.Set(a2)
		other2, _ := s2.Set(b2)
		if again, err := s2.Minus(set2, other2); err != nil || !reflect.DeepEqual(again, minus) {
			t.Fatalf("seed %d: %+v, and shuffled %+v (%v)", seed, minus, again, err)
		}
	}
	if differ < seeds/4 || differ > seeds*3/4 {
		t.Errorf("%d of %d pairs differ: the cases are not varied", differ, seeds)
	}
}

// find is the point of a request.
func (w *world) find(r Request) []int {
	for _, p := range w.point {
		if reflect.DeepEqual(w.request(p), r) {
			return p
		}
	}
	return nil
}

// Cubes of three random headers each are as hard as tautologies get: few are decided, many end at the budget.
func TestHardCoversEndAtTheBudget(t *testing.T) {
	hard := func(headers, cubes int, limits Limits) error {
		r := rand.New(rand.NewPCG(7, 7))
		var list []*Expr
		for range cubes {
			var lits []*Expr
			for _, h := range r.Perm(headers)[:3] {
				x := exact(Header, fmt.Sprintf("h%03d", h), "1")
				if r.IntN(2) == 0 {
					x = Not(x)
				}
				lits = append(lits, x)
			}
			list = append(list, And(lits...))
		}
		x := Or(list...)
		s, err := NewSpace(limits, nil, nil, x)
		if err != nil {
			return err
		}
		set, err := s.Set(x)
		if err != nil {
			return err
		}
		all, err := s.Set(True)
		if err != nil {
			return err
		}
		_, err = s.Minus(all, set)
		return err
	}
	if err := hard(20, 120, Limits{}); err != nil {
		t.Errorf("20 headers: %v", err)
	}
	if err := hard(120, 640, Limits{Steps: 5000}); !errors.Is(err, ErrBudget) {
		t.Errorf("120 headers: %v", err)
	}
}

func TestLimits(t *testing.T) {
	var left, right []*Expr
	for i := range 40 {
		left = append(left, And(exact(Header, fmt.Sprint("a", i), "1"), exact(Method, "", "GET")))
		right = append(right, And(exact(Header, fmt.Sprint("b", i), "1"), exact(Path, "", "/")))
	}
	x := And(Or(left...), Or(right...))
	for _, c := range []struct {
		limit int
		err   error
	}{{1000, ErrBudget}, {2000, nil}} {
		s, err := NewSpace(Limits{Cubes: c.limit}, nil, nil, x)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Set(x); err != c.err {
			t.Errorf("%d cubes: %v", c.limit, err)
		}
	}
	// Complements of unions of complements: what spells them out has an end.
	r := rand.New(rand.NewPCG(1, 1))
	literals := func(n int) (list []*Expr) {
		for range n {
			list = append(list, exact(Header, fmt.Sprint("h", r.IntN(40)), fmt.Sprint(r.IntN(3))))
		}
		return list
	}
	var holes []*Expr
	for range 20 {
		var hole []*Expr
		for range 40 {
			hole = append(hole, And(literals(4)...))
		}
		holes = append(holes, And(And(literals(1)...), Not(Or(hole...))))
	}
	x = Not(Or(holes...))
	t.Run("complements", func(t *testing.T) {
		s, err := NewSpace(Limits{Cubes: 500}, nil, nil, x)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Set(x); err != ErrBudget {
			t.Error(err)
		}
	})
	s, err := NewSpace(Limits{}, nil, nil, left[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Set(right[0]); err == nil {
		t.Error("a matcher that the space does not know is taken")
	}
}
