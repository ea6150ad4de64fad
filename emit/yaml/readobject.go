package yaml

import (
	"strconv"
	"strings"

	security "istio.io/api/security/v1beta1"
	selector "istio.io/api/type/v1beta1"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/zt-lang/ztc/emit/istio"
)

func (r *reader) object() *istio.Object {
	o := &r.room().object
	*o = istio.Object{}
	r.indent, r.dash, r.margin = 0, false, false
	r.need("apiVersion")
	at := r.pos
	o.APIVersion = r.str()
	if r.err == nil && o.APIVersion != "security.istio.io/v1" && o.APIVersion != "security.istio.io/v1beta1" {
		r.failAt(at, "%q is no version of Istio's policies", o.APIVersion)
		return nil
	}
	r.need("kind")
	at = r.pos
	o.Kind = istio.Kind(r.str())
	switch o.Kind {
	case istio.AuthorizationPolicy, istio.PeerAuthentication, istio.RequestAuthentication:
	default:
		r.failAt(at, "%q is no kind of policy", o.Kind)
		return nil
	}
	r.need("metadata")
	if r.open() {
		o.Annotations = r.mapping("annotations", nil)
		o.Labels = r.mapping("labels", r.labels)
		r.need("name")
		o.Name = r.str()
		o.Namespace = r.optional("namespace")
		r.close()
	}
	r.need("spec")
	switch o.Kind {
	case istio.AuthorizationPolicy:
		o.Authorization = r.authorization()
	case istio.PeerAuthentication:
		o.Peer = r.peer()
	case istio.RequestAuthentication:
		o.Request = r.request()
	}
	return o
}

// room is where an object is read to.
func (r *reader) room() *Checker {
	if r.memory != nil {
		return r.memory
	}
	return new(Checker)
}

// enum reads the name of a value of an enumeration.
func (r *reader) enum(values map[string]int32) int32 {
	at := r.pos
	name := r.str()
	v, ok := values[name]
	if !ok {
		r.failAt(at, "%q is no value of this field", name)
	}
	return v
}

func (r *reader) authorization() *security.AuthorizationPolicy {
	p := &r.room().policy
	p.Action, p.ActionDetail, p.Rules, p.Selector, p.TargetRef, p.TargetRefs = 0, nil, nil, nil, nil, nil
	if !r.open() {
		return p
	}
	if r.field("action") {
		p.Action = security.AuthorizationPolicy_Action(r.enum(security.AuthorizationPolicy_Action_value))
	}
	if r.field("provider") {
		d := new(security.AuthorizationPolicy_ExtensionProvider)
		if r.open() {
			d.Name = r.optional("name")
			r.close()
		}
		p.ActionDetail = &security.AuthorizationPolicy_Provider{Provider: d}
	}
	if r.rules != nil {
		r.need("rules")
		r.sameRules()
	} else if r.field("rules") {
		r.openList()
		for r.item() {
			p.Rules = append(p.Rules, r.rule())
		}
	}
	p.Selector = r.selector()
	p.TargetRef, p.TargetRefs = r.targetRefs()
	r.close()
	return p
}

func (r *reader) selector() *selector.WorkloadSelector {
	if !r.field("selector") {
		return nil
	}
	s := &r.room().selector
	s.MatchLabels = nil
	if r.open() {
		s.MatchLabels = r.mapping("matchLabels", r.selects)
		r.close()
	}
	return s
}

func (r *reader) targetRefs() (one *selector.PolicyTargetReference, many []*selector.PolicyTargetReference) {
	if r.field("targetRef") {
		one = r.targetRef()
	}
	if r.field("targetRefs") {
		r.openList()
		for r.item() {
			many = append(many, r.targetRef())
		}
	}
	return one, many
}

func (r *reader) targetRef() *selector.PolicyTargetReference {
	t := new(selector.PolicyTargetReference)
	if r.open() {
		t.Group = r.optional("group")
		t.Kind = r.optional("kind")
		t.Name = r.optional("name")
		t.Namespace = r.optional("namespace")
		r.close()
	}
	return t
}

func (r *reader) rule() *security.Rule {
	rule := new(security.Rule)
	if !r.open() {
		return rule
	}
	if r.field("from") {
		r.openList()
		for r.item() {
			f := new(security.Rule_From)
			if r.open() {
				if r.field("source") {
					f.Source = r.source()
				}
				r.close()
			}
			rule.From = append(rule.From, f)
		}
	}
	if r.field("to") {
		r.openList()
		for r.item() {
			t := new(security.Rule_To)
			if r.open() {
				if r.field("operation") {
					t.Operation = r.operation()
				}
				r.close()
			}
			rule.To = append(rule.To, t)
		}
	}
	if r.field("when") {
		r.openList()
		for r.item() {
			c := new(security.Condition)
			if r.open() {
				c.Key = r.optional("key")
				c.NotValues = r.list("notValues")
				c.Values = r.list("values")
				r.close()
			}
			rule.When = append(rule.When, c)
		}
	}
	r.close()
	return rule
}

func (r *reader) source() *security.Source {
	s := new(security.Source)
	if r.open() {
		s.IpBlocks = r.list("ipBlocks")
		s.Namespaces = r.list("namespaces")
		s.NotIpBlocks = r.list("notIpBlocks")
		s.NotNamespaces = r.list("notNamespaces")
		s.NotPrincipals = r.list("notPrincipals")
		s.NotRemoteIpBlocks = r.list("notRemoteIpBlocks")
		s.NotRequestPrincipals = r.list("notRequestPrincipals")
		s.NotServiceAccounts = r.list("notServiceAccounts")
		s.NotTrustDomains = r.list("notTrustDomains")
		s.Principals = r.list("principals")
		s.RemoteIpBlocks = r.list("remoteIpBlocks")
		s.RequestPrincipals = r.list("requestPrincipals")
		s.ServiceAccounts = r.list("serviceAccounts")
		s.TrustDomains = r.list("trustDomains")
		r.close()
	}
	return s
}

func (r *reader) operation() *security.Operation {
	o := new(security.Operation)
	if r.open() {
		o.Hosts = r.list("hosts")
		o.Methods = r.list("methods")
		o.NotHosts = r.list("notHosts")
		o.NotMethods = r.list("notMethods")
		o.NotPaths = r.list("notPaths")
		o.NotPorts = r.list("notPorts")
		o.Paths = r.list("paths")
		o.Ports = r.list("ports")
		r.close()
	}
	return o
}

func (r *reader) peer() *security.PeerAuthentication {
	p := new(security.PeerAuthentication)
	if !r.open() {
		return p
	}
	if r.field("mtls") {
		p.Mtls = r.mtls()
	}
	if r.field("portLevelMtls") && r.open() {
		p.PortLevelMtls = map[uint32]*security.PeerAuthentication_MutualTLS{}
		for r.entry() {
			name := r.portKey()
			port, err := strconv.ParseUint(name, 10, 32)
			if _, twice := p.PortLevelMtls[uint32(port)]; err != nil || twice || len(p.PortLevelMtls) == maxKeys {
				r.fail("%q is no port, or there twice, or one too many", name)
				break
			}
			p.PortLevelMtls[uint32(port)] = r.mtls()
		}
		r.close()
	}
	p.Selector = r.selector()
	r.close()
	return p
}

// portKey reads a port in double quotes, and its colon.
func (r *reader) portKey() string {
	r.pos += r.indent
	if r.src[r.pos] != '"' {
		r.fail("a port is expected in %s", r.here())
		return ""
	}
	name := r.double(-1)
	if !r.literal(":") {
		r.fail("a colon is expected in %s", r.here())
	}
	return name
}

func (r *reader) mtls() *security.PeerAuthentication_MutualTLS {
	m := new(security.PeerAuthentication_MutualTLS)
	if r.open() {
		r.need("mode")
		m.Mode = security.PeerAuthentication_MutualTLS_Mode(r.enum(security.PeerAuthentication_MutualTLS_Mode_value))
		r.close()
	}
	return m
}

func (r *reader) request() *security.RequestAuthentication {
	p := new(security.RequestAuthentication)
	if !r.open() {
		return p
	}
	if r.field("jwtRules") {
		r.openList()
		for r.item() {
			p.JwtRules = append(p.JwtRules, r.jwt())
		}
	}
	p.Selector = r.selector()
	p.TargetRef, p.TargetRefs = r.targetRefs()
	r.close()
	return p
}

func (r *reader) jwt() *security.JWTRule {
	j := new(security.JWTRule)
	if !r.open() {
		return j
	}
	j.Audiences = r.list("audiences")
	if r.field("forwardOriginalToken") {
		at := r.pos
		if v := r.str(); v != "true" {
			r.failAt(at, "%q where only true is written", v)
		}
		j.ForwardOriginalToken = true
	}
	j.FromCookies = r.list("fromCookies")
	if r.field("fromHeaders") {
		r.openList()
		for r.item() {
			h := new(security.JWTHeader)
			if r.open() {
				h.Name = r.optional("name")
				h.Prefix = r.optional("prefix")
				r.close()
			}
			j.FromHeaders = append(j.FromHeaders, h)
		}
	}
	j.FromParams = r.list("fromParams")
	j.Issuer = r.optional("issuer")
	j.Jwks = r.optional("jwks")
	j.JwksUri = r.optional("jwksUri")
	if r.field("outputClaimToHeaders") {
		r.openList()
		for r.item() {
			c := new(security.ClaimToHeader)
			if r.open() {
				c.Claim = r.optional("claim")
				c.Header = r.optional("header")
				r.close()
			}
			j.OutputClaimToHeaders = append(j.OutputClaimToHeaders, c)
		}
	}
	j.OutputPayloadToHeader = r.optional("outputPayloadToHeader")
	j.SpaceDelimitedClaims = r.list("spaceDelimitedClaims")
	if r.field("timeout") {
		j.Timeout = r.duration()
	}
	r.close()
	return j
}

// maxSeconds is the longest duration of protobuf: 10,000 years.
const maxSeconds = 315_576_000_000

func (r *reader) duration() *durationpb.Duration {
	at := r.pos
	text := r.str()
	number, unit := strings.CutSuffix(text, "s")
	number, negative := strings.CutPrefix(number, "-")
	whole, fraction, _ := strings.Cut(number, ".")
	seconds, err1 := strconv.ParseUint(whole, 10, 63)
	nanos, err2 := strconv.ParseUint((fraction + "000000000")[:9], 10, 31)
	if !unit || err1 != nil || err2 != nil || len(fraction) > 9 || seconds > maxSeconds || seconds == maxSeconds && nanos > 0 {
		r.failAt(at, "%q is no duration", text)
		return nil
	}
	d := &durationpb.Duration{Seconds: int64(seconds), Nanos: int32(nanos)}
	if negative {
		d.Seconds, d.Nanos = -d.Seconds, -d.Nanos
	}
	return d
}
