package sem

import (
	"math/rand/v2"
	"strconv"
	"testing"
)

func TestSame(t *testing.T) {
	is := func(name, text string) *Expr {
		return Is(Matcher{Attr: Attr{Kind: Header, Name: name}, Parts: [3]Pattern{{Op: Exact, Text: text}}})
	}
	one := func(text string) *Expr { return exact(Path, "", text) }
	under := func(text string) *Expr { return field(Path, "", Prefix, text) }
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
		{And(Or(a, b), c), Or(And(a, c), And(b, c)), true},
		{Not(And(Or(a, b), c)), Or(And(Not(a), Not(b)), Not(c)), true},
		{Or(a, And(a, c)), a, true},
		{Or(c, And(a, Not(a))), c, true},
		{Or(c, And(a, b)), c, false}, // of a list another element may be the other one
		{Or(c, And(one("/a"), one("/b"))), c, true},
		{And(one("/a"), Not(one("/b"))), one("/a"), true},
		{And(Not(one("/a")), Not(under("/a"))), Not(under("/a")), true},
		{Or(one("/a/b"), under("/a")), under("/a"), true},
		{And(one("/a/b"), under("/a")), one("/a/b"), true},
		{Or(one("/b"), under("/a")), under("/a"), false},
		{Or(Not(one("/a")), one("/a")), True, false}, // of several products together nothing is told
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
		switch r.IntN(4) {
		case 0:
			y = shuffled(r, x)
		case 1:
			y = distributed(x)
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
	if same < 1000 {
		t.Errorf("only %d were the same", same)
	}
}

// distributed is an Or for every And of Ors in an expression.
func distributed(x *Expr) *Expr {
	list := make([]*Expr, len(x.list))
	for i, y := range x.list {
		list[i] = distributed(y)
	}
	switch x.op {
	case opTest:
		return x
	case opNot:
		return Not(list[0])
	case opOr:
		return Or(list...)
	}
	out := []*Expr{True}
	for _, y := range list {
		members := []*Expr{y}
		if y.op == opOr {
			members = y.list
		}
		var next []*Expr
		for _, a := range out {
			for _, b := range members {
				next = append(next, And(b, a))
			}
		}
		out = next
	}
	return Or(out...)
}

// TestSameOfVeryMany gives up where there are too many products, and where too many pairs of them would be compared.
func TestSameOfVeryMany(t *testing.T) {
	var and, left, right []*Expr
	for i := range 20 {
		name := string(rune('a' + i))
		and = append(and, Or(exact(Header, name, "1"), exact(Header, name, "2")))
	}
	for i := range 5000 {
		text := strconv.Itoa(i)
		left = append(left, And(exact(Path, "", "/"+text), exact(Method, "", text)))
		right = append(right, And(field(Path, "", Prefix, "/"+text), exact(Method, "", text)))
	}
	for _, x := range []*Expr{And(and...), Or(left...)} {
		if y := Or(append(right, x)...); Same(x, y) {
			t.Error("the same, and not equal")
		}
	}
}
