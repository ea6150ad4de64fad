package ir_test

import (
	"testing"

	"github.com/zt-lang/ztc/compiler/ir"
)

func TestMatchPath(t *testing.T) {
	for _, c := range []struct {
		pattern, path string
		want          bool
	}{
		{"*", "/", true}, {"*", "", false},
		{"/a", "/a", true}, {"/a", "/a/", false}, {"/a", "/A", false},
		{"/a/*", "/a/", true}, {"/a/*", "/a", false}, {"/a*", "/ab", true},
		{"*.css", "/x.css", true}, {"*.css", "/x.css;v", false},
		{"/a/{*}", "/a/b", true}, {"/a/{*}", "/a/", false}, {"/a/{*}", "/a/b/c", false}, {"/a/{*}", "/a/[", false}, {"/a/{*}", "/a/..;", true},
		{"/a/{*}/b", "/a/x/b", true}, {"/a/{*}/b", "/a//b", false}, {"/a/{*}/b", "/a/x/b/", false},
		{"/a/{*}/{*}", "/a/x/y", true}, {"/a/{*}/{*}", "/a/x", false},
		{"/a/{**}", "/a/", true}, {"/a/{**}", "/a/b/c", true}, {"/a/{**}", "/a", false}, {"/a/{**}", "/a/b|c", false},
		{"/a/{**}/z", "/a//z", true}, {"/a/{**}/z", "/a/b/z", true}, {"/a/{**}/z", "/a/z", false},
		{"/{*}/{**}/z", "/q/b/c/z", true},
	} {
		if got := ir.MatchPath(c.pattern, c.path); got != c.want {
			t.Errorf("MatchPath(%q, %q) = %v", c.pattern, c.path, got)
		}
	}
}
