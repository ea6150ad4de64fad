package check

import (
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/diag"
)

// foreign warns, once a trust domain, of an allow for callers of another one: by default a sidecar ends their connections
// (docs/semantics.md). What comes to a gateway from outside is not held to that.
func (c *checker) foreign(r *ir.Rule) {
	if r.DryRun {
		return
	}
	done := new(bool)
	if n := int(r.Plain.Sources); n > 0 { // which others share
		done = c.flag(&c.native, n)
	}
	if *done {
		return
	}
	own := c.p.Mesh.TrustDomain
	left := false
	for _, x := range r.Sources.Any {
		domain := domainOf(x)
		if domain == "" || ir.MatchPath(domain, own) || slices.ContainsFunc(c.p.Mesh.Aliases, func(a string) bool { return ir.MatchPath(domain, a) }) || c.domains[domain] {
			continue
		}
		if c.isGateway(r.Target) {
			left = true
			continue
		}
		if c.domains == nil {
			c.domains = map[string]bool{}
		}
		c.domains[domain] = true
		d := c.diags.Add(diag.ForeignDomain, x.Span, "a sidecar of %s ends connections with certificates of trust domain %q, unless meshConfig has it take them", r.Target, domain)
		if !x.Span.In(r.Span) {
			d.Relate(r.Span, "for this allow")
		}
		d.Note("a sidecar takes certificates of the mesh's own trust domain, %q, of its `trustDomainAliases`, and of those that `caCertificates` in meshConfig name; of any where istiod has PILOT_SKIP_VALIDATE_TRUST_DOMAIN=true", own).
			Advise("where one of these is set, waive this with it for the reason: `# ztc:allow %s ...`", diag.ForeignDomain).
			Advise("or, where it is one of the aliases, say so: `mesh { trust-domain-aliases %q }`", domain).
			Advise("or let these callers in at a gateway, and here name the gateway").
			Advise("or, if %q is what this mesh itself is called, say so: `mesh { trust-domain %q }`", domain, domain)
		if strings.Contains(domain, "*") {
			d.Fixes = slices.DeleteFunc(d.Fixes, func(f diag.Fix) bool { return strings.Contains(f.Message, "mesh {") })
		}
	}
	*done = !left
}

// domainOf returns the trust domain, or the pattern of it, that a source asks for; "" where it asks for none.
func domainOf(x ir.Source) string {
	switch x.Kind {
	case ir.TrustDomain:
		return x.Value
	case ir.Principal:
		if x.Verbatim && !strings.HasPrefix(x.Value, "*") {
			domain, _, _ := strings.Cut(x.Value, "/")
			return domain
		}
	}
	return ""
}
