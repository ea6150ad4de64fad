package inventory

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/source"
)

// webhooks are the namespace and object selectors of Istio's default installation (istio-discovery chart,
// templates/mutatingwebhook.yaml), for the default revision and for one named stable.
func webhooks() (list [][2]*metav1.LabelSelector) {
	is := func(key, op string, values ...string) metav1.LabelSelectorRequirement {
		return metav1.LabelSelectorRequirement{Key: key, Operator: metav1.LabelSelectorOperator(op), Values: values}
	}
	add := func(namespace, object []metav1.LabelSelectorRequirement) {
		list = append(list, [2]*metav1.LabelSelector{{MatchExpressions: namespace}, {MatchExpressions: object}})
	}
	type reqs = []metav1.LabelSelectorRequirement
	for _, rev := range []string{"default", "stable"} {
		add(reqs{is("istio.io/rev", "In", rev), is("istio-injection", "DoesNotExist")}, reqs{is("sidecar.istio.io/inject", "NotIn", "false")})
		add(reqs{is("istio.io/rev", "DoesNotExist"), is("istio-injection", "DoesNotExist")},
			reqs{is("sidecar.istio.io/inject", "NotIn", "false"), is("istio.io/rev", "In", rev)})
	}
	add(reqs{is("istio-injection", "In", "enabled")}, reqs{is("sidecar.istio.io/inject", "NotIn", "false")})
	add(reqs{is("istio-injection", "DoesNotExist"), is("istio.io/rev", "DoesNotExist")},
		reqs{is("sidecar.istio.io/inject", "In", "true"), is("istio.io/rev", "DoesNotExist")})
	return list
}

// injected is what the default installation does with a pod: the selectors of its webhooks, and then injectRequired of
// pkg/kube/inject, retold.
func injected(t *testing.T, namespace string, ns, pod, annotations labels.Set, hostNetwork bool) bool {
	asked := false
	for _, w := range webhooks() {
		n, err := metav1.LabelSelectorAsSelector(w[0])
		if err != nil {
			t.Fatal(err)
		}
		o, err := metav1.LabelSelectorAsSelector(w[1])
		if err != nil {
			t.Fatal(err)
		}
		asked = asked || n.Matches(ns) && o.Matches(pod)
	}
	if !asked || hostNetwork || slices.Contains([]string{"kube-system", "kube-public", "kube-node-lease", "local-path-storage"}, namespace) {
		return false
	}
	return word(pod, annotations) != "false"
}

func word(pod, annotations labels.Set) string {
	if label, ok := pod["sidecar.istio.io/inject"]; ok {
		return label
	}
	return annotations["sidecar.istio.io/inject"]
}

// TestInjection holds guard to the injector for all combinations of what it looks at.
func TestInjection(t *testing.T) {
	sets := func(key string, values ...string) []labels.Set {
		out := []labels.Set{{}}
		for _, v := range values {
			out = append(out, labels.Set{key: v})
		}
		return out
	}
	join := func(a, b labels.Set) labels.Set {
		out := maps.Clone(a)
		maps.Copy(out, b)
		return out
	}
	show := func(s labels.Set) string {
		var b strings.Builder
		for _, k := range slices.Sorted(maps.Keys(s)) {
			fmt.Fprintf(&b, "%s: %q, ", k, s[k])
		}
		return "{" + strings.TrimSuffix(b.String(), ", ") + "}"
	}
	n := 0
	for _, namespace := range []string{"shop", "kube-system"} {
		for _, inj := range sets("istio-injection", "enabled", "disabled", "") {
			for _, rev := range sets("istio.io/rev", "stable") {
				for _, label := range sets("sidecar.istio.io/inject", "true", "false", "maybe") {
					for _, podRev := range sets("istio.io/rev", "stable", "default") {
						for _, note := range sets("sidecar.istio.io/inject", "true", "false", "False") {
							for _, host := range []bool{false, true} {
								ns, pod := join(inj, rev), join(label, podRev)
								text := fmt.Sprintf("{apiVersion: v1, kind: Namespace, metadata: {name: %s, labels: %s}}\n---\n", namespace, show(ns)) +
									fmt.Sprintf("{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: %s, labels: %s, annotations: %s}, spec: {hostNetwork: %v}}\n",
										namespace, show(pod), show(note), host)
								inv, diags := Parse([]*source.File{source.New("a.yaml", text)})
								if len(diags) > 0 {
									t.Fatal(showDiags(diags), text)
								}
								want := injected(t, namespace, ns, pod, note, host)
								g := inv.Workloads[0].Guard
								if got := g == nil; got != want {
									t.Errorf("injected %v, want %v\n%s", got, want, text)
								}
								if g != nil && g.Span.Text() == "" {
									t.Errorf("no place\n%s", text)
								}
								if decided := host || len(ns) > 0 || namespace != "shop" || word(pod, note) == "false"; decided && g != nil && g.NoProxy == ir.NamespaceSilent {
									t.Errorf("taken for undecided\n%s", text)
								}
								n++
							}
						}
					}
				}
			}
		}
	}
	if n < 1000 {
		t.Errorf("%d combinations", n)
	}
}

// TestPortList holds the reading of port lists to the injector's parsePorts.
func TestPortList(t *testing.T) {
	for s, want := range map[string]string{
		"": "[] true", " ": "[] true", "80": "[80] true", " 90 , 80,80 ": "[80 90] true", "0": "[] true", "65535": "[65535] true",
		"65536": "[] false", "80,": "[] false", "*": "[] false", "80;90": "[] false", "http": "[] false", "-1": "[] false", "+80": "[] false", "8_0": "[] false",
	} {
		if ports, ok := portList(s); fmt.Sprint(ports, ok) != want {
			t.Errorf("%q: %v %v, want %s", s, ports, ok, want)
		}
	}
}
