package lower

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// A touch gives the answer of a search through the list, for every field and shape of pattern.
func TestTouch(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	met, all := 0, 0
	for f := range nFields {
		for range 4000 {
			var list []string
			for range 1 + r.IntN(6) {
				list = append(list, randomValue(r, f))
			}
			x := newTouch(f, sorted(list))
			for range 6 {
				v := randomValue(r, f)
				got, want := x.meets(v), !allDisjoint(f, list, v)
				if got != want {
					t.Fatalf("field %d: %q and %q: %v, want %v", f, v, list, got, want)
				}
				all++
				if want {
					met++
				}
			}
		}
	}
	if met < all/5 || met > all*4/5 {
		t.Errorf("%d of %d meet: the test shows nothing", met, all)
	}
}

// Inclusion gives the answer of a search through all pairs of values.
func TestInclusion(t *testing.T) {
	plainly := func(f field, s, t set) bool {
		covered := func(list []string, v string) bool {
			return slices.ContainsFunc(list, func(w string) bool { return covers(f, w, v) })
		}
		if len(s.in) > 0 && (len(t.in) == 0 || slices.ContainsFunc(t.in, func(v string) bool { return !covered(s.in, v) })) {
			return false
		}
		return !slices.ContainsFunc(s.out, func(o string) bool {
			return !covered(t.out, o) && (len(t.in) == 0 || !allDisjoint(f, t.in, o))
		})
	}
	r := rand.New(rand.NewPCG(7, 7))
	yes, all := 0, 0
	for f := range nFields {
		list := func(n int) []string {
			var out []string
			for range n {
				v := randomValue(r, f)
				if p, ok := block(v); ok && p.IsSingleIP() {
					v = p.Addr().String() // as resolve writes it
				}
				out = append(out, v)
			}
			return sorted(out)
		}
		for range 4000 {
			var x inclusion
			many := 1 + r.IntN(3*fewValues)
			s, u := set{in: list(r.IntN(many)), out: list(r.IntN(3))}, set{in: list(r.IntN(3)), out: list(r.IntN(many))}
			if r.IntN(2) == 0 {
				s, u = set{out: list(r.IntN(2))}, set{in: list(1 + r.IntN(many))}
			}
			got, want := x.set(f, s, u), plainly(f, s, u)
			if got != want {
				t.Fatalf("field %d: %q includes %q: %v, want %v", f, s, u, got, want)
			}
			all++
			if want {
				yes++
			}
		}
	}
	if yes < all/20 || yes > all*19/20 {
		t.Errorf("%d of %d are included: the test shows nothing", yes, all)
	}
}

// The work of comparing two cubes grows with their lists, not with the product.
func TestInclusionScales(t *testing.T) {
	names := func(n int, format string) []string {
		var out []string
		for i := range n {
			out = append(out, fmt.Sprintf(format, i))
		}
		return sorted(out)
	}
	for name, cubes := range map[string]func(n int) (a, b cube){
		"apart": func(n int) (a, b cube) {
			a.f[principals] = set{in: star, out: names(n, "td/ns/x/sa/h%d")}
			b.f[principals] = set{in: names(n, "td/ns/x/sa/g%d")}
			return a, b
		},
		"patterns": func(n int) (a, b cube) {
			a.f[paths] = set{in: names(n, "/%d/*")}
			b.f[paths] = set{in: names(n, "/%d/a")}
			return a, b
		},
		"exclusions": func(n int) (a, b cube) {
			a.f[principals] = set{out: names(n, "td/ns/x/sa/h%d")}
			b.f[principals] = set{out: append([]string{"td/ns/x/sa/a"}, a.f[principals].out...)}
			return a, b
		},
		"blocks": func(n int) (a, b cube) {
			a.f[ipBlocks] = set{in: names(n, "10.%d.0.0/16"), out: names(n, "11.%d.0.0/16")}
			b.f[ipBlocks] = set{in: names(n, "10.%d.1.0/24")}
			return a, b
		},
		"conditions": func(n int) (a, b cube) {
			for _, k := range names(n, "request.headers[x%d]") {
				a.conds = append(a.conds, condition(k, true, set{in: star}))
			}
			return a, a
		},
	} {
		steps := func(n int) int {
			var x inclusion
			if a, b := cubes(n); !x.includes(&a, &b) {
				t.Fatalf("%s: not included", name)
			}
			return x.steps
		}
		if few, many := steps(60), steps(240); many > 5*few+10 {
			t.Errorf("%s: %d steps, and %d for four times as much", name, few, many)
		}
	}
}
