package lower

import (
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/durationpb"
	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/lang/diag"
)

// transport is what is said of one selector.
type transport struct {
	first  *ir.MTLS
	target ir.Target
	spec   *security.PeerAuthentication
	whole  *ir.MTLS
	ports  map[uint32]*ir.MTLS
}

// oneTransport refuses selectors that pick one pod and say different things of it: Istio applies one of the objects, and
// which one depends on their age.
func (l *lowerer) oneTransport(entries map[string]*transport, order []string) {
	targets := make([]*ir.Target, len(order))
	for i, k := range order {
		targets[i] = &entries[k].target
	}
	said := map[[2]int]bool{}
	l.overlaps(targets, func(i, j int) {
		a, b := entries[order[i]], entries[order[j]]
		if said[[2]int{i, j}] || a.spec.Mtls.GetMode() == b.spec.Mtls.GetMode() && maps.EqualFunc(a.spec.PortLevelMtls, b.spec.PortLevelMtls, sameMode) {
			return
		}
		said[[2]int{i, j}] = true
		if b.first.Span.Compare(a.first.Span) < 0 {
			a, b = b, a
		}
		d := l.diags.Add(diag.MTLSOverlap, b.first.Span, "%s and %s may be the same pods, and Istio applies the mtls of one of them: that of the older object", &b.target, &a.target)
		b.first.Via.And(d.Relate(a.first.Span, "the other one"), a.first.Via).
			Advise("say all of the mtls for one of the two, or for the workloads that they pick")
		b.first.Via.Relate((*l.diags)[len(*l.diags)-1:], b.first.Span)
	})
}

// disabled are the targets that are without mTLS: the mesh under "", namespaces, and selectors by their key.
func (l *lowerer) disabled() map[string]bool {
	out := map[string]bool{}
	for _, m := range l.p.MTLS {
		if t := &m.Target; m.Mode == "DISABLE" && !l.expired(m.Until) && t.Port == 0 {
			switch t.Kind {
			case ir.OnMesh:
				out[""] = true
			case ir.OnNamespace:
				out[t.Namespace] = true
			default:
				out[targetKey(t)] = true
			}
		}
	}
	return out
}

func sameMode(a, b *security.PeerAuthentication_MutualTLS) bool { return a.Mode == b.Mode }

// peerAuthentication lowers `mtls`: one object per selector, port modes inside it.
func (l *lowerer) peerAuthentication() []named {
	entries := map[string]*transport{}
	disabled := l.disabled()
	var order []string
	for _, m := range l.p.MTLS {
		n := len(*l.diags)
		mode := security.PeerAuthentication_MutualTLS_Mode(security.PeerAuthentication_MutualTLS_Mode_value[m.Mode])
		if l.expired(m.Until) {
			if m.Mode == "STRICT" || m.Mode == "PERMISSIVE" && (disabled[""] || disabled[m.Target.Namespace] || m.Target.Port != 0 && disabled[targetKey(&m.Target)]) {
				l.diags.Add(diag.ExpiredDeny, m.Span, "this mtls %s expired on %s and is still enforced", strings.ToLower(m.Mode), m.Until).Advise("delete it, or prolong it")
			} else {
				l.diags.Add(diag.ExpiredAllow, m.Span, "this mtls exception expired on %s and is no longer emitted", m.Until).Advise("delete it, or prolong it")
				m.Via.Relate((*l.diags)[n:], m.Span)
				continue
			}
		}
		k := targetKey(&m.Target)
		e := entries[k]
		if e == nil {
			e = &transport{first: m, target: m.Target, spec: &security.PeerAuthentication{Selector: selector(&m.Target)}, ports: map[uint32]*ir.MTLS{}}
			entries[k] = e
			order = append(order, k)
		} else if names(&m.Target, &e.target) {
			e.target = m.Target
		}
		old := e.whole
		if m.Target.Port != 0 {
			old = e.ports[uint32(m.Target.Port)]
		}
		if old != nil {
			if old.Mode != m.Mode {
				d := l.diags.Add(diag.MTLSConflict, m.Span, "%s already has mtls %s", &m.Target, strings.ToLower(old.Mode))
				m.Via.And(d.Relate(old.Span, "here"), old.Via)
			}
			m.Via.Relate((*l.diags)[n:], m.Span)
			continue
		}
		m.Via.Relate((*l.diags)[n:], m.Span)
		tls := &security.PeerAuthentication_MutualTLS{Mode: mode}
		if m.Target.Port == 0 {
			e.whole, e.spec.Mtls = m, tls
			continue
		}
		e.ports[uint32(m.Target.Port)] = m
		if len(e.ports) == istio.MaxMatchLabels+1 { // what a reader of the object takes
			l.diags.Add(diag.ObjectTooLarge, m.Span, "%s has mtls modes for more than %d ports", &m.Target, istio.MaxMatchLabels)
		}
		if e.spec.PortLevelMtls == nil {
			e.spec.PortLevelMtls = map[uint32]*security.PeerAuthentication_MutualTLS{}
		}
		e.spec.PortLevelMtls[uint32(m.Target.Port)] = tls
	}
	slices.Sort(order)
	l.oneTransport(entries, order)
	var out []named
	for _, k := range order {
		e := entries[k]
		t := e.target
		t.Port = 0
		n := named{kind: istio.PeerAuthentication, target: t, prefix: "mtls-", peer: e.spec}
		if t.Labels() == nil {
			n.prefix = "default" // Istio's own name for the one of a namespace or the mesh
		}
		out = append(out, n)
	}
	return out
}

// requestAuthentication lowers `jwt`: one object per selector, issuers sorted.
func (l *lowerer) requestAuthentication() []named {
	type entry struct {
		target ir.Target
		issuer map[string]*ir.JWT
	}
	entries := map[string]*entry{}
	var order []string
	for _, j := range l.p.JWT {
		n := len(*l.diags)
		k := targetKey(&j.Target)
		e := entries[k]
		if e == nil {
			e = &entry{target: j.Target, issuer: map[string]*ir.JWT{}}
			entries[k] = e
			order = append(order, k)
		} else if names(&j.Target, &e.target) {
			e.target = j.Target
		}
		if old := e.issuer[j.Issuer]; old != nil {
			d := l.diags.Add(diag.JWTTwice, j.Span, "%s already accepts tokens of %q", &j.Target, j.Issuer)
			j.Via.And(d.Relate(old.Span, "here"), old.Via)
			j.Via.Relate((*l.diags)[n:], j.Span)
			continue
		}
		e.issuer[j.Issuer] = j
		if v := l.p.Mesh.Istio; len(j.Split) > 0 && v.Before(1, 28) {
			l.diags.Add(diag.FieldNeedsVersion, j.Span, "`split claim` needs Istio 1.28, and the target is %d.%d", v.Major, v.Minor).
				Advise("delete it (scope and permission are split anyway), or raise `istio` in the mesh block")
		}
		if v := l.p.Mesh.Istio; len(j.Cookies) > 0 && v.Before(1, 23) {
			l.diags.Add(diag.FieldNeedsVersion, j.Span, "`read cookie` needs Istio 1.23, and the target is %d.%d", v.Major, v.Minor).
				Advise("read a header, or raise `istio` in the mesh block")
		}
		if v := l.p.Mesh.Istio; j.Timeout > 0 && v.Before(1, 22) {
			l.diags.Add(diag.FieldNeedsVersion, j.Span, "`timeout` needs Istio 1.22, and the target is %d.%d", v.Major, v.Minor).
				Advise("delete it, or raise `istio` in the mesh block")
		}
		if len(e.issuer) == istio.MaxJWTRules+1 {
			l.diags.Add(diag.ObjectTooLarge, j.Span, "%s accepts tokens of more than %d issuers, which is what Istio takes", &j.Target, istio.MaxJWTRules)
		}
		j.Via.Relate((*l.diags)[n:], j.Span)
	}
	slices.Sort(order)
	var out []named
	for _, k := range order {
		e := entries[k]
		issuers := make([]string, 0, len(e.issuer))
		for i := range e.issuer {
			issuers = append(issuers, i)
		}
		slices.Sort(issuers)
		spec := &security.RequestAuthentication{Selector: selector(&e.target)}
		for _, i := range issuers {
			spec.JwtRules = append(spec.JwtRules, jwtRule(e.issuer[i]))
		}
		out = append(out, named{kind: istio.RequestAuthentication, target: e.target, prefix: "jwt-", request: spec})
	}
	return out
}

func jwtRule(j *ir.JWT) *security.JWTRule {
	r := &security.JWTRule{
		Issuer: j.Issuer, Audiences: j.Audiences, FromParams: j.Queries, FromCookies: j.Cookies,
		ForwardOriginalToken: j.Keep, OutputPayloadToHeader: j.Payload, SpaceDelimitedClaims: j.Split,
	}
	if strings.HasPrefix(j.JWKS, "http://") || strings.HasPrefix(j.JWKS, "https://") {
		r.JwksUri = j.JWKS
	} else {
		r.Jwks = j.JWKS
	}
	for _, h := range j.Headers {
		r.FromHeaders = append(r.FromHeaders, &security.JWTHeader{Name: h.Name, Prefix: h.Prefix})
	}
	for _, s := range j.Sets {
		r.OutputClaimToHeaders = append(r.OutputClaimToHeaders, &security.ClaimToHeader{Header: s.Header, Claim: s.Claim})
	}
	if j.Timeout > 0 {
		r.Timeout = &durationpb.Duration{Seconds: j.Timeout / 1000, Nanos: int32(j.Timeout%1000) * 1e6}
	}
	return r
}
