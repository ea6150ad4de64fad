package sem

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSwitches: the combinations of switches that are not excluded are those of the lists there are, and each has its list.
func TestSwitches(t *testing.T) {
	a := Attr{Kind: Claim, Name: "groups"}
	lists := universeOf(a.Kind)
	excluded := 0
	for round := range 400 {
		r := rand.New(rand.NewPCG(7, uint64(round)))
		ms := make([]Matcher, 1+r.IntN(6))
		for i := range ms {
			ms[i] = randomMatcher(r, a)
		}
		s, err := partitionSwitches(a, ms, nil, nil, 100_000)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := partition(a, ms, nil, nil, 100_000)
		if err != nil {
			t.Fatal(err)
		}
		signature := func(holds func(int) bool) string {
			b := make([]byte, len(ms))
			for i := range ms {
				if holds(i) {
					b[i] = 1
				}
			}
			return string(b)
		}
		real := map[string]bool{}
		for i := range whole.values {
			real[signature(func(m int) bool { return whole.has[m].get(i) })] = true
		}
		found := 0
	combination:
		for c := range 1 << len(s.atoms) {
			var on []int32
			for m := range s.atoms {
				if c>>m&1 != 0 {
					on = append(on, int32(m))
				}
			}
			for _, never := range s.never {
				if !slices.ContainsFunc(never, func(x state) bool { return slices.Contains(on, x.at) != x.on }) {
					excluded++
					continue combination
				}
			}
			found++
			want := signature(func(i int) bool { return s.of[i] >= 0 && slices.Contains(on, s.of[i]) })
			v := s.value(on)
			if got := signature(func(i int) bool { return matches(ms[i], v) }); got != want || !real[got] {
				t.Fatalf("%v\n%+v has %v, not %v", ms, v, []byte(got), []byte(want))
			}
		}
		if found != len(real) {
			t.Fatalf("%v\n%d combinations, %d atoms", ms, found, len(real))
		}
		for _, v := range lists {
			if got := signature(func(i int) bool { return matches(ms[i], v) }); !real[got] {
				t.Fatalf("%v\n%+v is of no atom", ms, v)
			}
		}
	}
	if excluded == 0 {
		t.Error("nothing is ever excluded")
	}
	var many []Matcher
	for i := range 200 {
		many = append(many, Matcher{Attr: a, Parts: [3]Pattern{{Op: Exact, Text: fmt.Sprint("group-", i)}}})
	}
	s, err := partitionSwitches(a, many, nil, nil, 1000)
	if err != nil || len(s.atoms) != 200 || len(s.never) != 0 {
		t.Errorf("200 groups: %d switches, %d excluded, %v", len(s.atoms), len(s.never), err)
	}
}
