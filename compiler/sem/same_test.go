package sem

import (
	"math/rand/v2"
	"testing"
)

func TestSame(t *testing.T) {
	is := func(name, text string) *Expr {
		return Is(Matcher{Attr: Attr{Kind: Header, Name: name}, Parts: [3]Pattern{{Op: Exact, Text: text}}})
	}
	a, b, c := is("x", "a"), is("x", "b"), is("y", "c")
	for i, x := range []struct {
		a, b *Expr
		want bool
	}{
		{And(a, b), And(is("x", "b"), is("x", "a")), true},
		{And(a, And(b, c)), And(And(a, b), c, c), true},
		{Or(a, Or(b, c)), Or(c, b, a), true},
		{Not(Or(a, b)), And(Not(b), Not(a)), true},
		{Not(And(a, Not(b))), Or(b, Not(a)), true},
		{Not(Not(a)), a, true},
		{And(a, True), a, true},
		{Or(a, False), a, true},
		{And(a, False), False, true},
		{Or(a, True), True, true},
		{Not(True), False, true},
		{Or(And(a, b)), And(b, a), true},
		{a, b, false},
		{a, Not(a), false},
		{And(a, b), Or(a, b), false},
		{And(a, b), And(a, c), false},
		{And(Or(a, b), c), Or(And(a, b), c), false},
		{True, False, false},
		{a, Is(Matcher{Attr: Attr{Kind: Header, Name: "x"}, Parts: [3]Pattern{{Op: Prefix, Text: "a"}}}), false},
		{a, is("y", "a"), false},
	} {
		if got := Same(x.a, x.b); got != x.want {
			t.Errorf("%d: %v", i, got)
		}
		if got := Same(x.b, x.a); got != x.want {
			t.Errorf("%d, the other way: %v", i, got)
		}
	}
}

// TestSameIsEqual holds what is the same of random expressions to what is equal.
func TestSameIsEqual(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 1))
	same := 0
	for range 3000 {
		x, y := randomExpr(r, 3), randomExpr(r, 3)
		if r.IntN(2) == 0 {
			y = shuffled(r, x)
		}
		if !Same(x, y) {
			continue
		}
		same++
		s, err := NewSpace(Limits{}, nil, nil, x, y)
		if err != nil {
			t.Fatal(err)
		}
		a, errA := s.Set(x)
		b, errB := s.Set(y)
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if d, _, err := s.Equal(a, b); err != nil || d != nil {
			t.Fatalf("the same, and not equal: %v %v", d, err)
		}
	}
	if same < 500 {
		t.Errorf("only %d were the same", same)
	}
}
