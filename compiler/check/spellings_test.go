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
		{"/admin", "//admin /admin;x /Admin /admin%20 /x/%2e%2e;/admin /admin/ /x/..%2Fadmin"},
		{"/admin /admin/*", "//admin /admin;x /Admin /admin%20 /x/%2e%2e;/admin /x/..%2Fadmin"},
		{"/admin/*", "//admin/y /admin%2Fy /admin;x/y /Admin/y /x/%2e%2e;/admin/y /admin%5Cy /x/..%2Fadmin/y"},
		{"/admin*", "//admin /Admin /x/%2e%2e;/admin /x/..%2Fadmin"},
		{"/a/b", "//a/b /a//b /a%2Fb /a/b;x /a/B /a/b%20 /a/x/%2e%2e;/b /a/b/ /a%5Cb /a/x/..%2Fb"},
		{"/a/b/", "//a/b/ /a//b/ /a%2Fb/ /a/b;x/ /a/B/ /a/x/%2e%2e;/b/ /a/b /a/b// /a%5Cb/ /a/x/..%2Fb/"},
		{"*.bak", "/x.bak;x /x.baK /x.bak%20 /x.bak/"},
		{"*/admin", "/x%2Fadmin /x/admin;x /x/admiN /x/admin%20 /x/admin/ /x%5Cadmin /x/x/..%2Fadmin"},
		{"/items/{*}/raw", "//items/y/raw /items/y//raw /items/y%2Fraw /items/y/raw;x /items/y/Raw /items/y/raw%20 /items/y/x/%2e%2e;/raw /items/y/raw/ /items/[/raw /items/y%5Craw /items/y/x/..%2Fraw"},
		{"/x/{**}", "//x/y /x%2Fy /x;x/y /X/y /x/[ /x%5Cy"},
		{"/", "// /;x /%20 /x/..%2F"},
		{"/42", "//42 /42;x /42%20 /x/%2e%2e;/42 /42/ /x/..%2F42"},
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
		{"/admin", "/public/{*}", "/public/..%2Fadmin"},
		{"/admin/*", "/a/{*}/{*}", "/a/y/..%2F..%2Fadmin%2Fy"},
		{"/a/b", "/{*}", "/a%2Fb"},
		{"/admin", "/public/{*}/raw", ""},
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

// TestHabits looks for bypasses among thousands of paths that differ little from what a pattern matches: where the proxy sees another
// path, and a server with one habit serves what the pattern matches, the list has a spelling for that habit.
func TestHabits(t *testing.T) {
	pieces := []string{"/", "//", "x/", "/x", "./", "/..", "../", "..;/", "%2e%2e;/", "%2e%2e/", "/%2e%2e;", "..%2F", "%2F..", ";x", ";", "%2F", "%2f", "%5C", `\`, "%20", "%00", "%61", "?", "#", "A", "%25", "[", "%3b", "x/../", "x/%2e%2e;/"}
	seen := map[string]int{}
	for _, pattern := range []string{"/admin", "/admin/*", "/admin*", "/a/b", "/a/b/", "*.bak", "*/admin", "/items/{*}/raw", "/x/{**}", "/42", "/"} {
		c, _ := concretePath(pattern)
		if pattern == "/" {
			c = concrete{segments: []string{""}}
		}
		plain := c.String()
		edits := []string{plain, otherCase(plain, true), strings.TrimSuffix(plain, "/")}
		for round := range 2 {
			step := 1 + round*len(edits)/20 // of what has one edit, some will do for two
			for k := 0; k < len(edits) && len(edits) < 30_000; k += step {
				for i, e := 0, edits[k]; i <= len(e); i++ {
					for _, p := range pieces {
						edits = append(edits, e[:i]+p+e[i:])
						if i < len(e) && e[i] == '/' {
							edits = append(edits, e[:i]+p+e[i+1:])
						}
					}
				}
				if round == 0 && k >= 2 {
					break
				}
			}
		}
		var near []spelling // that the proxy sees, as another path
		for _, e := range edits {
			if s := spell(e); s.seen != "" && !ir.MatchPath(pattern, s.seen) {
				near = append(near, s)
			}
		}
		list := unmatched(spellings(pattern), []string{pattern})
		for _, h := range habits {
			walksAround := func(s spelling) bool { return matchesAsRead(pattern, h.read(s.seen)) }
			named := slices.ContainsFunc(list, walksAround)
			i := slices.IndexFunc(near, walksAround)
			if i >= 0 && !named {
				t.Errorf("%s: %q walks around it where a server %s, and no spelling is named: %s", pattern, near[i].sent, h.name, sent(list))
			}
			if named {
				seen[h.name]++
			}
		}
	}
	for _, h := range habits {
		if seen[h.name] == 0 {
			t.Errorf("no spelling is for a server that %s", h.name)
		}
	}
}

// TestBehind has the plain paths that a proof about another spelling is about, too.
func TestBehind(t *testing.T) {
	for pattern, want := range map[string]string{
		"/admin": "", "/admin/": "", "/": "", "*": "", "*;x": "", "/admin/*": "", "/items/{*}": "", "/caf%C3%A9": "", "/a%3Fb": "", "/Admin": "",
		"/admin;x": "/admin", "/;x": "/", "/admin;x/y": "/admin/y", "/admin;x/*": "/admin/*", "/admin;x*": "/admin /admin/*", "//admin": "/admin", "//admin*": "/admin*",
		"/x/..%2Fadmin": "/admin", "/admin%20": "/admin", "/admin%5Cy": "/admin/y", "/a/..;x/b": "/b", "/items;v=1/{*}": "/items/{*}", "/admin//": "/admin/",
	} {
		if got := strings.Join(behind(pattern), " "); got != want {
			t.Errorf("behind %s is %q, want %q", pattern, got, want)
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
