package sem

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestPartitionAlone: where a list has one element at most, its atoms are those of such lists.
func TestPartitionAlone(t *testing.T) {
	a := Attr{Kind: Claim, Name: "tier"}
	narrower := 0
	for round := range 200 {
		r := rand.New(rand.NewPCG(9, uint64(round)))
		ms := make([]Matcher, 1+r.IntN(4))
		for i := range ms {
			ms[i] = randomMatcher(r, a)
		}
		whole, err := partition(a, ms, nil, nil, 100_000)
		if err != nil {
			t.Fatal(err)
		}
		ms = append(ms, Matcher{Attr: a, Parts: [3]Pattern{{Op: Several}}})
		if _, err := partition(a, ms, nil, nil, 100_000); err == nil || err == ErrBudget {
			t.Fatalf("without a universe that says so: %v", err)
		}
		got, err := partitionAlone(a, ms, nil, nil, 100_000)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range got.values {
			for m := range ms {
				if len(v.Parts) > 1 || got.has[m].get(i) != matches(ms[m], v) {
					t.Fatalf("%v\n%+v: %t", ms, v, got.has[m].get(i))
				}
			}
		}
		for _, v := range universeOf(a.Kind) {
			if len(v.Parts) < 2 && !slices.ContainsFunc(got.values, func(w Value) bool { return sameAtom(ms, v, w) }) {
				t.Fatalf("%v\n%+v is of no atom", ms, v)
			}
		}
		if len(got.values) < len(whole.values) {
			narrower++
		}
	}
	if narrower < 50 {
		t.Errorf("lists of several elements make a difference in %d of 200 rounds", narrower)
	}
}

// TestAlone holds differences where a list has one element at most, of all requests or of some, to all lists there are.
func TestAlone(t *testing.T) {
	tier, method := Attr{Kind: Claim, Name: "tier"}, Attr{Kind: Method}
	one := Not(Is(Matcher{Attr: tier, Parts: [3]Pattern{{Op: Several}}}))
	get := exact(Method, "", "GET")
	var requests []Request
	for _, v := range universeOf(Claim) {
		for _, m := range []string{"GET", "x"} {
			requests = append(requests, Request{tier: v, method: {Parts: []string{m}}})
		}
	}
	differ, narrowed := 0, 0
	for round := range 400 {
		r := rand.New(rand.NewPCG(10, uint64(round)))
		random := func() *Expr {
			var list []*Expr
			for range 1 + r.IntN(3) {
				var parts []*Expr
				for range 1 + r.IntN(3) {
					x := Is(randomMatcher(r, tier))
					if r.IntN(3) > 0 {
						x = field(Claim, "tier", Exact, []string{"a", "b", "ab"}[r.IntN(3)])
					}
					if r.IntN(3) == 0 {
						x = Not(x)
					}
					parts = append(parts, x)
				}
				if r.IntN(3) == 0 {
					parts = append(parts, get)
				}
				list = append(list, And(parts...))
			}
			return Or(list...)
		}
		a, b := random(), random()
		in := And(a, []*Expr{True, one, Or(one, get), Or(Not(get), And(one))}[round%4])
		cases := Cases(in)
		if want := 1 + round%4/2; len(cases) != want {
			t.Fatalf("round %d: %d cases, want %d", round, len(cases), want)
		}
		found := false
		for _, part := range cases {
			s, err := NewSpace(Limits{}, Alone(part), nil, part, b)
			if err != nil {
				t.Fatal(err)
			}
			x, errX := s.Set(part)
			y, errY := s.Set(b)
			d, err := s.Minus(x, y)
			if errX != nil || errY != nil || err != nil {
				t.Fatal(errX, errY, err)
			}
			if d != nil {
				found = true
				if !in.Holds(d.Request) || b.Holds(d.Request) {
					t.Fatalf("round %d: %+v", round, d.Request)
				}
			}
		}
		if found {
			differ++
			continue
		}
		for _, q := range requests {
			if in.Holds(q) && !b.Holds(q) {
				t.Fatalf("round %d: nothing, but %v is", round, q)
			}
		}
		if slices.ContainsFunc(requests, func(q Request) bool { return a.Holds(q) && !b.Holds(q) }) {
			narrowed++
		}
	}
	if differ < 100 || differ > 350 || narrowed < 10 {
		t.Errorf("%d of 400 pairs differ, and %d do in lists of several elements alone", differ, narrowed)
	}
}
