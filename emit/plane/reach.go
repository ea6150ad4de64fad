package plane

import (
	security "istio.io/api/security/v1beta1"
	selector "istio.io/api/type/v1beta1"

	"github.com/zt-lang/ztc/emit/istio"
)

// gatewayName is the label of the pods that run a Gateway of the Kubernetes API, with its name.
const gatewayName = "gateway.networking.k8s.io/gateway-name"

// waypointClass is the GatewayClass that policies of the root namespace can name.
const waypointClass = "istio-waypoint"

// Pod is what decides which policies reach a pod.
type Pod struct {
	Namespace string
	Labels    map[string]string
	Gateway   bool // its proxy is no sidecar, and ends connections as a Gateway says
	Waypoint  bool
	Services  []Service // that a waypoint serves
}

// Service is a destination of a waypoint.
type Service struct {
	Namespace, Name string
	Entry           bool // a ServiceEntry
}

// Reaches reports whether a policy applies to a pod: an AuthorizationPolicy or a RequestAuthentication. (ShouldAttachPolicy of
// pilot/pkg/model/policyattachment.go; ENABLE_SELECTOR_BASED_K8S_GATEWAY_POLICY is as by default.) Which ones ztunnel holds
// against connections to it is ReachesZTunnel.
func (m *Mesh) Reaches(p *istio.Object, pod *Pod) bool {
	var s *selector.WorkloadSelector
	var one *selector.PolicyTargetReference
	var refs []*selector.PolicyTargetReference
	switch {
	case p.Authorization != nil:
		s, one, refs = p.Authorization.Selector, p.Authorization.TargetRef, p.Authorization.TargetRefs
	case p.Request != nil:
		s, one, refs = p.Request.Selector, p.Request.TargetRef, p.Request.TargetRefs
	default:
		return false
	}
	if len(refs) == 0 && one != nil {
		refs = []*selector.PolicyTargetReference{one}
	}
	gateway, isGateway := pod.Labels[gatewayName]
	if !isGateway || len(refs) == 0 {
		return len(refs) == 0 && !(isGateway && pod.Waypoint) && m.selects(p.Namespace, s, pod)
	}
	for _, r := range refs {
		if m.targets(p.Namespace, r, pod, gateway) {
			return true
		}
	}
	return false
}

// ReachesZTunnel reports whether ztunnel holds a policy against connections to a pod: an AuthorizationPolicy that allows or denies,
// and is not on dry run. A selector without labels reaches no pod, an empty map of them every one; a pod without labels is reached
// by all selectors. (buildWorkloadPolicies of pilot/pkg/serviceregistry/ambient/workloads.go, which fetches by a selector that is
// not nil, and by no labels where there are none; AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY is as by default.)
func (m *Mesh) ReachesZTunnel(p *istio.Object, pod *Pod) bool {
	a := p.Authorization
	switch {
	case a == nil, a.TargetRef != nil, len(a.TargetRefs) > 0, DryRun(p):
		return false
	case a.Action != security.AuthorizationPolicy_ALLOW && a.Action != security.AuthorizationPolicy_DENY:
		return false
	case a.Selector != nil && a.Selector.MatchLabels == nil:
		return false
	case len(pod.Labels) == 0:
		return m.selects(p.Namespace, nil, pod)
	}
	return m.selects(p.Namespace, a.Selector, pod)
}

// selects reports whether a selector of a policy in a namespace picks a pod; nil picks all.
func (m *Mesh) selects(namespace string, s *selector.WorkloadSelector, pod *Pod) bool {
	if namespace != pod.Namespace && namespace != m.RootNamespace {
		return false
	}
	for k, v := range s.GetMatchLabels() {
		if have, ok := pod.Labels[k]; !ok || have != v {
			return false
		}
	}
	return true
}

func (m *Mesh) targets(namespace string, r *selector.PolicyTargetReference, pod *Pod, gateway string) bool {
	kind := [2]string{r.GetGroup(), r.GetKind()}
	if kind[0] == "core" {
		kind[0] = ""
	}
	switch kind {
	case [2]string{"", "Service"}, [2]string{"networking.istio.io", "ServiceEntry"}:
		for _, s := range pod.Services {
			if pod.Waypoint && s.Entry == (kind[1] == "ServiceEntry") && s.Name == r.GetName() && s.Namespace == namespace {
				return true
			}
		}
	case [2]string{"gateway.networking.k8s.io", "GatewayClass"}:
		return pod.Waypoint && namespace == m.RootNamespace && r.GetName() == waypointClass
	case [2]string{"gateway.networking.k8s.io", "Gateway"}:
		return namespace == pod.Namespace && (r.GetNamespace() == "" || r.GetNamespace() == pod.Namespace) && r.GetName() == gateway
	}
	return false
}
