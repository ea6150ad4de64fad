package lower

import (
	"slices"
	"strings"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
)

// emptyLimits bound the search for one cube. Past them the cube stays.
var emptyLimits = sem.Limits{Atoms: 2000, Cubes: 4096, Steps: 4096}

// empty reports whether a cube is known to match no HTTP request. A rule that matches none is no rule: on connections that are
// not HTTP what is left of it would match all the same, and more. The algebra is asked only where texts may hide it.
func (l *lowerer) empty(c *cube) bool {
	if !c.doubtful() {
		return false
	}
	p := &istio.Object{Authorization: &security.AuthorizationPolicy{
		Action: security.AuthorizationPolicy_DENY, // of which nothing goes lost
		Rules:  specs([]rule{{sources: []cube{*c}, ops: []cube{*c}, conds: c.conds}}),
	}}
	mesh := plane.Mesh{TrustDomain: l.p.Mesh.TrustDomain, Aliases: l.p.Mesh.Aliases, RootNamespace: l.p.Mesh.RootNamespace}
	rules, err := mesh.Rules(p, plane.HTTP)
	if err != nil {
		return false
	}
	empty, err := sem.Empty(emptyLimits, rules[0].Holds())
	return err == nil && empty
}

// doubtful reports whether the tests of a cube may exclude each other, or leave no value to what each request has. It is false
// only where that can be read off the text.
func (c *cube) doubtful() bool {
	for f := range c.f {
		if c.f[f].doubtful(field(f)) {
			return true
		}
	}
	if c.identified() && c.doubtfulIdentity() {
		return true
	}
	for i := range c.conds {
		w := &c.conds[i]
		same := func(x when) bool { return x.key == w.key }
		if w.doubtful() || slices.ContainsFunc(c.conds[:i], same) || slices.Contains(alsoField, w.key) {
			return true
		}
	}
	return false
}

// alsoField are the keys of conditions whose attributes a field of a rule tests, too.
var alsoField = []string{"request.headers[host]", "request.headers[:authority]", "request.headers[:method]", "request.auth.claims[iss]", "request.auth.claims[sub]"}

// doubtful is doubtful of one field, whose lists are tidy; what is tested of identities lies in several.
func (s set) doubtful(f field) bool {
	if len(s.out) == 0 {
		return false
	}
	switch f {
	case principals, namespaces, trustDomains, ports:
		return false
	case requestPrincipals: // which a request need not have
		return len(s.in) > 0
	case ipBlocks, remoteIPBlocks:
		return s.doubtfulAddress()
	}
	return slices.ContainsFunc(s.out, func(v string) bool { return v == "*" || f == paths && (v == "/*" || strings.Contains(v, "{")) }) ||
		f == paths && slices.ContainsFunc(s.in, func(v string) bool { return strings.Contains(v, "{") })
}

// doubtfulAddress is doubtful of addresses, which every request has: of both families.
func (s set) doubtfulAddress() bool {
	long := func(v string) bool { return strings.Contains(v, ":") }
	return len(s.in) > 0 && len(s.out) > 0 ||
		slices.ContainsFunc(s.out, long) && slices.ContainsFunc(s.out, func(v string) bool { return !long(v) })
}

func (w *when) doubtful() bool {
	switch {
	case w.key == keyDestination:
		return w.doubtfulAddress()
	case len(w.in) == 0:
		return false
	case slices.Equal(w.in, star): // what has one value but finitely many patterns has more
		return slices.Contains(w.out, "*")
	}
	return len(w.out) > 0
}

// doubtfulIdentity is doubtful of the tests of an identity. Of those that a pattern matches finitely many exceptions leave some.
func (c *cube) doubtfulIdentity() bool {
	p := c.f[principals]
	if !c.f[namespaces].free() || !c.f[trustDomains].free() {
		return !p.free() || len(c.f[namespaces].out)+len(c.f[trustDomains].out) > 0 || !c.f[namespaces].free() && !c.f[trustDomains].free()
	}
	one := func(v string) bool { return !strings.Contains(v, "*") }
	return len(p.out) > 0 && (slices.ContainsFunc(p.out, func(v string) bool { return !one(v) }) || !slices.ContainsFunc(p.in, func(v string) bool { return !one(v) }))
}

// keyDestination is the key of conditions on the address that is called.
const keyDestination = "destination.ip"
