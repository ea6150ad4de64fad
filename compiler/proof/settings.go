package proof

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// settings holds PeerAuthentications and RequestAuthentications against `mtls` and `jwt`, scope by scope. They are settings and
// not conditions, so equal ones mean the same.
func (t *Translation) settings() (diags diag.List) {
	type pair struct{ peer, request *istio.Object }
	got := map[string]*pair{}
	for _, o := range t.others {
		var labels map[string]string
		if o.Peer != nil {
			labels = o.Peer.GetSelector().GetMatchLabels()
		} else {
			labels = o.Request.GetSelector().GetMatchLabels()
		}
		k := intent.Key(o.Namespace, sorted(nil, labels))
		if got[k] == nil {
			got[k] = &pair{}
		}
		at := &got[k].peer
		if o.Request != nil {
			at = &got[k].request
		}
		if *at != nil {
			diags.Add(diag.Internal, source.Span{}, "proof: %s %s/%s has a twin for the same pods", o.Kind, o.Namespace, o.Name)
		}
		*at = o
	}
	for k := range t.wanted {
		if got[k] == nil {
			got[k] = &pair{}
		}
	}
	for _, k := range slices.Sorted(maps.Keys(got)) {
		want := t.wanted[k]
		if want == nil {
			want = &intent.Settings{}
		}
		what := transport(want, got[k].peer)
		if what == "" {
			what = tokens(want.JWT, got[k].request)
		}
		if what != "" {
			diags.Add(diag.Internal, source.Span{}, "proof: the settings of %s are not what the program says: %s", strings.ReplaceAll(k, "\x00", " "), what)
		}
	}
	return diags
}

// transport says what a PeerAuthentication (nil for none) has that is not meant.
func transport(want *intent.Settings, o *istio.Object) string {
	var spec *security.PeerAuthentication
	if o != nil {
		spec = o.Peer
	}
	if got := mode(spec.GetMtls()); got != want.Mode {
		return fmt.Sprintf("mtls is %q and should be %q", got, want.Mode)
	}
	ports := map[int]string{}
	for n, m := range spec.GetPortLevelMtls() {
		ports[int(n)] = mode(m)
	}
	if !maps.Equal(ports, want.Ports) {
		return fmt.Sprintf("mtls of ports is %v and should be %v", ports, want.Ports)
	}
	return ""
}

func mode(m *security.PeerAuthentication_MutualTLS) string {
	if m == nil {
		return ""
	}
	return m.Mode.String()
}

// tokens says what a RequestAuthentication (nil for none) has that is not meant. The order of its rules has no meaning.
func tokens(want []*ir.JWT, o *istio.Object) string {
	var rules []*security.JWTRule
	if o != nil {
		rules = o.Request.JwtRules
	}
	if len(rules) != len(want) {
		return fmt.Sprintf("%d issuers, and there should be %d", len(rules), len(want))
	}
	for _, j := range want {
		i := slices.IndexFunc(rules, func(r *security.JWTRule) bool { return r.Issuer == j.Issuer })
		if i < 0 {
			return fmt.Sprintf("no rule for issuer %q", j.Issuer)
		}
		if a, b := said(j), read(rules[i]); a != b {
			return fmt.Sprintf("the rule for issuer %q says %s and should say %s", j.Issuer, b, a)
		}
	}
	return ""
}

// said and read write the same text for the same rule.
func said(j *ir.JWT) string {
	return fmt.Sprintf("keys %q, audiences %q, headers %v, cookies %q, queries %q, keep %t, sets %v, payload %q, split %q, timeout %d ms",
		j.JWKS, j.Audiences, j.Headers, j.Cookies, j.Queries, j.Keep, j.Sets, j.Payload, j.Split, j.Timeout)
}

func read(r *security.JWTRule) string {
	var headers []ir.JWTHeader
	for _, h := range r.FromHeaders {
		headers = append(headers, ir.JWTHeader{Name: h.Name, Prefix: h.Prefix})
	}
	var sets []ir.JWTSet
	for _, s := range r.OutputClaimToHeaders {
		sets = append(sets, ir.JWTSet{Header: s.Header, Claim: s.Claim})
	}
	return fmt.Sprintf("keys %q, audiences %q, headers %v, cookies %q, queries %q, keep %t, sets %v, payload %q, split %q, timeout %d ms",
		r.JwksUri+r.Jwks, r.Audiences, headers, r.FromCookies, r.FromParams, r.ForwardOriginalToken, sets, r.OutputPayloadToHeader, r.SpaceDelimitedClaims, r.Timeout.AsDuration().Milliseconds())
}
