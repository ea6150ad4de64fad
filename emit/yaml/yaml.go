// Package yaml writes objects as YAML and JSON, and reads that YAML back.
//
// There is one text for an object: byte for byte what sigs.k8s.io/yaml makes of its JSON, so that what ztc writes, what
// kubectl prints and what GitOps tools compare are the same. Only strings that Kubernetes reads without quotes, and other readers
// of YAML 1.1 do not, such as << and 2001-13-45, have quotes. The reader takes that text and nothing else.
package yaml

import (
	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/emit/istio"
)

// Append appends o to dst as one YAML document, without separators. Bytes that are not UTF-8 become U+FFFD, as in
// encoding/json; istio.Validate refuses them.
func Append(dst []byte, o *istio.Object) []byte {
	w := writer{dst: dst, indent: -step, blank: true, margin: true}
	w.object(o)
	w.line()
	return w.dst
}

// AppendRule appends a rule of an AuthorizationPolicy to dst, as a document of its own.
func AppendRule(dst []byte, r *security.Rule) []byte {
	w := writer{dst: dst, indent: -step, blank: true, margin: true}
	w.rule(r)
	w.line()
	return w.dst
}

// AppendJSON appends o to dst as JSON, indented by two spaces as json.MarshalIndent does, without a last line break.
func AppendJSON(dst []byte, o *istio.Object) []byte {
	w := writer{dst: dst, json: true}
	w.object(o)
	return w.dst
}

// AppendList appends objs to dst as JSON: a List of Kubernetes, with a last line break.
func AppendList(dst []byte, objs []*istio.Object) []byte {
	w := writer{dst: dst, json: true}
	w.open()
	w.field("apiVersion", "v1")
	w.key("items")
	w.openList()
	for _, o := range objs {
		w.item()
		w.object(o)
	}
	w.closeList()
	w.field("kind", "List")
	w.close()
	return append(w.dst, '\n')
}
