package conformance

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	security "istio.io/api/security/v1beta1"
	types "istio.io/api/type/v1beta1"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/conformance/envoy"
	"github.com/zt-lang/ztc/conformance/istiod"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
)

// The ports of a pod: declared to speak HTTP, to speak something else, declared without a protocol, and not declared.
var sidecarPorts = []istiod.Port{{Number: 8080, Protocol: "HTTP"}, {Number: 9000, Protocol: "TCP"}, {Number: 7000}, {Number: undeclared}}

// settings are random PeerAuthentications, at most one on a level, and a RequestAuthentication that takes every token.
func settings(r *rand.Rand) []*istio.Object {
	mode := func() *security.PeerAuthentication_MutualTLS {
		return &security.PeerAuthentication_MutualTLS{Mode: security.PeerAuthentication_MutualTLS_Mode(r.IntN(4))}
	}
	out := []*istio.Object{{APIVersion: "security.istio.io/v1", Kind: istio.RequestAuthentication, Namespace: root, Name: "all",
		Request: &security.RequestAuthentication{JwtRules: []*security.JWTRule{{Jwks: `{"keys":[]}`}}}}}
	for i, selector := range []*types.WorkloadSelector{nil, nil, {MatchLabels: map[string]string{"app": "x"}}} {
		if r.IntN(3) == 0 {
			continue
		}
		o := &istio.Object{APIVersion: "security.istio.io/v1", Kind: istio.PeerAuthentication, Namespace: []string{root, "foo", "foo"}[i], Name: fmt.Sprintf("peer%d", i),
			Peer: &security.PeerAuthentication{Selector: selector, Mtls: mode()}}
		if selector != nil && r.IntN(2) == 0 {
			o.Peer.PortLevelMtls = map[uint32]*security.PeerAuthentication_MutualTLS{}
			for _, p := range sidecarPorts {
				if r.IntN(2) == 0 {
					o.Peer.PortLevelMtls[p.Number] = mode()
				}
			}
		}
		out = append(out, o)
	}
	return out
}

// sidecarPolicies are settings and random policies, one of which asks an authorizer where that is wanted.
func sidecarPolicies(r *rand.Rand, custom bool) []*istio.Object {
	g := Askable(r)
	g.Pools["ports"] = []string{"8080", "9000", "7000", fmt.Sprint(undeclared), "1"}
	out := settings(r)
	for n := range 1 + g.IntN(3) {
		o := g.Policy(n)
		if custom && n == 0 {
			o = g.Custom(n)
		}
		if o.Authorization.GetProvider() != nil {
			withoutCallers(o.Authorization)
		}
		out = append(out, o)
	}
	return out
}

// speak chooses how a request is written, and makes it one of gRPC where that is so. ok is false where a client could not.
func speak(q sem.Request, cells *Cells, r *rand.Rand) (p envoy.Protocol, ok bool) {
	method, path := sem.Attr{Kind: sem.Method}, sem.Attr{Kind: sem.Path}
	p = envoy.Protocol(r.IntN(3))
	if p == envoy.GRPC {
		for a, v := range map[sem.Attr]string{method: "POST", path: "/pkg.Service/Method"} {
			if !slices.Contains(cells.attrs, a) {
				q[a] = sem.Value{Parts: []string{v}}
			}
		}
		return p, q[method].Parts[0] == "POST"
	}
	known := []string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"}
	return p, p == envoy.HTTP2 || slices.Contains(known, q[method].Parts[0]) // others are 400 before anybody looks
}

// TestSidecar asks random meshes behind the whole listener that istiod gives to a sidecar: STRICT, PERMISSIVE and DISABLE, for all
// ports and for single ones, callers with and without certificates, HTTP/1.1, HTTP/2, gRPC and raw TCP, tokens and an authorizer, on
// ports of each kind.
func TestSidecar(t *testing.T) {
	bin := envoyBinary(t)
	seed, only := seeds(t, 7)
	meshes, want := 24, 3_000
	if full() {
		meshes, want = 150, 40_000
	}
	providers := []istiod.Provider{{Name: "opa"}}
	external, err := startAuthorizers(providers)
	if err != nil {
		t.Fatal(err)
	}
	defer external.stop()
	here := plane.Pod{Namespace: "foo", Labels: map[string]string{"app": "x", "tier": "z"}}
	type pod struct {
		*proxied
		*rand.Rand
		seed string
	}
	var n tally
	ways := map[string]int{}
	count := 0
	const together = 30 // meshes of one Envoy
	for first := 0; first < meshes && !t.Failed(); first += together {
		var pods []pod
		var listeners []envoy.Listener
		for i := first; i < min(first+together, meshes); i++ {
			if only >= 0 && i != only {
				continue
			}
			p := pod{Rand: rand.New(rand.NewPCG(seed, uint64(i))), seed: repeats(t, seed, i)}
			w := &world{
				theirs: istiod.Mesh{TrustDomain: "cluster.local", RootNamespace: root, Providers: providers, Policies: sidecarPolicies(p.Rand, i%3 == 0)},
				ours:   plane.Mesh{TrustDomain: "cluster.local", RootNamespace: root, Providers: map[string]ir.ProviderKind{"opa": ir.GRPCProvider}},
			}
			if i%2 == 0 {
				w.theirs.Aliases, w.ours.Aliases = []string{"td1"}, []string{"td1"}
			}
			p.proxied = newProxied(w, &here, i)
			p.addresses[1] = p.addresses[0]
			inbound := w.theirs.Inbound(t, here.Namespace, here.Labels, sidecarPorts[:3])
			for _, x := range sidecarPorts {
				p.ports = append(p.ports, x.Number)
				listeners = append(listeners, envoy.Listener{Address: p.addresses[0], Port: x.Number, Inbound: inbound})
			}
			pods = append(pods, p)
		}
		if len(pods) == 0 {
			continue
		}
		server, err := envoy.Start(bin, t.TempDir(), listeners, clusters(providers)...)
		if err != nil {
			t.Fatal(err)
		}
		count += len(pods)
		for until := want * count / meshes; n.verdicts < until && !t.Failed(); {
			for _, p := range pods {
				if err := n.askSidecar(server, external, p.proxied, &here, p.Rand, ways); err != nil {
					t.Errorf("%s: %v\n%s", p.seed, err, texts(p.world.theirs.Policies))
				}
			}
		}
		server.Stop()
	}
	t.Logf("%d random meshes, seed %d: %v\n%v", count, seed, n, ways)
	if only < 0 && (n.verdicts < want || n.passed < n.verdicts/50 || n.asked == 0) {
		t.Errorf("too few: %v", n)
	}
	if only < 0 && ways["foreign"] == 0 {
		t.Error("nobody comes from another trust domain")
	}
	for _, mode := range []plane.MTLS{plane.Permissive, plane.Strict, plane.Disabled} {
		for _, caller := range []string{"plaintext", "mTLS"} {
			for _, how := range []string{"HTTP/1.1", "HTTP/2", "gRPC", "TCP"} {
				if way := fmt.Sprintf("%v %s %s", mode, caller, how); only < 0 && ways[way] == 0 {
					t.Errorf("nobody asked: %s", way)
				}
			}
		}
	}
}

// askSidecar asks about cells of the policies of a pod. ways counts how the requests came.
func (n *tally) askSidecar(server *envoy.Server, external authorizers, p *proxied, here *plane.Pod, r *rand.Rand, ways map[string]int) error {
	for c, chain := range []plane.Chain{plane.HTTP, plane.TCP} {
		l, err := p.world.ours.Ladder(p.policies, chain)
		if err != nil {
			continue // not modelled, and said so
		}
		cells, err := NamedCells(p.named(c), l.Passes())
		if err != nil {
			continue
		}
		cells.Edges(p.policies)
		batches := map[connection]*batch{}
		var order []connection
		for _, q := range cells.Requests(r, 40, chain == plane.HTTP) {
			if peer := (sem.Attr{Kind: sem.Peer}); !slices.Contains(cells.attrs, peer) && r.IntN(2) == 0 { // one of whom nothing is asked
				q[peer] = sem.Value{Parts: []string{"cluster.local", "other", "other"}}
			}
			how, speaks, ok := "TCP", envoy.HTTP2, true
			if chain == plane.HTTP {
				speaks, ok = speak(q, cells, r)
				how = speaks.String()
			}
			k, request, can := p.send(q, c, cells, r)
			if !ok || !can || k.port == map[plane.Chain]uint32{plane.HTTP: 9000, plane.TCP: 8080}[chain] { // which speaks the other
				continue
			}
			mode, err := p.world.ours.MTLS(p.world.theirs.Policies, here, int(k.port))
			if err != nil {
				return err
			}
			k.caller.Speaks = speaks
			comes, who := mode != plane.Strict, "plaintext"
			if k.caller.Identity != "" {
				who = "mTLS"
				domain, _, _ := strings.Cut(strings.TrimPrefix(k.caller.Identity, "spiffe://"), "/") // a proxy takes certificates of its mesh
				comes = mode != plane.Disabled && (domain == p.world.ours.TrustDomain || slices.Contains(p.world.ours.Aliases, domain))
				if mode != plane.Disabled && !comes {
					ways["foreign"]++
				}
				switch {
				case chain == plane.TCP:
					k.caller.ALPN = "istio"
				case speaks == envoy.HTTP1:
					k.caller.ALPN = "istio-http/1.1"
				default:
					k.caller.ALPN = "istio-h2"
				}
			}
			ways[fmt.Sprintf("%v %s %s", mode, who, how)]++
			b := batches[k]
			if b == nil {
				b = &batch{asked: map[string][]string{}}
				batches[k] = b
				order = append(order, k)
			}
			if comes {
				b.add(&l, q, request)
			} else {
				// TLS to a port that takes none is a connection like any other, where the port is not declared to speak HTTP.
				b.opaque = b.opaque || mode == plane.Disabled && k.port != 8080
				b.closed, b.requests, b.passes = true, append(b.requests, request), append(b.passes, false)
			}
		}
		for _, k := range order {
			if err := n.ask(server, external, p.addresses[c], k, batches[k], chain); err != nil {
				return fmt.Errorf("%v, %v: %w", chain, k, err)
			}
		}
	}
	return nil
}
