package proof

import (
	"fmt"
	"slices"
	"testing"

	"github.com/zt-lang/ztc/compiler/sem"
)

// broad are the paths of so many prefixes and suffixes that their classes are too many for one space. The smallest is in the last
// alternative.
func broad() *sem.Expr {
	path := func(op sem.Op, text string) *sem.Expr {
		return sem.Is(sem.Matcher{Attr: sem.Attr{Kind: sem.Path}, Parts: [3]sem.Pattern{{Op: op, Text: text}}})
	}
	var list []*sem.Expr
	for i := range 150 {
		name := string(rune('a'+i/26)) + string(rune('a'+i%26))
		list = append(list, path(sem.Prefix, "/dir/"+name+"/"), path(sem.Suffix, "/x/"+name))
	}
	return sem.Or(append(list, path(sem.Prefix, "/z"))...)
}

// TestSmallestOfParts: of a question that is asked part by part the request that is shown is the smallest of all parts, and where the
// budget ends before that is known, it is not called so.
func TestSmallestOfParts(t *testing.T) {
	compare := func(details bool, spent int) (bool, *sem.Difference, error) {
		c := &class{details: details, spent: &spent}
		return c.compare(broad(), sem.False, nil, mostSplits)
	}
	path := func(d *sem.Difference) string { return fmt.Sprint(d.Request[sem.Attr{Kind: sem.Path}].Parts) }
	switch inside, d, err := compare(true, 0); {
	case inside || d == nil || err != nil:
		t.Fatal(inside, d, err)
	case path(d) != "[/z]" || !d.Smallest:
		t.Errorf("the smallest is %s (proven: %t)", path(d), d.Smallest)
	}
	// What the question takes as a whole, and a little for its parts.
	switch inside, d, err := compare(true, sharedSteps-sharedSteps/16-10); {
	case inside || d == nil || err != nil:
		t.Fatal(inside, d, err)
	case path(d) == "[/z]" || d.Smallest:
		t.Errorf("%s, though the budget ends before the last part (called the smallest: %t)", path(d), d.Smallest)
	}
	if inside, d, err := compare(true, sharedSteps); inside || d != nil || err != sem.ErrBudget {
		t.Error("without a budget:", inside, d, err)
	}
	if inside, d, err := compare(false, 0); inside || d != nil || err != nil {
		t.Error("without details:", inside, d, err)
	}
}

// TestSmallerHasABudget: what it takes to find a smaller request leaves something to the questions that come after.
func TestSmallerHasABudget(t *testing.T) {
	host := func(op sem.Op, text string) *sem.Expr {
		return sem.Is(sem.Matcher{Attr: sem.Attr{Kind: sem.Host}, Parts: [3]sem.Pattern{{Op: op, Text: text}}})
	}
	var hosts []*sem.Expr // too many for one space, too: each path with all of them is asked part by part again
	for i := range 149 {
		hosts = append(hosts, host(sem.Prefix, fmt.Sprint("a", i, "-")), host(sem.Suffix, fmt.Sprint("-z", i)))
	}
	spent := 0
	c := &class{details: true, spent: &spent}
	inside, d, err := c.compare(sem.And(broad(), sem.Or(hosts...)), sem.False, nil, mostSplits)
	if inside || d == nil || d.Smallest || err != nil || spent > sharedSteps/2 {
		t.Errorf("it is inside: %t, there is a difference: %t, %v, %d steps", inside, d != nil, err, spent)
	}
}

// TestSmallestOfCases: likewise where it depends on the token how many values a claim has.
func TestSmallestOfCases(t *testing.T) {
	tier, token := sem.Attr{Kind: sem.Claim, Name: "tier"}, sem.Attr{Kind: sem.Token}
	is := func(a sem.Attr, op sem.Op, text string) *sem.Expr {
		return sem.Is(sem.Matcher{Attr: a, Parts: [3]sem.Pattern{{Op: op, Text: text}}})
	}
	declared := sem.Or(sem.Not(is(tier, sem.Several, "")), sem.Not(is(token, sem.Exact, "https://i.example")))
	gold, tin := is(tier, sem.Exact, "gold"), is(tier, sem.Exact, "tin")
	for _, x := range []struct {
		set    *sem.Expr
		values []string
		issuer string // "" where it does not matter
		none   bool
	}{
		{sem.And(gold, is(token, sem.Exact, "https://i.example")), []string{"gold"}, "https://i.example", false},
		{sem.And(gold, tin, is(token, sem.Present, "")), []string{"tin", "gold"}, "x", false},
		{sem.And(gold, tin, is(token, sem.Exact, "https://i.example")), nil, "", true},
		{sem.And(is(token, sem.Prefix, "https://"), sem.Or(sem.And(gold, tin), tin)), []string{"tin"}, "https://", false},
	} {
		spent := 0
		c := &class{details: true, spent: &spent}
		inside, d, err := c.compare(sem.And(x.set, declared), sem.False, nil, mostSplits)
		switch {
		case err != nil, inside != x.none, (d == nil) != x.none:
			t.Errorf("%+v: %t, %v", x, inside, err)
		case d == nil:
		case !d.Smallest || !slices.Equal(d.Request[tier].Parts, x.values) || d.Request[token].Parts[0] != x.issuer:
			t.Errorf("want %q of %q: %+v", x.values, x.issuer, d)
		}
	}
}
