package check

import (
	"slices"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// client warns of a rule by the address of a client behind proxies where its target is no gateway: a sidecar takes the address
// from a header that any caller writes (istio-semantics 9). As the one condition of an allow it is an error.
func (c *checker) client(r *ir.Rule) {
	s := r.Sources
	of := func(list []ir.Net) *ir.Net {
		if i := slices.IndexFunc(list, func(n ir.Net) bool { return n.Client }); i >= 0 {
			return &list[i]
		}
		return nil
	}
	from, except := of(s.From), of(s.NotNet)
	if from == nil && except == nil || c.isGateway(r.Target) {
		return
	}
	alone := from != nil && r.Action == ast.Allow && len(s.From) == 1 &&
		slices.ContainsFunc(s.Any, func(x ir.Source) bool { return !hasIdentity(x.Kind) }) &&
		slices.ContainsFunc(r.Entries, func(e ir.Entry) bool { return !asksToken(r, &e) })
	if from == nil {
		from = except
	}
	at := from.Blocks[0].Span
	code := diag.ClientAddress
	if alone {
		code = diag.ClientAlone
	}
	if c.told(code, r.Span) {
		return
	}
	c.tell(code, r.Span)
	why := "so it proves nothing"
	if alone {
		why = "and this allow asks for nothing else"
	}
	where := r.Target.String() + " is no gateway"
	if r.Target.Labels() == nil {
		where = "not every pod of " + r.Target.String() + " is known for a gateway"
	}
	label := "declare it with its label"
	if w := r.Target.Workload; w != nil && w.AllLabels != nil {
		label = "in the manifest give its pods the label"
	}
	c.diags.Add(code, at, "%s, and elsewhere any caller of the mesh chooses the address %q by a header, %s", where, from.Blocks[0].Value, why).
		Note("a proxy that is not told of trusted hops takes the last entry of X-Forwarded-For, whoever sent it; a gateway can be told, with numTrustedProxies").
		Advise("write the rule for the gateway, and here name the gateway as the caller").
		Advise("or, if it is a gateway, %s `istio` or `gateway.networking.k8s.io/gateway-name`", label)
}

// isGateway reports whether every pod of a target is known to be a gateway.
func (c *checker) isGateway(t *ir.Target) bool {
	switch t.Kind {
	case ir.OnMesh:
		return false
	case ir.OnNamespace:
		if c.gateways == nil {
			c.gateways = map[string]bool{}
			for _, w := range c.p.Workloads {
				all, seen := c.gateways[w.Namespace]
				c.gateways[w.Namespace] = (all || !seen) && w.IsGateway()
			}
		}
		return c.gateways[t.Namespace]
	}
	return t.IsGateway()
}

// gatewayIn is a workload of a namespace or of the mesh that is known to be a gateway; nil where there is none.
func (c *checker) gatewayIn(t *ir.Target) *ir.Workload {
	if t.Kind != ir.OnNamespace && t.Kind != ir.OnMesh {
		return nil
	}
	if c.gatewaysIn == nil {
		c.gatewaysIn = map[string]*ir.Workload{}
		for _, w := range slices.Backward(c.p.Workloads) {
			if w.IsGateway() {
				c.gatewaysIn[w.Namespace], c.gatewaysIn[""] = w, w
			}
		}
	}
	if t.Kind == ir.OnMesh {
		return c.gatewaysIn[""]
	}
	return c.gatewaysIn[t.Namespace]
}
