// Package check holds a resolved program to rules that need no algebra and no Istio: who verifies the tokens that rules read,
// what a missing attribute does to them, and whether a proxy stands where they are to be enforced.
package check

import (
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// Program checks a program.
func Program(p *ir.Program) diag.List {
	c := &checker{p: p, v: newVerifiers(p), steps: maxSteps, said: map[said]bool{}}
	for _, r := range p.Rules {
		n := len(c.diags)
		if !p.Incomplete {
			checkTokens(c.v, r, &c.diags)
			c.takenHeaders(r)
			c.left = maxLooked
			c.rule(r)
		}
		checkAbsence(r, &c.diags)
		c.headerLines(r)
		r.Via.Relate(c.diags[n:], r.Span)
	}
	if !p.Incomplete {
		c.askedClaims()
	}
	if !p.Incomplete && !p.Lossy {
		c.unused()
	}
	c.gatewayTransport()
	c.idleExceptions()
	c.sameIssuer()
	checkGuards(p, &c.diags)
	return c.diags
}

// rule runs the lints that look at one rule and what stands beside it.
func (c *checker) rule(r *ir.Rule) {
	switch r.Action {
	case ast.Delegate:
		c.denySpellings(r)
	case ast.Deny:
		c.denySpellings(r)
		if !c.withoutMTLS(r) {
			c.denyIdentity(r)
		}
		c.denyToken(r)
	case ast.Audit:
		if !c.withoutMTLS(r) {
			c.denyIdentity(r)
		}
		c.denyToken(r)
	case ast.Allow:
		c.exceptSpellings(r)
		c.allowPlaintext(r)
		c.foreign(r)
		c.withoutMTLS(r)
	}
	c.ports(r)
	c.exceptions(r)
	if len(r.Sources.From)+len(r.Sources.NotNet) > 0 {
		c.client(r)
	}
}

// checkTokens holds the claims of a rule against the `jwt` statements that cover its target.
func checkTokens(v *verifiers, r *ir.Rule, diags *diag.List) {
	if r.Plain.Sources != 0 {
		return
	}
	read := slices.DeleteFunc(tests(r), func(t placed) bool { return !ofToken(t.test.Kind) })
	subjects := append(slices.Clone(r.Sources.As), r.Sources.NotAs...)
	if len(read)+len(subjects) == 0 {
		return
	}
	verify, issuers := v.of(r.Target)
	for _, a := range subjects {
		issuer := issuerOf(a)
		if a.Value == "*" && len(verify) > 0 || issuers[issuer] {
			continue
		}
		d := diags.Add(diag.NoToken, a.Span, "no `jwt` statement has %s verify tokens of %q, so this never holds", r.Target, issuer)
		if a.Value == "*" {
			d.Message = "no `jwt` statement has " + r.Target.String() + " verify tokens, so this never holds"
		}
		adviseToken(d, r, a, verify)
	}
	for _, t := range read {
		switch {
		case t.test.Kind == ir.AttrClaim:
			checkClaim(v, r, t, verify, diags)
		case len(verify) == 0:
			diags.Add(diag.NoToken, t.test.Span, "no `jwt` statement has %s verify tokens, so there is no %s to test", r.Target, attribute[t.test.Kind])
		}
	}
}

var attribute = map[ir.AttrKind]string{ir.AttrAudience: "audience", ir.AttrPresenter: "presenter"}

// adviseToken says what to write where no issuer is the one that a rule names.
func adviseToken(d *diag.Diagnostic, r *ir.Rule, a ir.Text, verify []*ir.JWT) {
	issuer := issuerOf(a)
	for _, j := range verify {
		if a.Value != "*" && issuerKey(j.Issuer) == issuerKey(issuer) {
			d.Relate(j.Span, "here the issuer is %q", j.Issuer).
				Fix(a.Span, strconv.Quote(j.Issuer+a.Value[len(issuer):]), "name the issuer as the `jwt` statement does").
				Advise("or correct the `jwt` statement: an issuer is compared to the letter with `iss` in the token")
			return
		}
	}
	for _, j := range verify {
		if rest, ok := strings.CutPrefix(a.Value, j.Issuer+"/"); ok && strings.Contains(rest, "/") {
			d.Relate(j.Span, "here the issuer is %q", j.Issuer).
				Note("Istio splits %q at its last slash, so a subject with a slash cannot be written here", a.Value).
				Advise("write `as %q` with `when claim[\"sub\"] == %q`", j.Issuer+"/*", rest)
			return
		}
	}
	if a.Value == "*" {
		issuer = "ISSUER"
	}
	d.Advise("add `jwt %q on %s`", issuer, r.Target)
}

// checkAbsence says of a deny that tests for difference what it leaves out.
func checkAbsence(r *ir.Rule, diags *diag.List) {
	if r.Action == ast.Allow {
		return
	}
	for _, t := range tests(r) {
		if (t.test.Op == ast.NotEqual || t.test.Op == ast.NotIn) && !t.negated && !t.present && t.test.Kind != ir.AttrDestination {
			complement := "not (... == ...)"
			if t.test.Op == ast.NotIn {
				complement = "not (... in [...])"
			}
			diags.Add(diag.AbsencePasses, t.test.Span, "a request without the attribute slips through this %s: `%s` means present, and different", r.Action, t.test.Op).
				Advise("write `%s` to cover those as well", complement)
		}
	}
}

// placed is a test in the place where it stands.
type placed struct {
	test    *ir.Test
	negated bool // under an odd number of `not`
	present bool // what stands beside it asks for the attribute
}

// absence reports whether the test holds, in its place, when the attribute is absent or different.
func (t placed) absence() bool {
	positive := t.test.Op == ast.Equal || t.test.Op == ast.In || t.test.Op == ast.Present
	return positive == t.negated
}

// tests lists every test of a rule's conditions.
func tests(r *ir.Rule) []placed {
	var out []placed
	var walk func(c *ir.Cond, negated bool, asked []string)
	walk = func(c *ir.Cond, negated bool, asked []string) {
		switch {
		case c == nil:
			return
		case c.Op == ir.CondTest:
			out = append(out, placed{&c.Test, negated, slices.Contains(asked, c.Test.Key)})
			return
		case (c.Op == ir.CondAnd) != negated:
			asked = slices.Concat(asked, asksFor(c, negated))
		}
		for _, x := range c.List {
			walk(x, negated != (c.Op == ir.CondNot), asked)
		}
	}
	walk(r.When, false, nil)
	for i := range r.Entries {
		walk(r.Entries[i].When, false, asksFor(r.When, false))
	}
	return out
}

// asksFor lists the keys of attributes that a condition asks for: where it holds they are there.
func asksFor(c *ir.Cond, negated bool) (keys []string) {
	switch {
	case c == nil:
	case c.Op == ir.CondTest:
		if !negated && (c.Test.Op == ast.Equal || c.Test.Op == ast.In || c.Test.Op == ast.Present) || negated && c.Test.Op == ast.Absent {
			keys = append(keys, c.Test.Key)
		}
	case c.Op == ir.CondNot:
		return asksFor(c.List[0], !negated)
	case (c.Op == ir.CondAnd) != negated:
		for _, x := range c.List {
			keys = append(keys, asksFor(x, negated)...)
		}
	}
	return keys
}

// issuerOf returns the issuer of a subject, "" for `as "*"`. Istio splits at the last slash.
func issuerOf(a ir.Text) string { return a.Value[:max(0, strings.LastIndexByte(a.Value, '/'))] }
