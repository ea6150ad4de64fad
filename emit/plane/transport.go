package plane

import (
	"cmp"
	"slices"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/emit/istio"
)

// Transport is what a pod accepts from callers: with mTLS, without, or either.
type Transport struct {
	Mode  security.PeerAuthentication_MutualTLS_Mode // of every other port; never UNSET
	Ports map[uint32]security.PeerAuthentication_MutualTLS_Mode
}

// Transport composes the PeerAuthentications that reach a pod: one with a selector goes before one of the namespace, and
// that before one of the mesh; UNSET inherits, and PERMISSIVE is the default. Of several in one place the first in the order of
// names counts here, where Istio takes the oldest. (ComposePeerAuthentication of pilot/pkg/security/authn/policy_applier.go.)
func (m *Mesh) Transport(policies []*istio.Object, pod *Pod) Transport {
	var at [3]*istio.Object // mesh, namespace, workload
	for _, p := range policies {
		if p.Peer == nil {
			continue
		}
		selected := len(p.Peer.GetSelector().GetMatchLabels()) > 0
		var i int
		switch {
		case selected && p.Namespace == pod.Namespace && m.selects(p.Namespace, p.Peer.Selector, pod):
			i = 2 // of the root namespace, too, for pods that live there
		case !selected && p.Namespace == m.RootNamespace:
			i = 0
		case !selected && p.Namespace == pod.Namespace:
			i = 1
		default:
			continue
		}
		if at[i] == nil || cmp.Compare(p.Name, at[i].Name) < 0 {
			at[i] = p
		}
	}
	out := Transport{Mode: security.PeerAuthentication_MutualTLS_PERMISSIVE}
	for _, p := range at {
		if p == nil {
			continue
		}
		if mode := p.Peer.GetMtls().GetMode(); mode != security.PeerAuthentication_MutualTLS_UNSET {
			out.Mode = mode
		}
	}
	if p := at[2]; p != nil {
		for port, mtls := range p.Peer.PortLevelMtls {
			if mode := mtls.GetMode(); mode != security.PeerAuthentication_MutualTLS_UNSET {
				if out.Ports == nil {
					out.Ports = map[uint32]security.PeerAuthentication_MutualTLS_Mode{}
				}
				out.Ports[port] = mode
			}
		}
	}
	return out
}

// Tokens are what a pod verifies of tokens that requests carry.
type Tokens struct {
	Any     bool     // a token is verified whoever issued it
	Issuers []string // the issuers whose tokens are verified, sorted; without Any and without one, there are no tokens
}

// Tokens pools the RequestAuthentications that reach a pod.
func (m *Mesh) Tokens(policies []*istio.Object, pod *Pod) Tokens {
	var out Tokens
	for _, p := range policies {
		if p.Request == nil || !m.Reaches(p, pod) {
			continue
		}
		for _, r := range p.Request.JwtRules {
			if r.Issuer == "" {
				out.Any = true
				continue
			}
			out.Issuers = append(out.Issuers, r.Issuer)
		}
	}
	slices.Sort(out.Issuers)
	out.Issuers = slices.Compact(out.Issuers)
	return out
}
