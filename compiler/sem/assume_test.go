package sem

import (
	"math/rand/v2"
	"testing"
)

// TestAssume holds what is simplified of random tests, of every kind, to what they are of every value over a small alphabet.
func TestAssume(t *testing.T) {
	for k := Peer; k <= Answer; k++ {
		r := rand.New(rand.NewPCG(uint64(k), 3))
		a := Attr{Kind: k}
		values := universeOf(k)
		if len(values) > 3000 {
			r.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
			values = values[:3000]
		}
		test := func() *Expr { return Is(randomMatcher(r, a)) }
		decided := 0
		for range 400 {
			var x *Expr
			switch r.IntN(5) {
			case 0:
				x = test()
			case 1:
				x = Or(test(), test())
			case 2:
				x = And(test(), Or(test(), False, And(test(), Not(test()))))
			case 3:
				x = Or(Not(Is(Matcher{Attr: a})), test())
			case 4:
				x = Not(Is(Matcher{Attr: a}))
			}
			y := Or(test(), And(test(), Not(test())))
			z := Assume(x)(y)
			if z != y {
				decided++
			}
			for _, v := range values {
				if q := (Request{a: v}); x.Holds(q) && y.Holds(q) != z.Holds(q) {
					t.Fatalf("%v: of %+v, where %+v holds, %+v becomes %+v", v, k, x, y, z)
				}
			}
		}
		if decided < 10 {
			t.Errorf("kind %d: %d of 400 cases are simplified: they are not varied", k, decided)
		}
	}
}

// TestAssumeOfManyAttributes does the same for nested expressions of several attributes.
func TestAssumeOfManyAttributes(t *testing.T) {
	decided, settled := 0, 0
	for seed := range 2000 {
		r := rand.New(rand.NewPCG(uint64(seed), 4))
		x, y := randomExpr(r, 1+r.IntN(3)), randomExpr(r, 1+r.IntN(3))
		z := Assume(x)(y)
		if z == y {
			continue
		}
		decided++
		if z.constant(true) || z.constant(false) {
			settled++
		}
		s, err := NewSpace(Limits{}, x, nil, y, z)
		if err != nil {
			t.Fatal(err)
		}
		a, errA := s.Set(y)
		b, errB := s.Set(z)
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if d, _, err := s.Equal(a, b); d != nil || err != nil {
			t.Fatalf("seed %d: %v (%v) tells %+v from %+v", seed, d, err, y, z)
		}
	}
	if decided < 400 || settled < 100 {
		t.Errorf("%d of 2000 cases are simplified, %d to the end: they are not varied", decided, settled)
	}
}

// TestAssumeOfManyValues wants long lists to take no time together.
func TestAssumeOfManyValues(t *testing.T) {
	var list []*Expr
	for i := range 20_000 {
		list = append(list, exact(Peer, "", "td", "a", string(rune('a'+i%26))+string(rune('0'+i/26))))
	}
	x := And(Or(list...), exact(Method, "", "GET"))
	if y := Assume(x)(Or(append(list, exact(Method, "", "POST"))...)); len(y.list) != len(list) {
		t.Errorf("%d of %d members are left", len(y.list), len(list))
	}
}
