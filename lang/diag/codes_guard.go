package diag

// Pods that no proxy guards, as an inventory tells.
const (
	NoProxy         Code = "ZT1701" // a target without a proxy
	MemberNoProxy   Code = "ZT1702" // a member of a wide target
	NamespaceSilent Code = "ZT1703" // a namespace that asks for no sidecars
	SourceNoProxy   Code = "ZT1704" // a source without an identity
	AccountNoProxy  Code = "ZT1705" // the same, spelt as an account
	CallersNoProxy  Code = "ZT1706" // members of ns/* without an identity
	PortUnguarded   Code = "ZT1707" // a port that a rule names and no proxy sees
	PortsAround     Code = "ZT1708" // ports that a rule means and no proxy sees
	ProxyPortOpen   Code = "ZT1709" // an allow on a port of the proxy itself
)

// guardManifests are two workloads in one file; the text stands in the pod template of the second.
func guardManifests(program, labels, annotations, spec string) string {
	return "-- main.zt --\n" + program + `-- k8s/shop.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    metadata: {labels: {app: web}}
    spec: {serviceAccountName: web, containers: [{name: web}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: db}
spec:
  template:
    metadata:
      labels: {app: db` + labels + `}
      annotations: {` + annotations + `}
    spec: {serviceAccountName: db, ` + spec + `containers: [{name: db, ports: [{name: tcp-sql, containerPort: 5432}, {containerPort: 9090}]}]}
`
}

const guardProgram = "inventory \"k8s/\"\n\ndeny all in default\n"

var guardCodes = []Info{
	{
		Code: NoProxy, Severity: Error, Title: "a target that no proxy guards",
		Explanation: "Policies are enforced by the proxy before a pod, and by nobody else. The injector gives none to pods on the host's network, to pods with the label or " +
			"annotation `sidecar.istio.io/inject: \"false\"`, to pods of a namespace with `istio-injection: disabled` (which no pod overrides), and to those of kube-system and the other " +
			"namespaces of Kubernetes. A sidecar with interception mode NONE, or that includes no inbound port, sees no request. So the statement would be applied and do nothing.\n\n" +
			"A waypoint ignores policies with a selector. Pods in the ambient data plane are guarded, by a proxy that reads policies otherwise than the sidecars that this program is compiled for.",
		Example: guardManifests(guardProgram+"allow web -> db:5432\n", "", "", "hostNetwork: true, "),
		Fixed:   guardManifests(guardProgram+"allow web -> db:5432\n", "", "", ""),
	},
	{
		Code: MemberNoProxy, Severity: Warning, Title: "a member of a wide target that no proxy guards",
		Explanation: "The statement is for a whole namespace, the mesh, or all pods with some labels, and for some of them there is no proxy to enforce it; ZT1701 says when. They stay open. " +
			"It is said once a namespace. Of the mesh, the root namespace and the namespaces of Kubernetes are left out.",
		Example: guardManifests(guardProgram, ", sidecar.istio.io/inject: \"false\"", "", ""),
		Fixed:   guardManifests(guardProgram, "", "", ""),
	},
	{
		Code: NamespaceSilent, Severity: Warning, Title: "a namespace that asks for no sidecars",
		Explanation: "The inventory has the Namespace, and it has neither of the labels `istio-injection` and `istio.io/rev`. By default Istio then injects only into pods that have the label " +
			"`sidecar.istio.io/inject: \"true\"` or `istio.io/rev`; the annotation does not do. Without a sidecar no policy is enforced for a pod, and the pod has no identity. An installation may inject everywhere, " +
			"and someone may have labelled the namespace by hand, so this is a warning. Where the inventory has no Namespace object, nothing is said.",
		Example: guardManifests(guardProgram+"allow web -> db:5432\n", "", "", "") + `---
apiVersion: v1
kind: Namespace
metadata: {name: default}
`,
		Fixed: guardManifests(guardProgram+"allow web -> db:5432\n", "", "", "") + `---
apiVersion: v1
kind: Namespace
metadata: {name: default, labels: {istio-injection: enabled}}
`,
	},
	{
		Code: SourceNoProxy, Severity: Error, Title: "a source without a proxy, so without an identity",
		Explanation: "A caller's identity is the certificate that its proxy presents. A pod without one calls in plain text, so an allow never lets it in and a deny never keeps it out. ZT1701 says when there is no proxy. " +
			"Where the caller has its certificate from somewhere else, write it as `account ns/name`.",
		Example: guardManifests(guardProgram+"allow db -> web\n", "", "sidecar.istio.io/inject: \"false\"", ""),
		Fixed:   guardManifests(guardProgram+"allow db -> web\n", "", "", ""),
	},
	{
		Code: AccountNoProxy, Severity: Warning, Title: "an account that only pods without a proxy run as",
		Explanation: "The inventory has workloads that run as this service account, and none of them has a proxy, so none presents its identity. An account may be meant all the same: of a workload elsewhere, or of one that " +
			"brings its own certificate.",
		Example: guardManifests(guardProgram+"allow account default/db -> web\n", "", "", "hostNetwork: true, "),
		Fixed:   guardManifests(guardProgram+"allow account default/db -> web\n", "", "", ""),
	},
	{
		Code: CallersNoProxy, Severity: Warning, Title: "callers of a namespace that have no identity",
		Explanation: "`ns/*` means the identities of a namespace. Some of its workloads have no proxy, so no identity: an allow does not let them in, and a deny does not keep them out. It is said once a namespace.",
		Example:     guardManifests(guardProgram+"allow default/* -> web\n", ", sidecar.istio.io/inject: \"false\"", "", ""),
		Fixed:       guardManifests(guardProgram+"allow default/* -> web\n", "", "", ""),
	},
	{
		Code: PortUnguarded, Severity: Error, Title: "a port that no proxy guards",
		Explanation: "Traffic to the port does not pass the sidecar: an annotation of the pods excludes it, or does not include it (`traffic.sidecar.istio.io/excludeInboundPorts`, `includeInboundPorts`). Or it is one of 15020, " +
			"15021 and 15090, where the proxy itself answers for metrics and health, without filters. The rule would be applied and do nothing.",
		Example: guardManifests(guardProgram+"allow web -> db:9090\n", "", "traffic.sidecar.istio.io/excludeInboundPorts: \"9090\"", ""),
		Fixed:   guardManifests(guardProgram+"allow web -> db:9090\n", "", "", ""),
	},
	{
		Code: PortsAround, Severity: Warning, Title: "ports of a target that no proxy guards",
		Explanation: "The statement is for all ports of these pods, and an annotation of theirs leads traffic to some around the sidecar. Those stay open. It is said once a workload.",
		Example:     guardManifests(guardProgram+"allow web -> db\n", "", "traffic.sidecar.istio.io/includeInboundPorts: \"5432\"", ""),
		Fixed:       guardManifests(guardProgram+"allow web -> db\n", "", "", ""),
	},
	{
		Code: ProxyPortOpen, Severity: Warning, Title: "an allow on a port of the proxy itself",
		Explanation: "On 15020, 15021 and 15090 the proxy answers for metrics and health, and no policy is asked. The allow is not needed, and it keeps nobody else out.",
		Example: `deny all in default
allow prometheus -> api port 15020 GET
`,
		Fixed: `deny all in default
allow prometheus -> api port 8080 GET "/metrics"
`,
	},
}
