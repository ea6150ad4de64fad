package inventory

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/source"
)

// service reads a Service. One of type ExternalName picks no pods, whatever its selector says.
func (r *reader) service(id ir.InventoryName, obj fields) {
	s := service{InventoryService: ir.InventoryService{Namespace: id.Namespace, Name: id.Name, Span: id.Span}}
	spec, ok := r.mapping(obj.get("spec"), "spec")
	if !ok {
		return
	}
	typ, ok := r.text(spec.get("type"), "spec.type")
	if !ok {
		return
	}
	if s.Selector, ok = r.labels(spec.get("selector"), "spec.selector"); !ok {
		return
	}
	if typ == "ExternalName" {
		s.Selector = nil
	}
	ports, ok := r.sequence(spec.get("ports"), "spec.ports")
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
	f, ok := r.mapping(n, "spec.ports")
	if !ok {
		return false
	}
	tcp, ok := r.transport(f, "spec.ports")
	if !ok {
		return false
	}
	at := f.get("port")
	if isNull(at) {
		r.missing(n, "port", "an item of spec.ports")
		return false
	}
	var p ir.InventoryServicePort
	if p.Number, ok = r.port(at, "spec.ports.port"); !ok {
		return false
	}
	if p.Name, ok = r.portName(f, "spec.ports"); !ok {
		return false
	}
	app, ok := r.text(f.get("appProtocol"), "spec.ports.appProtocol")
	if !ok {
		return false
	}
	p.Protocol = protocol(p.Number, p.Name, app, !isNull(f.get("appProtocol")))
	spans := portSpans{r.span(at), r.span(at)}
	if p.Target, p.TargetName, ok = r.target(f.get("targetPort"), p.Number, &spans.target); ok && tcp {
		s.Ports = append(s.Ports, p)
		s.spans = append(s.spans, spans)
	}
	return ok
}

// target reads a targetPort: a number, or the name of a container port. Without one it is the port itself, also when it
// is 0 or empty, as the API server reads those.
func (r *reader) target(at *yaml.Node, port int, span *source.Span) (number int, name string, ok bool) {
	n := deref(at)
	if isNull(n) || n.Kind == yaml.ScalarNode && (n.Value == "" || n.Value == "0" && n.ShortTag() == "!!int") {
		return port, "", true
	}
	*span = r.span(at)
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!int" {
		number, ok = r.port(at, "spec.ports.targetPort")
		return number, "", ok
	}
	name, ok = r.text(at, "spec.ports.targetPort")
	if !ok || !r.name(at, name, 63, "spec.ports.targetPort") {
		return 0, "", false
	}
	if strings.Trim(name, "0123456789") == "" {
		d := r.wrong(at, "spec.ports.targetPort", "a number or the name of a port")
		if d != nil {
			d.Note("Kubernetes takes digits in quotes for a name, and no port has such a name").Fix(*span, name, "write the number")
		}
		return 0, "", false
	}
	return 0, name, true
}

func (r *reader) portName(f fields, where string) (string, bool) {
	at := f.get("name")
	name, ok := r.text(at, where+".name")
	return name, ok && (name == "" || r.name(at, name, 63, where+".name"))
}

// transport reports whether a port is TCP, which is all that Istio carries.
func (r *reader) transport(f fields, where string) (tcp, ok bool) {
	at := f.get("protocol")
	s, ok := r.text(at, where+".protocol")
	if ok && s != "" && s != "TCP" && s != "UDP" && s != "SCTP" {
		r.wrong(at, where+".protocol", "TCP, UDP or SCTP")
		return false, false
	}
	return s == "" || s == "TCP", ok
}
