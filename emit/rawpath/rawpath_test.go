package rawpath

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestSeen has one target for each thing that a proxy does. conformance/ asks a running Envoy about many thousands.
func TestSeen(t *testing.T) {
	const refused = "refused"
	for _, c := range []struct{ target, none, base, merge, decode string }{
		{"/", "/", "/", "/", "/"},
		{"/a?b/../c", "/a", "/a", "/a", "/a"},
		{"/a#b", "/a", "/a", "/a", "/a"},
		{"/%61", "/%61", "/a", "/a", "/a"},
		{"/a%zz%", "/a%zz%", "/a%zz%", "/a%zz%", "/a%zz%"},
		{"/%2%41", "/%2%41", "/%252A", "/%252A", "/%252A"},
		{"/%%341", "/%%341", "/%2541", "/%2541", "/%2541"},
		{"/%/../%41%42%43", "/%/../%41%42%43", "/ABC", "/ABC", "/ABC"},
		{"/a%00", "/a%00", refused, refused, refused},
		{"/%3b%3B%5C", "/%3b%3B%5C", "/%3b%3B%5C", "/%3b%3B%5C", "/%3b%3B/"},
		{`/a\b`, `/a\b`, "/a/b", "/a/b", "/a/b"},
		{`/"<>^{|}[]*`, `/"<>^{|}[]*`, "/%22%3C%3E%5E%7B%7C%7D[]*", "/%22%3C%3E%5E%7B%7C%7D[]*", "/%22%3C%3E%5E%7B%7C%7D[]*"},
		{"/a/./b/../c/.", "/a/./b/../c/.", "/a/c/", "/a/c/", "/a/c/"},
		{"/../a/%2e%2E", "/../a/%2e%2E", "/", "/", "/"},
		{"/a/...", "/a/...", "/a/...", "/a/...", "/a/..."},
		{"/a/..;x/b", "/a/..;x/b", "/b", "/b", "/b"},
		{"/a/%2e%2e;x/b", "/a/%2e%2e;x/b", "/a/..;x/b", "/a/..;x/b", "/a/..;x/b"},
		{`/a\..;x\b`, `/a\..;x\b`, "/a/..;x/b", "/a/..;x/b", "/a/..;x/b"},
		{"/a;x/../b", "/a;x/../b", "/b", "/b", "/b"},
		{"/a//../b", "/a//../b", "/a/b", "/a/b", "/a/b"},
		{"//a//", "//a//", "//a//", "/a/", "/a/"},
		{"///", "///", "///", "//", "//"},
		{"/a%2F..%2fb", "/a%2F..%2fb", "/a%2F..%2fb", "/a%2F..%2fb", "/b"},
		{"/a%2F%2Fb", "/a%2F%2Fb", "/a%2F%2Fb", "/a%2F%2Fb", "/a/b"},
		{"/a%252Fb", "/a%252Fb", "/a%252Fb", "/a%252Fb", "/a%252Fb"},
		{"/a b", refused, refused, refused, refused},
		{"/a\x7f", refused, refused, refused, refused},
		{"a", refused, refused, refused, refused},
		{"*", refused, refused, refused, refused},
		{"", refused, refused, refused, refused},
	} {
		for n, want := range map[Normalization]string{None: c.none, Base: c.base, MergeSlashes: c.merge, DecodeAndMergeSlashes: c.decode} {
			for _, codec := range []Codec{HTTP1, HTTP2} {
				got, ok := n.Seen(c.target, codec)
				if !ok {
					got = refused
				}
				if got != want {
					t.Errorf("%v, HTTP/%d: %q is seen as %q, want %q", n, codec+1, c.target, got, want)
				}
			}
		}
	}
}

// TestCodecs has targets that the versions of HTTP differ in.
func TestCodecs(t *testing.T) {
	for _, c := range []struct{ target, first, second string }{
		{"/é", "", "/%C3%A9"},
		{"/a\xff", "", "/a%FF"},
		{"/a \t", "/a", ""},
		{"http://a.example/b/../c", "/c", ""},
		{"HTTPS://u:p@[::1]:8443", "/", ""},
		{"http://a_b/c", "", ""},
		{"http:///c", "", ""},
		{"ftp://a/c", "", ""},
	} {
		for codec, want := range map[Codec]string{HTTP1: c.first, HTTP2: c.second} {
			if got, ok := Base.Seen(c.target, codec); got != want || ok != (want != "") {
				t.Errorf("HTTP/%d: %q is seen as %q (%t), want %q", codec+1, c.target, got, ok, want)
			}
		}
	}
	if got, ok := Base.Seen("http://a.example?b", HTTP1); got != "" || !ok {
		t.Errorf("a query without a path is seen as %q (%t)", got, ok)
	}
}

// TestNormal holds what is seen to be in normal form.
func TestNormal(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"/", "//", `\`, ".", "..", "%2e", "%2E", ";x", "%", "%2", "%25", "%34", "%41", "1", "a", "F", "%2f", "|", "é", "\x80"}
	for range 100_000 {
		target := "/"
		for range r.IntN(10) {
			target += pieces[r.IntN(len(pieces))]
		}
		seen, ok := Base.Seen(target, HTTP2)
		if again, _ := Normal(seen); !ok || again != seen || seen[0] != '/' {
			t.Fatalf("%q is seen as %q (%t), whose normal form is %q", target, seen, ok, again)
		}
		if merged, _ := MergeSlashes.Seen(target, HTTP2); strings.Contains(strings.TrimPrefix(merged, "//"), "//") || merged != "//" && strings.HasPrefix(merged, "//") {
			t.Fatalf("%q has its slashes merged to %q", target, merged)
		}
	}
}
