package conformance

import (
	"math/rand/v2"
	"os"
	"testing"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/conformance/envoy"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
	"github.com/zt-lang/ztc/lang/source"
)

// TestMisguidedBaseline sends the same requests to two pods. One has the popular baseline, a DENY with an empty rule, beside an
// ALLOW: it refuses all of them. The other one has an ALLOW without rules in its place: what the ALLOW is for passes.
func TestMisguidedBaseline(t *testing.T) {
	bin := envoyBinary(t)
	const file = "../examples/mistakes/deny-empty-rule.yaml"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	docs, diags := istio.Read(source.New(file, string(text)))
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	var wrong, right []*istio.Object
	for _, d := range docs {
		o := *d.Object
		wrong = append(wrong, d.Object)
		if o.Authorization.Action == security.AuthorizationPolicy_DENY {
			o.Authorization = &security.AuthorizationPolicy{}
		}
		right = append(right, &o)
	}
	of := plane.Pod{Namespace: "default", Labels: map[string]string{"app": "backend"}}
	pods := [2]*proxied{}
	var listeners []envoy.Listener
	for i, policies := range [][]*istio.Object{wrong, right} {
		w := &world{}
		w.theirs.TrustDomain, w.theirs.RootNamespace, w.theirs.Policies = "cluster.local", root, policies
		w.ours.TrustDomain, w.ours.RootNamespace = "cluster.local", root
		pods[i] = newProxied(w, &of, i, 80, 9000)
		listeners = append(listeners, pods[i].listeners(&of)...)
	}
	server, err := envoy.Start(bin, t.TempDir(), listeners)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	var n [2]tally
	for c, chain := range []plane.Chain{plane.HTTP, plane.TCP} {
		l, err := pods[1].world.ours.Ladder(pods[1].policies, chain)
		if err != nil {
			t.Fatal(err)
		}
		cells, err := NamedCells(pods[1].named(c), l.Passes())
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(6, 1))
		for _, q := range cells.Requests(r, 100, chain == plane.HTTP) {
			k, request, ok := pods[1].send(q, c, cells, r)
			if !ok {
				continue
			}
			for i, p := range pods {
				l, err := p.world.ours.Ladder(p.policies, chain)
				if err != nil {
					t.Fatal(err)
				}
				b := &batch{}
				b.add(&l, q, request)
				if err := n[i].ask(server, nil, p.addresses[c], k, b, chain); err != nil {
					t.Error(err)
				}
			}
		}
	}
	t.Logf("DENY with an empty rule: %d of %d requests pass; ALLOW without rules: %d", n[0].passed, n[0].verdicts, n[1].passed)
	if n[0].passed > 0 || n[0].verdicts < 100 || n[1].passed == 0 || n[1].verdicts != n[0].verdicts {
		t.Errorf("%v; %v", n[0], n[1])
	}
}
