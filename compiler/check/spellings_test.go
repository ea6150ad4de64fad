package check

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/compiler/ir"
)

func sent(list []spelling) string {
	var out []string
	for _, s := range list {
		out = append(out, s.sent)
	}
	return strings.Join(out, " ")
}

func TestSpellings(t *testing.T) {
	for _, c := range []struct{ patterns, want string }{
		{"/admin", "//admin /admin;x /Admin /admin%20 /x/%2e%2e;/admin /admin/"},
		{"/admin /admin/*", "//admin /admin;x /Admin /admin%20 /x/%2e%2e;/admin"},
		{"/admin/*", "//admin/y /admin%2Fy /admin;x/y /Admin/y /x/%2e%2e;/admin/y"},
		{"/admin*", "//admin /Admin /x/%2e%2e;/admin"},
		{"/a/b", "/a//b /a%2Fb /a/b;x /a/B /a/b%20 /a/x/%2e%2e;/b /a/b/"},
		{"/a/b/", "/a//b/ /a%2Fb/ /a/b;x/ /a/B/ /a/x/%2e%2e;/b/ /a/b"},
		{"*.bak", "/x.bak;x /x.baK /x.bak%20 /x.bak/"},
		{"*/admin", "/x%2Fadmin /x/admin;x /x/admiN /x/admin%20 /x/admin/"},
		{"/items/{*}/raw", "/items/y//raw /items/y%2Fraw /items/y/raw;x /items/y/Raw /items/y/raw%20 /items/y/x/%2e%2e;/raw /items/y/raw/ /items/[/raw"},
		{"/x/{**}", "//x/y /x%2Fy /x;x/y /X/y /x/["},
		{"/", "// /;x"},
		{"/42", "//42 /42;x /42%20 /x/%2e%2e;/42 /42/"},
		{"/*", ""},
		{"*", ""},
		{"/{**}", ""},
	} {
		patterns := strings.Fields(c.patterns)
		if got := sent(unmatched(spellings(patterns[0]), patterns)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.patterns, got, c.want)
		}
	}
}

func TestThrough(t *testing.T) {
	for _, c := range []struct{ pattern, allowed, want string }{
		{"/admin", "/public/*", "/public/%2e%2e;/admin"},
		{"/admin/*", "/a/b/*", "/a/b/%2e%2e;/%2e%2e;/admin/y"},
		{"/admin", "/api*", "/api/%2e%2e;/admin"},
		{"/admin", "/public/{**}", "/public/%2e%2e;/admin"},
		{"/admin", "*.css", "/admin;x;x.css"},
		{"/admin", "/public/{*}", ""},
		{"/admin", "/public", ""},
		{"*", "/public/*", ""},
	} {
		list := through(c.pattern, c.allowed)
		if got := sent(list); got != c.want {
			t.Errorf("%s through %s: %s, want %s", c.pattern, c.allowed, got, c.want)
		}
		for _, s := range list {
			if !ir.MatchPath(c.allowed, s.seen) || ir.MatchPath(c.pattern, s.seen) {
				t.Errorf("%s through %s: %s does not go through, or is the path itself", c.pattern, c.allowed, s.seen)
			}
		}
	}
}

// TestSpellingsOfAnything takes patterns of any shape: a waiver lets stars stand anywhere.
func TestSpellingsOfAnything(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"/", "//", "*", "**", "{*}", "{**}", "{", "}", "a", "B", "%2F", "%", ";", ".", "..", "[", "é"}
	some := 0
	for range 50_000 {
		var b strings.Builder
		for range rnd.IntN(7) {
			b.WriteString(pieces[rnd.IntN(len(pieces))])
		}
		p := b.String()
		list := slices.Concat(spellings(p), through(p, "/x/*"), through("/x", p))
		for _, s := range list {
			if !strings.HasPrefix(s.sent, "/") {
				t.Fatalf("%q has the spelling %q", p, s.sent)
			}
		}
		some += len(list)
	}
	if some < 10_000 {
		t.Errorf("only %d spellings", some)
	}
}
