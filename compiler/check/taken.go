package check

import (
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// takenHeaders holds the tests of headers against the `jwt` statements that read tokens from them: unless told to keep it, the proxy
// takes such a header away once its token is verified, before any policy is asked. (That a running Envoy does so is a golden case.)
func (c *checker) takenHeaders(r *ir.Rule) {
	for _, t := range tests(r) {
		if t.test.Kind != ir.AttrHeader {
			continue
		}
		name := strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(t.test.Key, "request.headers["), "]"))
		verify, _ := c.v.of(r.Target)
		for _, j := range verify {
			prefix, reads := readsFrom(j, name)
			if !reads || j.Keep || !ofTokens(t.test, prefix) {
				continue
			}
			keep := "have it stay: `keep token` in the `jwt` statement; the service then sees the token as well"
			if r.Action == ast.Delegate { // which is asked before
				d := c.diags.Add(diag.HeaderTaken, t.test.Span, "%s takes tokens out of the header %q, and an authorizer is asked before that: this delegate would see what no other statement does, and no proof knows of it", r.Target, name)
				r.Via.And(d.Relate(j.Span, "this statement reads them there"), j.Via).
					Advise("%s", keep).
					Advise("or have the authorizer asked whatever the header is, and look at it there")
				break
			}
			d := c.diags.Add(diag.HeaderTaken, t.test.Span, "%s takes tokens out of the header %q before policies are asked, so this %s sees none of a request with a token", r.Target, name, r.Action)
			r.Via.And(d.Relate(j.Span, "this statement reads them there"), j.Via).
				Advise("%s", keep).
				Advise("or ask for the token, and not for the header: `as`, `claim[...]`")
			break
		}
	}
}

// readsFrom tells if a statement reads tokens from a header, and what stands before them there. Without a word it is Authorization.
func readsFrom(j *ir.JWT, name string) (prefix string, reads bool) {
	if len(j.Headers)+len(j.Cookies)+len(j.Queries) == 0 {
		return "Bearer ", name == "authorization"
	}
	for _, h := range j.Headers {
		if strings.EqualFold(h.Name, name) {
			return h.Prefix, true
		}
	}
	return "", false
}

// ofTokens reports whether a test may tell a header with a token from no header.
func ofTokens(t *ir.Test, prefix string) bool {
	if t.Op != ast.Equal && t.Op != ast.In {
		return true
	}
	for _, v := range t.Values {
		if ir.MeetPatterns(v, prefix+"*") {
			return true
		}
	}
	return false
}
