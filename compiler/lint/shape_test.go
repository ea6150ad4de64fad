package lint

import (
	"testing"

	"github.com/zt-lang/ztc/compiler/ir"
)

// TestCovers holds the quick look at patterns to what they match: where one is said to cover another, it matches all that the
// other does.
func TestCovers(t *testing.T) {
	patterns := []string{"*", "/a", "/a/*", "/a/b", "/a*", "*/b", "/b", "/a/{*}", "/{**}", "/a/b/*"}
	paths := []string{"/", "/a", "/a/", "/a/b", "/a/b/c", "/ab", "/b", "/a/c/b", "/b/a"}
	said, more := 0, 0
	for _, b := range patterns {
		for _, a := range patterns {
			missed := ""
			for _, p := range paths {
				if ir.MatchPath(a, p) && !ir.MatchPath(b, p) {
					missed = p
				}
			}
			switch {
			case covers(b, a) && missed != "":
				t.Errorf("%q is said to cover %q, and does not match %q", b, a, missed)
			case covers(b, a):
				said++
			case missed == "":
				more++ // left to the algebra
			}
		}
	}
	if said < len(patterns)+6 || more == 0 {
		t.Errorf("%d pairs are said to cover, %d are left to the algebra: the cases are not varied", said, more)
	}
}

// TestOutlives compares days on which statements end.
func TestOutlives(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"", "", true}, {"", "2026-01-01", true}, {"2026-01-01", "", false},
		{"2026-01-02", "2026-01-01", true}, {"2026-01-01", "2026-01-01", true}, {"2026-01-01", "2026-01-02", false},
	} {
		if got := outlives(c.a, c.b); got != c.want {
			t.Errorf("outlives(%q, %q) = %v", c.a, c.b, got)
		}
	}
}

// TestBudget puts no question past what is left, and takes a share of it for each.
func TestBudget(t *testing.T) {
	rule := &ir.Rule{Sources: &ir.Sources{Any: make([]ir.Source, 31)}, More: ir.NoMore}
	l := &linter{left: 5, asked: 3}
	if !l.look(5) || l.look(1) {
		t.Errorf("%d comparisons are left", l.left)
	}
	l.put(&question{rules: []*ir.Rule{rule}}) // 31 values: one for the rule, one for them
	if len(l.questions) != 1 || l.asked != 1 {
		t.Errorf("%d questions, and %d left", len(l.questions), l.asked)
	}
	l.put(&question{rules: []*ir.Rule{rule}})
	wide := &ir.Rule{Sources: &ir.Sources{Any: make([]ir.Source, maxValues+1)}, More: ir.NoMore}
	l.asked = maxAsked
	l.put(&question{rules: []*ir.Rule{wide}})
	if len(l.questions) != 1 || l.asked != maxAsked {
		t.Errorf("%d questions, and %d left", len(l.questions), l.asked)
	}
}
