package inventory

import (
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/internal/manifest"
	"github.com/zt-lang/ztc/lang/source"
)

// A Gateway of the Kubernetes API is run by istiod: it makes a Deployment and a service account for it
// (pilot/pkg/config/kube/gatewaycommon, DeploymentController). A Gateway of Istio's own API only configures the pods that its
// selector picks, and says what their ports speak.

const (
	kubernetesGateways = "gateway.networking.k8s.io"
	gatewayName        = "gateway.networking.k8s.io/gateway-name"
	gatewayClassName   = "gateway.networking.k8s.io/gateway-class-name"
	gatewayManaged     = "gateway.istio.io/managed"
)

// controller is what istiod does with the Gateways of a class.
type controller struct {
	bare  bool   // the Deployment has the name of the Gateway, without the class
	label string // of what it manages
}

// controllers are the controllers of GatewayClasses that istiod is, by name.
var controllers = map[string]controller{
	"istio.io/gateway-controller":  {label: "istio.io-gateway-controller"},
	"istio.io/mesh-controller":     {bare: true, label: "istio.io-mesh-controller"},
	"istio.io/eastwest-controller": {bare: true, label: "istio.io-eastwest-controller"},
}

// waypoints are the labels of what policies reach by targetRefs only.
var waypoints = []string{"istio.io-mesh-controller", "istio.io-eastwest-controller", "istio.io-agentgateway-waypoint-controller"}

// classes are the GatewayClasses that istiod has where no object says otherwise. Of its other one, istio-remote, it runs nothing.
var classes = map[string]string{
	"istio":           "istio.io/gateway-controller",
	"istio-waypoint":  "istio.io/mesh-controller",
	"istio-east-west": "istio.io/eastwest-controller",
}

// gateway is a Gateway of the Kubernetes API that istiod may run.
type gateway struct {
	workload
	class         string
	name, account string // that annotations ask for
}

// class is a GatewayClass.
type class struct {
	ir.InventoryName
	controller string
}

// servers are the ports of a Gateway of Istio's API.
type servers struct {
	selector map[string]string
	ports    []ir.Port // by the number of the Service's port
	span     source.Span
}

func (r *reader) gatewayClass(id ir.InventoryName, obj manifest.Fields) {
	spec, ok := r.Mapping(obj.Get("spec"), "spec")
	if !ok {
		return
	}
	if c, ok := r.Text(spec.Get("controllerName"), "spec.controllerName"); ok {
		r.classes = append(r.classes, class{id, c})
	}
}

// kubernetesGateway reads a Gateway of gateway.networking.k8s.io.
func (r *reader) kubernetesGateway(id ir.InventoryName, meta, obj manifest.Fields) {
	g := gateway{workload: workload{InventoryWorkload: ir.InventoryWorkload{Kind: "Gateway", Namespace: id.Namespace, Name: id.Name, Span: id.Span}}}
	spec, ok := r.Mapping(obj.Get("spec"), "spec")
	if !ok {
		return
	}
	at := spec.Get("gatewayClassName")
	if g.class, ok = r.Text(at, "spec.gatewayClassName"); !ok || g.class == "" || !r.name(at, g.class, 253, "spec.gatewayClassName") {
		return
	}
	notes, ok := r.Mapping(meta.Get("annotations"), "metadata.annotations")
	if !ok {
		return
	}
	for key, into := range map[string]*string{"gateway.istio.io/name-override": &g.name, "gateway.istio.io/service-account": &g.account} {
		n := notes.Get(key)
		if *into, ok = r.Text(n, "metadata.annotations."+key); !ok || *into != "" && !r.name(n, *into, 253, "metadata.annotations."+key) {
			return
		}
	}
	infrastructure, ok := r.Mapping(spec.Get("infrastructure"), "spec.infrastructure")
	if !ok {
		return
	}
	from, where := meta.Get("labels"), "metadata.labels"
	if n := infrastructure.Get("labels"); !manifest.IsNull(n) {
		from, where = n, "spec.infrastructure.labels"
	}
	if g.Labels, ok = r.labels(from, where); !ok {
		return
	}
	managed, ok := r.managed(spec)
	if !ok || !managed || !isLabel(id.Name) || !isLabel(g.class) {
		return
	}
	// A ListenerSet adds ports to a Gateway that takes some, and is somebody else's.
	if manifest.IsNull(spec.Get("allowedListeners")) && !r.listeners(&g, spec) {
		return
	}
	r.gateways = append(r.gateways, g)
}

// managed reports whether istiod runs a Gateway. One that has a host name, or several addresses, is run by somebody else.
func (r *reader) managed(spec manifest.Fields) (managed, ok bool) {
	addresses, ok := r.Sequence(spec.Get("addresses"), "spec.addresses")
	if !ok || len(addresses) != 1 {
		return len(addresses) == 0, ok
	}
	f, ok := r.Mapping(addresses[0], "spec.addresses")
	if !ok {
		return false, false
	}
	t, ok := r.Text(f.Get("type"), "spec.addresses.type")
	return t == "" || t == "IPAddress", ok
}

func (r *reader) listeners(g *gateway, spec manifest.Fields) bool {
	list, ok := r.Sequence(spec.Get("listeners"), "spec.listeners")
	if !ok {
		return false
	}
	for _, n := range list {
		f, ok := r.Mapping(n, "spec.listeners")
		if !ok {
			return false
		}
		p, ok := r.served(f, f, "port", "spec.listeners")
		if !ok {
			return false
		}
		if p.Number != 0 {
			g.listeners = append(g.listeners, p)
		}
	}
	return true
}

// istioGateway reads a Gateway of networking.istio.io.
func (r *reader) istioGateway(id ir.InventoryName, obj manifest.Fields) {
	spec, ok := r.Mapping(obj.Get("spec"), "spec")
	if !ok {
		return
	}
	s := servers{span: id.Span}
	if s.selector, ok = r.labels(spec.Get("selector"), "spec.selector"); !ok {
		return
	}
	list, ok := r.Sequence(spec.Get("servers"), "spec.servers")
	if !ok {
		return
	}
	for _, n := range list {
		f, ok := r.Mapping(n, "spec.servers")
		if !ok {
			return
		}
		port, ok := r.Mapping(f.Get("port"), "spec.servers.port")
		if !ok {
			return
		}
		p, ok := r.served(port, f, "number", "spec.servers.port")
		if !ok {
			return
		}
		if p.Number != 0 {
			s.ports = append(s.ports, p)
		}
	}
	if len(s.selector) > 0 {
		r.servers = append(r.servers, s)
	}
}

// served reads a port of a Gateway; its number is 0 where it is not TCP. TLS that the gateway ends is HTTP to policies where
// HTTP is in it, TLS that it passes on is not.
func (r *reader) served(f, tls manifest.Fields, number, where string) (p ir.Port, ok bool) {
	at := f.Get(number)
	if manifest.IsNull(at) {
		return p, true // of no use to anybody
	}
	if p.Number, ok = r.port(at, where+"."+number); !ok {
		return p, false
	}
	p.Span = r.Span(at)
	if p.Name, ok = r.Text(f.Get("name"), where+".name"); !ok {
		return p, false
	}
	protocol, ok := r.Text(f.Get("protocol"), where+".protocol")
	if !ok {
		return p, false
	}
	settings, ok := r.Mapping(tls.Get("tls"), where+".tls")
	if !ok {
		return p, false
	}
	mode := strings.ToUpper(plain(settings.Get("mode")))
	switch strings.ToUpper(protocol) {
	case "UDP":
		return ir.Port{}, true
	case "HTTPS":
		p.Protocol = ir.HTTP
		if strings.HasSuffix(mode, "PASSTHROUGH") {
			p.Protocol = ir.TCP
		}
	default:
		p.Protocol, _ = ir.ProtocolNamed(protocol)
	}
	return p, true
}

// run adds the workloads that istiod runs for Gateways. Where the inventory has them itself, as a dump does, it is believed.
func (all *found) run() {
	known := map[string]string{}
	for name, c := range classes {
		known[name] = c
	}
	for _, c := range all.classes {
		known[c.Name] = c.controller
	}
	have := map[string]int{}
	for i, w := range all.workloads {
		if w.Kind == "Deployment" {
			have[w.Namespace+"/"+w.Name] = i + 1
		}
	}
	for _, g := range all.gateways {
		c, ok := controllers[known[g.class]]
		if !ok {
			continue
		}
		w := g.workload
		name := w.Name
		if w.Name = g.name; w.Name == "" {
			if w.Name = name; !c.bare {
				w.Name += "-" + g.class
			}
		}
		if w.Account = g.account; w.Account == "" {
			if w.Account = name; !c.bare {
				w.Account += "-" + g.class
			}
		}
		if i := have[w.Namespace+"/"+w.Name]; i > 0 {
			all.workloads[i-1].listeners = g.listeners
			continue
		}
		labels := map[string]string{injectKey: "false"}
		for k, v := range w.Labels {
			if !strings.HasPrefix(k, kubernetesGateways+"/") {
				labels[k] = v
			}
		}
		labels[gatewayName], labels[gatewayClassName], labels[gatewayManaged] = name, g.class, c.label
		w.Labels, w.Selector = labels, map[string]string{gatewayName: name}
		w.sidecar.present, w.sidecar.gateway = true, true
		all.workloads = append(all.workloads, w)
	}
}

// serve adds what Gateways say of the ports of a workload: those of the Kubernetes API of the port itself, those of Istio's API
// of the port of a Service, if there is one (pilot/pkg/model, resolvePorts).
func (l *linker) serve(w *workload, services []*service, names map[string]int, at func(int, source.Span) *listener) {
	for _, p := range w.listeners {
		x := at(p.Number, p.Span)
		x.speaks = append(x.speaks, p.Protocol)
		if x.Name == "" {
			x.Name, x.named = p.Name, true
		}
	}
	serving := picking(l, l.gateways, "", w.Labels, func(s *servers) map[string]string { return s.selector })
	if len(serving) == 0 {
		return
	}
	w.sidecar.gateway = true
	slices.SortFunc(serving, func(a, b *servers) int { return a.span.Compare(b.span) })
	leads := map[int][]int{} // from the port of a Service
	for _, s := range services {
		for _, sp := range s.Ports {
			if n := target(sp, names); n != 0 && !slices.Contains(leads[sp.Number], n) && len(leads[sp.Number]) < 10 {
				leads[sp.Number] = append(leads[sp.Number], n)
			}
		}
	}
	for _, s := range serving {
		if l.matches += len(s.ports); l.matches > maxMatches {
			return
		}
		for _, p := range s.ports {
			to := leads[p.Number]
			if len(to) == 0 {
				to = []int{p.Number}
			}
			for _, n := range to {
				x := at(n, p.Span)
				x.speaks = append(x.speaks, p.Protocol)
			}
		}
	}
}
