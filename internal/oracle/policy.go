package oracle

import (
	"fmt"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

const authorization = "AuthorizationPolicy"

// Policy is an object of Istio's, as its YAML reads.
type Policy struct {
	Kind, Namespace, Name string
	Annotations           map[string]string
	Spec                  fields
}

// fields is an object of YAML; nil for one that is not there.
type fields map[string]any

func (f fields) object(key string) fields {
	o, _ := f[key].(map[string]any)
	return o
}

func (f fields) list(key string) (out []fields) {
	items, _ := f[key].([]any)
	for _, i := range items {
		o, _ := i.(map[string]any)
		out = append(out, o)
	}
	return out
}

func (f fields) text(key string) string {
	s, _ := f[key].(string)
	return s
}

func (f fields) texts(key string) (out []string) {
	items, _ := f[key].([]any)
	for _, i := range items {
		s, ok := i.(string)
		if !ok {
			panic(fmt.Sprintf("%v is no string", i))
		}
		out = append(out, s)
	}
	return out
}

// Parse reads a stream of objects.
func Parse(text string) (out []Policy, err error) {
	for doc := range strings.SplitSeq("\n"+text, "\n---\n") {
		var o fields
		if err := yaml.Unmarshal([]byte(doc), (*map[string]any)(&o)); err != nil {
			return nil, err
		}
		if o == nil {
			continue
		}
		meta := o.object("metadata")
		p := Policy{Kind: o.text("kind"), Namespace: meta.text("namespace"), Name: meta.text("name"), Spec: o.object("spec"), Annotations: map[string]string{}}
		for k, v := range meta.object("annotations") {
			p.Annotations[k], _ = v.(string)
		}
		out = append(out, p)
	}
	return out, nil
}

func (p *Policy) rules() []fields { return p.Spec.list("rules") }

func (p *Policy) action() string {
	if a := p.Spec.text("action"); a != "" {
		return a
	}
	return "ALLOW"
}

func (p *Policy) provider() string { return p.Spec.object("provider").text("name") }

// dryRun follows 1.6: what is no boolean does not count.
func (p *Policy) dryRun() bool {
	dry, err := strconv.ParseBool(p.Annotations["istio.io/dry-run"])
	return err == nil && dry
}

// Pod is what policies pick a pod by.
type Pod struct {
	Namespace string
	Labels    map[string]string
	Waypoint  bool
	Services  [][3]string // that a waypoint serves: kind (Service or ServiceEntry), namespace and name
}

// selected reports whether a policy of the pod's namespace or of the root namespace selects a pod.
func (m *Mesh) selected(p *Policy, pod *Pod) bool {
	if p.Namespace != pod.Namespace && p.Namespace != m.RootNamespace {
		return false
	}
	for k, v := range p.Spec.object("selector").object("matchLabels") {
		if label, ok := pod.Labels[k]; !ok || label != v {
			return false
		}
	}
	return true
}

// Reaches follows 1.3 for AuthorizationPolicy and RequestAuthentication.
func (m *Mesh) Reaches(p *Policy, pod *Pod) bool {
	refs := p.Spec.list("targetRefs")
	if len(refs) == 0 && p.Spec.object("targetRef") != nil {
		refs = []fields{p.Spec.object("targetRef")}
	}
	gateway, isGateway := pod.Labels["gateway.networking.k8s.io/gateway-name"]
	if !isGateway {
		return len(refs) == 0 && m.selected(p, pod)
	}
	if len(refs) == 0 {
		return !pod.Waypoint && m.selected(p, pod)
	}
	for _, ref := range refs {
		name := ref.text("name")
		switch ref.text("group") + "/" + ref.text("kind") {
		case "/Service", "core/Service", "networking.istio.io/ServiceEntry":
			for _, s := range pod.Services {
				if pod.Waypoint && s == [3]string{ref.text("kind"), p.Namespace, name} {
					return true
				}
			}
		case "gateway.networking.k8s.io/GatewayClass":
			if name == "istio-waypoint" && pod.Waypoint && p.Namespace == m.RootNamespace {
				return true
			}
		case "gateway.networking.k8s.io/Gateway":
			if name == gateway && p.Namespace == pod.Namespace {
				return true
			}
		}
	}
	return false
}
