package istiod

import (
	"google.golang.org/protobuf/proto"
	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pilot/pkg/features"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/security/authz/builder"
	"istio.io/istio/pilot/pkg/security/trustdomain"
	"istio.io/istio/pkg/config/host"
)

// Provider is an external authorizer of the mesh's configuration (meshConfig.extensionProviders).
type Provider struct {
	Name          string
	HTTP          bool   // envoyExtAuthzHttp, else envoyExtAuthzGrpc
	Port          uint32 // of its service
	FailOpen      bool   // what it does not answer passes
	StatusOnError string // of a request that it does not answer, "" for Istio's own choice
}

// host is that of its service. Names of providers need not be those of hosts.
func (p *Provider) host() host.Name { return "authorizer.default.svc.cluster.local" }

// Cluster is the name that istiod gives to the cluster of the provider.
func (p *Provider) Cluster() string {
	return model.BuildSubsetKey(model.TrafficDirectionOutbound, "", p.host(), int(p.Port))
}

func (p *Provider) config() *meshconfig.MeshConfig_ExtensionProvider {
	out := &meshconfig.MeshConfig_ExtensionProvider{Name: p.Name}
	if p.HTTP {
		out.Provider = &meshconfig.MeshConfig_ExtensionProvider_EnvoyExtAuthzHttp{
			EnvoyExtAuthzHttp: &meshconfig.MeshConfig_ExtensionProvider_EnvoyExternalAuthorizationHttpProvider{
				Service: string(p.host()), Port: p.Port, FailOpen: p.FailOpen, StatusOnError: p.StatusOnError,
			},
		}
	} else {
		out.Provider = &meshconfig.MeshConfig_ExtensionProvider_EnvoyExtAuthzGrpc{
			EnvoyExtAuthzGrpc: &meshconfig.MeshConfig_ExtensionProvider_EnvoyExternalAuthorizationGrpcProvider{
				Service: string(p.host()), Port: p.Port, FailOpen: p.FailOpen, StatusOnError: p.StatusOnError,
			},
		}
	}
	return out
}

// push is the mesh's configuration as istiod's builder looks at it: the providers, and their services.
func (m *Mesh) push() *model.PushContext {
	push := model.NewPushContext()
	push.Mesh = &meshconfig.MeshConfig{}
	for i := range m.Providers {
		p := &m.Providers[i]
		push.Mesh.ExtensionProviders = append(push.Mesh.ExtensionProviders, p.config())
		push.ServiceIndex.HostnameAndNamespace[p.host()] = map[string]*model.Service{"default": {Hostname: p.host()}}
	}
	return push
}

// Chain is what istiod puts into a filter chain of a pod, of HTTP or of the network: Custom has external authorizers asked, and
// stands before the verification of tokens; Local is what it does by itself after that.
type Chain struct{ Custom, Local []proto.Message }

// Chains returns the filters of the HTTP chain and of the TCP chain of a pod.
func (m *Mesh) Chains(namespace string, labels map[string]string) (http, tcp Chain) {
	defer func(old bool) { features.EnableMultipleCustomAuthzProviders = old }(features.EnableMultipleCustomAuthzProviders)
	features.EnableMultipleCustomAuthzProviders = m.MultipleProviders
	bundle, push, reaching := trustdomain.NewBundle(m.TrustDomain, m.Aliases), m.push(), m.Reaching(namespace, labels)
	build := func(option builder.Option) (http, tcp []proto.Message) {
		b := builder.New(bundle, push, reaching, option)
		if b == nil {
			return nil, nil
		}
		return messages(b.BuildHTTP()), messages(b.BuildTCP())
	}
	http.Custom, tcp.Custom = build(builder.Option{IsCustomBuilder: true})
	http.Local, tcp.Local = build(builder.Option{})
	return http, tcp
}

func messages[M proto.Message](list []M) (out []proto.Message) {
	for _, m := range list {
		out = append(out, m)
	}
	return out
}
