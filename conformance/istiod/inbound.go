package istiod

import (
	"fmt"

	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	"google.golang.org/protobuf/proto"
	meshconfig "istio.io/api/mesh/v1alpha1"
	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"
	"istio.io/istio/pilot/pkg/features"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/networking/core"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/config/schema/gvk"
	"istio.io/istio/pkg/test"
)

// Port is a declared port of a pod. Protocol is as Istio names it ("HTTP", "GRPC", "TCP"), "" for one that is to be found out.
type Port struct {
	Number   uint32
	Protocol string
}

// Inbound returns the listener that istiod gives to the sidecar of a pod for all that comes in, with its filter chains for each
// port and way to connect.
func (m *Mesh) Inbound(t test.Failer, namespace string, labels map[string]string, ports []Port) *listener.Listener {
	t.Helper()
	defer func(old bool) { features.EnableMultipleCustomAuthzProviders = old }(features.EnableMultipleCustomAuthzProviders)
	features.EnableMultipleCustomAuthzProviders = m.MultipleProviders
	const address = "192.0.2.1"
	settings := mesh.DefaultMeshConfig()
	settings.RootNamespace, settings.TrustDomain, settings.TrustDomainAliases = m.RootNamespace, m.TrustDomain, m.Aliases
	settings.AccessLogFile = ""
	settings.DefaultConfig.Tracing = &meshconfig.Tracing{}
	configs := []config.Config{service(namespace, "pod.example", address, ports)}
	for i := range m.Providers {
		p := &m.Providers[i]
		settings.ExtensionProviders = append(settings.ExtensionProviders, p.config())
		configs = append(configs, service("default", string(p.host()), "127.0.0.1", []Port{{p.Port, "TCP"}}))
	}
	for _, o := range m.Policies {
		c := config.Config{Meta: meta(o)}
		switch {
		case o.Authorization != nil:
			c.Spec = o.Authorization
		case o.Peer != nil:
			c.Spec = o.Peer
		default:
			request := proto.Clone(o.Request).(*security.RequestAuthentication)
			for _, r := range request.JwtRules { // nothing is fetched: whoever runs the listener has keys of its own
				if r.JwksUri = ""; r.Jwks == "" {
					r.Jwks = `{"keys":[]}`
				}
			}
			c.Spec = request
		}
		configs = append(configs, c)
	}
	gen := core.NewConfigGenTest(t, core.TestOptions{Configs: configs, MeshConfig: settings})
	proxy := gen.SetupProxy(&model.Proxy{
		ConfigNamespace: namespace, IPAddresses: []string{address}, Labels: labels,
		Metadata: &model.NodeMetadata{Namespace: namespace, Labels: labels, IstioVersion: "1.31.0"},
	})
	for _, l := range gen.Listeners(proxy) {
		if l.Name == model.VirtualInboundListenerName {
			return l
		}
	}
	t.Fatal("istiod makes no inbound listener")
	return nil
}

// service is one of the mesh with one endpoint.
func service(namespace, host, address string, ports []Port) config.Config {
	spec := &networking.ServiceEntry{
		Hosts: []string{host}, Location: networking.ServiceEntry_MESH_INTERNAL, Resolution: networking.ServiceEntry_STATIC,
		Endpoints: []*networking.WorkloadEntry{{Address: address}},
	}
	for _, p := range ports {
		spec.Ports = append(spec.Ports, &networking.ServicePort{Number: p.Number, Name: fmt.Sprintf("p%d", p.Number), Protocol: p.Protocol})
	}
	return config.Config{Meta: config.Meta{GroupVersionKind: gvk.ServiceEntry, Name: host, Namespace: namespace}, Spec: spec}
}
