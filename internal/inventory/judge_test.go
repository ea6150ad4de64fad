package inventory

import (
	"maps"
	"regexp"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/internal/manifest"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// typed is what Kubernetes' own types say of one object, in the words of this package.
type typed struct {
	Kind, Namespace, Name, Account string
	Labels, Selector               map[string]string
	Containers                     []containerPort
	Ports                          []ir.InventoryServicePort
	HostNetwork                    bool
	Inject                         string
}

// byTypes decodes an object through k8s.io/api. It reports false for what the types do not take.
func byTypes(text string) (typed, bool) {
	var head metav1.PartialObjectMetadata
	if yaml.Unmarshal([]byte(text), &head) != nil {
		return typed{}, false
	}
	out := typed{Kind: head.Kind, Namespace: head.Namespace, Name: head.Name}
	if out.Namespace == "" {
		out.Namespace = "default"
	}
	var pod corev1.PodTemplateSpec
	var selector *metav1.LabelSelector
	// As the API server does it: keys count with their case, which encoding/json would not mind.
	decode := func(into any) bool {
		data, err := yaml.YAMLToJSONStrict([]byte(text))
		if err != nil {
			return false
		}
		strict, err := json.UnmarshalStrict(data, into)
		return err == nil && len(strict) == 0
	}
	switch head.Kind {
	case "Deployment":
		var o appsv1.Deployment
		if !decode(&o) {
			return out, false
		}
		pod, selector = o.Spec.Template, o.Spec.Selector
	case "StatefulSet":
		var o appsv1.StatefulSet
		if !decode(&o) {
			return out, false
		}
		pod, selector = o.Spec.Template, o.Spec.Selector
	case "DaemonSet":
		var o appsv1.DaemonSet
		if !decode(&o) {
			return out, false
		}
		pod, selector = o.Spec.Template, o.Spec.Selector
	case "ReplicaSet":
		var o appsv1.ReplicaSet
		if !decode(&o) {
			return out, false
		}
		pod, selector = o.Spec.Template, o.Spec.Selector
	case "Job":
		var o batchv1.Job
		if !decode(&o) {
			return out, false
		}
		pod, selector = o.Spec.Template, o.Spec.Selector
	case "CronJob":
		var o batchv1.CronJob
		if !decode(&o) {
			return out, false
		}
		pod, selector = o.Spec.JobTemplate.Spec.Template, o.Spec.JobTemplate.Spec.Selector
	case "Pod":
		var o corev1.Pod
		if !decode(&o) {
			return out, false
		}
		pod = corev1.PodTemplateSpec{ObjectMeta: o.ObjectMeta, Spec: o.Spec}
	case "Service":
		var o corev1.Service
		if !decode(&o) {
			return out, false
		}
		if o.Spec.Type != corev1.ServiceTypeExternalName {
			out.Selector = o.Spec.Selector
		}
		for _, p := range o.Spec.Ports {
			if p.Protocol != "" && p.Protocol != corev1.ProtocolTCP {
				continue
			}
			q := ir.InventoryServicePort{Name: p.Name, Number: int(p.Port), Target: int(p.TargetPort.IntVal), TargetName: p.TargetPort.StrVal}
			if q.Target == 0 && q.TargetName == "" {
				q.Target = q.Number
			}
			out.Ports = append(out.Ports, q)
		}
		return out, true
	default:
		return out, false
	}
	out.Labels = pod.Labels
	out.HostNetwork = pod.Spec.HostNetwork
	out.Inject = pod.Annotations["sidecar.istio.io/inject"]
	if v, ok := pod.Labels["sidecar.istio.io/inject"]; ok {
		out.Inject = v
	}
	if selector != nil {
		out.Selector = selector.MatchLabels
	}
	if out.Account = pod.Spec.ServiceAccountName; out.Account == "" {
		out.Account = pod.Spec.DeprecatedServiceAccount
	}
	if out.Account == "" {
		out.Account = "default"
	}
	containers := slices.Clone(pod.Spec.Containers)
	for _, c := range pod.Spec.InitContainers {
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			containers = append(containers, c)
		}
	}
	for _, c := range containers {
		for _, p := range c.Ports {
			if p.Protocol == "" || p.Protocol == corev1.ProtocolTCP {
				out.Containers = append(out.Containers, containerPort{name: p.Name, number: int(p.ContainerPort)})
			}
		}
	}
	return out, true
}

// byReader is the same from this package's reader, for a text of one object without a fault.
func byReader(text string) (typed, bool) {
	pieces := manifest.Split(nil, source.New("judge.yaml", text), kinds, splitAbove)
	if len(pieces) != 1 {
		return typed{}, false
	}
	f := read(pieces[0])
	if len(f.diags) > 0 || len(f.workloads)+len(f.services) != 1 {
		return typed{}, false
	}
	if len(f.services) == 1 {
		s := f.services[0]
		for i := range s.Ports {
			s.Ports[i].Protocol = ir.Undeclared
		}
		return typed{Kind: "Service", Namespace: s.Namespace, Name: s.Name, Selector: s.Selector, Ports: s.Ports}, true
	}
	w := f.workloads[0]
	for i := range w.containers {
		w.containers[i].span = source.Span{}
	}
	return typed{Kind: w.Kind, Namespace: w.Namespace, Name: w.Name, Account: w.Account,
		HostNetwork: w.sidecar.hostNetwork.text != "", Inject: w.sidecar.inject.text,
		Labels: w.Labels, Selector: w.Selector, Containers: w.containers}, true
}

// disagree compares both readings where both exist.
func disagree(text string) (diff string, compared bool) {
	a, ok := byReader(text)
	b, ok2 := byTypes(text)
	if !ok || !ok2 {
		return "", false
	}
	for _, m := range []*map[string]string{&a.Labels, &a.Selector, &b.Labels, &b.Selector} {
		if len(*m) == 0 {
			*m = nil
		}
	}
	return cmp.Diff(b, a, cmp.AllowUnexported(containerPort{})), true
}

// TestTypes holds the reader to k8s.io/api on every object of the archives.
func TestTypes(t *testing.T) {
	defer func(n int) { splitAbove = n }(splitAbove)
	splitAbove = 0
	seen := map[string]bool{}
	for _, name := range archives(t) {
		files, _ := archive(t, name)
		for _, f := range files {
			for _, p := range manifest.Split(nil, f, kinds, splitAbove) {
				text := p.Text()
				if p.Item {
					text = " " + text[1:]
				}
				d, compared := disagree(text)
				if d != "" {
					t.Errorf("%s: -types +reader\n%s\n%s", p.Span(), d, text)
				}
				if v, _ := byTypes(text); compared {
					seen[v.Kind] = true
				}
			}
		}
	}
	want := []string{"CronJob", "DaemonSet", "Deployment", "Job", "Pod", "ReplicaSet", "Service", "StatefulSet"}
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, want) {
		t.Errorf("compared %v, want %v", got, want)
	}
}

// TestProtocol holds the table of names to what Istio does with them.
func TestProtocol(t *testing.T) {
	for _, c := range []struct {
		port      int
		name, app string
		want      ir.Protocol
	}{
		{80, "http", "", ir.HTTP}, {80, "http-web", "", ir.HTTP}, {80, "HTTP-web", "", ir.HTTP}, {80, "http2", "", ir.HTTP},
		{80, "grpc", "", ir.HTTP}, {80, "grpc-web", "", ir.HTTP}, {80, "grpc-web-x", "", ir.HTTP}, {80, "grpc-webx", "", ir.HTTP},
		{80, "http_proxy", "", ir.HTTP}, {80, "httpx", "", ir.Undeclared}, {80, "web-http", "", ir.Undeclared},
		{80, "tcp", "", ir.TCP}, {80, "tls-x", "", ir.TCP}, {443, "https", "", ir.TCP}, {80, "mongo", "", ir.TCP},
		{80, "mysql", "", ir.TCP}, {80, "redis-0", "", ir.TCP}, {80, "udp-x", "", ir.Undeclared}, {53, "udp", "", ir.Undeclared},
		{80, "", "", ir.Undeclared}, {443, "", "", ir.Undeclared}, {8080, "web", "", ir.Undeclared},
		{25, "", "", ir.TCP}, {53, "dns", "", ir.TCP}, {3306, "db", "", ir.TCP}, {27017, "", "", ir.TCP}, {6379, "", "", ir.Undeclared},
		{3306, "http", "", ir.HTTP},
		{80, "tcp", "http", ir.HTTP}, {80, "http", "tcp", ir.TCP}, {80, "http", "example.com/own", ir.Undeclared}, {3306, "http", "own", ir.TCP},
		{80, "tcp", "kubernetes.io/h2c", ir.HTTP}, {80, "tcp", "kubernetes.io/ws", ir.HTTP}, {80, "http", "kubernetes.io/wss", ir.TCP},
		{80, "", "Kubernetes.io/h2c", ir.Undeclared}, {80, "", "HTTP", ir.HTTP}, {80, "", "grpc-web", ir.HTTP}, {80, "", "TLS", ir.TCP},
	} {
		if got := protocol(c.port, c.name, c.app, c.app != ""); got != c.want {
			t.Errorf("port %d name %q appProtocol %q: %s, want %s", c.port, c.name, c.app, got, c.want)
		}
	}
	if got := protocol(80, "http", "", true); got != ir.Undeclared {
		t.Errorf("an empty appProtocol hides the name: %s", got)
	}
}

// TestCatalogue reads the inventories of the examples of this package's codes. The compiler's own test compiles them.
func TestCatalogue(t *testing.T) {
	statement := regexp.MustCompile(`(?m)^inventory "(.*)"$`)
	run := func(text string) map[diag.Code]bool {
		a := txtar.Parse([]byte(text))
		fsys := fstest.MapFS{}
		for _, f := range a.Files[1:] {
			fsys[f.Name] = &fstest.MapFile{Data: f.Data}
		}
		files, diags := Load(fsys, statement.FindStringSubmatch(string(a.Files[0].Data))[1], source.Span{})
		_, more := Parse(files)
		codes := map[diag.Code]bool{}
		for _, d := range append(diags, more...) {
			codes[d.Code] = true
		}
		return codes
	}
	n := 0
	for _, info := range diag.All() {
		if info.Code < "ZT2000" || info.Code > "ZT2099" || info.Internal {
			continue
		}
		n++
		if codes := run(info.Example); len(codes) != 1 || !codes[info.Code] {
			t.Errorf("the example of %s gives %v", info.Code, codes)
		}
		if codes := run(info.Fixed); len(codes) != 0 {
			t.Errorf("the mended example of %s gives %v", info.Code, codes)
		}
	}
	if n < 15 {
		t.Errorf("only %d examples", n)
	}
}
