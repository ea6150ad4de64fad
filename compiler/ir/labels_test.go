package ir

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

// TestSelectors holds both indexes to a look at everything.
func TestSelectors(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	labels := func(most int) map[string]string {
		m := map[string]string{}
		for range 1 + rng.IntN(most) {
			m["k"+strconv.Itoa(rng.IntN(5))] = "v" + strconv.Itoa(rng.IntN(3))
		}
		return m
	}
	for range 50 {
		var selectors Selectors[int]
		var carriers Carriers[int]
		var lists [][]Label
		var pods []map[string]string
		for i := range 40 {
			var list []Label
			for k, v := range labels(3) {
				list = append(list, Label{k, v})
			}
			lists = append(lists, list)
			selectors.Add(list, i)
			pods = append(pods, labels(5))
			carriers.Add(pods[i], i)
		}
		for i := range lists {
			var picking, picked []int
			for j := range lists {
				if Picks(lists[j], pods[i]) {
					picking = append(picking, j)
				}
				if Picks(lists[i], pods[j]) {
					picked = append(picked, j)
				}
			}
			if got := slices.Sorted(selectors.Picking(pods[i])); !slices.Equal(got, picking) {
				t.Fatalf("%v is picked by %v, want %v", pods[i], got, picking)
			}
			if got := slices.Collect(carriers.Picked(lists[i])); !slices.Equal(got, picked) {
				t.Fatalf("%v picks %v, want %v", lists[i], got, picked)
			}
		}
	}
}

// TestSelectorsFiled wants selectors that share a label to be filed under another one.
func TestSelectorsFiled(t *testing.T) {
	var s Selectors[int]
	for i := range 1000 {
		s.Add([]Label{{"a", "x"}, {"b" + strconv.Itoa(i), "y"}}, i)
	}
	for l, list := range s.by {
		if len(list) > 2 {
			t.Errorf("%d selectors are looked at for a pod with %v", len(list), l)
		}
	}
}
