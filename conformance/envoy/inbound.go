package envoy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	jwt "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"
	echo "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/echo/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tls "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// inbound is istiod's own listener as this machine can run it: at an address of its own in the place of redirected connections,
// with certificates and keys of the test, an answer in the place of the pod, and without the filters that only Istio's proxy has,
// which are about telemetry.
func (s *Server) inbound(l *Listener, cert, key []byte) (json.RawMessage, error) {
	x := proto.Clone(l.Inbound).(*listener.Listener)
	x.Name = fmt.Sprintf("%s:%d", l.Address, l.Port)
	x.Address = &core.Address{Address: &core.Address_SocketAddress{SocketAddress: &core.SocketAddress{
		Address: l.Address, PortSpecifier: &core.SocketAddress_PortValue{PortValue: l.Port}}}}
	x.EnableReusePort = wrapperspb.Bool(false)
	x.ListenerFilters = slices.DeleteFunc(x.ListenerFilters, func(f *listener.ListenerFilter) bool { return strings.HasSuffix(f.Name, ".original_dst") })
	x.AccessLog = nil
	for _, c := range x.FilterChains {
		if c.TransportSocket != nil {
			if err := change(c.TransportSocket.GetTypedConfig(), func(t *tls.DownstreamTlsContext) error {
				t.CommonTlsContext.TlsCertificateSdsSecretConfigs = nil
				t.CommonTlsContext.TlsCertificates = []*tls.TlsCertificate{{CertificateChain: inline(cert), PrivateKey: inline(key)}}
				valid := t.CommonTlsContext.GetCombinedValidationContext().GetDefaultValidationContext()
				valid.TrustedCa = inline(s.pki.caPEM)
				t.CommonTlsContext.ValidationContextType = &tls.CommonTlsContext_ValidationContext{ValidationContext: valid}
				return nil
			}); err != nil {
				return nil, err
			}
		}
		c.Filters = slices.DeleteFunc(c.Filters, func(f *listener.Filter) bool { return strings.HasPrefix(f.Name, "istio.") })
		for _, f := range c.Filters {
			switch f.Name {
			case "envoy.filters.network.tcp_proxy":
				config, err := anypb.New(&echo.Echo{})
				if err != nil {
					return nil, err
				}
				f.Name, f.ConfigType = "echo", &listener.Filter_TypedConfig{TypedConfig: config}
			case "envoy.filters.network.http_connection_manager":
				if err := change(f.GetTypedConfig(), s.manager); err != nil {
					return nil, err
				}
			}
		}
	}
	return protojson.Marshal(x)
}

func (s *Server) manager(m *hcm.HttpConnectionManager) error {
	m.AccessLog, m.Tracing = nil, nil
	answer := &route.Route{
		Match:  &route.RouteMatch{PathSpecifier: &route.RouteMatch_Prefix{Prefix: "/"}},
		Action: &route.Route_DirectResponse{DirectResponse: &route.DirectResponseAction{Status: 200}},
	}
	for _, h := range m.GetRouteConfig().GetVirtualHosts() {
		h.Routes = []*route.Route{answer}
	}
	m.HttpFilters = slices.DeleteFunc(m.HttpFilters, func(f *hcm.HttpFilter) bool { return strings.HasPrefix(f.Name, "istio.") })
	for _, f := range m.HttpFilters {
		if f.Name != "envoy.filters.http.jwt_authn" {
			continue
		}
		if err := change(f.GetTypedConfig(), func(j *jwt.JwtAuthentication) error {
			for _, p := range j.Providers {
				p.JwksSourceSpecifier = &jwt.JwtProvider_LocalJwks{LocalJwks: &core.DataSource{Specifier: &core.DataSource_InlineString{InlineString: s.pki.jwks()}}}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

func inline(text []byte) *core.DataSource {
	return &core.DataSource{Specifier: &core.DataSource_InlineBytes{InlineBytes: text}}
}

// change changes a message where it is packed.
func change[M any, P interface {
	*M
	proto.Message
}](a *anypb.Any, how func(P) error) error {
	m := P(new(M))
	if err := a.UnmarshalTo(m); err != nil {
		return err
	}
	if err := how(m); err != nil {
		return err
	}
	return a.MarshalFrom(m)
}
