package sem

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// Lists with too many matchers for all the unions of their elements are held to every list there is of them.
func TestSpaceOfManyGroups(t *testing.T) {
	const groups = 11
	group := func(op Op, text string) *Expr { return field(Claim, "groups", op, text) }
	var all []*Expr
	for i := range groups {
		all = append(all, group(Exact, fmt.Sprintf("g%02d", i)))
	}
	all = append(all, group(Prefix, "g1"), group(Prefix, "g"), group(Suffix, "1"), group(NonEmpty, ""), group(Never, ""))
	get := exact(Method, "", "GET")
	var requests []Request
	for set := range 1 << groups {
		v := Value{Absent: set == 0}
		for i := range groups {
			if set>>i&1 != 0 {
				v.Parts = append(v.Parts, fmt.Sprintf("g%02d", i))
			}
		}
		for _, extra := range []string{"", "g1", "g", "1", "x"} {
			w := v
			if extra != "" {
				w = Value{Parts: append(v.Parts[:len(v.Parts):len(v.Parts)], extra)}
			}
			for _, m := range []string{"GET", "x"} {
				requests = append(requests, Request{all[0].test.Attr: w, get.test.Attr: {Parts: []string{m}}})
			}
		}
	}
	differ, split := 0, 0
	for seed := range 60 {
		r := rand.New(rand.NewPCG(uint64(seed), 5))
		random := func() *Expr {
			var list []*Expr
			for range 1 + r.IntN(4) {
				var parts []*Expr
				for range 1 + r.IntN(3) {
					x := all[r.IntN(len(all))]
					if r.IntN(3) == 0 {
						x = Not(x)
					}
					parts = append(parts, x)
				}
				if r.IntN(4) == 0 {
					parts = append(parts, get)
				}
				list = append(list, And(parts...))
			}
			return Or(list...)
		}
		a, b := random(), random()
		if r.IntN(2) == 0 {
			b = Or(b, a)
		}
		s, err := NewSpace(Limits{}, nil, nil, append(all, a, b)...)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.dims) > 3 {
			split++
		}
		x, err := s.Set(a)
		if err != nil {
			t.Fatal(err)
		}
		y, err := s.Set(b)
		if err != nil {
			t.Fatal(err)
		}
		d, err := s.Minus(x, y)
		if err != nil {
			t.Fatal(err)
		}
		if d != nil {
			differ++
			if !a.Holds(d.Request) || b.Holds(d.Request) || d.Smallest || len(d.Box) < 2 {
				t.Fatalf("seed %d: %+v", seed, d)
			}
			continue
		}
		for _, q := range requests {
			if a.Holds(q) && !b.Holds(q) {
				t.Fatalf("seed %d: nothing, but %v is", seed, q)
			}
		}
	}
	if differ < 10 || differ > 50 || split != 60 {
		t.Errorf("%d of 60 pairs differ, and %d are split", differ, split)
	}
}

// Two hundred groups are two hundred switches, and the smallest request is known.
func TestSpaceOfHundredsOfGroups(t *testing.T) {
	var list, rest []*Expr
	for i := range 200 {
		x := And(field(Claim, "groups", Exact, fmt.Sprint("group-", i)), exact(Method, "", fmt.Sprint("M", i%3)))
		if list = append(list, x); i != 77 {
			rest = append(rest, x)
		}
	}
	a, b := Or(list...), Or(rest...)
	s, err := NewSpace(Limits{}, nil, nil, a, b)
	if err != nil {
		t.Fatal(err)
	}
	x, errX := s.Set(a)
	y, errY := s.Set(b)
	d, err := s.Minus(x, y)
	if errX != nil || errY != nil || err != nil {
		t.Fatal(errX, errY, err)
	}
	claim := d.Request[Attr{Claim, "groups"}]
	if len(claim.Parts) != 1 || claim.Parts[0] != "group-77" || !d.Smallest || !a.Holds(d.Request) || b.Holds(d.Request) {
		t.Errorf("%+v", d)
	}
	// Of the 66 groups with that method each has a side.
	is := 0
	for _, side := range d.Box[1:] {
		if len(side.Is) == 1 && side.Is[0].Parts[0].Text == "group-77" {
			is++
		} else if len(side.Is) != 0 || len(side.Not) != 1 {
			t.Errorf("%+v", side)
		}
	}
	if len(d.Box) != 1+66 || is != 1 {
		t.Errorf("the box has %d sides, %d of them of the group", len(d.Box), is)
	}
	some, err := s.Any(&Set{pieces: []piece{{pos: s.cube()}}})
	if err != nil || len(some.Box) != 2 || !some.Box[1].All {
		t.Errorf("the box of every request is %+v, %v", some, err)
	}
	if d, err := s.Minus(y, x); d != nil || err != nil {
		t.Error(d, err)
	}
}
