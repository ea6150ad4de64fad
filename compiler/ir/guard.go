package ir

import (
	"slices"

	"github.com/zt-lang/ztc/lang/source"
)

// NoProxy says why no sidecar enforces policies for the pods of a workload.
type NoProxy uint8

const (
	Proxied         NoProxy = iota // or nothing is known: what manifests leave open is not held against them
	HostNetwork                    // the injector skips pods on the host's network
	InjectionOff                   // the pods say sidecar.istio.io/inject: "false"
	NamespaceOff                   // their namespace says istio-injection: disabled, which no pod overrides
	SystemNamespace                // the injector skips the namespaces of Kubernetes itself
	NamespaceSilent                // neither says anything: by default no injection, but an installation may inject everywhere
	AmbientPods                    // a node proxy enforces policies for them, and reads them otherwise than a sidecar
	NotCaptured                    // there is a sidecar, and no inbound traffic is led through it
	Waypoint                       // a waypoint ignores policies with a selector, and those of a namespace
)

// Guard is what manifests say of the sidecar of a workload's pods.
type Guard struct {
	NoProxy NoProxy
	Span    source.Span // what says so
	// Around are the ports that traffic reaches without the sidecar, or, when Only is set, all that it does not; sorted.
	Around   []int
	Only     bool
	PortSpan source.Span // what says so
}

// Identity reports whether the pods may have an mTLS identity when they call others.
func (g *Guard) Identity() bool {
	if g == nil {
		return true
	}
	switch g.NoProxy {
	case HostNetwork, InjectionOff, NamespaceOff, SystemNamespace, NamespaceSilent:
		return false
	}
	return true
}

// Bypassed reports whether a port is reached without the sidecar.
func (g *Guard) Bypassed(port int) bool {
	if g == nil {
		return false
	}
	_, listed := slices.BinarySearch(g.Around, port)
	return listed != g.Only
}

// ProxyPort reports whether a port is the proxy's own: metrics and health, which Istio neither leads through the sidecar's
// filters nor gives any at a gateway.
func ProxyPort(port int) bool { return port == 15020 || port == 15021 || port == 15090 }
