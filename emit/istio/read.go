package istio

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/reflect/protoreflect"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/internal/manifest"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// Document is a policy in somebody's file, with the places of its parts.
type Document struct {
	Object *Object
	Span   source.Span // of metadata.name
	Rules  []RuleSpan  // of an AuthorizationPolicy, one for each rule
}

// RuleSpan has the places of a rule and of the entries of its lists.
type RuleSpan struct {
	Span           source.Span
	From, To, When []source.Span
}

const group = "security.istio.io"

// kinds are the kinds of policies.
var kinds = manifest.Kinds{
	string(AuthorizationPolicy): {group}, string(PeerAuthentication): {group}, string(RequestAuthentication): {group},
}

// Read reads the policies of a file of manifests, YAML or JSON, as the API server with strict validation and Istio's webhook
// would: what they refuse, an unknown field above all, is an error at its place, and the object is left out. Objects of other
// kinds are passed over. A policy that names no namespace is in the namespace default.
func Read(file *source.File) ([]*Document, diag.List) {
	var docs []*Document
	var diags diag.List
	if manifest.TooLarge(file, &diags) {
		return nil, diags
	}
	pieces := manifest.Split(nil, file, kinds, manifest.LongList)
	if len(pieces) > manifest.MaxPieces {
		diags.Add(diag.InventoryTooLarge, pieces[manifest.MaxPieces].Span(), "the file has more than %d objects", manifest.MaxPieces)
		pieces = pieces[:manifest.MaxPieces]
	}
	for _, p := range pieces {
		r := reader{Reader: manifest.Reader{Piece: p}}
		r.Objects(func(o manifest.Object) {
			if d := r.object(o); d != nil {
				docs = append(docs, d)
			}
		})
		if diags = append(diags, r.Diags...); len(diags) >= manifest.MaxFaults {
			diags = diags[:manifest.MaxFaults]
			diags[len(diags)-1].Note("further faults of %q are not shown", file.Name)
			break
		}
	}
	return docs, diags
}

type reader struct {
	manifest.Reader
}

// full reports whether there are as many faults as are reported.
func (r *reader) full() bool { return len(r.Diags) >= manifest.MaxFaults }

// The other fields that a server adds to the metadata of an object. They are not read.
var serverFields = []string{"annotations", "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "finalizers", "generateName",
	"generation", "labels", "managedFields", "name", "namespace", "ownerReferences", "resourceVersion", "selfLink", "uid"}

// object reads an object; nil where it is no policy, or none that can be.
func (r *reader) object(o manifest.Object) *Document {
	if kinds[o.Kind] == nil {
		return nil
	}
	if o.Version != group+"/v1" && o.Version != group+"/v1beta1" {
		if g, _, _ := strings.Cut(o.Version, "/"); g == group || strings.HasSuffix(g, "istio.io") {
			at := r.Span(o.Root)
			if n := o.Fields.Get("apiVersion"); n != nil {
				at = r.Span(n)
			}
			r.Diags.Add(diag.PolicyVersion, at, "%s has apiVersion %q, and Istio serves %s/v1 and %[3]s/v1beta1", o.Kind, manifest.Clip(o.Version), group)
		}
		return nil
	}
	before := len(r.Diags)
	d := &Document{Object: &Object{APIVersion: o.Version, Kind: Kind(o.Kind), Namespace: "default"}}
	r.known(o.Fields, "the "+o.Kind, []string{"apiVersion", "kind", "metadata", "spec", "status"})
	if r.full() || !r.metadata(o, d) {
		return nil
	}
	var m protoreflect.Message
	switch d.Object.Kind {
	case AuthorizationPolicy:
		d.Object.Authorization = &security.AuthorizationPolicy{}
		m = d.Object.Authorization.ProtoReflect()
	case PeerAuthentication:
		d.Object.Peer = &security.PeerAuthentication{}
		m = d.Object.Peer.ProtoReflect()
	case RequestAuthentication:
		d.Object.Request = &security.RequestAuthentication{}
		m = d.Object.Request.ProtoReflect()
	}
	spec := o.Fields.Get("spec")
	if !manifest.IsNull(spec) && !r.message(spec, m, "spec") {
		return nil
	}
	bad := written(spec)
	apart := slices.ContainsFunc(bad, func(f fault) bool { return f.apart })
	bad = append(bad, slices.DeleteFunc(faults(d.Object), func(f fault) bool { return apart && f.apart })...) // said once
	for _, f := range bad {
		r.Diags.Add(diag.PolicyRefused, r.place(o.Root, f.path), "Istio refuses %s %s/%s: %s", o.Kind, d.Object.Namespace, d.Object.Name, f.why)
	}
	if len(r.Diags) > before {
		return nil
	}
	if d.Object.Kind == AuthorizationPolicy {
		for _, rule := range child(spec, "rules") {
			d.Rules = append(d.Rules, RuleSpan{r.Span(rule), r.spans(rule, "from"), r.spans(rule, "to"), r.spans(rule, "when")})
		}
	}
	return d
}

// known reports fields that there are not.
func (r *reader) known(f manifest.Fields, what string, names []string) bool {
	ok := true
	for _, e := range f {
		if slices.Contains(names, e.Key) {
			continue
		}
		if r.full() {
			return false
		}
		ok = false
		d := r.Diags.Add(diag.PolicyField, r.Span(e.At), "%s has no field %q", what, manifest.Clip(e.Key))
		near, best := "", 3
		for _, n := range names {
			if dist := diag.Distance(strings.ToLower(e.Key), strings.ToLower(n), best); dist < best {
				near, best = n, dist
			}
		}
		if near != "" && f.Get(near) == nil {
			d.Fix(r.Span(e.At), near, "write %s", near)
		}
	}
	return ok
}

func (r *reader) metadata(o manifest.Object, d *Document) bool {
	meta, ok := r.Mapping(o.Fields.Get("metadata"), "metadata")
	if !ok || !r.known(meta, "metadata", serverFields) {
		return false
	}
	at := meta.Get("name")
	if manifest.IsNull(at) {
		if g := meta.Get("generateName"); !manifest.IsNull(g) {
			r.Diags.Add(diag.InventoryGenerated, r.Span(g), "the %s gets its name from the cluster (generateName), so nothing can be said of it", o.Kind)
		} else {
			r.Missing(o.Root, "metadata.name", "the "+o.Kind)
		}
		return false
	}
	d.Span = r.Span(at)
	if d.Object.Name, ok = r.Text(at, "metadata.name"); !ok {
		return false
	}
	if ns := meta.Get("namespace"); !manifest.IsNull(ns) {
		if d.Object.Namespace, ok = r.Text(ns, "metadata.namespace"); !ok {
			return false
		}
	}
	if d.Object.Labels, ok = r.texts(meta.Get("labels"), "metadata.labels"); !ok {
		return false
	}
	d.Object.Annotations, ok = r.texts(meta.Get("annotations"), "metadata.annotations")
	return ok
}

// texts reads a mapping of strings.
func (r *reader) texts(n *yaml.Node, what string) (map[string]string, bool) {
	f, ok := r.Mapping(n, what)
	if !ok || len(f) == 0 {
		return nil, ok
	}
	out := make(map[string]string, len(f))
	for _, e := range f {
		if out[e.Key], ok = r.Text(e.Value, what+"."+manifest.Clip(e.Key)); !ok {
			return nil, false
		}
	}
	return out, true
}

// child returns the items of a list in a mapping that has been read.
func child(n *yaml.Node, key string) []*yaml.Node {
	if v := step(n, key); v != nil {
		return manifest.Deref(v).Content
	}
	return nil
}

func (r *reader) spans(rule *yaml.Node, key string) (out []source.Span) {
	for _, n := range child(rule, key) {
		out = append(out, r.Span(n))
	}
	return out
}

// step returns what a key or an index leads to, or nil.
func step(n *yaml.Node, to any) *yaml.Node {
	if n = manifest.Deref(n); n == nil {
		return nil
	}
	switch to := to.(type) {
	case int:
		if n.Kind == yaml.SequenceNode && to < len(n.Content) {
			return n.Content[to]
		}
	case string:
		var merged *yaml.Node
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			switch k := manifest.Deref(n.Content[i]); {
			case k.ShortTag() == "!!merge":
				merged = n.Content[i+1]
			case k.Value == to:
				return n.Content[i+1]
			}
		}
		if m := manifest.Deref(merged); m != nil && m.Kind == yaml.MappingNode {
			return step(m, to)
		}
	}
	return nil
}

// place is the place that a path leads to, or the last one on the way.
func (r *reader) place(n *yaml.Node, path []any) source.Span {
	for _, to := range path {
		next := step(n, to)
		if next == nil {
			break
		}
		n = next
	}
	return r.Span(n)
}

// written lists what Istio's CRDs refuse of fields that are there and empty, which is no longer seen in the object: beside
// others, or at all.
func written(spec *yaml.Node) (out []fault) {
	present := func(n *yaml.Node, names ...string) (have []string) {
		for _, name := range names {
			if !manifest.IsNull(step(n, name)) {
				have = append(have, name)
			}
		}
		return have
	}
	exclude := func(n *yaml.Node, path []any, names ...string) {
		if have := present(n, names...); len(have) > 1 {
			out = append(out, fault{have[0] + " and " + have[1] + " exclude each other", append(path, have[1]), true})
		}
	}
	exclude(spec, []any{"spec"}, "selector", "targetRef", "targetRefs")
	for i, rule := range child(spec, "rules") {
		for j, from := range child(rule, "from") {
			s := step(from, "source")
			accounts := present(s, "serviceAccounts", "notServiceAccounts")
			others := present(s, "principals", "notPrincipals", "namespaces", "notNamespaces")
			if len(accounts) > 0 && len(others) > 0 {
				out = append(out, fault{accounts[0] + " and " + others[0] + " exclude each other", []any{"spec", "rules", i, "from", j, "source", others[0]}, true})
			}
		}
	}
	for i, rule := range child(spec, "jwtRules") {
		exclude(rule, []any{"spec", "jwtRules", i}, "jwksUri", "jwks_uri", "jwks")
		for _, name := range present(rule, "issuer", "jwksUri", "jwks_uri") {
			if manifest.Deref(step(rule, name)).Value == "" {
				out = append(out, fault{fmt.Sprintf("rule %d: %s is empty", i, name), []any{"spec", "jwtRules", i, name}, false})
			}
		}
	}
	if len(present(spec, "portLevelMtls")) > 0 && len(child(spec, "portLevelMtls")) == 0 {
		out = append(out, fault{"portLevelMtls has no port", []any{"spec", "portLevelMtls"}, false})
	}
	return out
}
