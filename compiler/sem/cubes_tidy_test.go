package sem

import "testing"

// Cubes that differ in one dimension alone are the same whatever that dimension: before it, after it, and nowhere else. What asks
// compares hashes first, so that no program tells it wrong: it is asked here.
func TestSameCubes(t *testing.T) {
	const n = 4
	for _, at := range [][]int{{}, {0}, {1}, {3}, {0, 1}, {1, 3}, {0, 1, 2, 3}} {
		a, b := []int32{5, 6, 7, 8}, []int32{5, 6, 7, 8}
		for _, i := range at {
			b[i] = 9
		}
		for d := -1; d < n; d++ {
			want := len(at) == 0 || len(at) == 1 && at[0] == d
			if same(a, b, d) != want {
				t.Errorf("%v and %v but for dimension %d: %t", a, b, d, !want)
			}
		}
	}
}
