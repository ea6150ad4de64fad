package resolve

import (
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// expects resolves the expectations of a test.
func (r *resolver) expects(s *scope, a *ast.Test) {
	name := a.Name.Value
	other, taken := r.tests[name]
	switch {
	case strings.TrimSpace(name) == "":
		r.report(s, diag.TestName, &a.Name, "this test has no name")
	case taken:
		r.report(s, diag.TestName, &a.Name, "there are two tests %q, and no report tells them apart", name).Relate(other, "the other one")
	default:
		if r.tests == nil {
			r.tests = map[string]source.Span{}
		}
		r.tests[name] = s.span(&a.Name)
	}
	if len(a.Body) == 0 {
		r.report(s, diag.Unanswerable, a, "the test %q expects nothing, so it would pass whatever the policies say", name)
	}
	for _, e := range a.Body {
		if e, ok := e.(*ast.Expect); ok {
			r.expect(s, a, e)
		}
	}
}

// expect resolves an expectation of a test.
func (r *resolver) expect(s *scope, test *ast.Test, a *ast.Expect) {
	x := &ir.Expect{Test: test.Name.Value, In: s.span(&test.Name), Allow: a.Allow, Span: s.span(a), Namespace: s.ns}
	x.Sources = r.sources(s, &a.Sources, false)
	targets, ok := r.targets(s, a.Targets)
	x.Targets = targets
	if a.Op != nil {
		op, good := r.operation(s, a.Op)
		x.Op, ok = &op, ok && good
	}
	for i := range a.With {
		ok = r.given(s, x, &a.With[i]) && ok
	}
	if x.Sources == nil || !ok || !r.count(s, a, len(targets)*len(x.Sources.Any)) {
		return
	}
	if x.Op != nil {
		for i := range targets {
			if !r.portsExist(s, &targets[i], []ir.Entry{{Op: *x.Op}}) {
				return
			}
		}
	}
	r.p.Expects = append(r.p.Expects, x)
}

// given resolves one attribute that an expectation states.
func (r *resolver) given(s *scope, x *ir.Expect, a *ast.Assign) bool {
	key, kind, ok := r.attr(s, &a.Attr)
	if !ok {
		return false
	}
	for i := range x.With {
		if x.With[i].Key == key {
			r.report(s, diag.BadAttribute, a, "%s is stated twice", key).Relate(x.With[i].Span, "here, too")
			return false
		}
	}
	g := ir.Given{Key: key, Kind: kind, List: a.List, Span: s.span(a)}
	for i := range a.Values {
		v := a.Values[i].Value
		switch kind {
		case ir.AttrSNI:
			v = strings.ToLower(v) // as in a condition
		case ir.AttrDestination:
			if v, ok = r.cidr(s, &a.Values[i]); !ok {
				return false
			}
			if strings.Contains(v, "/") {
				r.report(s, diag.BadValue, &a.Values[i], "%q is a block of addresses, and one request goes to one address", a.Values[i].Value)
				return false
			}
		}
		g.Values = append(g.Values, v)
	}
	if a.List && kind != ir.AttrClaim && kind != ir.AttrAudience && kind != ir.AttrMetadata && kind != ir.AttrHeader {
		r.report(s, diag.BadValue, a, "%s has one value, and this is a list", key)
		return false
	}
	x.With = append(x.With, g)
	return true
}

var proofModes = map[string]ir.ProofMode{"only": ir.Only, "never": ir.Never, "always": ir.Always}

// prove resolves a proof.
func (r *resolver) prove(s *scope, a *ast.Prove) {
	x := &ir.Proof{Mode: proofModes[a.Mode.Text], Span: s.span(a), Namespace: s.ns}
	var ok, good, fine, well bool
	x.Sources = r.sources(s, &a.Sources, false)
	x.Targets, ok = r.targets(s, a.Targets)
	x.Entries, good = r.entries(s, &a.Ops, a)
	x.Cuts, fine = r.cuts(s, a.Cuts)
	x.When, well = r.cond(s, a.When)
	if x.Sources == nil || !ok || !good || !fine || !well || !r.count(s, a, len(x.Targets)*len(x.Sources.Any)) {
		return
	}
	r.p.Proofs = append(r.p.Proofs, x)
}
