package conformance

import (
	"fmt"
	"math/rand/v2"
	"testing"

	security "istio.io/api/security/v1beta1"
	types "istio.io/api/type/v1beta1"
	"istio.io/istio/pilot/pkg/model"

	"github.com/zt-lang/ztc/conformance/istiod"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
)

// TestMTLS holds what random PeerAuthentications come to for a port to what Istio's code composes of them.
func TestMTLS(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	mode := func() *security.PeerAuthentication_MutualTLS {
		if r.IntN(4) == 0 {
			return nil
		}
		return &security.PeerAuthentication_MutualTLS{Mode: security.PeerAuthentication_MutualTLS_Mode(r.IntN(4))}
	}
	want := map[plane.MTLS]model.MutualTLSMode{plane.Permissive: model.MTLSPermissive, plane.Strict: model.MTLSStrict, plane.Disabled: model.MTLSDisable}
	asked, different := 0, map[plane.MTLS]int{}
	for range 20_000 {
		var policies []*istio.Object
		for _, at := range []struct {
			namespace string
			selector  *types.WorkloadSelector
		}{
			{"istio-system", nil}, {"foo", nil}, {"bar", nil},
			{"foo", &types.WorkloadSelector{MatchLabels: map[string]string{"app": "x"}}},
			{"foo", &types.WorkloadSelector{MatchLabels: map[string]string{"app": "other"}}},
			{"istio-system", &types.WorkloadSelector{MatchLabels: map[string]string{"app": "x"}}},
		} {
			if r.IntN(2) == 0 {
				continue
			}
			o := &istio.Object{APIVersion: "security.istio.io/v1", Kind: istio.PeerAuthentication, Namespace: at.namespace, Name: fmt.Sprintf("p%d", len(policies)),
				Peer: &security.PeerAuthentication{Selector: at.selector, Mtls: mode()}}
			if at.selector != nil && r.IntN(2) == 0 {
				o.Peer.PortLevelMtls = map[uint32]*security.PeerAuthentication_MutualTLS{}
				for _, p := range []uint32{80, 8080} {
					if m := mode(); m != nil {
						o.Peer.PortLevelMtls[p] = m
					}
				}
			}
			policies = append(policies, o)
		}
		theirs := istiod.Mesh{TrustDomain: "cluster.local", RootNamespace: "istio-system", Policies: policies}
		ours := plane.Mesh{TrustDomain: "cluster.local", RootNamespace: "istio-system"}
		pod := plane.Pod{Namespace: "foo", Labels: map[string]string{"app": "x"}}
		for _, port := range []int{80, 8080, 9000} {
			got, err := ours.MTLS(policies, &pod, port)
			if err != nil {
				t.Fatal(err)
			}
			asked++
			different[got]++
			if m := theirs.MTLS(pod.Namespace, pod.Labels, uint32(port)); m != want[got] {
				t.Fatalf("port %d: Istio says %v, and ztc %v\n%v", port, m, got, policies)
			}
		}
	}
	t.Logf("%d answers: %v", asked, different)
	if len(different) != 3 {
		t.Errorf("not every mode occurred: %v", different)
	}
}
