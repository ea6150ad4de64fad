package plane

import (
	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/emit/istio"
)

// MTLS says which connections a proxy takes.
type MTLS uint8

const (
	Permissive MTLS = iota // with mTLS or without
	Strict                 // with mTLS only: every caller has an identity
	Disabled               // without mTLS only: no caller has one
)

func (m MTLS) String() string { return [...]string{"PERMISSIVE", "STRICT", "DISABLE"}[m] }

// MTLS returns what the PeerAuthentications among policies make a pod take on a port of its own. A gateway takes what its Gateway
// says: they do not speak of it (pilot/pkg/networking/core/gateway.go), and callers may come either way. Of two on one level the older
// one counts, which no manifest says: where they differ the error is a *NotModelledError. (ComposePeerAuthentication of
// pilot/pkg/security/authn.)
func (m *Mesh) MTLS(policies []*istio.Object, pod *Pod, port int) (MTLS, error) {
	mode, _, err := m.Transport(policies, pod, port)
	return mode, err
}

// Transport is MTLS, and the PeerAuthentication that has it so; nil where none does.
func (m *Mesh) Transport(policies []*istio.Object, pod *Pod, port int) (mode MTLS, by *istio.Object, err error) {
	if pod.Gateway {
		return Permissive, nil, nil
	}
	var levels [3]*istio.Object // mesh, namespace, workload
	for _, p := range policies {
		if p.Peer == nil || !m.selects(p.Namespace, p.Peer.Selector, pod) {
			continue
		}
		level := 1
		switch picks := len(p.Peer.Selector.GetMatchLabels()) > 0; {
		case picks && p.Namespace == m.RootNamespace:
			continue // Istio ignores it
		case picks:
			level = 2
		case p.Namespace == m.RootNamespace:
			level = 0
		}
		if other := levels[level]; other != nil && setting(other, level, port) != setting(p, level, port) {
			return Permissive, nil, &NotModelledError{Policy: p, Why: "applies together with " + other.Namespace + "/" + other.Name + ": the older one counts"}
		}
		levels[level] = p
	}
	for level, p := range levels {
		if p == nil {
			continue
		}
		switch setting(p, level, port) {
		case security.PeerAuthentication_MutualTLS_DISABLE:
			mode, by = Disabled, p
		case security.PeerAuthentication_MutualTLS_PERMISSIVE:
			mode, by = Permissive, p
		case security.PeerAuthentication_MutualTLS_STRICT:
			mode, by = Strict, p
		}
	}
	return mode, by, nil
}

// setting is the mode that a policy of a level sets for a port; only one of a workload knows ports.
func setting(p *istio.Object, level, port int) security.PeerAuthentication_MutualTLS_Mode {
	if of := p.Peer.PortLevelMtls[uint32(port)]; level == 2 && of.GetMode() != security.PeerAuthentication_MutualTLS_UNSET {
		return of.GetMode()
	}
	return p.Peer.Mtls.GetMode()
}
