package inventory

import "github.com/zt-lang/ztc/compiler/ir"

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
	if p, known := ir.ProtocolNamed(name); known {
		return p
	}
	switch port {
	case 25, 53, 3306, 27017:
		return ir.TCP
	}
	return ir.Undeclared
}
