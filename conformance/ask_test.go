package conformance

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/conformance/envoy"
	"github.com/zt-lang/ztc/conformance/istiod"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
)

// world is a mesh in Istio's hands and in ours.
type world struct {
	theirs istiod.Mesh
	ours   plane.Mesh
}

// proxied is a pod that a running Envoy stands before.
type proxied struct {
	world     *world
	policies  []*istio.Object // those that reach it
	addresses [2]string       // of its HTTP and of its TCP listeners
	ports     []uint32
}

// newProxied is one of a world, at the n-th address.
func newProxied(w *world, of *plane.Pod, n int, ports ...uint32) *proxied {
	p := &proxied{world: w, ports: ports, addresses: addressesOf(n)}
	for _, o := range w.theirs.Policies {
		if o.Authorization != nil && w.ours.Reaches(o, of) {
			p.policies = append(p.policies, o)
		}
	}
	return p
}

// listeners are those of the pod, on each port one that speaks HTTP and, at another address, one that does not.
func (p *proxied) listeners(of *plane.Pod) (out []envoy.Listener) {
	http, tcp := p.world.theirs.Chains(of.Namespace, of.Labels)
	for _, port := range p.ports {
		out = append(out,
			envoy.Listener{Address: p.addresses[0], Port: port, HTTP: true, Custom: http.Custom, Local: http.Local},
			envoy.Listener{Address: p.addresses[1], Port: port, Custom: tcp.Custom, Local: tcp.Local})
	}
	return out
}

// named are values that a client of this machine can choose.
func (p *proxied) named(chain int) map[sem.Kind][]sem.Value {
	out := map[sem.Kind][]sem.Value{sem.SourceIP: {{Parts: []string{anywhere}}}, sem.DestIP: {{Parts: []string{p.addresses[chain]}}}}
	for _, n := range p.ports {
		out[sem.Port] = append(out[sem.Port], sem.Value{Parts: []string{fmt.Sprint(n)}})
	}
	return out
}

// authorizers are the external ones that run in the test, by provider.
type authorizers map[string]*envoy.Authorizer

// startAuthorizers starts those of a mesh, and tells it their ports.
func startAuthorizers(providers []istiod.Provider) (authorizers, error) {
	out := authorizers{}
	for i := range providers {
		p := &providers[i]
		a, err := envoy.StartAuthorizer(p.HTTP)
		if err != nil {
			out.stop()
			return nil, err
		}
		p.Port, out[p.Name] = a.Port, a
	}
	return out, nil
}

func (a authorizers) stop() {
	for _, x := range a {
		x.Stop()
	}
}

// clusters are where a mesh finds its providers.
func clusters(providers []istiod.Provider) (out []envoy.Cluster) {
	for _, p := range providers {
		out = append(out, envoy.Cluster{Name: p.Cluster(), Port: p.Port, GRPC: !p.HTTP})
	}
	return out
}

// tally counts answers of a running Envoy.
type tally struct{ verdicts, passed, asked int }

func (n tally) String() string {
	return fmt.Sprintf("%d verdicts of a running Envoy, %d of them passed, external authorizers were asked %d times", n.verdicts, n.passed, n.asked)
}

// connection is what requests have in common that are sent together.
type connection struct {
	caller   envoy.Caller
	port     uint32
	consents string // the providers that do, a comma after each
}

// batch are the requests of one connection, with what the model says of each.
type batch struct {
	requests []envoy.HTTPRequest
	passes   []bool
	asked    map[string][]string // by provider: what it is asked about, as Authorizer.Asked has it
	closed   bool                // the connection is to be ended before anybody looks at a request
	opaque   bool                // it is TLS that nobody ends, so an authorizer may be asked about the connection
}

// askPod asks about cells of the policies of a pod: whether they pass, and what external authorizers are asked.
func (n *tally) askPod(server *envoy.Server, external authorizers, p *proxied, r *rand.Rand, each int) error {
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
		for _, q := range cells.Requests(r, each, chain == plane.HTTP) {
			var speaks envoy.Protocol
			if chain == plane.HTTP {
				var ok bool
				if speaks, ok = speak(q, cells, r); !ok {
					continue
				}
			}
			k, request, ok := p.send(q, c, cells, r)
			if !ok {
				continue
			}
			k.caller.Speaks = speaks
			b := batches[k]
			if b == nil {
				b = &batch{asked: map[string][]string{}}
				batches[k] = b
				order = append(order, k)
			}
			b.add(&l, q, request)
		}
		for _, k := range order {
			if err := n.ask(server, external, p.addresses[c], k, batches[k], chain); err != nil {
				return fmt.Errorf("%v, %v: %w", chain, k, err)
			}
		}
	}
	return nil
}

// send makes what is written to sockets of a request of some cells, on a port that the pod has. ok is false where that cannot be.
func (p *proxied) send(q sem.Request, chain int, cells *Cells, r *rand.Rand) (k connection, request envoy.HTTPRequest, ok bool) {
	http := chain == 0
	tested := func(a sem.Kind) bool { return slices.Contains(cells.attrs, sem.Attr{Kind: a}) }
	for kind, v := range map[sem.Kind]string{sem.Port: fmt.Sprint(p.ports[r.IntN(len(p.ports))]), sem.DestIP: p.addresses[chain]} {
		if !tested(kind) {
			q[sem.Attr{Kind: kind}] = sem.Value{Parts: []string{v}}
		}
	}
	at := slices.IndexFunc(p.ports, func(n uint32) bool { return fmt.Sprint(n) == q[sem.Attr{Kind: sem.Port}].Parts[0] })
	if at < 0 || q[sem.Attr{Kind: sem.DestIP}].Parts[0] != p.addresses[chain] || tested(sem.RemoteIP) && !http { // without headers it is the peer's
		return k, request, false
	}
	k.port = p.ports[at]
	real, ok := Concrete(q, http)
	if !ok {
		return k, request, false
	}
	for _, provider := range p.world.theirs.Providers {
		if sem.Says(provider.Name).Holds(q) {
			k.consents += provider.Name + ","
		}
	}
	k.caller, request, ok = sendable(real)
	return k, request, ok
}

// add notes a request, and what the model says of it.
func (b *batch) add(l *sem.Ladder, q sem.Request, request envoy.HTTPRequest) {
	b.requests = append(b.requests, request)
	b.passes = append(b.passes, l.Passes().Holds(q))
	about := ""
	if request.Method != "" {
		about = envoy.About(request.Method, request.Host, request.Path)
	}
	for _, name := range slices.Sorted(maps.Keys(l.Custom)) { // one after the other, until one refuses
		if !l.Custom[name].Holds(q) {
			continue
		}
		b.asked[name] = append(b.asked[name], about)
		if !sem.Says(name).Holds(q) {
			return
		}
	}
}

// ask sends the requests of one connection.
func (n *tally) ask(server *envoy.Server, external authorizers, address string, k connection, b *batch, chain plane.Chain) error {
	for name, a := range external {
		a.Consent(strings.Contains(","+k.consents, ","+name+","))
	}
	var got []bool
	if chain == plane.HTTP {
		codes, err := server.HTTP(k.caller, address, k.port, b.requests)
		if err != nil {
			return err
		}
		for i, code := range codes {
			if b.closed != (code == 0) || code != 200 && code != 403 && code != 0 {
				return fmt.Errorf("%+v: status %d", b.requests[i], code)
			}
			got = append(got, code == 200)
		}
	} else {
		for range b.requests {
			ok, err := server.TCP(k.caller, address, k.port)
			if err != nil {
				return err
			}
			got = append(got, ok)
		}
	}
	for i := range got {
		n.verdicts++
		if got[i] {
			n.passed++
		}
		if got[i] != b.passes[i] {
			return fmt.Errorf("%+v: Envoy lets it pass: %t, ztc: %t", b.requests[i], got[i], b.passes[i])
		}
	}
	for name, a := range external {
		asked := a.Asked()
		n.asked += len(asked)
		if b.opaque {
			asked = slices.DeleteFunc(asked, func(about string) bool { return about == "" })
		}
		if !slices.Equal(asked, b.asked[name]) {
			return fmt.Errorf("provider %q is asked about %q, and ztc says %q", name, asked, b.asked[name])
		}
	}
	return nil
}

func texts(list []*istio.Object) string {
	return (&Setting{Policies: list}).YAML()
}
