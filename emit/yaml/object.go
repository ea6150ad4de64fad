package yaml

import (
	"slices"
	"strconv"

	security "istio.io/api/security/v1beta1"
	selector "istio.io/api/type/v1beta1"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/zt-lang/ztc/emit/istio"
)

func (w *writer) object(o *istio.Object) {
	w.open()
	w.field("apiVersion", o.APIVersion)
	w.field("kind", string(o.Kind))
	w.key("metadata")
	w.open()
	if len(o.Annotations) > 0 {
		w.strings("annotations", o.Annotations)
	}
	if len(o.Labels) > 0 {
		w.strings("labels", o.Labels)
	}
	w.field("name", o.Name)
	w.optional("namespace", o.Namespace)
	w.close()
	w.key("spec")
	w.open()
	switch {
	case o.Authorization != nil:
		w.authorization(o.Authorization)
	case o.Peer != nil:
		w.peer(o.Peer)
	case o.Request != nil:
		w.request(o.Request)
	}
	w.close()
	w.close()
}

// enum is the name of a value, or its number where it has none.
func enum(names map[int32]string, v int32) string {
	if s, ok := names[v]; ok {
		return s
	}
	return strconv.Itoa(int(v))
}

// authorization writes the action wherever there are rules: the default, ALLOW, is too important to be left out.
func (w *writer) authorization(p *security.AuthorizationPolicy) {
	if len(p.Rules) > 0 || p.Action != security.AuthorizationPolicy_ALLOW {
		name := enum(security.AuthorizationPolicy_Action_name, int32(p.Action))
		w.word("action", name, name[0] >= 'A')
	}
	if d, ok := p.ActionDetail.(*security.AuthorizationPolicy_Provider); ok && d != nil {
		w.key("provider")
		w.open()
		w.optional("name", d.Provider.GetName())
		w.close()
	}
	if len(p.Rules) > 0 {
		w.key("rules")
		w.openList()
		for _, r := range p.Rules {
			w.item()
			w.rule(r)
		}
		w.closeList()
	}
	w.target(p.Selector, p.TargetRef, p.TargetRefs)
}

func (w *writer) target(s *selector.WorkloadSelector, ref *selector.PolicyTargetReference, refs []*selector.PolicyTargetReference) {
	if s != nil {
		w.key("selector")
		w.open()
		if len(s.MatchLabels) > 0 {
			w.strings("matchLabels", s.MatchLabels)
		}
		w.close()
	}
	if ref != nil {
		w.key("targetRef")
		w.targetRef(ref)
	}
	if len(refs) > 0 {
		w.key("targetRefs")
		w.openList()
		for _, r := range refs {
			w.item()
			w.targetRef(r)
		}
		w.closeList()
	}
}

func (w *writer) targetRef(r *selector.PolicyTargetReference) {
	w.open()
	w.optional("group", r.GetGroup())
	w.optional("kind", r.GetKind())
	w.optional("name", r.GetName())
	w.optional("namespace", r.GetNamespace())
	w.close()
}

func (w *writer) rule(r *security.Rule) {
	w.open()
	if from := r.GetFrom(); len(from) > 0 {
		w.key("from")
		w.openList()
		for _, f := range from {
			w.item()
			w.open()
			if f.GetSource() != nil {
				w.key("source")
				w.source(f.Source)
			}
			w.close()
		}
		w.closeList()
	}
	if to := r.GetTo(); len(to) > 0 {
		w.key("to")
		w.openList()
		for _, t := range to {
			w.item()
			w.open()
			if t.GetOperation() != nil {
				w.key("operation")
				w.operation(t.Operation)
			}
			w.close()
		}
		w.closeList()
	}
	if when := r.GetWhen(); len(when) > 0 {
		w.key("when")
		w.openList()
		for _, c := range when {
			w.item()
			w.open()
			w.optional("key", c.GetKey())
			w.list("notValues", c.GetNotValues())
			w.list("values", c.GetValues())
			w.close()
		}
		w.closeList()
	}
	w.close()
}

func (w *writer) source(s *security.Source) {
	w.open()
	w.list("ipBlocks", s.IpBlocks)
	w.list("namespaces", s.Namespaces)
	w.list("notIpBlocks", s.NotIpBlocks)
	w.list("notNamespaces", s.NotNamespaces)
	w.list("notPrincipals", s.NotPrincipals)
	w.list("notRemoteIpBlocks", s.NotRemoteIpBlocks)
	w.list("notRequestPrincipals", s.NotRequestPrincipals)
	w.list("notServiceAccounts", s.NotServiceAccounts)
	w.list("notTrustDomains", s.NotTrustDomains)
	w.list("principals", s.Principals)
	w.list("remoteIpBlocks", s.RemoteIpBlocks)
	w.list("requestPrincipals", s.RequestPrincipals)
	w.list("serviceAccounts", s.ServiceAccounts)
	w.list("trustDomains", s.TrustDomains)
	w.close()
}

func (w *writer) operation(o *security.Operation) {
	w.open()
	w.list("hosts", o.Hosts)
	w.list("methods", o.Methods)
	w.list("notHosts", o.NotHosts)
	w.list("notMethods", o.NotMethods)
	w.list("notPaths", o.NotPaths)
	w.list("notPorts", o.NotPorts)
	w.list("paths", o.Paths)
	w.list("ports", o.Ports)
	w.close()
}

// peer writes every mode, UNSET too: an empty mapping says too little.
func (w *writer) peer(p *security.PeerAuthentication) {
	if p.Mtls != nil {
		w.key("mtls")
		w.mtls(p.Mtls)
	}
	if len(p.PortLevelMtls) > 0 {
		w.key("portLevelMtls")
		w.open()
		ports := make([]uint32, 0, len(p.PortLevelMtls))
		for port := range p.PortLevelMtls {
			ports = append(ports, port)
		}
		slices.Sort(ports)
		names := make([]string, len(ports))
		for i, port := range ports {
			names[i] = strconv.FormatUint(uint64(port), 10)
		}
		if w.json { // whose keys are sorted as text
			slices.Sort(names)
		}
		for _, name := range names {
			port, _ := strconv.ParseUint(name, 10, 32)
			w.anyKey(name)
			w.mtls(p.PortLevelMtls[uint32(port)])
		}
		w.close()
	}
	w.target(p.Selector, nil, nil)
}

func (w *writer) mtls(m *security.PeerAuthentication_MutualTLS) {
	w.open()
	name := enum(security.PeerAuthentication_MutualTLS_Mode_name, int32(m.GetMode()))
	w.word("mode", name, name[0] >= 'A')
	w.close()
}

func (w *writer) request(p *security.RequestAuthentication) {
	if len(p.JwtRules) > 0 {
		w.key("jwtRules")
		w.openList()
		for _, r := range p.JwtRules {
			w.item()
			w.jwt(r)
		}
		w.closeList()
	}
	w.target(p.Selector, p.TargetRef, p.TargetRefs)
}

func (w *writer) jwt(r *security.JWTRule) {
	w.open()
	defer w.close()
	if r == nil {
		return
	}
	w.list("audiences", r.Audiences)
	if r.ForwardOriginalToken {
		w.word("forwardOriginalToken", "true", false)
	}
	w.list("fromCookies", r.FromCookies)
	if len(r.FromHeaders) > 0 {
		w.key("fromHeaders")
		w.openList()
		for _, h := range r.FromHeaders {
			w.item()
			w.open()
			w.optional("name", h.GetName())
			w.optional("prefix", h.GetPrefix())
			w.close()
		}
		w.closeList()
	}
	w.list("fromParams", r.FromParams)
	w.optional("issuer", r.Issuer)
	w.optional("jwks", r.Jwks)
	w.optional("jwksUri", r.JwksUri)
	if len(r.OutputClaimToHeaders) > 0 {
		w.key("outputClaimToHeaders")
		w.openList()
		for _, c := range r.OutputClaimToHeaders {
			w.item()
			w.open()
			w.optional("claim", c.GetClaim())
			w.optional("header", c.GetHeader())
			w.close()
		}
		w.closeList()
	}
	w.optional("outputPayloadToHeader", r.OutputPayloadToHeader)
	w.list("spaceDelimitedClaims", r.SpaceDelimitedClaims)
	if r.Timeout != nil {
		w.field("timeout", duration(r.Timeout))
	}
}

// duration is the text of a duration in protojson: seconds with 0, 3, 6 or 9 decimals.
func duration(d *durationpb.Duration) string {
	seconds, nanos := d.Seconds, int64(d.Nanos)
	sign := ""
	if seconds < 0 || nanos < 0 {
		sign, seconds, nanos = "-", -seconds, -nanos
	}
	s := sign + strconv.FormatInt(seconds, 10)
	if nanos != 0 {
		f := strconv.FormatInt(1_000_000_000+nanos, 10)[1:]
		for len(f) > 3 && f[len(f)-3:] == "000" {
			f = f[:len(f)-3]
		}
		s += "." + f
	}
	return s + "s"
}
