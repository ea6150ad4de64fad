package ir

import "slices"

// Labels by which a pod is known to be a gateway of Istio's: the first is on those of istioctl and Helm (istio:
// ingressgateway), the second on those that Istio makes of a Gateway of the Kubernetes API.
const (
	istioLabel   = "istio"
	GatewayLabel = "gateway.networking.k8s.io/gateway-name"
)

// notGateways are the values of the label `istio` that Istio gives to other parts of itself.
var notGateways = []string{"pilot", "istiod", "sidecar-injector", "cni", "ztunnel"}

// IsGateway reports whether the labels of a pod are those of a gateway.
func IsGateway(labels map[string]string) bool {
	if _, ok := labels[GatewayLabel]; ok {
		return true
	}
	v, ok := labels[istioLabel]
	return ok && !slices.Contains(notGateways, v)
}

// IsGateway reports whether the pods are a gateway, as an inventory or their labels show. A gateway ends connections as its
// Gateway says: PeerAuthentications say nothing of them.
func (w *Workload) IsGateway() bool { return w.Gateway || IsGateway(w.PodLabels()) }

// IsGateway reports whether the labels are those of a gateway.
func (p *Pods) IsGateway() bool { return IsGateway(labelMap(p.Labels)) }

// IsGateway reports whether the target is one workload, or pods, of a gateway.
func (t *Target) IsGateway() bool {
	return t.Kind == OnWorkload && t.Workload.IsGateway() || t.Kind == OnPods && t.Pods.IsGateway()
}
