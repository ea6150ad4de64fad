package inventory

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// kinds are the kinds that are read, with their API groups. A version is not looked at: what is read has had the same
// shape in all of them.
var kinds = map[string][]string{
	"Deployment":     {"apps", "extensions"},
	"DaemonSet":      {"apps", "extensions"},
	"ReplicaSet":     {"apps", "extensions"},
	"StatefulSet":    {"apps"},
	"Job":            {"batch"},
	"CronJob":        {"batch"},
	"Pod":            {""},
	"Service":        {""},
	"ServiceAccount": {""},
	"Namespace":      {""},
}

func isRead(version, kind string) bool {
	group, _, ok := strings.Cut(version, "/")
	if !ok {
		group = ""
		if version != "v1" {
			return false
		}
	}
	for _, g := range kinds[kind] {
		if g == group {
			return true
		}
	}
	return false
}

// isList reports whether a kind is a v1 List, or the list of a kind that is read, as the API server answers.
func isList(version, kind string) bool {
	item, ok := strings.CutSuffix(kind, "List")
	return ok && (item == "" && version == "v1" || isRead(version, item))
}

// itemType is what items of a list are that do not say it themselves.
func itemType(version, kind string) (itemVersion, itemKind string) {
	if kind == "List" {
		return "", ""
	}
	return version, strings.TrimSuffix(kind, "List")
}

// document reads one object, or the objects of a list.
func (r *reader) document(root *yaml.Node, version, kind string, depth int) {
	if isNull(root) || len(r.diags) >= maxFaults {
		return
	}
	if deref(root).Kind != yaml.MappingNode {
		if line := r.piece.line(int(r.span(root).Start)); strings.Contains(line.Text(), "{{") {
			r.template(line)
			return
		}
		r.diags.Add(diag.InventoryNoObject, r.span(root), "the document is %s, and a Kubernetes object is a mapping", describe(root))
		return
	}
	obj, ok := r.mapping(root, "the document")
	if !ok {
		return
	}
	if n := obj.get("apiVersion"); !isNull(n) {
		if version, ok = r.text(n, "apiVersion"); !ok {
			return
		}
	}
	if n := obj.get("kind"); !isNull(n) {
		if kind, ok = r.text(n, "kind"); !ok {
			return
		}
	}
	switch {
	case kind == "" && version == "": // a Helm values file, a kustomization: not an object at all
	case kind == "":
		r.diags.Add(diag.InventoryNoKind, r.span(obj[0].at), "the document has apiVersion %q and no kind, so it is left out", clip(version))
	case version == "" && (kinds[kind] != nil || kind == "List"):
		r.missing(root, "apiVersion", "the "+kind)
	case isList(version, kind):
		r.list(obj, version, kind, depth)
	case isRead(version, kind):
		r.object(root, obj, kind)
	}
}

func (r *reader) list(obj fields, version, kind string, depth int) {
	if depth == maxNested {
		r.diags.Add(diag.InventoryTooLarge, r.span(obj[0].at), "lists are nested more than %d deep", maxNested)
		return
	}
	items, ok := r.sequence(obj.get("items"), "items")
	if !ok {
		return
	}
	version, kind = itemType(version, kind)
	for _, item := range items {
		r.document(item, version, kind, depth+1)
	}
}

// missing reports a field that is not there, at the first key of the mapping that should have it.
func (r *reader) missing(in *yaml.Node, name, whose string) *diag.Diagnostic {
	at := in
	if n := deref(in); n != nil && len(n.Content) > 0 {
		at = n.Content[0]
	}
	return r.diags.Add(diag.InventoryMissing, r.span(at), "%s has no %s", whose, name)
}

// object reads an object of a kind that is read.
func (r *reader) object(root *yaml.Node, obj fields, kind string) {
	meta, ok := r.mapping(obj.get("metadata"), "metadata")
	if !ok {
		return
	}
	if owned, ok := r.owned(meta, kind); owned || !ok {
		return
	}
	id, ok := r.identity(root, meta, kind)
	if !ok {
		return
	}
	switch kind {
	case "Namespace":
		r.namespaces = append(r.namespaces, ir.InventoryName{Name: id.Name, Span: id.Span})
		return
	case "ServiceAccount":
		r.accounts = append(r.accounts, id)
	case "Service":
		r.service(id, obj)
	default:
		r.workload(root, id, kind, meta, obj)
	}
}

// owned reports whether another object of the inventory stands for this one: in a dump, a Deployment for its ReplicaSets,
// a CronJob for its Jobs, and any controller for its Pods.
func (r *reader) owned(meta fields, kind string) (owned, ok bool) {
	refs, ok := r.sequence(meta.get("ownerReferences"), "metadata.ownerReferences")
	if !ok {
		return false, false
	}
	for _, ref := range refs {
		f, ok := r.mapping(ref, "metadata.ownerReferences")
		if !ok {
			return false, false
		}
		owner, ok := r.text(f.get("kind"), "metadata.ownerReferences.kind")
		if !ok {
			return false, false
		}
		if kind == "Pod" || kind == "ReplicaSet" && owner == "Deployment" || kind == "Job" && owner == "CronJob" {
			return true, true
		}
	}
	return false, true
}

// identity reads namespace and name. The span is that of the name.
func (r *reader) identity(root *yaml.Node, meta fields, kind string) (id ir.InventoryName, ok bool) {
	at := meta.get("name")
	if id.Name, ok = r.text(at, "metadata.name"); !ok {
		return id, false
	}
	if id.Name == "" {
		if g := meta.get("generateName"); !isNull(g) {
			r.diags.Add(diag.InventoryGenerated, r.span(g), "the %s gets its name from the cluster (generateName), so no statement can name it; it is left out", kind)
		} else {
			r.missing(root, "metadata.name", "the "+kind)
		}
		return id, false
	}
	id.Span = r.span(at)
	longest := 253
	if kind == "Service" || kind == "Namespace" {
		longest = 63
	}
	if !r.name(at, id.Name, longest, "metadata.name") {
		return id, false
	}
	if kind == "Namespace" {
		return id, true
	}
	ns := meta.get("namespace")
	if id.Namespace, ok = r.text(ns, "metadata.namespace"); !ok {
		return id, false
	}
	if id.Namespace == "" {
		id.Namespace = "default"
		return id, true
	}
	return id, r.name(ns, id.Namespace, 63, "metadata.namespace")
}

// name wants a Kubernetes name: a label of DNS, or several with dots where it may be longer than one.
func (r *reader) name(at *yaml.Node, s string, longest int, what string) bool {
	ok := len(s) <= longest && (longest > 63 || !strings.Contains(s, "."))
	for label := range strings.SplitSeq(s, ".") {
		ok = ok && label != "" && label[0] != '-' && label[len(label)-1] != '-' &&
			strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
		if !ok {
			break
		}
	}
	if !ok {
		r.wrong(at, what, "a Kubernetes name")
	}
	return ok
}

// labels reads labels or a label selector. They go into policies, so they must be what Kubernetes takes.
func (r *reader) labels(n *yaml.Node, what string) (map[string]string, bool) {
	f, ok := r.mapping(n, what)
	if !ok || len(f) == 0 {
		return nil, ok
	}
	out := make(map[string]string, len(f))
	for _, e := range f {
		v, ok := r.text(e.value, what+"."+clip(e.key))
		if !ok {
			return nil, false
		}
		prefix, key, hasPrefix := strings.Cut(e.key, "/")
		if !hasPrefix {
			key = prefix
		} else if !r.name(e.at, prefix, 253, "the prefix of a label") {
			return nil, false
		}
		if key == "" || !isLabel(key) {
			r.wrong(e.at, "a key of "+what, "a label")
			return nil, false
		}
		if !isLabel(v) {
			r.wrong(e.value, what+"."+clip(e.key), "a label value")
			return nil, false
		}
		out[e.key] = v
	}
	return out, true
}

func isLabel(s string) bool {
	for i := range len(s) {
		c := s[i]
		alnum := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		inner := i > 0 && i < len(s)-1 && (c == '-' || c == '_' || c == '.')
		if !alnum && !inner {
			return false
		}
	}
	return len(s) <= 63
}

// workload reads a controller or a bare pod.
func (r *reader) workload(root *yaml.Node, id ir.InventoryName, kind string, meta, obj fields) {
	w := workload{InventoryWorkload: ir.InventoryWorkload{Kind: kind, Namespace: id.Namespace, Name: id.Name, Span: id.Span}}
	where, podMeta := "", meta
	spec, ok := r.mapping(obj.get("spec"), "spec")
	if !ok {
		return
	}
	if kind == "CronJob" {
		job, ok := r.mapping(spec.get("jobTemplate"), "spec.jobTemplate")
		if !ok {
			return
		}
		where = "spec.jobTemplate."
		if spec, ok = r.mapping(job.get("spec"), "spec.jobTemplate.spec"); !ok {
			return
		}
	}
	if kind != "Pod" {
		selector, ok := r.mapping(spec.get("selector"), where+"spec.selector")
		if !ok {
			return
		}
		if w.Selector, ok = r.labels(selector.get("matchLabels"), where+"spec.selector.matchLabels"); !ok {
			return
		}
		if isNull(spec.get("template")) {
			r.missing(root, where+"spec.template", "the "+kind+" "+quote(id.Name)).
				Note("a patch is not a whole object").
				Advise("give the output of `kustomize build`")
			return
		}
		where += "spec.template."
		template, ok := r.mapping(spec.get("template"), strings.TrimSuffix(where, "."))
		if !ok {
			return
		}
		if podMeta, ok = r.mapping(template.get("metadata"), where+"metadata"); !ok {
			return
		}
		if spec, ok = r.mapping(template.get("spec"), where+"spec"); !ok {
			return
		}
	}
	if w.Labels, ok = r.labels(podMeta.get("labels"), where+"metadata.labels"); !ok {
		return
	}
	if !r.account(&w, spec, where+"spec.") || !r.containers(&w, spec, where+"spec.") {
		return
	}
	r.workloads = append(r.workloads, w)
}

func (r *reader) account(w *workload, spec fields, where string) bool {
	for _, key := range []string{"serviceAccountName", "serviceAccount"} { // the second is the old name of the first
		s, ok := r.text(spec.get(key), where+key)
		if !ok {
			return false
		}
		if s != "" && w.Account == "" {
			if w.Account = s; !r.name(spec.get(key), s, 253, where+key) {
				return false
			}
		}
	}
	if w.Account == "" {
		w.Account, w.DefaultAccount = "default", true
	}
	return true
}

// containers reads the ports of the containers, and of the init containers that keep running (sidecars).
func (r *reader) containers(w *workload, spec fields, where string) bool {
	for _, key := range []string{"containers", "initContainers"} {
		list, ok := r.sequence(spec.get(key), where+key)
		if !ok {
			return false
		}
		for _, n := range list {
			c, ok := r.mapping(n, where+key)
			if !ok {
				return false
			}
			restart, ok := r.text(c.get("restartPolicy"), where+key+".restartPolicy")
			if !ok {
				return false
			}
			if key == "initContainers" && restart != "Always" {
				continue
			}
			ports, ok := r.sequence(c.get("ports"), where+key+".ports")
			if !ok {
				return false
			}
			for _, p := range ports {
				if !r.containerPort(w, p, where+key+".ports") {
					return false
				}
			}
		}
	}
	return true
}

func (r *reader) containerPort(w *workload, n *yaml.Node, where string) bool {
	f, ok := r.mapping(n, where)
	if !ok {
		return false
	}
	tcp, ok := r.transport(f, where)
	if !ok {
		return false
	}
	at := f.get("containerPort")
	if isNull(at) {
		r.missing(n, "containerPort", "an item of "+where)
		return false
	}
	number, ok := r.port(at, where+".containerPort")
	if !ok {
		return false
	}
	name, ok := r.portName(f, where)
	if ok && tcp {
		w.containers = append(w.containers, containerPort{name, number, r.span(at)})
	}
	return ok
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
