package lower

import (
	"fmt"
	"runtime"
	"slices"
	"testing"

	security "istio.io/api/security/v1beta1"
)

// What costs time in proportion to a program is counted here, at two sizes: a clock would have to be loose.

// allocated is how many bytes f allocates.
func allocated(f func()) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc - before.TotalAlloc)
}

// sourceCubes are n alternatives that differ in their one caller.
func sourceCubes(n int) []cube {
	out := make([]cube, n)
	for i, v := range values("cluster.local/ns/a/sa/w%06d", n) {
		out[i].f[principals].in = []string{v}
		out[i].f[methods].in = []string{"GET"}
	}
	return out
}

// A cube that was not included is asked about again only where there are new ones, and an equal one is found without a look.
func TestRefusedLooks(t *testing.T) {
	const n = 1000
	x := newRefused(sourceCubes(n))
	x.add(sourceCubes(1)[0])
	if len(x.cubes) != n {
		t.Errorf("%d cubes, and one of them twice", len(x.cubes))
	}
	for _, c := range sourceCubes(n) {
		if !x.includes(&c) {
			t.Fatal("an equal cube is not found")
		}
	}
	if x.looks != 0 {
		t.Errorf("%d looks for equal cubes", x.looks)
	}
	var other cube
	other.f[methods].in = []string{"GET"}
	for range n {
		if x.includes(&other) {
			t.Fatal("every caller is included in some")
		}
	}
	if x.looks != n {
		t.Errorf("%d looks for one cube, asked %d times of %d", x.looks, n, n)
	}
}

// Alternatives of different callers, or different paths, are not compared with each other.
func TestCoveredLooks(t *testing.T) {
	for _, f := range []field{principals, paths} {
		const n = maxPairs - 2
		cubes := make([]cube, n)
		for i := range cubes {
			cubes[i].f[f].in = []string{fmt.Sprintf("/%d", i)}
			cubes[i].f[methods].in = []string{"GET"}
		}
		var inside, wide cube // of one caller or path, and of many
		inside.f[f].in, inside.f[methods].in = []string{"/7"}, []string{"GET"}
		inside.f[ports].in = []string{"80"}
		wide.f[f].in = []string{"/1*"}
		cubes = append(cubes, inside, wide)
		drop := make([]bool, len(cubes))
		looks := markCovered(upTo(len(cubes)), func(i int) *cube { return &cubes[i] }, drop)
		if looks > 4*len(cubes) {
			t.Errorf("field %d: %d pairs are looked at, of %d cubes", f, looks, len(cubes))
		}
		for i := range cubes {
			v := cubes[i].f[f].in[0]
			if want := i == n || i < n && v[:2] == "/1"; drop[i] != want {
				t.Errorf("field %d: %s is dropped: %v, want %v", f, v, drop[i], want)
			}
		}
	}
}

// Long lists are not compared in pairs without end: past the bound a covered one stays.
func TestMaxLooks(t *testing.T) {
	for n, within := range map[int]bool{200: true, 4000: false} { // 250 lists of so many values: 250 times 50,000, or 250 times a million
		cubes := make([]cube, 250)
		long := sorted(values("/a/%d", n))
		for i := range cubes {
			cubes[i].f[paths].in = long
			cubes[i].f[principals].in = []string{"a", "b"}
			cubes[i].f[ports].in = []string{fmt.Sprint(i)}
		}
		cubes[249].f[ports].in = nil // covers all
		drop := make([]bool, len(cubes))
		looks := markCovered(upTo(len(cubes)), func(i int) *cube { return &cubes[i] }, drop)
		if drop[0] != within || (looks > 0) != within {
			t.Errorf("lists of %d values: %d looks, and the first is dropped: %v", n, looks, drop[0])
		}
	}
}

// Lists that are gathered grow in place, and the keys that alternatives are sorted by are made once each.
func TestMergeScales(t *testing.T) {
	const n = 2000
	gather := func(n int) float64 {
		return allocated(func() {
			if got := merge(sourceCubes(n), 0, nFields); len(got) != 1 || len(got[0].f[principals].in) != n {
				t.Fatalf("%d cubes", len(got))
			}
		})
	}
	if small, large := gather(n), gather(8*n); large > 12*small {
		t.Errorf("eight times the size allocates %.1f times as much", large/small)
	}
	cubes := sourceCubes(n)
	slices.Reverse(cubes)
	const perKey = 8 // to grow it
	if each := testing.AllocsPerRun(1, func() { byKey(cubes, 0, nFields) }) / n; each > perKey {
		t.Errorf("%.1f allocations for each key", each)
	}
}

// The text that decides in which part a rule lies is made once, however often the parts are doubled.
func TestPartitionScales(t *testing.T) {
	rules := func(n int) []*security.Rule {
		out := make([]*security.Rule, n)
		for i, v := range values("cluster.local/ns/a/sa/a-rather-long-name-of-an-account-%06d", n) {
			out[i] = &security.Rule{From: []*security.Rule_From{{Source: &security.Source{Principals: []string{v}}}}}
		}
		return out
	}
	many, parts := rules(32*maxRules), 0
	const perRule = 5 // for its text, once
	each := testing.AllocsPerRun(1, func() { parts = len(partition(many)) }) / float64(len(many))
	if parts < 32 || each > perRule {
		t.Errorf("%d parts, and %.1f allocations for each rule", parts, each)
	}
}
