package inventory

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/internal/manifest"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// What decides about a sidecar, as Istio's injector reads it (pkg/kube/inject: injectRequired; the selectors of its webhook;
// the arguments of istio-iptables in the sidecar's template).
const (
	injectKey       = "sidecar.istio.io/inject" // a label, or an annotation where the webhook is asked at all
	statusKey       = "sidecar.istio.io/status" // the injector was here
	templatesKey    = "inject.istio.io/templates"
	revisionKey     = "istio.io/rev"
	modeKey         = "istio.io/dataplane-mode"
	namespaceKey    = "istio-injection"
	interceptionKey = "sidecar.istio.io/interceptionMode"
	excludeKey      = "traffic.sidecar.istio.io/excludeInboundPorts"
	includeKey      = "traffic.sidecar.istio.io/includeInboundPorts"
	proxyContainer  = "istio-proxy"
)

// systemNamespaces are those whose pods the injector never touches.
var systemNamespaces = []string{"kube-system", "kube-public", "kube-node-lease", "local-path-storage"}

// placed is a text with its place.
type placed struct {
	text string
	span source.Span
}

// sidecar is what a pod template says of its proxy.
type sidecar struct {
	present     bool // it is in the manifest, as in dumps of injected pods, or the pod is a gateway
	gateway     bool // nothing but the proxy, with no traffic of others to capture
	hostNetwork placed
	inject      placed // of the label, else of the annotation
	byLabel     bool
	revision    bool
	mode        placed
	notCaptured source.Span
	guard       ir.Guard // the ports
}

// namespace is a Namespace object with what it says of the proxies of its pods.
type namespace struct {
	ir.InventoryName
	injection placed // span is zero where there is no label
	revision  bool
	mode      placed
}

func (n *namespace) same(o *namespace) bool {
	return n.injection.text == o.injection.text && (n.injection.span.File == nil) == (o.injection.span.File == nil) &&
		n.revision == o.revision && n.mode.text == o.mode.text
}

// namespace reads a Namespace object.
func (r *reader) namespace(id ir.InventoryName, meta manifest.Fields) {
	labels, ok := r.labels(meta.Get("labels"), "metadata.labels")
	if !ok {
		return
	}
	n := namespace{InventoryName: id}
	_, n.revision = labels[revisionKey]
	if v, ok := labels[modeKey]; ok {
		n.mode = placed{v, r.spanOf(meta.Get("labels"), modeKey)}
	}
	if v, ok := labels[namespaceKey]; ok {
		n.injection = placed{v, r.spanOf(meta.Get("labels"), namespaceKey)}
	}
	r.namespaces = append(r.namespaces, n)
}

// spanOf is the place of a value of a mapping that has been read, of the mapping where the value came by a merge.
func (r *reader) spanOf(n *yaml.Node, key string) source.Span {
	m := manifest.Deref(n)
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return r.Span(m.Content[i+1])
		}
	}
	return r.Span(n)
}

// sidecar reads what a pod template says of its proxy; the containers have been read.
func (r *reader) sidecar(w *workload, meta, spec manifest.Fields, where string) bool {
	s := &w.sidecar
	host, ok := r.Truth(spec.Get("hostNetwork"), where+"spec.hostNetwork")
	if !ok {
		return false
	}
	if host {
		s.hostNetwork = placed{"true", r.Span(spec.Get("hostNetwork"))}
	}
	notes, ok := r.Mapping(meta.Get("annotations"), where+"metadata.annotations")
	if !ok {
		return false
	}
	has := map[string]placed{}
	for _, e := range notes {
		switch e.Key {
		case injectKey, statusKey, templatesKey, interceptionKey, excludeKey, includeKey:
			text, ok := r.Text(e.Value, where+"metadata.annotations."+e.Key)
			if !ok {
				return false
			}
			has[e.Key] = placed{text, r.Span(e.Value)}
		}
	}
	s.inject = has[injectKey]
	if v, ok := w.Labels[injectKey]; ok {
		s.inject, s.byLabel = placed{v, r.spanOf(meta.Get("labels"), injectKey)}, true
	}
	_, s.revision = w.Labels[revisionKey]
	if v, ok := w.Labels[modeKey]; ok {
		s.mode = placed{v, r.spanOf(meta.Get("labels"), modeKey)}
	}
	_, injected := has[statusKey]
	_, managed := w.Labels[gatewayManaged]
	s.present = s.present || injected || managed
	s.gateway = s.gateway || managed
	captures := true
	if t, ok := has[templatesKey]; ok {
		names := strings.FieldsFunc(t.text, func(c rune) bool { return c == ',' || c == ' ' })
		s.gateway = s.gateway || slices.Contains(names, "gateway")
		captures = slices.Contains(names, "sidecar")
	}
	if captures && !s.gateway {
		r.capture(s, has)
	}
	return true
}

// capture reads which inbound ports are led through the sidecar.
func (r *reader) capture(s *sidecar, has map[string]placed) {
	if v, ok := has[interceptionKey]; ok {
		switch v.text {
		case "NONE":
			s.notCaptured = v.span
		case "REDIRECT", "TPROXY":
		default:
			r.refused(interceptionKey, v, "REDIRECT, TPROXY or NONE")
		}
	}
	include, listed := has[includeKey]
	if listed && include.text != "*" {
		ports, ok := portList(include.text)
		switch {
		case !ok:
			r.refused(includeKey, include, "`*` or port numbers with commas between them")
		case len(ports) == 0:
			s.notCaptured = include.span
		default: // exclusions then count for nothing
			s.guard = ir.Guard{Around: ports, Only: true, PortSpan: include.span}
			return
		}
	}
	exclude, listed := has[excludeKey]
	if !listed {
		return
	}
	ports, ok := portList(exclude.text)
	if !ok {
		r.refused(excludeKey, exclude, "port numbers with commas between them")
		return
	}
	s.guard = ir.Guard{Around: slices.DeleteFunc(ports, ir.ProxyPort), PortSpan: exclude.span} // those are excluded anyway
}

// portList reads a list of ports as the injector does: sorted, without 0, which is no port.
func portList(s string) (ports []int, ok bool) {
	if s = strings.TrimSpace(s); s == "" {
		return nil, true
	}
	for p := range strings.SplitSeq(s, ",") {
		n, err := strconv.ParseUint(strings.TrimSpace(p), 10, 16)
		if err != nil {
			return nil, false
		}
		if n > 0 {
			ports = append(ports, int(n))
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports), true
}

func (r *reader) refused(key string, v placed, want string) {
	r.Diags.Add(diag.InventoryAnnotation, v.span, "annotation %s is %s, and Istio's injector wants %s", key, strconv.Quote(manifest.Clip(v.text)), want).
		Note("it refuses the pod, so nothing runs")
}

// proxy notes a container that is the proxy itself, and reports whether its ports are not the workload's. One with the image
// `auto` is only a place for the injector to fill in.
func (s *sidecar) proxy(name string, c manifest.Fields) bool {
	image := plain(c.Get("image"))
	base := image[strings.LastIndexByte(image, '/')+1:]
	if name != proxyContainer && !strings.HasPrefix(base, "proxyv2") || image == "auto" {
		return false
	}
	s.present = true
	router := false
	if args := manifest.Deref(c.Get("args")); args != nil && args.Kind == yaml.SequenceNode {
		router = slices.ContainsFunc(args.Content, func(n *yaml.Node) bool { return plain(n) == "router" })
	}
	s.gateway = s.gateway || router
	return !router
}

// plain is the text of a scalar about which nothing is to be said.
func plain(n *yaml.Node) string {
	if n = manifest.Deref(n); n != nil && n.Kind == yaml.ScalarNode {
		return n.Value
	}
	return ""
}

// guard decides on the sidecar of a workload. in is its Namespace object, nil where there is none, or where two differ.
func (w *workload) guard(in *namespace) *ir.Guard {
	s := &w.sidecar
	g := s.guard
	mode := s.mode // the pod's own goes before the namespace's
	if mode.text == "" && in != nil {
		mode = in.mode
	}
	set := func(why ir.NoProxy, span source.Span) {
		g.NoProxy, g.Span = why, span
		if mode.text == "ambient" && why != ir.HostNetwork {
			g.NoProxy, g.Span = ir.AmbientPods, mode.span
		}
	}
	switch {
	case slices.Contains(waypoints, w.Labels[gatewayManaged]):
		g.NoProxy, g.Span = ir.Waypoint, w.Span
	case s.present:
	case slices.Contains(systemNamespaces, w.Namespace):
		set(ir.SystemNamespace, w.Span)
	case s.hostNetwork.text != "":
		set(ir.HostNetwork, s.hostNetwork.span)
	case in != nil && in.injection.span.File != nil && in.injection.text != "enabled": // whatever the pods say
		set(ir.NamespaceOff, in.injection.span)
	case s.inject.text == "false":
		set(ir.InjectionOff, s.inject.span)
	case s.byLabel && s.inject.text == "true" || s.revision:
	case in != nil && in.injection.span.File == nil && !in.revision:
		set(ir.NamespaceSilent, in.Span)
	case in == nil && s.mode.text == "ambient":
		set(ir.AmbientPods, s.mode.span)
	}
	if s.gateway { // all traffic is meant for it, so none is captured
		g.Around = nil
	} else if g.NoProxy == ir.Proxied && s.notCaptured.File != nil {
		g.NoProxy, g.Span = ir.NotCaptured, s.notCaptured
	}
	if g.NoProxy != ir.Proxied {
		g.Around, g.Only, g.PortSpan = nil, false, source.Span{}
	} else if len(g.Around) == 0 {
		return nil
	}
	return &g
}

// facts are the Namespace objects by name; nil for one that comes twice and says two things.
func facts(list []namespace) map[string]*namespace {
	out := make(map[string]*namespace, len(list))
	for i := range list {
		n := &list[i]
		if old, twice := out[n.Name]; twice && (old == nil || !old.same(n)) {
			n = nil
		}
		out[list[i].Name] = n
	}
	return out
}
