package resolve

import (
	"maps"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// providers reads what the mesh block says of the providers of `delegate`.
func (r *resolver) providers(s *scope, b *ast.Mesh) {
	m := &r.p.Mesh
	m.MultipleProviders = b.Multiple != nil
	m.Providers = map[string]ir.ProviderKind{}
	for i := range b.Providers {
		p := &b.Providers[i]
		if !r.providerName(s, &p.Name) {
			continue
		}
		if m.Providers[p.Name.Value] != ir.UnknownProvider {
			r.report(s, diag.BadProvider, &p.Name, "provider %q has a kind already", p.Name.Value).Advise("delete one of the two lines")
			continue
		}
		m.Providers[p.Name.Value] = ir.GRPCProvider
		if p.Kind.Text == "http" {
			m.Providers[p.Name.Value] = ir.HTTPProvider
		}
	}
}

const maxProvider = 253 // bytes of a provider's name: Istio before 1.30 sets no limit, and no name is near it

func (r *resolver) providerName(s *scope, n *ast.Str) bool {
	why := ""
	switch {
	case n.Value == "":
		why = "is empty"
	case strings.ContainsAny(n.Value, " \u00a0") || !printable(n.Value):
		why = "has a blank, or a character that nobody can see"
	case strings.Contains(n.Value, "*"):
		why = "is taken to the letter: a provider has one name, and no wildcards"
	case len(n.Value) > maxProvider:
		why = "is too long"
	default:
		return true
	}
	r.report(s, diag.BadProvider, n, "provider %q %s", n.Value, why).Advise("write the name that it has in meshConfig.extensionProviders")
	return false
}

// provider returns whom a delegate asks, "" for other rules.
func provider(a *ast.Rule) string {
	if a.Provider == nil {
		return ""
	}
	return a.Provider.Value
}

// delegate checks what a delegate says of itself.
func (r *resolver) delegate(s *scope, a *ast.Rule) bool {
	if a.DryRun {
		r.report(s, diag.DryRunDelegate, a, "a provider is asked or it is not, and Istio refuses dry-run on a delegate").Advise("delete `dry-run`")
		return false
	}
	if !r.providerName(s, a.Provider) {
		return false
	}
	if bad := dnsLabel(a.Provider.Value); bad != "" && !r.p.Mesh.Istio.Before(1, 30) {
		r.report(s, diag.BadProvider, a.Provider, "provider %q %s: Istio 1.30 and later take no such provider, and refuse all that its rules cover", a.Provider.Value, bad).
			Advise("give it another name in meshConfig.extensionProviders, and write that")
		return false
	}
	list := r.p.Mesh.Providers
	if _, listed := list[a.Provider.Value]; listed || len(list) == 0 {
		return true
	}
	d := r.report(s, diag.BadProvider, a.Provider, "provider %q is none of those that the mesh block lists", a.Provider.Value)
	if best := Nearest(a.Provider.Value, maps.Keys(list)); best != "" {
		d.Fix(s.span(a.Provider), strconv.Quote(best), "did you mean %q?", best)
	} else {
		d.Advise("add it to the mesh block: `provider %q grpc`, or `http`, as meshConfig.extensionProviders has it", a.Provider.Value)
	}
	return false
}

// delegable refuses what Istio cannot test before it asks a provider: who the caller is, and tokens. It matches a CUSTOM
// policy ahead of both, and rejects one that names them (istio-semantics 4.2).
func (r *resolver) delegable(s *scope, src *ir.Sources, entries []ir.Entry, when *ir.Cond) bool {
	ok := true
	for _, list := range [][]ir.Source{src.Any, src.Except} {
		for _, x := range list {
			if ok && x.Kind != ir.Anyone {
				ok = false
				r.reportAt(s, diag.DelegateIdentity, src.Span, "%q is an identity, and Istio tests none before it asks a provider", x.Span.Text()).
					Advise("write `anyone`, and let the provider decide by the certificate that it is told of").
					Advise("or use `deny` and `allow`, which test identities")
			}
		}
	}
	token := func(what string, at ir.Text) {
		ok = false
		r.reportAt(s, diag.DelegateIdentity, at.Span, "%s is read from a token, and Istio verifies none before it asks a provider", what).
			Advise("test it in an `allow` or a `deny`, or let the provider read the header that carries the token")
	}
	for _, list := range [][]ir.Text{src.As, src.NotAs} {
		for _, x := range list {
			token("the subject "+x.Span.Text(), x)
		}
	}
	conds := []*ir.Cond{when}
	for i := range entries {
		conds = append(conds, entries[i].When)
	}
	for len(conds) > 0 {
		c := conds[len(conds)-1]
		conds = conds[:len(conds)-1]
		switch {
		case c == nil:
		case c.Op != ir.CondTest:
			conds = append(conds, c.List...)
		case c.Test.Kind == ir.AttrClaim || c.Test.Kind == ir.AttrAudience || c.Test.Kind == ir.AttrPresenter:
			token([...]string{ir.AttrClaim: "a claim", ir.AttrAudience: "an audience", ir.AttrPresenter: "a presenter"}[c.Test.Kind], ir.Text{Span: c.Test.Span})
		case c.Test.Kind == ir.AttrMetadata && strings.HasPrefix(c.Test.Key, "experimental.envoy.filters.http.jwt_authn["):
			token("the metadata of jwt_authn", ir.Text{Span: c.Test.Span})
		}
	}
	return ok
}
