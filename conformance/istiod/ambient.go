package istiod

import (
	"fmt"
	"slices"

	meshconfig "istio.io/api/mesh/v1alpha1"
	networkingclient "istio.io/client-go/pkg/apis/networking/v1"
	securityclient "istio.io/client-go/pkg/apis/security/v1"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/serviceregistry/ambient"
	"istio.io/istio/pkg/config/mesh/meshwatcher"
	"istio.io/istio/pkg/kube/krt"
	"istio.io/istio/pkg/network"
	"istio.io/istio/pkg/workloadapi/security"
	corev1 "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zt-lang/ztc/emit/istio"
)

// ZTunnel returns the policies that ztunnel holds against connections to a pod: what istiod's index of ambient workloads makes
// of the policies of the mesh and tells of the pod, and which of them ztunnel then looks up (assert_rbac of its src/state.rs).
func (m *Mesh) ZTunnel(namespace string, labels map[string]string) ([]*security.Authorization, error) {
	stop := make(chan struct{})
	defer close(stop)
	opts := krt.NewOptionsBuilder(stop, "", krt.GlobalDebugHandler)
	authz, peer := m.resources()
	mesh := krt.NewStatic(&meshwatcher.MeshConfigResource{MeshConfig: &meshconfig.MeshConfig{RootNamespace: m.RootNamespace, TrustDomain: m.TrustDomain}}, true)
	waypoints := none[ambient.Waypoint]()
	peers := krt.NewStaticCollection(nil, peer)
	_, all := ambient.PolicyCollections(krt.NewStaticCollection(nil, authz), peers, mesh, waypoints, opts, ambient.FeatureFlags{})
	if !all.WaitUntilSynced(stop) {
		return nil, fmt.Errorf("policies are not converted")
	}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "pod", Namespace: namespace, Labels: labels},
		Status:     corev1.PodStatus{Phase: corev1.PodRunning, PodIP: "10.0.0.1", PodIPs: []corev1.PodIP{{IP: "10.0.0.1"}}},
	}
	gateways := none[ambient.NetworkGateway]()
	b := ambient.Builder{DomainSuffix: "cluster.local", ClusterID: "Kubernetes", Networks: ambient.NetworkCollections{
		LocalSystemNamespace: krt.NewStatic[ambient.ClusterNetwork](nil, true),
		NetworkGateways:      gateways,
		GatewaysByNetwork:    krt.NewIndex(gateways, "network", func(g ambient.NetworkGateway) []network.ID { return []network.ID{g.Network} }),
	}}
	workloads := b.WorkloadsCollection(krt.NewStaticCollection(nil, []*corev1.Pod{pod}), none[ambient.Node](), mesh, all, peers, waypoints, none[model.ServiceInfo](),
		none[*networkingclient.WorkloadEntry](), none[*networkingclient.ServiceEntry](), none[*discovery.EndpointSlice](), none[*corev1.Namespace](), opts)
	if !workloads.WaitUntilSynced(stop) {
		return nil, fmt.Errorf("the pod is not converted")
	}
	list := workloads.List()
	if len(list) != 1 {
		return nil, fmt.Errorf("%d workloads come of one pod", len(list))
	}
	var out []*security.Authorization
	for _, p := range all.List() {
		a := p.Authorization
		switch {
		case a == nil: // ztunnel is not told
		case a.Scope == security.Scope_GLOBAL,
			a.Scope == security.Scope_NAMESPACE && a.Namespace == namespace,
			slices.Contains(list[0].Workload.AuthorizationPolicies, p.ResourceName()):
			out = append(out, a)
		}
	}
	return out, nil
}

// none is a collection of nothing.
func none[T any]() krt.Collection[T] { return krt.NewStaticCollection[T](nil, nil) }

// resources are the policies as istiod reads them from an API server.
func (m *Mesh) resources() (authz []*securityclient.AuthorizationPolicy, peer []*securityclient.PeerAuthentication) {
	for _, o := range m.Policies {
		meta := metav1.ObjectMeta{Name: o.Name, Namespace: o.Namespace, Labels: o.Labels, Annotations: o.Annotations}
		switch o.Kind {
		case istio.AuthorizationPolicy:
			p := &securityclient.AuthorizationPolicy{ObjectMeta: meta}
			o.Authorization.DeepCopyInto(&p.Spec)
			p.Spec.Selector = o.Authorization.Selector // a copy has no map where that is empty
			authz = append(authz, p)
		case istio.PeerAuthentication:
			p := &securityclient.PeerAuthentication{ObjectMeta: meta}
			o.Peer.DeepCopyInto(&p.Spec)
			peer = append(peer, p)
		}
	}
	return authz, peer
}
