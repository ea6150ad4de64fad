package sem

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestForget asks of every request of random expressions whether some values of what is forgotten let it pass.
func TestForget(t *testing.T) {
	both, neither := 0, 0
	for seed := range 3000 {
		r := rand.New(rand.NewPCG(uint64(seed), 5))
		x := randomExpr(r, 1+r.IntN(4))
		mask := r.Uint32()
		forgotten := func(a Attr) bool { return mask>>a.Kind&1 == 1 }
		y, err := Forget(Limits{}, forgotten, x)
		if err != nil {
			t.Fatal(err)
		}
		attrs := map[Attr]bool{}
		y.Attrs(attrs)
		for a := range attrs {
			if forgotten(a) {
				t.Fatalf("seed %d: %v is not forgotten", seed, a)
			}
		}
		s, err := NewSpace(Limits{}, nil, nil, x, y)
		if err != nil {
			t.Fatal(err)
		}
		w := newWorld(s, nil)
		if len(w.point) > 20_000 {
			continue
		}
		rest := func(p []int) string {
			var out []int
			for i, a := range p {
				if !forgotten(s.dims[i].attr) {
					out = append(out, i, a)
				}
			}
			return fmt.Sprint(out)
		}
		some := map[string]bool{}
		for _, p := range w.point {
			if w.holds(x, p) {
				some[rest(p)] = true
			}
		}
		for _, p := range w.point {
			if k := rest(p); w.holds(y, p) != some[k] {
				t.Fatalf("seed %d: of %+v is left %+v, which is wrong for %s", seed, x, y, k)
			} else if some[k] && !w.holds(x, p) {
				both++
			} else if !some[k] {
				neither++
			}
		}
	}
	if both < 1000 || neither < 1000 {
		t.Errorf("%d requests pass with other values, %d with none: they are not varied", both, neither)
	}
}

// TestForgetWithinBounds wants what takes too long to be no answer.
func TestForgetWithinBounds(t *testing.T) {
	var list []*Expr
	for i := range 20 {
		n := string(rune('a' + i))
		list = append(list, Or(And(exact(Header, "x", n), exact(SNI, "", n)), And(exact(Header, "y", n), exact(SNI, "", n))))
	}
	if y, err := Forget(Limits{Cubes: 10}, func(a Attr) bool { return a.Kind == Header }, And(list...)); err != ErrBudget {
		t.Error(y, err)
	}
}
