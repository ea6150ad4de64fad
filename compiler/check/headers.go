package check

import (
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// headerLines holds the tests of headers to what a proxy makes of a header that comes in several lines. Some headers it reads
// as one text, with commas between the lines; until ISTIO-SECURITY-2026-001 (CVE-2026-26308) policies were asked about every
// header that way: `x: a` and `x: b` was "a,b", and no "a". A comparison then holds of fewer requests, which lets them past a
// `deny` that compares and through an `allow` that wants another value; with a comma in it a value also holds of more. The other
// cases are closed, and nothing is said of them.
func (c *checker) headerLines(r *ir.Rule) {
	v := c.p.Mesh.Istio
	joined, known := joinsLines(v)
	for _, t := range tests(r) {
		if t.test.Kind != ir.AttrHeader || t.test.Op == ast.Present || t.test.Op == ast.Absent {
			continue
		}
		name := strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(t.test.Key, "request.headers["), "]"))
		equal := (t.test.Op == ast.Equal || t.test.Op == ast.In) != t.negated // it holds of the values, and not of all others
		comma := strings.Contains(strings.Join(t.test.Values, ""), ",")
		between := istio.JoinsLines(name)
		var why string
		switch {
		case name == "host" || strings.HasPrefix(name, ":") || between == "" && known && !joined:
			continue // of one line, or of lines that stay apart
		case comma && between == "":
			why = "two lines that come to a value with a comma are that value"
		case equal && r.Action != ast.Allow:
			why = "whoever sends the header twice is not covered by this " + r.Action.String()
		case !equal && r.Action == ast.Allow:
			why = "whoever sends the header twice has another value, and passes"
		default:
			continue
		}
		switch {
		case between != "":
			c.diags.Add(diag.HeaderJoined, t.test.Span, "a proxy reads the lines of %s as one text, with %q between them: %s", name, between, why).
				Advise("turn it round, and name the values that are wanted: `allow ... when header[...] == ...`, or `deny ... when not (header[...] == ...)`")
		case known:
			c.diags.Add(diag.HeaderLines, t.test.Span, "Istio %v compares the lines of a header as one text, joined by commas: %s", v, why).
				Advise("upgrade, and set `istio` in the mesh block to a release that compares each line: from 1.27.8, 1.28.5, 1.29.1 or 1.30 on")
		default:
			c.diags.Add(diag.HeaderLinesPatch, t.test.Span, "before %v Istio compares the lines of a header as one text, joined by commas: %s", firstByLine[v.Minor], why).
				Advise("name the patch release that runs, as in `istio \"%v\"`", firstByLine[v.Minor])
		}
	}
}

// firstByLine are the first releases that compare each line of a header by itself, by their minor version. What is older has
// none, and from 1.30 on all do.
var firstByLine = map[int]ir.Version{27: {Major: 1, Minor: 27, Patch: 8}, 28: {Major: 1, Minor: 28, Patch: 5}, 29: {Major: 1, Minor: 29, Patch: 1}}

// joinsLines tells if proxies of a version compare the lines of a header joined; known is false where it depends on a patch
// release that is not said.
func joinsLines(v ir.Version) (joined, known bool) {
	switch first, some := firstByLine[v.Minor]; {
	case !some:
		return v.Before(1, 30), true
	case v.Patch == ir.AnyPatch:
		return false, false
	default:
		return v.Patch < first.Patch, true
	}
}
