// Package check holds a resolved program to rules that need no algebra and no Istio: who verifies the tokens that rules read.
package check

import (
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// Program checks a program.
func Program(p *ir.Program) diag.List {
	var diags diag.List
	v := newVerifiers(p)
	for _, r := range p.Rules {
		checkTokens(v, r, &diags)
	}
	return diags
}

// checkTokens holds the claims of a rule against the `jwt` statements that cover its target.
func checkTokens(v *verifiers, r *ir.Rule, diags *diag.List) {
	claims := claimTests(r)
	subjects := append(slices.Clone(r.Sources.As), r.Sources.NotAs...)
	if len(claims)+len(subjects) == 0 {
		return
	}
	verify, issuers := v.of(&r.Target)
	for _, a := range subjects {
		issuer := a.Value[:max(0, strings.LastIndexByte(a.Value, '/'))]
		if a.Value == "*" && len(verify) > 0 || issuers[issuer] {
			continue
		}
		d := diags.Add(diag.NoToken, a.Span, "no `jwt` statement has %s verify tokens of %q, so this never holds", &r.Target, issuer)
		if a.Value == "*" {
			d.Message = "no `jwt` statement has " + r.Target.String() + " verify tokens, so this never holds"
		}
		for _, j := range verify {
			if strings.Trim(j.Issuer, "/") == strings.Trim(issuer, "/") {
				d.Relate(j.Span, "issuer %q differs by a slash", j.Issuer)
			}
		}
	}
	for _, t := range claims {
		if len(verify) == 0 {
			diags.Add(diag.NoToken, t.test.Span, "no `jwt` statement has %s verify tokens, so the claim is always absent", &r.Target)
		}
		if r.Action == ast.Allow && !t.absence {
			continue
		}
		name := claimName(t.test.Key)
		typed := slices.ContainsFunc(verify, func(j *ir.JWT) bool { _, ok := j.Claims[name]; return ok })
		if typed {
			continue
		}
		why := "absence and difference of"
		if r.Action != ast.Allow {
			why = "a " + r.Action.String() + " on"
		}
		diags.Add(diag.UntypedClaim, t.test.Span, "%s claim %q needs its type: Istio takes numbers and booleans for absent", why, name).
			Advise("say it in the jwt block: `claims %s string`, or `%s list`", name, name)
	}
}

type claimTest struct {
	test    *ir.Test
	absence bool // holds, in this place, when the claim is absent or different
}

func claimTests(r *ir.Rule) []claimTest {
	var out []claimTest
	var walk func(c *ir.Cond, negated bool)
	walk = func(c *ir.Cond, negated bool) {
		if c == nil {
			return
		}
		if c.Op != ir.CondTest {
			for _, x := range c.List {
				walk(x, negated != (c.Op == ir.CondNot))
			}
			return
		}
		if c.Test.Kind == ir.AttrClaim {
			positive := c.Test.Op == ast.Equal || c.Test.Op == ast.In || c.Test.Op == ast.Present
			out = append(out, claimTest{&c.Test, positive == negated})
		}
	}
	walk(r.When, false)
	for i := range r.Entries {
		walk(r.Entries[i].When, false)
	}
	return out
}

// claimName turns request.auth.claims[a][b] into a.b.
func claimName(key string) string {
	s := strings.TrimSuffix(strings.TrimPrefix(key, "request.auth.claims["), "]")
	return strings.ReplaceAll(s, "][", ".")
}

// Covers reports whether everything that t covers is covered by a statement on s.
func Covers(s, t *ir.Target) bool {
	switch s.Kind {
	case ir.OnMesh:
		return true
	case ir.OnNamespace:
		return t.Kind != ir.OnMesh && t.Namespace == s.Namespace && !(t.Kind == ir.OnPods && t.Pods.Mesh)
	}
	if t.Kind == ir.OnMesh || t.Kind == ir.OnNamespace || s.Namespace != t.Namespace && !(s.Kind == ir.OnPods && s.Pods.Mesh) {
		return false
	}
	have := carried(t)
	for _, l := range s.Labels() {
		if v, ok := have[l.Key]; !ok || v != l.Value {
			return false
		}
	}
	return true
}
