package ir

import (
	"strings"

	"github.com/zt-lang/ztc/lang/source"
)

// Protocol is what a port speaks, as Istio decides it for the inbound side.
type Protocol uint8

const (
	Undeclared Protocol = iota // nobody said: Istio detects it, so both HTTP and raw TCP may come
	HTTP                       // http, http2, grpc, grpc-web
	TCP                        // tcp, tls, https, mongo, mysql, redis and everything else that is not HTTP
)

func (p Protocol) String() string { return [...]string{"undeclared", "http", "tcp"}[p] }

// ProtocolNamed reads the name of a port or an appProtocol as Istio does (pkg/config/protocol, Parse): the word before the
// first "-", grpc-web aside, in any case. known is false for a name that says nothing.
func ProtocolNamed(name string) (p Protocol, known bool) {
	const grpcWeb = "grpc-web" // the one name with a "-" inside
	if len(name) >= len(grpcWeb) && strings.EqualFold(name[:len(grpcWeb)], grpcWeb) {
		return HTTP, true
	}
	name, _, _ = strings.Cut(name, "-")
	switch strings.ToLower(name) {
	case "http", "http2", "http_proxy", "grpc":
		return HTTP, true
	case "tcp", "tls", "https", "mongo", "mysql", "redis":
		return TCP, true
	case "udp":
		return Undeclared, true // Istio builds nothing for it, so whatever comes is not known to be either
	}
	return Undeclared, false
}

// Port is a port that the pods of a workload listen on (the container port, never the port of a Service).
type Port struct {
	Name     string // of the container port or the Service port; may be empty
	Number   int
	Protocol Protocol
	Span     source.Span
}

// Inventory is what manifests say a cluster runs, before the program adds its own declarations.
type Inventory struct {
	Workloads  []InventoryWorkload // sorted by namespace, name, kind
	Services   []InventoryService  // sorted by namespace, name
	Accounts   []InventoryName     // ServiceAccount objects
	Namespaces []InventoryName     // Namespace objects, and every namespace that an object lives in
}

// InventoryName is an object of which only the name matters.
type InventoryName struct {
	Namespace, Name string // Namespace is empty for namespaces
	Span            source.Span
}

// InventoryWorkload is one controller or bare pod.
type InventoryWorkload struct {
	Kind            string // Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Rollout, Job, CronJob, Pod; Gateway for what istiod runs for one
	Namespace, Name string
	Account         string            // "default" where none is named
	DefaultAccount  bool              // none was named
	Labels          map[string]string // of the pods
	Selector        map[string]string // spec.selector.matchLabels of the controller, nil where it has none
	Ports           []Port            // container ports and target ports of Services that pick the pods; sorted by number
	Guard           *Guard            // nil when a sidecar takes every port, or nothing is known
	Gateway         bool              // the pods are nothing but a proxy, at the edge of the mesh or between parts of it
	Span            source.Span       // the document's metadata.name
}

// InventoryService is one Service.
type InventoryService struct {
	Namespace, Name string
	Selector        map[string]string
	Ports           []InventoryServicePort
	Span            source.Span
}

// InventoryServicePort is one TCP port of a Service.
type InventoryServicePort struct {
	Name       string
	Number     int    // of the Service
	Target     int    // numeric target port, 0 when it is named
	TargetName string // named target port
	Protocol   Protocol
}
