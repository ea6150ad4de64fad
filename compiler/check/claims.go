package check

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/resolve"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/scan"
	"github.com/zt-lang/ztc/lang/source"
)

// checkClaim holds a test of a claim against the `jwt` statements that cover the target of its rule.
func checkClaim(v *verifiers, r *ir.Rule, t placed, verify []*ir.JWT, diags *diag.List) {
	if len(verify) == 0 {
		diags.Add(diag.NoToken, t.test.Span, "no `jwt` statement has %s verify tokens, so the claim is always absent", r.Target)
	}
	key := claimKey(t.test.Key)
	if i := slices.IndexFunc(t.test.Values, func(s string) bool { return strings.Contains(s, " ") }); i >= 0 && isSplit(key, verify) {
		diags.Add(diag.SplitValue, t.test.Span, "claim %q is split at blanks, so no element of it is %q", claimText(key), t.test.Values[i]).
			Advise("test for the words one by one, joined by `and` where all are wanted")
	}
	untyped, unknown := v.untyped(r, key)
	if kind := notString[key]; kind != "" && (untyped != nil || len(verify) == 0 || ir.IsTime(key)) {
		d := diags.Add(diag.NotAString, t.test.Span, "claim %q is %s, and Istio sees only strings and lists of strings: to this test it is always absent", claimText(key), kind)
		if ir.IsTime(key) {
			d.Advise("delete the test: a proxy itself refuses a token before its `nbf` and after its `exp`")
			return
		}
		if untyped != nil {
			placeOf(d, r, untyped, "the tokens of %q have no other type for it")
		}
		d.Advise("delete the test, or test a claim that the issuer writes as a string").
			Advise("where an issuer sends this one as a string, say so %s: `claims %s string`", whereTyped(untyped), claimText(key))
		return
	}
	if r.Action == ast.Allow && !t.absence() {
		if unknown && !isStandard(key) {
			unknownClaim(r, t.test.Span, key, untyped, "so this may never hold", diags)
		}
		return
	}
	if untyped == nil && len(verify) > 0 {
		return
	}
	why := "absence and difference of"
	switch r.Action {
	case ast.Deny:
		why = "a deny on"
	case ast.Audit:
		why = "an audit on"
	}
	d := diags.Add(diag.UntypedClaim, t.test.Span, "%s claim %q needs its type: Istio takes numbers and booleans for absent", why, claimText(key))
	if name := spelt(key); name != "" {
		d.Advise("say it %s: `claims %s string`, or `%s list`", whereTyped(untyped), name, name)
	} else {
		d.Advise("no `claims` line can name it, so it can only be tested for values, in an allow")
	}
	if untyped != nil {
		placeOf(d, r, untyped, "the tokens of %q have no type for it")
	}
}

// askedClaims warns of claims that no `jwt` lists in what tests and proofs ask, which would hold whatever the policies say.
func (c *checker) askedClaims() {
	ask := func(targets []ir.Target, from *ir.Sources, key string, at source.Span) {
		var r *ir.Rule
		var lists *ir.JWT
		for i := range targets {
			r = &ir.Rule{Target: &targets[i], Sources: from, More: ir.NoMore}
			var unknown bool
			if lists, unknown = c.v.untyped(r, key); !unknown || isStandard(key) {
				return
			}
		}
		if lists != nil {
			unknownClaim(r, at, key, lists, "so this may not ask what is meant", &c.diags)
		}
	}
	for _, x := range c.p.Expects {
		for _, g := range x.With {
			if g.Kind == ir.AttrClaim {
				ask(x.Targets, x.Sources, claimKey(g.Key), g.Span)
			}
		}
	}
	for _, x := range c.p.Proofs {
		for _, t := range tests(&ir.Rule{More: &ir.More{When: x.When}, Entries: x.Entries}) {
			if t.test.Kind == ir.AttrClaim {
				ask(x.Targets, x.Sources, claimKey(t.test.Key), t.test.Span)
			}
		}
	}
}

// unknownClaim warns of a claim that no `jwt` lists, where each of them lists others.
func unknownClaim(r *ir.Rule, at source.Span, key string, j *ir.JWT, so string, diags *diag.List) {
	d := diags.Add(diag.UnknownClaim, at, "claim %q is none of those that the tokens of %q are said to have, %s", claimText(key), j.Issuer, so)
	if near := resolve.Nearest(key, maps.Keys(j.Claims)); near != "" {
		d.Advise("did you mean claim %q?", claimText(near))
	}
	if name := spelt(key); name != "" {
		d.Advise("if it is a claim of theirs, say its type %s: `claims %s string`, or `%s list`", whereTyped(j), name, name)
	}
	placeOf(d, r, j, "here are the claims of the tokens of %q")
}

// isUnknown reports whether a `jwt` of the author lists claims, and in no line speaks of this one.
func isUnknown(j *ir.JWT, key string) bool {
	_, listed := j.Claims[key]
	name := claimText(key)
	return len(j.Claims) > 0 && !listed && j.Via.OfStd() == nil && !slices.Contains(j.Split, name) &&
		!slices.ContainsFunc(j.Sets, func(s ir.JWTSet) bool { return s.Claim == name })
}

// standard are the claims that tokens have without being asked: those of RFC 7519, RFC 9068 and OpenID Connect Core 1.0, section 5.1.
var standard = strings.Fields(`iss sub aud exp nbf iat jti client_id scope groups roles entitlements auth_time acr amr azp nonce sid
	name given_name family_name middle_name nickname preferred_username profile picture website email email_verified gender birthdate
	zoneinfo locale phone_number phone_number_verified address updated_at`)

func isStandard(key string) bool {
	name, _, _ := strings.Cut(strings.Trim(key, "[]"), "][")
	return slices.Contains(standard, name)
}

// placeOf points at the `jwt` that gives a claim no type. One of the standard library is shown by its use.
func placeOf(d *diag.Diagnostic, r *ir.Rule, j *ir.JWT, format string) {
	if u := j.Via.OfStd(); u != nil {
		d.Relate(u.Span, format, j.Issuer)
		return
	}
	r.Via.And(d.Relate(j.Span, format, j.Issuer), j.Via)
}

// whereTyped says where the type of a claim belongs, if not in j, a `jwt` that the author cannot change.
func whereTyped(j *ir.JWT) string {
	if j != nil && j.Via.OfStd() != nil {
		return "in a jwt block of your own in place of the policy of the standard library, with the claims that `ztc explain " + j.Span.File.Name + "` shows"
	}
	return "in every jwt block whose tokens the rule reads"
}

// notString has the claims that the standards of tokens (RFC 7519) and of OpenID Connect make numbers or booleans.
var notString = map[string]string{
	"[exp]": "a number", "[iat]": "a number", "[nbf]": "a number", "[auth_time]": "a number", "[updated_at]": "a number",
	"[email_verified]": "a boolean", "[phone_number_verified]": "a boolean",
}

// isSplit reports whether Envoy makes a list of a claim that is a string with blanks: always of `scope` and `permission`.
func isSplit(key string, verify []*ir.JWT) bool {
	return key == "[scope]" || key == "[permission]" ||
		slices.ContainsFunc(verify, func(j *ir.JWT) bool {
			return slices.Contains(j.Split, strings.Trim(key, "[]")) && !strings.Contains(key, "][")
		})
}

// claimKey is the part of Istio's key that names a claim: [a][b] of request.auth.claims[a][b].
func claimKey(key string) string { return strings.TrimPrefix(key, "request.auth.claims") }

// claimText names a claim for a message: a.b for one inside another.
func claimText(key string) string { return strings.ReplaceAll(strings.Trim(key, "[]"), "][", ".") }

// spelt writes a claim as a `claims` line does: a.b is b inside a, and a string is one name to the letter. Empty where the
// line has no spelling: for a name inside another claim that is no word.
func spelt(key string) string {
	keys := strings.Split(strings.Trim(key, "[]"), "][")
	if !slices.ContainsFunc(keys, func(k string) bool { return strings.Contains(k, ".") }) {
		switch word := strings.Join(keys, "."); scan.KindOf(word) {
		case scan.Name, scan.Dotted, scan.Word:
			return word
		}
	}
	if len(keys) > 1 {
		return ""
	}
	return strconv.Quote(keys[0])
}
