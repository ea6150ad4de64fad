package sem

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

func TestRedundantAgreesWithEnumeration(t *testing.T) {
	seeds := 2000
	if testing.Short() {
		seeds = 300
	}
	count := map[string]int{}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(uint64(seed), 2))
		var rules []*Expr
		for range 1 + r.IntN(6) {
			rules = append(rules, And(randomExpr(r, r.IntN(3)), randomExpr(r, r.IntN(2))))
		}
		var universe *Expr
		if r.IntN(3) == 0 {
			universe = Or(randomExpr(r, 2), randomTest(r))
		}
		s, err := NewSpace(Limits{}, universe, nil, rules...)
		if err != nil {
			t.Fatal(err)
		}
		w := newWorld(s, universe)
		var sets []*Set
		for _, x := range rules {
			set, err := s.Set(x)
			if err != nil {
				t.Fatal(err)
			}
			sets = append(sets, set)
		}
		found, err := s.Redundant(sets)
		if err != nil {
			t.Fatal(err)
		}
		inside := func(i int, others ...int) bool {
			var list []*Expr
			for _, j := range others {
				list = append(list, rules[j])
			}
			return len(w.all(And(rules[i], Not(&Expr{op: opOr, list: list})))) == 0
		}
		for i, got := range found {
			want := Redundancy{Inside: -1, Empty: inside(i)}
			var others []int
			for j := range rules {
				if j != i {
					others = append(others, j)
					if !want.Empty && want.Inside < 0 && inside(i, j) {
						want.Inside, want.By = j, []int{j}
					}
				}
			}
			if !want.Empty && want.Inside < 0 && inside(i, others...) {
				want.By = got.By
				for k := range got.By {
					if got.By[k] == i || inside(i, slices.Delete(slices.Clone(got.By), k, k+1)...) {
						t.Fatalf("seed %d: rule %d: %d of %v can be spared", seed, i, got.By[k], got.By)
					}
				}
				if len(got.By) < 2 || !inside(i, got.By...) {
					t.Fatalf("seed %d: rule %d is inside the others, but not inside %v", seed, i, got.By)
				}
				count["union"]++
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d: rule %d of %d: %+v, want %+v", seed, i, len(rules), got, want)
			}
			switch {
			case got.Empty:
				count["empty"]++
			case got.Inside >= 0:
				count["inside"]++
			case got.By == nil:
				count["needed"]++
			}
		}
	}
	for _, name := range []string{"empty", "inside", "union", "needed"} {
		if count[name] < seeds/80 {
			t.Errorf("only %d rules of %d programs are: %s", count[name], seeds, name)
		}
	}
}

// A proof that stands on more than it needs names only what it needs.
func TestRedundantNamesFew(t *testing.T) {
	post, a := exact(Method, "", "POST"), exact(Path, "", "/a")
	identity := func(name string) *Expr { return exact(Peer, "", "td", "shop", name) }
	rules := []*Expr{
		identity("x"),
		And(identity("x"), Not(post)), // the first that is tried, and needless beside the next two
		And(Or(identity("x"), identity("y")), a),
		And(Or(identity("x"), identity("z")), Not(a)),
	}
	s, err := NewSpace(Limits{}, nil, nil, rules...)
	if err != nil {
		t.Fatal(err)
	}
	var sets []*Set
	for _, x := range rules {
		set, err := s.Set(x)
		if err != nil {
			t.Fatal(err)
		}
		sets = append(sets, set)
	}
	found, err := s.Redundant(sets)
	if err != nil || !slices.Equal(found[0].By, []int{2, 3}) || found[1].Inside != 0 || found[2].By != nil {
		t.Errorf("%+v, %v", found, err)
	}
}

// Rules that differ in one attribute alone are one cube.
func TestCubesThatDifferInOneAttributeFuse(t *testing.T) {
	var list []*Expr
	for i := range 300 {
		for _, path := range []string{"/a", "/b"} {
			list = append(list, And(exact(Peer, "", "td", "shop", fmt.Sprint(i)), exact(Path, "", path), exact(Method, "", "GET")))
		}
	}
	x := Or(list...)
	s, err := NewSpace(Limits{}, nil, nil, x)
	if err != nil {
		t.Fatal(err)
	}
	set, err := s.Set(x)
	if err != nil || len(set.pieces) != 1 || len(set.pieces[0].pos) != len(s.dims) {
		t.Errorf("%d pieces, %v", len(set.pieces), err)
	}
}

// TestSpare holds it to its definition: each answer against the union of the sets that stay at that point, and all of those
// that are spared against the rest.
func TestSpare(t *testing.T) {
	spared := 0
	for seed := range 400 {
		r := rand.New(rand.NewPCG(uint64(seed), 3))
		var rules []*Expr
		for range 2 + r.IntN(6) {
			rules = append(rules, And(randomExpr(r, r.IntN(3)), randomExpr(r, r.IntN(2))))
		}
		rules = append(rules, rules[r.IntN(len(rules))])
		s, err := NewSpace(Limits{}, nil, nil, rules...)
		if err != nil {
			t.Fatal(err)
		}
		w := newWorld(s, nil)
		var sets []*Set
		var may, by []bool
		for _, x := range rules {
			set, err := s.Set(x)
			if err != nil {
				t.Fatal(err)
			}
			sets, may, by = append(sets, set), append(may, r.IntN(4) > 0), append(by, r.IntN(4) > 0)
		}
		found, err := s.Spare(sets, func(i int) bool { return may[i] }, func(i int) bool { return by[i] })
		if err != nil {
			t.Fatal(err)
		}
		left := slices.Clone(by)
		for i := len(rules) - 1; i >= 0; i-- {
			got := found[i]
			if !may[i] {
				if got.Inside != -1 || got.Empty || got.By != nil {
					t.Fatalf("seed %d: set %d may not be spared: %+v", seed, i, got)
				}
				continue
			}
			var others []*Expr
			for j, x := range rules {
				if left[j] && j != i {
					others = append(others, x)
				}
			}
			empty := len(w.all(rules[i])) == 0
			inside := !empty && len(w.all(And(rules[i], Not(&Expr{op: opOr, list: others})))) == 0
			if got.Unknown || got.Empty != empty || (len(got.By) > 0) != inside {
				t.Fatalf("seed %d: set %d is empty: %v, inside the others: %v, and the answer is %+v", seed, i, empty, inside, got)
			}
			for _, j := range got.By {
				if !left[j] {
					t.Fatalf("seed %d: set %d lies in %d, which is spared or may not be lain in", seed, i, j)
				}
			}
			if inside {
				spared++
				left[i] = false
			}
		}
	}
	if spared < 100 {
		t.Errorf("only %d sets were spared", spared)
	}
}
