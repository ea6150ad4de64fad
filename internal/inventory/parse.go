package inventory

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// Parse reads manifests: several documents a file, `List` objects, YAML or JSON. Other kinds are skipped; a broken document
// is reported and the others still count. The result does not depend on the order of files and documents.
func Parse(files []*source.File) (*ir.Inventory, diag.List) {
	p := &parser{}
	for _, f := range files {
		p.file(f)
	}
	return p.build(), p.diags
}

type parser struct {
	diags diag.List
	docs  []object
}

// object is one Kubernetes object that counts.
type object struct {
	node *yaml.Node
	kind string
	ns   string
	name string
	span source.Span
	file *source.File
	line int // of the document in the file, from 0
}

// file splits a file into documents, so that a broken one does not hide the others.
func (p *parser) file(f *source.File) {
	if i := f.FirstInvalid(); i >= 0 {
		p.report(f, i, "the file is not UTF-8")
		return
	}
	text := strings.TrimPrefix(f.Text, "\ufeff")
	base := len(f.Text) - len(text)
	docLine, line := 0, 0
	begin := 0
	for off := 0; off < len(text); line++ {
		next := strings.IndexByte(text[off:], '\n')
		if next < 0 {
			next = len(text)
		} else {
			next += off + 1
		}
		l := strings.TrimRight(text[off:next], "\r\n")
		if l == "---" || strings.HasPrefix(l, "--- ") || strings.HasPrefix(l, "---\t") {
			p.document(f, base+begin, text[begin:off], docLine)
			begin, docLine = next, line+1
		}
		off = next
	}
	p.document(f, base+begin, text[begin:], docLine)
}

func (p *parser) report(f *source.File, off int, format string, args ...any) {
	p.diags.Add(diag.InventoryBroken, source.Span{File: f, Start: int32(off), End: int32(off)}, format, args...)
}

var yamlLine = regexp.MustCompile(`^yaml: (?:unmarshal errors:\n  )?line (\d+): (.*)`)

func (p *parser) document(f *source.File, off int, text string, line int) {
	if strings.TrimSpace(text) == "" {
		return
	}
	if len(text) > maxFile {
		p.report(f, off, "the document is larger than %d bytes", maxFile)
		return
	}
	var n yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader([]byte(text)))
	if err := dec.Decode(&n); err != nil {
		if errors.Is(err, io.EOF) {
			return // comments alone
		}
		msg := strings.TrimPrefix(err.Error(), "yaml: ")
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
			at, _ := strconv.Atoi(m[1])
			off = offset(f, line+at, 1)
			msg = m[2]
		}
		d := p.diags.Add(diag.InventoryBroken, source.Span{File: f, Start: int32(off), End: int32(off)}, "not a YAML document: %s", msg)
		if strings.Contains(text, "{{") {
			d.Advise("a template is rendered first: `helm template` or `kustomize build`")
		}
		return
	}
	if len(n.Content) == 1 {
		p.object(f, n.Content[0], line, 0)
	}
}

// offset is the byte offset of a line and column, both from 1.
func offset(f *source.File, line, col int) int {
	off := 0
	for i := 1; i < line; i++ {
		j := strings.IndexByte(f.Text[off:], '\n')
		if j < 0 {
			return len(f.Text)
		}
		off += j + 1
	}
	return min(off+max(col-1, 0), len(f.Text))
}

func (p *parser) at(f *source.File, n *yaml.Node, line int) source.Span {
	off := offset(f, line+n.Line, n.Column)
	return source.Span{File: f, Start: int32(off), End: int32(min(off+len(n.Value), len(f.Text)))}
}

func (p *parser) object(f *source.File, n *yaml.Node, line, depth int) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return
	}
	if n.Kind != yaml.MappingNode {
		p.diags.Add(diag.InventoryBroken, p.at(f, n, line), "a manifest is a mapping, and this is not")
		return
	}
	kind, api := str(get(n, "kind")), str(get(n, "apiVersion"))
	if strings.HasSuffix(kind, "List") && depth == 0 {
		if items := get(n, "items"); items != nil && items.Kind == yaml.SequenceNode {
			for _, it := range items.Content {
				if it.Kind == yaml.MappingNode && str(get(it, "kind")) == "" {
					it.Content = append(it.Content, scalar("kind"), scalar(strings.TrimSuffix(kind, "List")), scalar("apiVersion"), scalar(api))
				}
				p.object(f, it, line, 1)
			}
		}
		return
	}
	if group, ok := kinds[kind]; !ok || api != "" && !strings.HasPrefix(api, group) && group != api {
		return
	}
	meta := get(n, "metadata")
	if dup := duplicate(n, 0); dup != nil {
		p.diags.Add(diag.InventoryBroken, p.at(f, dup, line), "key %q is written twice", dup.Value)
		return
	}
	name := get(meta, "name")
	if str(name) == "" {
		p.diags.Add(diag.InventoryBroken, p.at(f, n, line), "this %s has no metadata.name", kind)
		return
	}
	if owners := get(meta, "ownerReferences"); owners != nil && len(owners.Content) > 0 && (kind == "Pod" || kind == "ReplicaSet" || kind == "Job") {
		return // its controller stands for it
	}
	ns := str(get(meta, "namespace"))
	if ns == "" {
		ns = "default"
	}
	p.docs = append(p.docs, object{node: n, kind: kind, ns: ns, name: str(name), span: p.at(f, name, line), file: f, line: line})
}

// kinds are the kinds that count, with the prefix of their API version.
var kinds = map[string]string{
	"Deployment": "apps/", "StatefulSet": "apps/", "DaemonSet": "apps/", "ReplicaSet": "apps/", "Job": "batch/", "CronJob": "batch/",
	"Pod": "v1", "Service": "v1", "ServiceAccount": "v1", "Namespace": "v1",
}

func scalar(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }

// get walks mappings by key; nil where there is none.
func get(n *yaml.Node, keys ...string) *yaml.Node {
	for _, k := range keys {
		n = deref(n)
		if n == nil || n.Kind != yaml.MappingNode {
			return nil
		}
		var found *yaml.Node
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == k {
				found = n.Content[i+1]
				break
			}
		}
		n = found
	}
	return deref(n)
}

func deref(n *yaml.Node) *yaml.Node {
	for i := 0; n != nil && n.Kind == yaml.AliasNode && i < 10; i++ {
		n = n.Alias
	}
	return n
}

func str(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return ""
	}
	return n.Value
}

func list(n *yaml.Node) []*yaml.Node {
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}

func strMap(n *yaml.Node) map[string]string {
	if n == nil || n.Kind != yaml.MappingNode || len(n.Content) == 0 {
		return nil
	}
	m := make(map[string]string, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		m[n.Content[i].Value] = str(deref(n.Content[i+1]))
	}
	return m
}

// duplicate finds a key that a mapping holds twice.
func duplicate(n *yaml.Node, depth int) *yaml.Node {
	if depth > 200 {
		return nil
	}
	if n.Kind == yaml.MappingNode {
		seen := make(map[string]bool, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			if k.Kind == yaml.ScalarNode && k.Tag != "!!merge" {
				if seen[k.Value] {
					return k
				}
				seen[k.Value] = true
			}
		}
	}
	if n.Kind == yaml.AliasNode {
		return nil
	}
	for _, c := range n.Content {
		if d := duplicate(c, depth+1); d != nil {
			return d
		}
	}
	return nil
}
