package conformance

import (
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	security "istio.io/api/security/v1beta1"
	types "istio.io/api/type/v1beta1"
	workloadapi "istio.io/istio/pkg/workloadapi/security"
	"sigs.k8s.io/yaml"

	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/conformance/istiod"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
	"github.com/zt-lang/ztc/lang/source"
)

// forgetHTTP leaves of a policy what ztunnel knows.
func forgetHTTP(p *security.AuthorizationPolicy) {
	for _, rule := range p.Rules {
		for _, f := range rule.From {
			s := f.Source
			s.RequestPrincipals, s.NotRequestPrincipals, s.RemoteIpBlocks, s.NotRemoteIpBlocks = nil, nil, nil, nil
		}
		for _, o := range rule.To {
			o.Operation = &security.Operation{Ports: o.Operation.Ports, NotPorts: o.Operation.NotPorts}
		}
		rule.When = slices.DeleteFunc(rule.When, func(c *security.Condition) bool {
			switch c.Key {
			case "source.ip", "source.namespace", "source.principal", "destination.ip", "destination.port":
				return false
			}
			return true
		})
	}
}

// TestZTunnel holds the meaning of random policies to what istiod tells ztunnel of them, and to what a naive reader of their YAML
// says.
func TestZTunnel(t *testing.T) {
	seed, only := seeds(t, 5)
	want := 200_000
	if full() {
		want = 1_000_000
	}
	verdicts, matched, meshes := 0, 0, 0
	for i := max(only, 0); verdicts < want && !t.Failed(); i++ {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		g := Everything(r)
		g.Pools = maps.Clone(g.Pools) // with values that are left out on the way to ztunnel
		g.Pools["ports"] = append(slices.Clone(g.Pools["ports"]), "70000", "http", "080")
		g.Pools["ipBlocks"] = append(slices.Clone(g.Pools["ipBlocks"]), "10.0.0.0/33", "localhost", "2001:db8::1%eth0")
		s := randomSetting(g)
		for _, p := range s.Policies {
			if r.IntN(2) == 0 {
				forgetHTTP(p.Authorization)
			}
			if r.IntN(8) == 0 {
				p.Authorization.Selector = &types.WorkloadSelector{}
			}
		}
		if r.IntN(8) == 0 {
			s.Pod.Labels = nil
		}
		l, err := s.Ladder(plane.ZTunnel)
		if err != nil {
			t.Errorf("mesh %d: %v", i, err)
		}
		n, d, err := agree(s, []plane.Chain{plane.ZTunnel}, r, 150, Readings, func(_ plane.Chain, q sem.Request) {
			if l.Deny.Holds(q) || l.Allow.Holds(q) {
				matched++
			}
		})
		verdicts += n
		meshes++
		switch {
		case err != nil:
			t.Errorf("mesh %d: %v", i, err)
		case d != nil:
			d.Seed = repeats(t, seed, i)
			t.Errorf("%v", d.Minimise())
		}
		if only >= 0 {
			break
		}
	}
	t.Logf("%d verdicts on %d meshes, a rule matches in %d of them, seed %d", verdicts, meshes, matched, seed)
	if only < 0 && matched < verdicts/20 {
		t.Errorf("a rule matches in %d of %d verdicts", matched, verdicts)
	}
}

// TestZTunnelGoldens holds Istio's own pairs of a policy and what ztunnel is told of it to what istiod's index makes of the policy
// here, and to what ztc takes it to mean.
func TestZTunnelGoldens(t *testing.T) {
	inputs, err := filepath.Glob(filepath.Join(moduleDir(t, "istio.io/istio"), "pilot/pkg/serviceregistry/ambient/testdata/*-in.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(6, 6))
	pairs, verdicts := 0, 0
	for _, name := range inputs {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		docs, diags := istio.Read(source.New(name, string(text)))
		if diags.HasErrors() {
			t.Errorf("%s: %v", name, diags)
		}
		if len(docs) != 1 || docs[0].Object.Authorization == nil {
			continue // a PeerAuthentication
		}
		o := docs[0].Object
		golden, err := os.ReadFile(strings.Replace(name, "-in.yaml", ".yaml", 1))
		if err != nil {
			t.Fatal(err)
		}
		if golden, err = yaml.YAMLToJSON(golden); err != nil {
			t.Fatal(err)
		}
		want := &workloadapi.Authorization{}
		if err := protojson.Unmarshal(golden, want); err != nil {
			t.Fatal(err)
		}
		if want.Namespace == "" {
			want.Namespace = o.Namespace // the pair has none, and an API server would say default
		}
		s := &Setting{TrustDomain: "cluster.local", Policies: []*istio.Object{o}, Pod: plane.Pod{Namespace: o.Namespace, Labels: map[string]string{"app": "x"}}}
		told, err := (&istiod.Mesh{TrustDomain: s.TrustDomain, RootNamespace: root, Policies: s.Policies}).ZTunnel(s.Pod.Namespace, s.Pod.Labels)
		if err != nil {
			t.Fatal(err)
		}
		if len(told) != 1 || !proto.Equal(told[0], want) {
			t.Errorf("%s: ztunnel is told\n%v\nand not\n%v", name, told, want)
		}
		pairs++
		theirs := Reading{"golden", func(*Setting, plane.Chain) (Answer, error) {
			return readTold([]*workloadapi.Authorization{want}), nil
		}}
		n, d, err := agree(s, []plane.Chain{plane.ZTunnel}, r, 2000, append([]Reading{theirs}, Readings...), nil)
		verdicts += n
		if err != nil || d != nil {
			t.Errorf("%s: %v\n%v", name, err, d)
		}
	}
	t.Logf("%d pairs, %d verdicts", pairs, verdicts)
	if pairs < 3 || verdicts < 5000 {
		t.Errorf("%d pairs, %d verdicts", pairs, verdicts)
	}
}

// TestReachesZTunnel asks istiod which pods ztunnel is told of a policy for, by every kind of selector.
func TestReachesZTunnel(t *testing.T) {
	told, asked := 0, 0
	for _, namespace := range []string{"foo", "bar", root} {
		for _, selector := range []*types.WorkloadSelector{nil, {}, {MatchLabels: map[string]string{}}, {MatchLabels: map[string]string{"app": "x"}}} {
			for _, labels := range []map[string]string{nil, {"app": "x"}, {"app": "y", "tier": "z"}} {
				o := &istio.Object{APIVersion: "security.istio.io/v1", Kind: istio.AuthorizationPolicy, Name: "p", Namespace: namespace,
					Authorization: &security.AuthorizationPolicy{Selector: selector, Rules: []*security.Rule{{}}}}
				m := istiod.Mesh{TrustDomain: "cluster.local", RootNamespace: root, Policies: []*istio.Object{o}}
				list, err := m.ZTunnel("foo", labels)
				if err != nil {
					t.Fatal(err)
				}
				asked++
				told += len(list)
				ours := plane.Mesh{TrustDomain: "cluster.local", RootNamespace: root}
				if got := ours.ReachesZTunnel(o, &plane.Pod{Namespace: "foo", Labels: labels}); got != (len(list) == 1) {
					t.Errorf("a policy in %s with the selector %v reaches a pod with labels %v: %t, and ztunnel is told of %d", namespace, selector, labels, got, len(list))
				}
			}
		}
	}
	if told == 0 || told == asked {
		t.Errorf("ztunnel is told of %d in %d", told, asked)
	}
}
