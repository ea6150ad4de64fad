package check

import (
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// headerLines holds the tests of headers to what proxies of the target version make of a header that comes in several lines.
// Until ISTIO-SECURITY-2026-001 (CVE-2026-26308) they compared the lines joined by commas: `x: a` and `x: b` was "a,b", and no
// "a". So a comparison held of fewer requests, which lets them past a `deny` that compares and through an `allow` that wants
// another value; with a comma in it a value also holds of more. The other cases are closed, and nothing is said of them.
func (c *checker) headerLines(r *ir.Rule) {
	v := c.p.Mesh.Istio
	joined, known := joinsLines(v)
	if known && !joined {
		return
	}
	for _, t := range tests(r) {
		if t.test.Kind != ir.AttrHeader || oneLine(t.test.Key) || t.test.Op == ast.Present || t.test.Op == ast.Absent {
			continue
		}
		equal := (t.test.Op == ast.Equal || t.test.Op == ast.In) != t.negated // it holds of the values, and not of all others
		var why string
		switch {
		case strings.Contains(strings.Join(t.test.Values, ""), ","):
			why = "two lines that come to a value with a comma are that value"
		case equal && r.Action != ast.Allow:
			why = "whoever sends the header twice is not covered by this " + r.Action.String()
		case !equal && r.Action == ast.Allow:
			why = "whoever sends the header twice has another value, and passes"
		default:
			continue
		}
		if known {
			c.diags.Add(diag.HeaderLines, t.test.Span, "Istio %v compares the lines of a header as one text, joined by commas: %s", v, why).
				Advise("upgrade, and set `istio` in the mesh block to a release that compares each line: from 1.27.8, 1.28.5, 1.29.1 or 1.30 on")
			continue
		}
		c.diags.Add(diag.HeaderLinesPatch, t.test.Span, "before %v Istio compares the lines of a header as one text, joined by commas: %s", firstByLine[v.Minor], why).
			Advise("name the patch release that runs, as in `istio \"%v\"`", firstByLine[v.Minor])
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

// oneLine tells if a request has a header in one line at most.
func oneLine(key string) bool {
	name := strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(key, "request.headers["), "]"))
	return name == "host" || strings.HasPrefix(name, ":")
}
