package plane

import (
	"strings"
	"testing"

	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/lang/source"
)

func TestMTLS(t *testing.T) {
	pod := &Pod{Namespace: "shop", Labels: map[string]string{"app": "web"}}
	for _, c := range []struct{ policies, want string }{ // NAMESPACE SPEC, parted by "|"
		{"", "PERMISSIVE"},
		{"istio-system {mtls: {mode: STRICT}}", "STRICT"},
		{"other {mtls: {mode: STRICT}}", "PERMISSIVE"},
		{"istio-system {mtls: {mode: STRICT}} | shop {mtls: {mode: DISABLE}}", "DISABLE"},
		{"istio-system {mtls: {mode: STRICT}} | shop {mtls: {mode: UNSET}}", "STRICT"},
		{"istio-system {mtls: {mode: STRICT}} | shop {}", "STRICT"},
		{"shop {selector: {matchLabels: {app: web}}, mtls: {mode: PERMISSIVE}} | shop {mtls: {mode: STRICT}}", "PERMISSIVE"},
		{"shop {selector: {matchLabels: {app: api}}, mtls: {mode: PERMISSIVE}} | shop {mtls: {mode: STRICT}}", "STRICT"},
		{"istio-system {selector: {matchLabels: {app: web}}, mtls: {mode: STRICT}}", "PERMISSIVE"},
		{"shop {selector: {}, mtls: {mode: STRICT}}", "STRICT"},
		{"shop {mtls: {mode: STRICT}} | shop {selector: {matchLabels: {app: web}}, portLevelMtls: {80: {mode: DISABLE}}}", "DISABLE"},
		{"shop {mtls: {mode: STRICT}} | shop {selector: {matchLabels: {app: web}}, portLevelMtls: {81: {mode: DISABLE}}}", "STRICT"},
		{"shop {mtls: {mode: STRICT}} | shop {selector: {matchLabels: {app: web}}, portLevelMtls: {80: {mode: UNSET}}}", "STRICT"},
		{"shop {selector: {matchLabels: {app: web}}, mtls: {mode: STRICT}, portLevelMtls: {80: {}}}", "STRICT"},
		{"shop {mtls: {mode: STRICT}} | shop {mtls: {mode: STRICT}}", "STRICT"},
		{"shop {mtls: {mode: STRICT}} | shop {mtls: {mode: PERMISSIVE}}", "not modelled: shop/p applies together with shop/p: the older one counts"},
	} {
		var list []*istio.Object
		for p := range strings.SplitSeq(c.policies, "|") {
			namespace, spec, ok := strings.Cut(strings.TrimSpace(p), " ")
			if !ok {
				continue
			}
			docs, diags := istio.Read(source.New("a.yaml", "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: p, namespace: "+namespace+"}\nspec: "+spec+"\n"))
			if len(docs) != 1 {
				t.Fatal(diags)
			}
			list = append(list, docs[0].Object)
		}
		mode, err := mesh.MTLS(list, pod, 80)
		if got := mode.String(); err == nil && got != c.want || err != nil && err.Error() != c.want {
			t.Errorf("%s: %s, %v", c.policies, got, err)
		}
		if mode, err := mesh.MTLS(list, &Pod{Namespace: "shop", Labels: pod.Labels, Gateway: true}, 80); mode != Permissive || err != nil {
			t.Errorf("%s: %s, %v at a gateway", c.policies, mode, err)
		}
	}
}
