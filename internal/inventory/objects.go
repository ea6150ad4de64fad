package inventory

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/diag"
)

// kinds are the kinds that are read, with their API groups. A version is not looked at: what is read has had the same
// shape in all of them.
var kinds = map[string][]string{
	"Deployment":            {"apps", "extensions"},
	"DaemonSet":             {"apps", "extensions"},
	"ReplicaSet":            {"apps", "extensions"},
	"StatefulSet":           {"apps"},
	"ReplicationController": {""},
	"Job":                   {"batch"},
	"CronJob":               {"batch"},
	"Pod":                   {""},
	"Rollout":               {"argoproj.io"},
	"Service":               {""},
	"ServiceAccount":        {""},
	"Namespace":             {""},
	"Gateway":               {kubernetesGateways, "networking.istio.io"},
	"GatewayClass":          {kubernetesGateways},
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
	case kind == "" && obj.get("metadata") == nil && obj.get("spec") == nil: // a Helm chart
	case kind == "":
		r.diags.Add(diag.InventoryNoKind, r.span(obj[0].at), "the document has apiVersion %q and no kind, so it is left out", clip(version))
	case version == "" && (kinds[kind] != nil || kind == "List"):
		r.missing(root, "apiVersion", "the "+kind)
	case isList(version, kind):
		r.list(obj, version, kind, depth)
	case isRead(version, kind):
		r.object(root, obj, version, kind)
	default:
		r.unread(obj, version, kind)
	}
}

// unread says of an object of another kind that it seems to run pods. Which labels and ports they get is up to its controller, so
// that they are no workload.
func (r *reader) unread(obj fields, version, kind string) {
	name := plain(below(obj.get("metadata"), "name"))
	if n := deref(below(obj.get("spec"), "template", "spec", "containers")); name != "" && n != nil && n.Kind == yaml.SequenceNode {
		r.diags.Add(diag.InventoryUnreadKind, r.span(below(obj.get("metadata"), "name")), "%s %q has a pod template, and nothing is known of the pods that %s makes of it", kind, clip(name), clip(version)).
			Advise("declare what it runs: `workload %s { ... }`, or give the pods from the cluster", clip(name))
	}
}

// below follows keys from a mapping to a mapping, and says nothing of what has another shape.
func below(n *yaml.Node, keys ...string) *yaml.Node {
	for _, key := range keys {
		m := deref(n)
		n = nil
		if m == nil || m.Kind != yaml.MappingNode {
			return nil
		}
		for i := 0; i+1 < len(m.Content); i += 2 {
			if k := deref(m.Content[i]); k.Value == key {
				n = m.Content[i+1]
			}
		}
	}
	return n
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
func (r *reader) object(root *yaml.Node, obj fields, version, kind string) {
	meta, ok := r.mapping(obj.get("metadata"), "metadata")
	if !ok {
		return
	}
	id, ok := r.identity(root, meta, kind)
	if !ok {
		return
	}
	switch kind {
	case "Namespace":
		r.namespace(id, meta)
	case "ServiceAccount":
		r.accounts = append(r.accounts, id)
	case "Service":
		r.service(id, obj)
	case "GatewayClass":
		r.gatewayClass(id, obj)
	case "Gateway":
		if strings.HasPrefix(version, kubernetesGateways) {
			r.kubernetesGateway(id, meta, obj)
		} else {
			r.istioGateway(id, obj)
		}
	default:
		r.workload(root, id, kind, meta, obj)
	}
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
	if kind == "Namespace" || kind == "GatewayClass" {
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
		if _, ok := r.text(e.at, "a key of "+what); !ok { // `on` is a truth value to Kubernetes, and the key "true"
			return nil, false
		}
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
