package inventory

import (
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
)

// protocol is what Istio takes a TCP port of a Service to speak (pkg/config/kube, ConvertProtocol): appProtocol, or else
// the port's name up to its first "-", or else the number, for the ports on which detection would break the server.
// An appProtocol that is given but unknown hides the name.
func protocol(port int, name string, appProtocol string, hasAppProtocol bool) ir.Protocol {
	if hasAppProtocol {
		name = appProtocol
		switch name {
		case "kubernetes.io/h2c", "kubernetes.io/ws":
			return ir.HTTP
		case "kubernetes.io/wss":
			return ir.TCP
		}
	}
	const grpcWeb = "grpc-web" // the one name with a "-" inside
	if len(name) >= len(grpcWeb) && strings.EqualFold(name[:len(grpcWeb)], grpcWeb) {
		return ir.HTTP
	}
	name, _, _ = strings.Cut(name, "-")
	switch strings.ToLower(name) {
	case "http", "http2", "http_proxy", "grpc":
		return ir.HTTP
	case "tcp", "tls", "https", "mongo", "mysql", "redis":
		return ir.TCP
	case "udp":
		return ir.Undeclared // Istio builds nothing for it, so whatever comes is not known to be either
	}
	switch port {
	case 25, 53, 3306, 27017:
		return ir.TCP
	}
	return ir.Undeclared
}
