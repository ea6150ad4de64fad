package intent

import (
	"math/rand/v2"
	"testing"
)

// TestSet holds the comparison of two lists as sets to maps.
func TestSet(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	var s set
	equal := 0
	for range 20_000 {
		list := func() (out []uint64, members map[uint64]bool) {
			members = map[uint64]bool{}
			for range r.IntN(12) {
				x := uint64(r.IntN(3))<<32 | uint64(r.IntN(2))
				out, members[x] = append(out, x), true
			}
			return out, members
		}
		a, inA := list()
		b, inB := list()
		want := len(inA) == len(inB)
		for x := range inA {
			want = want && inB[x]
		}
		if got := s.equal(a, b); got != want {
			t.Fatalf("%x and %x: %v", a, b, got)
		}
		if want {
			equal++
		}
	}
	if equal < 500 {
		t.Errorf("only %d were equal", equal)
	}
}
