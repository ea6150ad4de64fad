package lower

import (
	"slices"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
)

// possibleLimits bound the question whether a cube can match a request. Past them it is taken to.
var possibleLimits = sem.Limits{Cubes: 1 << 10, Steps: 1 << 10}

// possible takes the cubes of HTTP away where none of them can match a request. What matches no request must not be left to
// Istio: on connections that are not HTTP it drops what it cannot read, the contradiction with it, and the rule would cover all
// of them. Of an entry that matches some request all alternatives stay: which of them do is not told from the outside.
func (l *lowerer) possible(cs []cube) []cube {
	if slices.ContainsFunc(cs, func(c cube) bool { return c.isHTTP() && l.matchesRequest(&c) }) {
		return cs
	}
	return slices.DeleteFunc(cs, func(c cube) bool { return c.isHTTP() })
}

// matchesRequest reports whether a cube can match an HTTP request. Values that are in a field are never out of it, so that there
// is something to look at only where HTTP is tested by more than that.
func (l *lowerer) matchesRequest(c *cube) bool {
	told := !slices.ContainsFunc(c.conds, func(w when) bool { return w.http })
	for f := range c.f {
		told = told && (!field(f).http() || len(c.f[f].out) == 0)
	}
	if told {
		return true
	}
	p := &istio.Object{Authorization: &security.AuthorizationPolicy{
		Action: security.AuthorizationPolicy_DENY,
		Rules:  specs([]rule{{sources: []cube{c.source()}, ops: []cube{c.operation()}, conds: c.conds}}),
	}}
	mesh := plane.Mesh{TrustDomain: l.p.Mesh.TrustDomain}
	rules, err := mesh.Rules(p, plane.HTTP)
	if err != nil {
		return true
	}
	x := rules[0].Holds()
	space, err := sem.NewSpace(possibleLimits, nil, nil, x)
	if err != nil {
		return true
	}
	set, err := space.Set(x)
	if err != nil {
		return true
	}
	d, err := space.Any(set)
	return err != nil || d != nil
}
