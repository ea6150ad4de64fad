package lower

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// An index gives the answer of a search through the list, for every field and shape of pattern.
func TestIndex(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	covered, all := 0, 0
	for f := range nFields {
		for range 4000 {
			var list []string
			for range 1 + r.IntN(6) {
				list = append(list, randomValue(r, f))
			}
			list = sorted(list)
			x := newIndex(f, list)
			for _, v := range append(list, "/a/a", "a.b", "10.1.2.4", "https://i/a", "td/ns/x/sa/x") {
				want := slices.ContainsFunc(list, func(w string) bool { return w != v && covers(f, w, v) })
				if (f == ipBlocks || f == remoteIPBlocks) && want { // one address has two spellings, which resolve makes one
					own, _ := block(v)
					want = slices.ContainsFunc(list, func(w string) bool { p, _ := block(w); return p != own && covers(f, w, v) })
				}
				got := x != nil && x.covers(v)
				if got != want {
					t.Fatalf("field %d: %q in %q: %v, want %v", f, v, list, got, want)
				}
				all++
				if want {
					covered++
				}
			}
		}
	}
	if covered < all/20 {
		t.Errorf("%d of %d are covered: the test shows nothing", covered, all)
	}
}

// Lists are shared between statements and never changed in place.
func TestSortedShares(t *testing.T) {
	for _, list := range [][]string{{"a", "a"}, {"b", "a", "b"}, {"a", "b"}} {
		old := slices.Clone(list)
		got := sorted(list)
		if !slices.Equal(list, old) {
			t.Errorf("%q became %q", old, list)
		}
		if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
			t.Errorf("%q gives %q", old, got)
		}
	}
}

// Of values that cover each other one stays: a list never becomes empty, which would be no test at all.
func TestPruneKeeps(t *testing.T) {
	list := []string{"10.1.2.3", "10.1.2.3/32"}
	for range 2 {
		if got := prune(ipBlocks, list); len(got) == 0 {
			t.Errorf("%q becomes empty", list)
		}
		for i := range 20 { // long enough for an index
			list = append(list, "10.2.0."+string(rune('0'+i%10))+"/32")
		}
		list = sorted(list)
	}
}

// randomValue writes a value of a field, often a pattern, from few letters so that values meet.
func randomValue(r *rand.Rand, f field) string {
	alphabet := map[field][]string{
		paths:             {"/", "a", "/a", "b", "{*}", "{**}", "*"},
		hosts:             {"a", ".b", "c", "*", "."},
		principals:        {"td", "/ns/", "/sa/", "x", "*"},
		requestPrincipals: {"https://i", "/", "a", "b", "*", "/a"},
		methods:           {"GET", "P", "*"},
	}
	blocks := []string{"10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "10.1.2.3/32", "0.0.0.0/0", "::/0", "2001:db8::/32", "2001:db8::1", "192.168.0.0/16", "x"}
	v := ""
	switch parts := alphabet[f]; {
	case f == ports:
		v = []string{"80", "443", "8080"}[r.IntN(3)]
	case f == ipBlocks || f == remoteIPBlocks:
		v = blocks[r.IntN(len(blocks))]
	case parts == nil:
		v = []string{"a", "a*", "*a", "*", "ab", "b*"}[r.IntN(6)]
	default:
		for range 1 + r.IntN(4) {
			v += parts[r.IntN(len(parts))]
		}
	}
	return v
}
