package check

import (
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// ofToken reports whether an attribute is of a verified token.
func ofToken(k ir.AttrKind) bool {
	return k == ir.AttrClaim || k == ir.AttrAudience || k == ir.AttrPresenter
}

// needsToken reports whether a condition holds only where there is a verified token.
func needsToken(c *ir.Cond) bool {
	switch {
	case c == nil || c.Op == ir.CondNot:
		return false
	case c.Op == ir.CondAnd:
		return slices.ContainsFunc(c.List, needsToken)
	case c.Op == ir.CondOr:
		return len(c.List) > 0 && !slices.ContainsFunc(c.List, func(x *ir.Cond) bool { return !needsToken(x) })
	}
	return ofToken(c.Test.Kind) && c.Test.Op != ast.Absent
}

// asksToken reports whether an entry of a rule speaks of requests with a verified token only.
func asksToken(r *ir.Rule, e *ir.Entry) bool {
	return len(r.Sources.As) > 0 || needsToken(r.When) || needsToken(e.When)
}

// denyToken warns of a deny or audit that goes by a token where the same caller passes without one.
func (c *checker) denyToken(r *ir.Rule) {
	for i := range r.Entries {
		e := &r.Entries[i]
		if !asksToken(r, e) || c.told(diag.TokenLeftOut, r.Span) || c.tokenRequired(r.Target) {
			continue
		}
		by := c.passes(r.Target, r.Sources, &e.Op, c.allows(), func(a *ir.Rule, x *ir.Entry) bool {
			return !asksToken(a, x) && meetLists(x.Op.Paths, e.Op.Paths, ir.MeetPatterns) && meetLists(x.Op.Hosts, e.Op.Hosts, ir.MeetPatterns)
		})
		if by.nothing {
			continue
		}
		at, subject := r.Span, "ISSUER/*"
		if len(r.Sources.As) > 0 {
			at = r.Sources.As[0].Span
		} else if list := tests(r); len(list) > 0 {
			at = list[slices.IndexFunc(list, func(t placed) bool { return ofToken(t.test.Kind) })].test.Span
		}
		if list, _ := c.v.of(r.Target); len(list) > 0 {
			subject = c.anyToken(r.Target, list[0].Issuer)
		}
		d := c.diags.Add(diag.TokenLeftOut, at, "%s goes by a token, and nothing requires one of callers of %s: the same caller without its token is not %s", brief(at.Text()), r.Target, verb(r))
		d.Severity = diag.Warning // until compiler/lint has found a request that passes
		if by.allow != nil {
			r.Via.And(d.Relate(by.allow.Span, "this allow lets it through"), by.allow.Via)
		}
		d.Advise("require a token: `deny anyone except as %q -> %s`", subject, r.Target).
			Advise("or let the allows say whose tokens are wanted, with `as`")
		c.tell(diag.TokenLeftOut, r.Span)
	}
}

// tokenRequired reports whether a deny refuses every request without a token to a target: on its port, or on the one port of
// its workload that may speak HTTP.
func (c *checker) tokenRequired(t *ir.Target) bool {
	if c.required == nil {
		c.required = &ir.Covering{}
		for _, r := range c.p.Rules {
			if requiresToken(r) {
				c.required.Add(r.Target)
			}
		}
	}
	return slices.ContainsFunc(c.required.Of(t), func(i int) bool {
		on := c.required.Target(i).Port
		if on == 0 || on == t.Port {
			return true
		}
		return t.Kind == ir.OnWorkload && t.Workload.PortsKnown &&
			!slices.ContainsFunc(t.Workload.Ports, func(p ir.Port) bool { return p.Number != on && p.Protocol != ir.TCP })
	})
}

// requiresToken reports whether a rule refuses every request without a token, and asks for nothing else.
func requiresToken(r *ir.Rule) bool {
	s := r.Sources
	if r.Action != ast.Deny || r.DryRun || r.When != nil || len(s.NotAs) == 0 || len(r.Cuts)+len(s.As)+len(s.From)+len(s.Except)+len(s.NotNet) > 0 {
		return false
	}
	return slices.ContainsFunc(s.Any, func(x ir.Source) bool { return x.Kind == ir.Anyone }) && slices.ContainsFunc(r.Entries, func(e ir.Entry) bool {
		return len(e.Op.Methods)+len(e.Op.Paths)+len(e.Op.Hosts)+len(e.Op.Ports)+len(e.Cuts) == 0 && e.When == nil && e.Op.Speaks != ir.TCPTraffic
	})
}

// unused warns of a `jwt` statement whose tokens no rule asks for.
func (c *checker) unused() {
	if len(c.p.JWT) == 0 {
		return
	}
	read := map[string]*ruleIndex{} // by issuer, and under "" those that look at tokens of any
	for _, r := range c.p.Rules {
		for _, k := range readsIssuers(r) {
			if read[k] == nil {
				read[k] = &ruleIndex{}
			}
			read[k].add(r)
		}
	}
	for _, j := range c.p.JWT {
		c.left = maxLooked
		if c.told(diag.JWTUnused, j.Span) || c.tokenUsed(read[""], j) || c.tokenUsed(read[issuerKey(j.Issuer)], j) {
			continue
		}
		c.tell(diag.JWTUnused, j.Span)
		c.diags.Add(diag.JWTUnused, j.Span, "tokens of %q are accepted on %s and no rule asks for one, so no caller needs a token there", j.Issuer, &j.Target).
			Note("`jwt` refuses bad tokens; it requires none").
			Advise("require one: `deny anyone except as %q -> %s`", c.anyToken(&j.Target, j.Issuer), &j.Target).
			Advise("or ask for it in the allows: `allow ... as %q -> %s`", j.Issuer+"/*", &j.Target)
		j.Via.Relate(c.diags[len(c.diags)-1:], j.Span)
	}
}

// anyToken is the subject that every token has that a target accepts, of an issuer or of any where there are several.
func (c *checker) anyToken(t *ir.Target, issuer string) string {
	if _, issuers := c.v.of(t); len(issuers) > 1 {
		return "*"
	}
	return issuer + "/*"
}

// tokenUsed reports whether one of the rules may see a request to where a `jwt` statement is.
func (c *checker) tokenUsed(rules *ruleIndex, j *ir.JWT) bool {
	if rules == nil {
		return false
	}
	for i := range rules.near(&j.Target) {
		if !c.spend(1) || meets(rules.targets[i], &j.Target) {
			return true
		}
	}
	return false
}

// issuerKey is the same for issuers that differ by a slash, by case or by their scheme at most. To a proxy they are two as
// soon as they differ by a letter.
func issuerKey(s string) string {
	s = strings.ToLower(strings.TrimRight(s, "/"))
	return strings.TrimPrefix(strings.TrimPrefix(s, "https://"), "http://")
}

// readsIssuers lists the keys of the issuers whose tokens a rule looks at, or means to; "" for those of any. A test of a claim
// looks at those of every issuer that the rule does not exclude by naming others.
func readsIssuers(r *ir.Rule) []string {
	if r.Plain.Sources != 0 {
		return nil
	}
	var keys []string
	for _, list := range [][]ir.Text{r.Sources.As, r.Sources.NotAs} {
		for _, a := range list {
			keys = append(keys, issuerKey(issuerOf(a)))
			issuer := issuerOf(a)
			for range 3 { // whose subject was meant to have slashes
				if issuer = issuerOf(ir.Text{Value: issuer}); issuer != "" {
					keys = append(keys, issuerKey(issuer))
				}
			}
		}
	}
	if len(r.Sources.As) == 0 && slices.ContainsFunc(tests(r), testsToken) {
		keys = append(keys, "")
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// testsToken reports whether a test reads a token, or what Istio leaves of it for other filters.
func testsToken(t placed) bool {
	return ofToken(t.test.Kind) || t.test.Kind == ir.AttrMetadata && strings.Contains(t.test.Key, "jwt_authn")
}
