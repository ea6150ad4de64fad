package diag

const (
	AmbientNotYet     Code = "ZT1402" // ambient has no meaning yet
	TargetRefNotYet   Code = "ZT1403" // targets by targetRefs have no meaning yet
	FieldNeedsVersion Code = "ZT1405" // a field that the target version lacks
	BaselinePort      Code = "ZT1406" // a baseline on one port
)

var planeCodes = []Info{
	{
		Code: AmbientNotYet, Severity: Error, Title: "ambient has no meaning yet",
		Explanation: "Policies for the ambient data plane need another lowering, which does not exist yet.",
		Example: `mesh { data-plane ambient }
deny all in default
`,
		Fixed: `mesh { data-plane sidecar }
deny all in default
`,
	},
	{
		Code: TargetRefNotYet, Severity: Error, Title: "targets by targetRefs have no meaning yet",
		Explanation: "Gateways and waypoints are attached by targetRefs, which has no lowering yet. A sidecar ignores such a policy.",
		Example: `deny all in default
allow anyone -> gateway istio-system/public
`,
	},
	{
		Code: FieldNeedsVersion, Severity: Error, Title: "a field that the target version lacks",
		Explanation: "An older Istio drops a field that it does not know, and the rule would mean something else.",
		Example: `mesh { istio "1.27" }
deny all in default
allow trust-domain "*.example" -> api
`,
		Fixed: `mesh { istio "1.31" }
deny all in default
allow trust-domain "*.example" -> api
`,
	},
	{
		Code: BaselinePort, Severity: Error, Title: "a baseline on one port",
		Explanation: "An ALLOW policy closes a workload as a whole, whatever ports its rules name.",
		Example: `workload web { port http 8080 }
workload api { port http 8080 }
workload db { port db 5432 tcp }
deny all on web, api:8080, db
`,
		Fixed: `workload web { port http 8080 }
workload api { port http 8080 }
workload db { port db 5432 tcp }
deny all on web, api, db
`,
	},
}
