package inventory

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/internal/manifest"
	"github.com/zt-lang/ztc/lang/source"
)

// service reads a Service. One of type ExternalName picks no pods, whatever its selector says.
func (r *reader) service(id ir.InventoryName, obj manifest.Fields) {
	s := service{InventoryService: ir.InventoryService{Namespace: id.Namespace, Name: id.Name, Span: id.Span}}
	spec, ok := r.Mapping(obj.Get("spec"), "spec")
	if !ok {
		return
	}
	typ, ok := r.Text(spec.Get("type"), "spec.type")
	if !ok {
		return
	}
	if s.Selector, ok = r.labels(spec.Get("selector"), "spec.selector"); !ok {
		return
	}
	if typ == "ExternalName" {
		s.Selector = nil
	}
	ports, ok := r.Sequence(spec.Get("ports"), "spec.ports")
	if !ok {
		return
	}
	for _, n := range ports {
		if !r.servicePort(&s, n) {
			return
		}
	}
	r.services = append(r.services, s)
}

func (r *reader) servicePort(s *service, n *yaml.Node) bool {
	f, ok := r.Mapping(n, "spec.ports")
	if !ok {
		return false
	}
	tcp, ok := r.transport(f, "spec.ports")
	if !ok {
		return false
	}
	at := f.Get("port")
	if manifest.IsNull(at) {
		r.Missing(n, "port", "an item of spec.ports")
		return false
	}
	var p ir.InventoryServicePort
	if p.Number, ok = r.port(at, "spec.ports.port"); !ok {
		return false
	}
	if p.Name, ok = r.portName(f, "spec.ports"); !ok {
		return false
	}
	app, ok := r.Text(f.Get("appProtocol"), "spec.ports.appProtocol")
	if !ok {
		return false
	}
	p.Protocol = protocol(p.Number, p.Name, app, !manifest.IsNull(f.Get("appProtocol")))
	spans := portSpans{r.Span(at), r.Span(at)}
	if p.Target, p.TargetName, ok = r.target(f.Get("targetPort"), p.Number, &spans.target); ok && tcp {
		s.Ports = append(s.Ports, p)
		s.spans = append(s.spans, spans)
	}
	return ok
}

// target reads a targetPort: a number, or the name of a container port. Without one it is the port itself, also when it
// is 0 or empty, as the API server reads those.
func (r *reader) target(at *yaml.Node, port int, span *source.Span) (number int, name string, ok bool) {
	n := manifest.Deref(at)
	if manifest.IsNull(n) || n.Kind == yaml.ScalarNode && (n.Value == "" || n.Value == "0" && n.ShortTag() == "!!int") {
		return port, "", true
	}
	*span = r.Span(at)
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!int" {
		number, ok = r.port(at, "spec.ports.targetPort")
		return number, "", ok
	}
	name, ok = r.Text(at, "spec.ports.targetPort")
	if !ok || !r.name(at, name, 63, "spec.ports.targetPort") {
		return 0, "", false
	}
	if strings.Trim(name, "0123456789") == "" {
		d := r.Wrong(at, "spec.ports.targetPort", "a number or the name of a port")
		if d != nil {
			d.Note("Kubernetes takes digits in quotes for a name, and no port has such a name").Fix(*span, name, "write the number")
		}
		return 0, "", false
	}
	return 0, name, true
}

func (r *reader) portName(f manifest.Fields, where string) (string, bool) {
	at := f.Get("name")
	name, ok := r.Text(at, where+".name")
	return name, ok && (name == "" || r.name(at, name, 63, where+".name"))
}

// transport reports whether a port is TCP, which is all that Istio carries.
func (r *reader) transport(f manifest.Fields, where string) (tcp, ok bool) {
	at := f.Get("protocol")
	s, ok := r.Text(at, where+".protocol")
	if ok && s != "" && s != "TCP" && s != "UDP" && s != "SCTP" {
		r.Wrong(at, where+".protocol", "TCP, UDP or SCTP")
		return false, false
	}
	return s == "" || s == "TCP", ok
}
