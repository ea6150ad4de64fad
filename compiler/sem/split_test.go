package sem

import (
	"math/rand/v2"
	"testing"
)

// TestSplit holds the parts of random expressions, together, to the whole, by the algebra itself.
func TestSplit(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 8))
	split := 0
	for range 600 {
		x := randomExpr(r, 4)
		parts := Split(x)
		if len(parts) > 1 {
			split++
		}
		if len(parts) == 0 {
			t.Fatalf("%+v has no parts", x)
		}
		union := Or(parts...)
		space, err := NewSpace(Limits{}, nil, nil, x, union)
		if err != nil {
			t.Fatal(err)
		}
		a, err := space.Set(x)
		if err != nil {
			t.Fatal(err)
		}
		b, err := space.Set(union)
		if err != nil {
			t.Fatal(err)
		}
		for _, pair := range [][2]*Set{{a, b}, {b, a}} {
			if inside, err := space.Inside(pair[0], pair[1]); err != nil || !inside {
				t.Fatalf("%+v: the parts %+v are another set (%v)", x, parts, err)
			}
		}
	}
	if split < 200 {
		t.Errorf("%d of 600 are split: they are not varied", split)
	}
}

// TestSplitLongest takes the longest alternative that is not negated, and leaves what stands around it.
func TestSplitLongest(t *testing.T) {
	test := func(s string) *Expr {
		return Is(Matcher{Attr: Attr{Kind: Path}, Parts: [3]Pattern{{Op: Prefix, Text: "/" + s}}})
	}
	a, b, c, d, e := test("a"), test("b"), test("c"), test("d"), test("e")
	for _, x := range []struct {
		x     *Expr
		parts int
	}{
		{a, 1}, {True, 1}, {False, 1}, {And(a, b), 1},
		{And(a, Or(b, c)), 2}, {And(Or(a, b), Or(c, d, e)), 3}, {Or(a, And(b, Or(c, d, e))), 3},
		{Not(Or(a, b)), 1}, {Not(And(a, b, c)), 3}, {Not(Not(Or(a, b))), 2},
	} {
		if got := len(Split(x.x)); got != x.parts {
			t.Errorf("%+v: %d parts, want %d", x.x, got, x.parts)
		}
	}
}

// TestSmallestOfParts: the smallest of the parts' requests, each found in a space of its own, is one of the whole, and costs what the
// smallest of the whole does.
func TestSmallestOfParts(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 8))
	named := map[Kind][]Value{Method: {{Parts: []string{"GET"}}}, Path: {{Parts: []string{"/"}}}, Port: {{Parts: []string{"8080"}}}, Peer: {{Parts: []string{"td", "b", "y"}}}}
	some, first := 0, 0
	for range 1500 {
		x := randomExpr(r, 4)
		any := func(x *Expr) (*Difference, *Space) {
			space, err := NewSpace(Limits{}, nil, named, x)
			if err != nil {
				t.Fatal(err)
			}
			set, err := space.Set(x)
			if err != nil {
				t.Fatal(err)
			}
			d, err := space.Any(set)
			if err != nil {
				t.Fatal(err)
			}
			return d, space
		}
		whole, space := any(x)
		var best *Difference
		parts := Split(x)
		at := 0
		for i, part := range parts {
			if d, _ := any(part); d != nil && (best == nil || d.Compare(best) < 0) {
				best, at = d, i
			}
		}
		if (whole == nil) != (best == nil) {
			t.Fatalf("%+v: %+v, and of the parts %+v", x, whole, best)
		}
		if whole == nil || len(parts) == 1 {
			continue
		}
		some++
		if at == 0 {
			first++
		}
		request := Request{}
		for a := range whole.Request { // what the part does not test is the cheapest
			if v, named := best.Request[a]; named {
				request[a] = v
			} else {
				request[a] = space.Values(a)[0]
			}
		}
		if best.cost != whole.cost || !best.Smallest || !x.Holds(request) {
			t.Fatalf("%+v: %+v costs %d, and of the parts %+v costs %d", x, whole.Request, whole.cost, request, best.cost)
		}
	}
	if some < 300 || some-first < 50 {
		t.Errorf("%d of 1500 have parts, %d times the first one has the smallest", some, first)
	}
}
