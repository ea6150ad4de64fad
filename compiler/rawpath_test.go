package compiler

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/emit/rawpath"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// TestPathsAreSeen holds what is refused as a path that never matches to what a proxy may see: each path that is seen is taken, and
// each that is refused is in no normal form.
func TestPathsAreSeen(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	pieces := []string{"/", "/", "a", "b", ".", "..", "%2e", "%41", "%2F", "%2f", "%", "%2", ";", ";x", "[", "~", "é", "\"", "|", "\\", " ", "%00", "%20", "'", "$", "//"}
	neverMatches := func(path string) bool {
		program := "workload api { port http 8080 }\ndeny all in default\nallow anyone -> api " + strconv.Quote(path) + "\n"
		_, diags := Compile(t.Context(), Input{Files: []*source.File{source.New("main.zt", program)}})
		return slices.ContainsFunc(diags, func(d diag.Diagnostic) bool { return d.Code == diag.BadPath })
	}
	seen, refused := 0, 0
	for range 1000 {
		path := "/"
		for range r.IntN(7) {
			path += pieces[r.IntN(len(pieces))]
		}
		if p, ok := rawpath.Base.Seen(path, rawpath.HTTP2); ok {
			if seen++; neverMatches(p) {
				t.Fatalf("%q is seen as %q, and is refused as a path that never matches", path, p)
			}
		}
		if !strings.ContainsAny(path, "\"\\é") && neverMatches(path) { // how these stand in a program is not the question
			refused++
			if n, ok := rawpath.Normal(path); ok && n == path {
				t.Fatalf("%q is in normal form, and is refused as a path that never matches", path)
			}
		}
	}
	if seen < 500 || refused < 200 {
		t.Errorf("%d paths are seen, %d refused", seen, refused)
	}
}
