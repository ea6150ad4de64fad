package inventory

import (
	"cmp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/internal/manifest"
	"github.com/zt-lang/ztc/lang/diag"
)

// kinds are the kinds that are read, with their API groups. A version is not looked at: what is read has had the same
// shape in all of them.
var kinds = manifest.Kinds{
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

// reader reads one piece.
type reader struct {
	manifest.Reader
	found
}

func read(p manifest.Piece) found {
	r := &reader{Reader: manifest.Reader{Piece: p}}
	r.Objects(func(o manifest.Object) {
		if kinds.Reads(o.Version, o.Kind) {
			r.object(o.Root, o.Fields, o.Version, o.Kind)
		} else {
			r.unread(o.Fields, o.Version, o.Kind)
		}
	})
	r.found.diags = r.Diags
	return r.found
}

// unread says of an object of another kind that it seems to run pods. Which labels and ports they get is up to its controller, so
// that they are no workload.
func (r *reader) unread(obj manifest.Fields, version, kind string) {
	name := plain(below(obj.Get("metadata"), "name"))
	if n := manifest.Deref(below(obj.Get("spec"), "template", "spec", "containers")); name != "" && n != nil && n.Kind == yaml.SequenceNode {
		r.Diags.Add(diag.InventoryUnreadKind, r.Span(below(obj.Get("metadata"), "name")), "%s %q has a pod template, and nothing is known of the pods that %s makes of it", kind, manifest.Clip(name), manifest.Clip(version)).
			Advise("declare what it runs: `workload %s { ... }`, or give the pods from the cluster", manifest.Clip(name))
		if r.blind == nil {
			r.blind = map[string]bool{}
		}
		r.blind[cmp.Or(plain(below(obj.Get("metadata"), "namespace")), "default")] = true
	}
}

// below follows keys from a mapping to a mapping, and says nothing of what has another shape.
func below(n *yaml.Node, keys ...string) *yaml.Node {
	for _, key := range keys {
		m := manifest.Deref(n)
		n = nil
		if m == nil || m.Kind != yaml.MappingNode {
			return nil
		}
		for i := 0; i+1 < len(m.Content); i += 2 {
			if k := manifest.Deref(m.Content[i]); k.Value == key {
				n = m.Content[i+1]
			}
		}
	}
	return n
}

// object reads an object of a kind that is read.
func (r *reader) object(root *yaml.Node, obj manifest.Fields, version, kind string) {
	meta, ok := r.Mapping(obj.Get("metadata"), "metadata")
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
func (r *reader) identity(root *yaml.Node, meta manifest.Fields, kind string) (id ir.InventoryName, ok bool) {
	at := meta.Get("name")
	if id.Name, ok = r.Text(at, "metadata.name"); !ok {
		return id, false
	}
	if id.Name == "" {
		if g := meta.Get("generateName"); !manifest.IsNull(g) {
			r.Diags.Add(diag.InventoryGenerated, r.Span(g), "the %s gets its name from the cluster (generateName), so no statement can name it; it is left out", kind)
		} else {
			r.Missing(root, "metadata.name", "the "+kind)
		}
		return id, false
	}
	id.Span = r.Span(at)
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
	ns := meta.Get("namespace")
	if id.Namespace, ok = r.Text(ns, "metadata.namespace"); !ok {
		return id, false
	}
	if id.Namespace == "" {
		id.Namespace = "default"
		return id, true
	}
	return id, r.name(ns, id.Namespace, 63, "metadata.namespace")
}

// port reads a port number.
func (r *reader) port(at *yaml.Node, what string) (int, bool) {
	n := manifest.Deref(at)
	var v int
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || n.Decode(&v) != nil || v < 1 || v > 65535 {
		r.Wrong(at, what, "a number from 1 to 65535")
		return 0, false
	}
	return v, true
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
		r.Wrong(at, what, "a Kubernetes name")
	}
	return ok
}

// labels reads labels or a label selector. They go into policies, so they must be what Kubernetes takes.
func (r *reader) labels(n *yaml.Node, what string) (map[string]string, bool) {
	f, ok := r.Mapping(n, what)
	if !ok || len(f) == 0 {
		return nil, ok
	}
	out := make(map[string]string, len(f))
	for _, e := range f {
		if _, ok := r.Text(e.At, "a key of "+what); !ok { // `on` is a truth value to Kubernetes, and the key "true"
			return nil, false
		}
		v, ok := r.Text(e.Value, what+"."+manifest.Clip(e.Key))
		if !ok {
			return nil, false
		}
		prefix, key, hasPrefix := strings.Cut(e.Key, "/")
		if !hasPrefix {
			key = prefix
		} else if !r.name(e.At, prefix, 253, "the prefix of a label") {
			return nil, false
		}
		if key == "" || !isLabel(key) {
			r.Wrong(e.At, "a key of "+what, "a label")
			return nil, false
		}
		if !isLabel(v) {
			r.Wrong(e.Value, what+"."+manifest.Clip(e.Key), "a label value")
			return nil, false
		}
		out[e.Key] = v
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
