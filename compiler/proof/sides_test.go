package proof

import (
	"testing"

	"github.com/zt-lang/ztc/compiler/sem"
)

// TestBoxNamesOthers holds what may differ to values that the request itself does not have, and to one value at a time of an
// attribute that has a name.
func TestBoxNamesOthers(t *testing.T) {
	path, tier := sem.Attr{Kind: sem.Path}, sem.Attr{Kind: sem.Claim, Name: "tier"}
	one := func(s string) sem.Value { return sem.Value{Parts: []string{s}} }
	is := func(a sem.Attr, s string) sem.Matcher {
		return sem.Matcher{Attr: a, Parts: [3]sem.Pattern{{Op: sem.Exact, Text: s}}}
	}
	r := sem.Request{path: one("/a"), tier: one("gold")}
	for _, c := range []struct {
		side sem.Side
		want string
	}{
		{sem.Side{Attr: path, Values: []sem.Value{one("/a"), one("/b"), one("/c")}}, `some other values of path, such as "/b" and "/c"`},
		{sem.Side{Attr: path, Values: []sem.Value{one("/a"), one("/a")}}, ""},
		{sem.Side{Attr: tier, Said: true, Is: []sem.Matcher{is(tier, "gold"), is(tier, "tin")}}, `claim["tier"] "gold" or "tin"`},
		{sem.Side{Attr: path, Said: true, Is: []sem.Matcher{is(path, "/a"), is(path, "/b")}}, `paths "/a" and "/b"`},
	} {
		if got := (&World{}).box("default", r, []sem.Side{c.side}); got != c.want {
			t.Errorf("%+v: %q, want %q", c.side, got, c.want)
		}
	}
}
