// Package manifest cuts files of Kubernetes manifests, YAML or JSON, into objects and reads their nodes.
//
// Manifests are somebody else's text, so nothing in them is trusted: every size, count and depth has a bound, and a fault in
// one document never hides another document.
package manifest

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// Bounds on what is read. Kubernetes itself refuses an object over 1.5 MiB.
const (
	MaxFile     = 64 << 20
	MaxDocument = 8 << 20 // one YAML or JSON document, or one item of a split list
	MaxPieces   = 200_000 // documents and items of all files together
	MaxNested   = 4       // lists in lists
	MaxFaults   = 50      // reported for one file
	LongList    = 1 << 20 // the size from which the items of a list are read one by one
)

// Kinds are the kinds that are read, with their API groups. A version is not looked at.
type Kinds map[string][]string

// Reads reports whether objects of a kind are read.
func (k Kinds) Reads(version, kind string) bool {
	group, _, ok := strings.Cut(version, "/")
	if !ok {
		group = ""
		if version != "v1" {
			return false
		}
	}
	for _, g := range k[kind] {
		if g == group {
			return true
		}
	}
	return false
}

// IsList reports whether a kind is a v1 List, or the list of a kind that is read, as the API server answers.
func (k Kinds) IsList(version, kind string) bool {
	item, ok := strings.CutSuffix(kind, "List")
	return ok && (item == "" && version == "v1" || k.Reads(version, item))
}

// ItemType is what items of a list are that do not say it themselves.
func ItemType(version, kind string) (itemVersion, itemKind string) {
	if kind == "List" {
		return "", ""
	}
	return version, strings.TrimSuffix(kind, "List")
}

// Object is one object of a manifest.
type Object struct {
	Root          *yaml.Node
	Fields        Fields
	Version, Kind string // what the object says, or the list that it is in
}

// Objects decodes the piece and calls visit with the object that it holds, or with those of a list. Texts that are no
// objects, such as values of Helm, are passed over.
func (r *Reader) Objects(visit func(o Object)) {
	if root := r.Decode(); root != nil {
		r.objects(root, r.Piece.Version, r.Piece.Kind, 0, visit)
	}
}

func (r *Reader) objects(root *yaml.Node, version, kind string, depth int, visit func(o Object)) {
	if IsNull(root) || len(r.Diags) >= MaxFaults {
		return
	}
	if Deref(root).Kind != yaml.MappingNode {
		if line := r.Piece.Line(int(r.Span(root).Start)); strings.Contains(line.Text(), "{{") {
			r.Template(line)
			return
		}
		r.Diags.Add(diag.InventoryNoObject, r.Span(root), "the document is %s, and a Kubernetes object is a mapping", Describe(root))
		return
	}
	obj, ok := r.Mapping(root, "the document")
	if !ok {
		return
	}
	if n := obj.Get("apiVersion"); !IsNull(n) {
		if version, ok = r.Text(n, "apiVersion"); !ok {
			return
		}
	}
	if n := obj.Get("kind"); !IsNull(n) {
		if kind, ok = r.Text(n, "kind"); !ok {
			return
		}
	}
	kinds := r.Piece.kinds
	switch {
	case kind == "" && version == "": // a Helm values file, a kustomization: not an object at all
	case kind == "" && obj.Get("metadata") == nil && obj.Get("spec") == nil: // a Helm chart
	case kind == "":
		r.Diags.Add(diag.InventoryNoKind, r.Span(obj[0].At), "the document has apiVersion %q and no kind, so it is left out", Clip(version))
	case version == "" && (kinds[kind] != nil || kind == "List"):
		r.Missing(root, "apiVersion", "the "+kind)
	case kinds.IsList(version, kind):
		if depth == MaxNested {
			r.Diags.Add(diag.InventoryTooLarge, r.Span(obj[0].At), "lists are nested more than %d deep", MaxNested)
			return
		}
		items, ok := r.Sequence(obj.Get("items"), "items")
		if !ok {
			return
		}
		version, kind = ItemType(version, kind)
		for _, item := range items {
			r.objects(item, version, kind, depth+1, visit)
		}
	default:
		visit(Object{root, obj, version, kind})
	}
}

// Missing reports a field that is not there, at the first key of the mapping that should have it.
func (r *Reader) Missing(in *yaml.Node, name, whose string) *diag.Diagnostic {
	at := in
	if n := Deref(in); n != nil && len(n.Content) > 0 {
		at = n.Content[0]
	}
	return r.Diags.Add(diag.InventoryMissing, r.Span(at), "%s has no %s", whose, name)
}

// TooLarge reports a file that is over the limit.
func TooLarge(f *source.File, diags *diag.List) bool {
	if len(f.Text) <= MaxFile {
		return false
	}
	diags.Add(diag.InventoryTooLarge, source.Span{File: f}, "%q has %d MiB, and a manifest may have %d", f.Name, len(f.Text)>>20, MaxFile>>20)
	return true
}
