// Package istiod asks Istio's own code: which policies reach a pod, and what Envoy is told of them.
package istiod

import (
	"fmt"

	rbacpb "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	rbachttp "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	rbactcp "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/rbac/v3"
	security "istio.io/api/security/v1beta1"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/security/authn"
	"istio.io/istio/pilot/pkg/security/authz/builder"
	"istio.io/istio/pilot/pkg/security/trustdomain"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/schema/gvk"
	"istio.io/istio/pkg/config/validation"

	"github.com/zt-lang/ztc/emit/istio"
)

// Mesh is a mesh with its policies.
type Mesh struct {
	TrustDomain   string
	Aliases       []string
	RootNamespace string
	Policies      []*istio.Object
	Providers     []Provider
	// MultipleProviders is PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS.
	MultipleProviders bool
}

// Filters are the RBAC rules of one chain of a pod, in the order of their filters. Nil ones are not there.
type Filters struct {
	Audit, Deny, Allow *rbacpb.RBAC
	Custom             map[string]*rbacpb.RBAC // by provider: the requests that it is asked about
}

// HTTP returns what Istio's builder makes of the policies for the HTTP chain of a pod.
func (m *Mesh) HTTP(namespace string, labels map[string]string) (*Filters, error) {
	return m.filters(namespace, labels, func(b *builder.Builder) (out []*rbacpb.RBAC, err error) {
		for _, f := range b.BuildHTTP() {
			x := &rbachttp.RBAC{}
			if err := f.GetTypedConfig().UnmarshalTo(x); err != nil {
				return nil, err
			}
			out = append(out, x.Rules)
		}
		return out, nil
	})
}

// TCP returns what it makes of them for the TCP chain.
func (m *Mesh) TCP(namespace string, labels map[string]string) (*Filters, error) {
	return m.filters(namespace, labels, func(b *builder.Builder) (out []*rbacpb.RBAC, err error) {
		for _, f := range b.BuildTCP() {
			x := &rbactcp.RBAC{}
			if err := f.GetTypedConfig().UnmarshalTo(x); err != nil {
				return nil, err
			}
			out = append(out, x.Rules)
		}
		return out, nil
	})
}

func (m *Mesh) filters(namespace string, labels map[string]string, build func(*builder.Builder) ([]*rbacpb.RBAC, error)) (*Filters, error) {
	reaching := m.Reaching(namespace, labels)
	bundle := trustdomain.NewBundle(m.TrustDomain, m.Aliases)
	run := func(p model.AuthorizationPoliciesResult) ([]*rbacpb.RBAC, error) {
		b := builder.New(bundle, nil, p, builder.Option{})
		if b == nil {
			return nil, nil
		}
		return build(b)
	}
	out := &Filters{Custom: map[string]*rbacpb.RBAC{}}
	list, err := run(reaching)
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		switch r.GetAction() {
		case rbacpb.RBAC_LOG:
			out.Audit = r
		case rbacpb.RBAC_DENY:
			out.Deny = r
		default:
			out.Allow = r
		}
	}
	// The rules of CUSTOM are generated as those of DENY are; only the filter around them is another one.
	custom := map[string][]model.AuthorizationPolicy{}
	for _, p := range reaching.Custom {
		as := p
		as.Spec = &security.AuthorizationPolicy{Action: security.AuthorizationPolicy_DENY, Rules: p.Spec.Rules, Selector: p.Spec.Selector}
		name := p.Spec.GetProvider().GetName()
		custom[name] = append(custom[name], as)
	}
	for name, policies := range custom {
		list, err := run(model.AuthorizationPoliciesResult{Deny: policies})
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			out.Custom[name] = r
		}
	}
	return out, nil
}

// Reaching returns the AuthorizationPolicies that reach a pod.
func (m *Mesh) Reaching(namespace string, labels map[string]string) model.AuthorizationPoliciesResult {
	all := model.AuthorizationPolicies{NamespaceToPolicies: map[string][]model.AuthorizationPolicy{}, RootNamespace: m.RootNamespace}
	for _, o := range m.Policies {
		if o.Authorization != nil {
			all.NamespaceToPolicies[o.Namespace] = append(all.NamespaceToPolicies[o.Namespace], model.AuthorizationPolicy{
				Name: o.Name, Namespace: o.Namespace, Annotations: o.Annotations, Spec: o.Authorization,
			})
		}
	}
	return all.ListAuthorizationPolicies(model.WorkloadPolicyMatcher{WorkloadNamespace: namespace, WorkloadLabels: labels, RootNamespace: m.RootNamespace})
}

// MTLS returns the mode of a pod for a port.
func (m *Mesh) MTLS(namespace string, labels map[string]string, port uint32) model.MutualTLSMode {
	var list []*config.Config
	for _, o := range m.Policies {
		if o.Peer == nil || o.Namespace != namespace && o.Namespace != m.RootNamespace {
			continue
		}
		picks := true
		for k, v := range o.Peer.GetSelector().GetMatchLabels() {
			picks = picks && labels[k] == v
		}
		if picks {
			list = append(list, &config.Config{Meta: meta(o), Spec: o.Peer})
		}
	}
	merged := authn.ComposePeerAuthentication(m.RootNamespace, list)
	if mode, ok := merged.PerPort[port]; ok {
		return mode
	}
	return merged.Mode
}

func meta(o *istio.Object) config.Meta {
	out := config.Meta{Name: o.Name, Namespace: o.Namespace, Labels: o.Labels, Annotations: o.Annotations}
	switch o.Kind {
	case istio.AuthorizationPolicy:
		out.GroupVersionKind = gvk.AuthorizationPolicy
	case istio.PeerAuthentication:
		out.GroupVersionKind = gvk.PeerAuthentication
	case istio.RequestAuthentication:
		out.GroupVersionKind = gvk.RequestAuthentication
	}
	return out
}

// Validate asks the validation that Istio's webhook runs.
func Validate(o *istio.Object) (warning string, err error) {
	var w validation.Warning
	switch o.Kind {
	case istio.AuthorizationPolicy:
		w, err = validation.ValidateAuthorizationPolicy(config.Config{Meta: meta(o), Spec: o.Authorization})
	case istio.PeerAuthentication:
		w, err = validation.ValidatePeerAuthentication(config.Config{Meta: meta(o), Spec: o.Peer})
	case istio.RequestAuthentication:
		w, err = validation.ValidateRequestAuthentication(config.Config{Meta: meta(o), Spec: o.Request})
	default:
		return "", fmt.Errorf("kind %q", o.Kind)
	}
	if w != nil {
		warning = w.Error()
	}
	return warning, err
}
