package istio

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	selector "istio.io/api/type/v1beta1"
)

// Validate lists what Kubernetes, Istio's CRDs or Istio's webhook would reject in o; nil if nothing. It is the last guard
// before an object is written. Beyond them it refuses text on which YAML readers disagree.
func Validate(o *Object) []string {
	if o == nil {
		return []string{"no object"}
	}
	var out []string
	for _, f := range faults(o) {
		out = append(out, f.why)
	}
	return out
}

// fault is one thing that is wrong with an object.
type fault struct {
	why   string
	path  []any // keys and indices that lead to it, as far as it has a place
	apart bool  // of fields that exclude each other
}

func faults(o *Object) []fault {
	v := &validator{}
	v.metadata(o)
	set := 0
	if o.Authorization != nil {
		set++
		v.kind(o, AuthorizationPolicy)
		v.authorization(o.Authorization)
	}
	if o.Peer != nil {
		set++
		v.kind(o, PeerAuthentication)
		v.peer(o.Peer)
	}
	if o.Request != nil {
		set++
		v.kind(o, RequestAuthentication)
		v.request(o.Request)
	}
	if set != 1 {
		v.add("%d specs where there must be one", set)
	}
	return v.bad
}

// maxFaults bounds the list: an object of 512 rules can have one fault many times.
const maxFaults = 20

type validator struct {
	bad []fault
	// at is where the validator is: keys and indices, kept in one place for all objects it passes.
	at place
}

// place is a place in a spec: an item of a list, an entry of a list in it, and what that holds.
type place struct {
	list  string // rules or jwtRules, "" outside of them
	item  int
	part  string // from, to, when or a list of a jwtRule; "" outside of them
	entry int
	inner string // source or operation
}

func (p place) path() []any {
	if p.list == "" {
		return nil
	}
	path := []any{"spec", p.list, p.item}
	if p.part != "" {
		path = append(path, p.part, p.entry)
	}
	if p.inner != "" {
		path = append(path, p.inner)
	}
	return path
}

// add adds a fault of what the validator is at.
func (v *validator) add(format string, args ...any) { v.addAt(v.at.path(), format, args...) }

func (v *validator) addAt(path []any, format string, args ...any) {
	if len(v.bad) < maxFaults {
		v.bad = append(v.bad, fault{fmt.Sprintf(format, args...), path, false})
	}
}

// exclude adds a fault of fields that exclude each other.
func (v *validator) exclude(path []any, format string, args ...any) {
	if n := len(v.bad); n < maxFaults {
		v.addAt(path, format, args...)
		v.bad[n].apart = true
	}
}

// sorted makes the order of messages that of the keys.
func sorted[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

func (v *validator) kind(o *Object, want Kind) {
	if o.Kind != want {
		v.add("kind is %q and the spec that of %s", o.Kind, want)
	}
}

// text refuses strings that are not UTF-8, and the characters that are a line break or nothing in some versions of YAML.
func (v *validator) text(where string, values ...string) {
	for _, s := range values {
		if ascii(s) {
			continue
		}
		if !utf8.ValidString(s) {
			v.add("%s: %q is not UTF-8", where, s)
		} else if strings.ContainsAny(s, "\u0085\u2028\u2029\uFEFF") {
			v.add("%s: %q has a character on which YAML readers disagree", where, s)
		}
	}
}

func ascii(s string) bool {
	for len(s) >= 8 {
		if binary.LittleEndian.Uint64([]byte(s[:8]))&0x8080808080808080 != 0 {
			return false
		}
		s = s[8:]
	}
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func (v *validator) metadata(o *Object) {
	if o.APIVersion != "security.istio.io/v1" && o.APIVersion != "security.istio.io/v1beta1" {
		v.addAt([]any{"apiVersion"}, "apiVersion %q is none of Istio's policies", o.APIVersion)
	}
	if !subdomain(o.Name) {
		v.addAt([]any{"metadata", "name"}, "metadata.name %q is no DNS-1123 subdomain", o.Name)
	}
	if !label(o.Namespace) {
		v.addAt([]any{"metadata", "namespace"}, "metadata.namespace %q is no DNS-1123 label", o.Namespace)
	}
	for _, k := range sorted(o.Labels) {
		s := o.Labels[k]
		if !qualifiedName(k) {
			v.addAt([]any{"metadata", "labels", k}, "metadata.labels: %q is no label name", k)
		}
		if !labelValue(s) {
			v.addAt([]any{"metadata", "labels", k}, "metadata.labels: %q is no label value", s)
		}
	}
	size := 0
	for _, k := range sorted(o.Annotations) {
		s := o.Annotations[k]
		size += len(k) + len(s)
		if !qualifiedName(strings.ToLower(k)) {
			v.addAt([]any{"metadata", "annotations", k}, "metadata.annotations: %q is no annotation name", k)
		}
		v.text("metadata.annotations", s)
		switch k {
		case "internal.istio.io/webhook-always-reject", "internal.istio.io/parents", "internal.istio.io/parent-namespace":
			v.addAt([]any{"metadata", "annotations", k}, "metadata.annotations: %q is Istio's own", k)
		}
	}
	if size > MaxAnnotations {
		v.addAt([]any{"metadata", "annotations"}, "metadata.annotations: %d bytes exceed %d", size, MaxAnnotations)
	}
	if dry, ok := o.Annotations["istio.io/dry-run"]; ok {
		if a := o.Authorization; a == nil || a.Action > 1 {
			v.addAt([]any{"metadata", "annotations", "istio.io/dry-run"}, "annotation istio.io/dry-run is for ALLOW and DENY policies")
		} else if _, err := strconv.ParseBool(dry); err != nil {
			v.addAt([]any{"metadata", "annotations", "istio.io/dry-run"}, "annotation istio.io/dry-run: %q is no boolean", dry)
		}
	}
}

func (v *validator) target(s *selector.WorkloadSelector, ref *selector.PolicyTargetReference, refs []*selector.PolicyTargetReference) {
	set := 0
	if s != nil {
		set++
		v.selector(s)
	}
	if ref != nil {
		set++
		v.targetRef(ref, "targetRef")
	}
	if len(refs) > 0 {
		set++
	}
	if set > 1 {
		v.exclude([]any{"spec", "selector"}, "only one of selector, targetRef and targetRefs can be set")
	}
	if len(refs) > MaxTargetRefs {
		v.addAt([]any{"spec", "targetRefs"}, "%d targetRefs exceed %d", len(refs), MaxTargetRefs)
	}
	for i, r := range refs {
		v.targetRef(r, "targetRefs", i)
	}
}

// selector asks for what Kubernetes asks of the labels of pods: another selector matches nothing.
func (v *validator) selector(s *selector.WorkloadSelector) {
	if len(s.MatchLabels) > MaxMatchLabels {
		v.addAt([]any{"spec", "selector", "matchLabels"}, "%d labels in selector exceed %d", len(s.MatchLabels), MaxMatchLabels)
	}
	for _, k := range sorted(s.MatchLabels) {
		if !qualifiedName(k) {
			v.addAt([]any{"spec", "selector", "matchLabels", k}, "selector: %q is no label name", k)
		}
		if s := s.MatchLabels[k]; !labelValue(s) {
			v.addAt([]any{"spec", "selector", "matchLabels", k}, "selector: %q is no label value", s)
		}
	}
}

func (v *validator) targetRef(r *selector.PolicyTargetReference, path ...any) {
	path = slices.Clip(append([]any{"spec"}, path...))
	switch [2]string{r.GetGroup(), r.GetKind()} {
	case [2]string{"", "Service"}, [2]string{"core", "Service"}, [2]string{"networking.istio.io", "ServiceEntry"},
		[2]string{"gateway.networking.k8s.io", "Gateway"}, [2]string{"gateway.networking.k8s.io", "GatewayClass"}:
	default:
		field := "kind"
		if slices.Contains([]string{"Service", "ServiceEntry", "Gateway", "GatewayClass"}, r.GetKind()) {
			field = "group"
		}
		v.addAt(append(path, field), "targetRef to %s/%s is not supported", r.GetGroup(), r.GetKind())
	}
	if name := r.GetName(); name == "" || len(name) > MaxNameLen {
		v.addAt(append(path, "name"), "targetRef: %q is no name", name)
	}
	v.text("targetRef", r.GetName())
	if r.GetNamespace() != "" {
		v.addAt(append(path, "namespace"), "targetRef into another namespace is not supported")
	}
}

func lowerOrDigit(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

func letterOrDigit(c byte) bool { return lowerOrDigit(c) || c >= 'A' && c <= 'Z' }

// label reports whether s is a DNS-1123 label.
func label(s string) bool { return len(s) <= MaxLabelLen && dns(s) }

func dns(s string) bool {
	if s == "" || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		if !lowerOrDigit(s[i]) && s[i] != '-' {
			return false
		}
	}
	return true
}

// subdomain reports whether s is a DNS-1123 subdomain; Kubernetes has no limit for its parts.
func subdomain(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		if !dns(part) {
			return false
		}
	}
	return len(s) <= MaxNameLen
}

// labelValue reports whether s is the value of a label.
func labelValue(s string) bool { return s == "" || name(s) }

// name reports whether s is the name in the key of a label.
func name(s string) bool {
	if s == "" || len(s) > MaxLabelLen || !letterOrDigit(s[0]) || !letterOrDigit(s[len(s)-1]) {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !letterOrDigit(c) && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

// qualifiedName reports whether s is the key of a label or of an annotation.
func qualifiedName(s string) bool {
	if prefix, rest, ok := strings.Cut(s, "/"); ok {
		return subdomain(prefix) && name(rest)
	}
	return name(s)
}
