package envoy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Listener is the inbound side of one pod on one port, HTTP or raw TCP, with mTLS and without.
type Listener struct {
	Address string // of the loopback network: one for each pod, so that addresses and ports are what policies see
	Port    uint32
	HTTP    bool
	// Custom and Local are filters that istiod generated, of an HTTP connection manager or of the network: Custom stand before the
	// verification of tokens, Local after it.
	Custom, Local []proto.Message
	// Manager is a connection manager that istiod generated, for what it says of requests before a filter sees them; nil for one that
	// normalises paths, which is Istio's default.
	Manager proto.Message
	// Inbound is the whole listener that istiod generated, in the place of all that. Its keys and certificates, and what the pod
	// answers, are those of the test.
	Inbound *listener.Listener
}

// Features are those of Envoy that Istio's bootstrap turns on and off.
var Features = map[string]bool{
	"envoy.reloadable_features.http_reject_path_with_fragment":       false,
	"envoy.reloadable_features.fixed_heap_use_allocated":             true,
	"envoy.reloadable_features.coalesce_lb_rebuilds_on_batch_update": false,
}

// Cluster is where an external authorizer answers, on this machine.
type Cluster struct {
	Name string
	Port uint32
	GRPC bool
}

// Server is a running Envoy.
type Server struct {
	pki  *pki
	dir  string
	cmd  *exec.Cmd
	log  bytes.Buffer
	done chan error
}

type (
	object = map[string]any
	list   = []any
)

func typed(name, kind string, body object) object {
	if body == nil {
		body = object{}
	}
	body["@type"] = "type.googleapis.com/envoy.extensions." + kind
	return object{"name": name, "typedConfig": body}
}

// Start starts an Envoy with some listeners. Its files lie in dir.
func Start(binary, dir string, listeners []Listener, clusters ...Cluster) (*Server, error) {
	if len(listeners) == 0 {
		return nil, errors.New("no listeners")
	}
	p, err := newPKI()
	if err != nil {
		return nil, err
	}
	s := &Server{pki: p, dir: dir, done: make(chan error, 1)}
	config, err := s.bootstrap(listeners, clusters)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "envoy.json")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		return nil, err
	}
	s.cmd = exec.Command(binary, "-c", file, "--use-dynamic-base-id", "--concurrency", "1", "--log-level", "error")
	s.cmd.Stderr = &s.log
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { s.done <- s.cmd.Wait(); close(s.done) }()
	last := listeners[len(listeners)-1]
	for range 1800 {
		select {
		case err := <-s.done:
			return nil, fmt.Errorf("envoy stopped: %v\n%s", err, s.log.String())
		case <-time.After(100 * time.Millisecond):
		}
		if c, err := net.DialTimeout("tcp", fmt.Sprintf("%s:%d", last.Address, last.Port), time.Second); err == nil {
			return s, c.Close()
		}
	}
	s.Stop()
	return nil, fmt.Errorf("envoy does not listen\n%s", s.log.String())
}

// Stop ends the server.
func (s *Server) Stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(10 * time.Second):
		_ = s.cmd.Process.Kill()
	}
}

func (s *Server) bootstrap(listeners []Listener, clusters []Cluster) ([]byte, error) {
	cert, key, err := s.pki.serverPEM("spiffe://cluster.local/ns/server/sa/server")
	if err != nil {
		return nil, err
	}
	socket := typed("tls", "transport_sockets.tls.v3.DownstreamTlsContext", object{
		"requireClientCertificate": true,
		"commonTlsContext": object{
			"alpnProtocols":     list{"h2", "http/1.1"},
			"tlsCertificates":   list{object{"certificateChain": object{"inlineBytes": cert}, "privateKey": object{"inlineBytes": key}}},
			"validationContext": object{"trustedCa": object{"inlineBytes": s.pki.caPEM}},
		},
	})
	var all list
	for _, l := range listeners {
		if l.Inbound != nil {
			x, err := s.inbound(&l, cert, key)
			if err != nil {
				return nil, err
			}
			all = append(all, x)
			continue
		}
		filters, err := s.chain(l)
		if err != nil {
			return nil, err
		}
		all = append(all, object{
			"name":            fmt.Sprintf("%s:%d", l.Address, l.Port),
			"address":         object{"socketAddress": object{"address": l.Address, "portValue": l.Port}},
			"enableReusePort": false, // another server on the address is an error, and does not get half of the connections
			"listenerFilters": list{typed("tls_inspector", "filters.listener.tls_inspector.v3.TlsInspector", nil)},
			"filterChains": list{
				object{"filters": filters, "filterChainMatch": object{"transportProtocol": "tls"}, "transportSocket": socket},
				object{"filters": filters, "filterChainMatch": object{"transportProtocol": "raw_buffer"}},
			},
		})
	}
	flags := object{"overload": object{"global_downstream_max_connections": 50000}}
	for name, on := range Features {
		flags[name] = on
	}
	return json.Marshal(object{
		"node":            object{"id": "conformance", "cluster": "conformance"},
		"staticResources": object{"listeners": all, "clusters": upstreams(clusters)},
		"layeredRuntime":  object{"layers": list{object{"name": "s", "staticLayer": flags}}},
	})
}

func upstreams(clusters []Cluster) list {
	out := list{}
	for _, c := range clusters {
		endpoint := object{"endpoint": object{"address": object{"socketAddress": object{"address": "127.0.0.1", "portValue": c.Port}}}}
		x := object{"name": c.Name, "type": "STATIC", "connectTimeout": "5s",
			"loadAssignment": object{"clusterName": c.Name, "endpoints": list{object{"lbEndpoints": list{endpoint}}}}}
		if c.GRPC {
			x["typedExtensionProtocolOptions"] = object{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": object{
				"@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions", "explicitHttpConfig": object{"http2ProtocolOptions": object{}}}}
		}
		out = append(out, x)
	}
	return out
}

// plain are messages as the bootstrap has them.
func plain(messages []proto.Message) (list, error) {
	var out list
	for _, m := range messages {
		text, err := protojson.Marshal(m)
		if err != nil {
			return nil, err
		}
		out = append(out, json.RawMessage(text))
	}
	return out, nil
}

// chain is the filter chain that istiod's filters stand in.
func (s *Server) chain(l Listener) (list, error) {
	custom, err := plain(l.Custom)
	if err != nil {
		return nil, err
	}
	local, err := plain(l.Local)
	if err != nil {
		return nil, err
	}
	if !l.HTTP {
		return slices.Concat(custom, local, list{typed("echo", "filters.network.echo.v3.Echo", nil)}), nil
	}
	// Istio's own form of a RequestAuthentication, for whatever issuer signs with the keys of the test.
	jwt := typed("envoy.filters.http.jwt_authn", "filters.http.jwt_authn.v3.JwtAuthentication", object{
		"providers": object{"origins-0": object{
			"payloadInMetadata": "payload", "localJwks": object{"inlineString": s.pki.jwks()},
			"normalizePayloadInMetadata": object{"spaceDelimitedClaims": list{"scope", "permission"}},
		}},
		"bypassCorsPreflight": true,
		"rules": list{object{"match": object{"prefix": "/"}, "requires": object{"requiresAny": object{"requirements": list{
			object{"providerName": "origins-0"}, object{"allowMissing": object{}}}}}}},
	})
	// Whatever the answer is, its body is the path that filters saw.
	seen := object{"textFormatSource": object{"inlineString": "%REQ(:PATH)%"}}
	answer := object{"match": object{"prefix": "/"}, "directResponse": object{"status": 200, "bodyFormat": seen}}
	manager := object{"normalizePath": true}
	if l.Manager != nil {
		text, err := protojson.Marshal(l.Manager)
		if err == nil {
			err = json.Unmarshal(text, &manager)
		}
		if err != nil {
			return nil, err
		}
		for _, k := range []string{"rds", "accessLog", "tracing", "requestIdExtension"} { // of a control plane, or of extensions that Istio adds
			delete(manager, k)
		}
	}
	maps.Copy(manager, object{
		"statPrefix": "in", "codecType": "AUTO", "delayedCloseTimeout": "0.001s",
		"routeConfig":      object{"virtualHosts": list{object{"name": "all", "domains": list{"*"}, "routes": list{answer}}}},
		"httpFilters":      slices.Concat(custom, list{jwt}, local, list{typed("envoy.filters.http.router", "filters.http.router.v3.Router", nil)}),
		"localReplyConfig": object{"bodyFormat": seen},
	})
	return list{typed("envoy.filters.network.http_connection_manager", "filters.network.http_connection_manager.v3.HttpConnectionManager", manager)}, nil
}
