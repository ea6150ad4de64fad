package diag

const (
	AmbientNotYet     Code = "ZT1402" // ambient has no meaning yet
	TargetRefNotYet   Code = "ZT1403" // targets by targetRefs have no meaning yet
	FieldNeedsVersion Code = "ZT1405" // a field that the target version lacks
	BaselinePort      Code = "ZT1406" // a baseline on one port
	HeaderLines       Code = "ZT1407" // a header that is walked around by sending it twice
	HeaderLinesPatch  Code = "ZT1408" // likewise, in some patch releases
	HeaderJoined      Code = "ZT1409" // likewise, of headers that a proxy keeps one value of
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
		Example: `mesh { istio "1.27"; trust-domain "east.example" }
deny all in default
allow trust-domain "*.example" -> api
`,
		Fixed: `mesh { istio "1.31"; trust-domain "east.example" }
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
	{
		Code: HeaderLines, Severity: Error, Title: "a header that is walked around by sending it twice",
		Explanation: "Until 1.27.8, 1.28.5 and 1.29.1 (ISTIO-SECURITY-2026-001, CVE-2026-26308) Istio's proxies compared a header that came in several lines as one text, with commas between them. The lines `x-role: admin` and `x-role: b` were `admin,b`, which is not `admin`: a `deny` that compared the header let them pass, and so did an `allow` that wanted another value, while the service behind it saw both lines. A statement that a caller can walk around is refused; one that only lets fewer requests pass is not.",
		Example: `mesh { istio "1.26" }
workload web
workload api { port http 8080 }
deny all in default
allow web -> api when header["x-role"] is present
deny anyone -> api when header["x-role"] == "admin"
`,
		Fixed: `mesh { istio "1.31" }
workload web
workload api { port http 8080 }
deny all in default
allow web -> api when header["x-role"] is present
deny anyone -> api when header["x-role"] == "admin"
`,
	},
	{
		Code: HeaderLinesPatch, Severity: Warning, Title: "a header that some patch releases let be walked around",
		Explanation: "Of Istio 1.27, 1.28 and 1.29 the first patch releases compare a header that comes in several lines as one text, with commas between them, so that a caller who sends it twice is past this statement. From 1.27.8, 1.28.5 and 1.29.1 on each line is compared by itself. The version of the mesh block may name the patch release that runs; with an older one, the statement is refused.",
		Example: `mesh { istio "1.29" }
workload web
workload api { port http 8080 }
deny all in default
allow web -> api when header["x-role"] is present
deny anyone -> api when header["x-role"] == "admin"
`,
		Fixed: `mesh { istio "1.29.1" }
workload web
workload api { port http 8080 }
deny all in default
allow web -> api when header["x-role"] is present
deny anyone -> api when header["x-role"] == "admin"
`,
	},
	{
		Code: HeaderJoined, Severity: Warning, Title: "a header that is one text whatever its lines",
		Explanation: "Envoy keeps one value of the headers that it knows, such as `user-agent`, `accept`, `content-type`, `origin`, `authorization` and `x-forwarded-host`: several lines become one text with commas between them, and with semicolons for `cookie`, before any policy is asked. A request with the lines `user-agent: bad` and `user-agent: x` has the value `bad,x`, which is not `bad`. That is also what the service behind the proxy gets, and some take its first or its last part. What can be relied on is a rule that names the values that are wanted.",
		Example: `workload web
workload api { port http 8080 }
deny all in default
allow web -> api
deny anyone -> api when header["x-forwarded-proto"] == "http"
`,
		Fixed: `workload web
workload api { port http 8080 }
deny all in default
allow web -> api
deny anyone -> api when not (header["x-forwarded-proto"] == "https")
`,
	},
}
