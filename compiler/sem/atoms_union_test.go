package sem

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestUnionsChangeNothing holds spaces with unions to ones in which every matcher is told from all others, and to every list
// over a small alphabet.
func TestUnionsChangeNothing(t *testing.T) {
	a := Attr{Kind: Header, Name: "h"}
	values := universeOf(Header)
	get := exact(Method, "", "GET")
	united, differ := 0, 0
	for seed := range 1500 {
		r := rand.New(rand.NewPCG(uint64(seed), 6))
		var all []*Expr
		for range 2 + r.IntN(4) {
			all = append(all, Is(randomMatcher(r, a)))
		}
		group := func() *Expr {
			var some, none []*Expr
			for _, x := range all {
				if r.IntN(2) == 0 {
					some, none = append(some, x), append(none, Not(x))
				}
			}
			switch r.IntN(6) {
			case 0:
				return And(append(none, get)...)
			case 1:
				return And(none...)
			case 2:
				return Or(append(some, get)...)
			case 3:
				return Not(Or(some...))
			case 4:
				return Not(And(none...))
			}
			return Or(some...)
		}
		x := Or(And(group(), group()), And(group(), get))
		y := Or(And(group(), Or(group(), Not(get))), And(get, group()))
		if r.IntN(2) == 0 { // the same lists
			y = And(x.list[r.IntN(2)], Or(get, x.list[0]))
		}
		universe := True
		if r.IntN(3) == 0 {
			universe = And(group(), Or(get, group()))
		}
		s, err := NewSpace(Limits{}, universe, nil, x, y)
		if err != nil {
			t.Fatal(err)
		}
		known := map[*Expr]bool{}
		for _, z := range []*Expr{x, y, universe} {
			testsOf(z, known)
		}
		all = slices.DeleteFunc(all, func(z *Expr) bool { return !known[z] })
		apart, err := NewSpace(Limits{}, universe, nil, append(all, x, y)...)
		if err != nil {
			t.Fatal(err)
		}
		if apart.union != nil {
			t.Fatalf("seed %d: matchers that stand alone are united", seed)
		}
		if s.union != nil {
			united++
		}
		var found [2]*Difference
		for i, space := range []*Space{s, apart} {
			a, errA := space.Set(x)
			b, errB := space.Set(y)
			if errA != nil || errB != nil {
				t.Fatal(errA, errB)
			}
			if found[i], err = space.Minus(a, b); err != nil {
				t.Fatal(err)
			}
		}
		d, want := found[0], found[1]
		if (d == nil) != (want == nil) {
			t.Fatalf("seed %d: %+v with unions, %+v without, of %+v and %+v", seed, d, want, x, y)
		}
		if d != nil {
			differ++
			if !x.Holds(d.Request) || y.Holds(d.Request) || !universe.Holds(d.Request) || d.cost != want.cost {
				t.Fatalf("seed %d: %+v of cost %d, and without unions %+v of cost %d", seed, d, d.cost, want, want.cost)
			}
			for i := range d.Box {
				side := &d.Box[i]
				if universe != True || side.Attr != a || !side.Said || side.Unlisted {
					continue
				}
				for _, v := range values {
					if got := says(side, v); got != side.set.get(atomOf(t, &s.dims[i], v)) {
						t.Fatalf("seed %d: %v is %v, but %+v", seed, v, got, side)
					}
				}
			}
			continue
		}
		for _, v := range values {
			for _, m := range []string{"GET", "x"} {
				q := Request{a: v, get.test.Attr: {Parts: []string{m}}}
				if x.Holds(q) && !y.Holds(q) && universe.Holds(q) {
					t.Fatalf("seed %d: nothing, but %v is", seed, q)
				}
			}
		}
	}
	if united < 200 || differ < 300 || differ > 1300 {
		t.Errorf("of 1500 cases %d have unions, and %d differ", united, differ)
	}
}

// testsOf adds the tests of an expression.
func testsOf(x *Expr, to map[*Expr]bool) {
	if x.op == opTest {
		to[x] = true
	}
	for _, y := range x.list {
		testsOf(y, to)
	}
}

// says reports whether the words of a side are of a value.
func says(s *Side, v Value) bool {
	any := func(list []Matcher) bool {
		for _, m := range list {
			if matches(m, v) {
				return true
			}
		}
		return false
	}
	return (len(s.Is) == 0 || any(s.Is)) && !any(s.Not)
}

// atomOf is the atom of a value, by the unions of a dimension.
func atomOf(t *testing.T, d *dim, v Value) int {
	on := func(v Value) string {
		b := make([]byte, len(d.ms))
		for i, m := range d.ms {
			if !matches(m, v) {
				continue
			}
			for j := range d.ms {
				if j == i || d.union != nil && d.union[i] == d.union[j] {
					b[j] = 1
				}
			}
		}
		return string(b)
	}
	for i, w := range d.atoms.values {
		if on(v) == on(w) {
			return i
		}
	}
	t.Fatalf("%v has no atom", v)
	return -1
}

// TestUnionsOfMany wants a thousand values of one list to be one thing, until something asks for one of them.
func TestUnionsOfMany(t *testing.T) {
	value := func(i int) *Expr { return field(Header, "h", Exact, fmt.Sprint("v", i)) }
	list, other := make([]*Expr, 1000), make([]*Expr, 1000)
	for i := range list {
		list[i], other[i] = value(i), Not(value(999-i))
	}
	x, y := Or(list...), And(other...)
	s, err := NewSpace(Limits{}, nil, nil, x, y)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.dims) != 1 || s.dims[0].n != 2 {
		t.Errorf("%d dimensions, the first of %d atoms", len(s.dims), s.dims[0].n)
	}
	a, errA := s.Set(x)
	b, errB := s.Set(Not(y))
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	if d, _, err := s.Equal(a, b); d != nil || err != nil {
		t.Error(d, err)
	}
	if d, err := s.Any(a); err != nil || len(d.Box) != 1 || len(d.Box[0].Is) != 1000 {
		t.Errorf("the box is %+v (%v)", d, err)
	}
	// What is not told apart is not answered.
	for i, z := range []*Expr{list[5], Not(list[5]), value(7), Or(list[:2]...), And(x, list[0])} {
		if _, err := s.Set(z); !errors.Is(err, errForeign) {
			t.Errorf("%d: %v", i, err)
		}
	}
	s, err = NewSpace(Limits{}, nil, nil, x, y, list[5], And(value(7), value(8)))
	if err != nil {
		t.Fatal(err)
	}
	for i, z := range []*Expr{list[5], Not(list[5]), value(7), And(x, list[8])} {
		if _, err := s.Set(z); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	if s.dims[0].n != 16 {
		t.Errorf("%d atoms", s.dims[0].n)
	}
}

// TestUnionsAsSwitches is the same where the unions are too many for the sets of them.
func TestUnionsAsSwitches(t *testing.T) {
	var parts, fewer []*Expr
	for i := range 40 {
		var list []*Expr
		for j := range 50 {
			list = append(list, field(Claim, "groups", Exact, fmt.Sprint("g", (i*40+j)%1600)))
		}
		x := And(Or(list...), exact(Method, "", fmt.Sprint("M", i%3)))
		if parts = append(parts, x); i != 17 {
			fewer = append(fewer, x)
		}
	}
	never := field(Claim, "groups", Never, "")
	x, y := Or(append(parts, never)...), Or(fewer...)
	s, err := NewSpace(Limits{}, nil, nil, x, y)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.dims) > 1+2*40 {
		t.Errorf("%d dimensions", len(s.dims))
	}
	a, errA := s.Set(x)
	b, errB := s.Set(y)
	d, err := s.Minus(a, b)
	if errA != nil || errB != nil || err != nil {
		t.Fatal(errA, errB, err)
	}
	if !x.Holds(d.Request) || y.Holds(d.Request) {
		t.Errorf("%+v", d)
	}
	if d, err := s.Minus(b, a); d != nil || err != nil {
		t.Error(d, err)
	}
}
