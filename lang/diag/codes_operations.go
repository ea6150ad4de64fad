package diag

const (
	UnknownMethod   Code = "ZT1101" // unknown method
	LowerCaseMethod Code = "ZT1102" // a lower-case method
	BadPath         Code = "ZT1103" // a path that never matches
	LiteralWildcard Code = "ZT1104" // a wildcard that Istio takes literally
	OpenPrefix      Code = "ZT1105" // a prefix without a slash
	BadTemplate     Code = "ZT1106" // a bad path template
	BadHost         Code = "ZT1107" // a host that never matches
	BadGRPC         Code = "ZT1108" // not a gRPC name
	BadPort         Code = "ZT1109" // not a port
	HTTPOnTCPPort   Code = "ZT1110" // HTTP on a port that does not speak it
	TCPNeedsPorts   Code = "ZT1111" // `tcp` without declared ports
	TCPNotCovered   Code = "ZT1112" // connections that are not HTTP will not pass
	PortsUnknown    Code = "ZT1113" // a deny of HTTP on unknown ports
	PortsConflict   Code = "ZT1114" // one port number, two protocols
	BadCIDR         Code = "ZT1115" // not an address block
	BadAttribute    Code = "ZT1116" // not an attribute
	AbsentOnTCP     Code = "ZT1118" // Warning
	HostSuffix      Code = "ZT1119" // Warning
	BadValue        Code = "ZT1117" // a value that no request has
	DenySpelling    Code = "ZT1120" // a deny that another spelling walks around
	ExceptSpelling  Code = "ZT1121" // an exception that another spelling escapes
	TCPCovered      Code = "ZT1122" // a deny of HTTP that covers other connections
	PortSpared      Code = "ZT1123" // a deny of HTTP that leaves out a port of all pods
)

var operationCodes = []Info{
	{
		Code: UnknownMethod, Severity: Error, Title: "unknown method",
		Explanation: "Methods are those of the IANA registry; others are declared in a set, so that a slip does not make a rule that never matches.",
		Example: `deny all in default
allow web -> api GTE
`,
		Fixed: `deny all in default
allow web -> api GET
`,
	},
	{
		Code: LowerCaseMethod, Severity: Error, Title: "a lower-case method",
		Explanation: "Methods are case-sensitive in HTTP and in Istio: get is another method than GET.",
		Example: `deny all in default
allow web -> api get
`,
		Fixed: `deny all in default
allow web -> api GET
`,
	},
	{
		Code: BadPath, Severity: Error, Title: "a path that never matches",
		Explanation: "Istio compares a path as the proxy has normalised it, without its query. It starts with a slash, has no fragment and no dot segments, and escapes what a URL cannot hold, in capitals (/%C3%A9), and nothing else: /%61dmin is compared as /admin.",
		Example: `deny all in default
allow web -> api GET "api/v1"
`,
		Fixed: `deny all in default
allow web -> api GET "/api/v1"
`,
	},
	{
		Code: LiteralWildcard, Severity: Error, Waiving: WaivableError, Title: "a wildcard that Istio takes literally",
		Explanation: "A wildcard is `*` alone, at the start or at the end. Anywhere else Istio compares the star itself, and no such request comes. A segment like `:id`, which is a name in routers, is compared as it stands, too. Waived, the text is compared to the letter.",
		Example: `deny all in default
allow web -> api GET "/a/*/b"
`,
		Fixed: `deny all in default
allow web -> api GET "/a/{*}/b"
`,
	},
	{
		Code: OpenPrefix, Severity: Warning, Title: "a prefix without a slash",
		Explanation: "\"/api*\" matches /api and /api/x, and also /apix.",
		Example: `deny all in default
allow web -> api GET "/api*"
`,
		Fixed: `deny all in default
allow web -> api GET "/api", "/api/*"
`,
	},
	{
		Code: BadTemplate, Severity: Error, Title: "a bad path template",
		Explanation: "{*} is one segment and {**} any number, each alone between slashes; nothing but plain segments follows {**}.",
		Example: `deny all in default
allow web -> api GET "/a/{x}/b"
`,
		Fixed: `deny all in default
allow web -> api GET "/a/{*}/b"
`,
	},
	{
		Code: BadHost, Severity: Error, Title: "a host that never matches",
		Explanation: "A host is compared with the Host header: a name and perhaps a port, never a URL.",
		Example: `deny all in default
allow web -> api host "https://api.example/x"
`,
		Fixed: `deny all in default
allow web -> api host "api.example"
`,
	},
	{
		Code: BadGRPC, Severity: Error, Title: "not a gRPC name",
		Explanation: "A gRPC method is package.Service/Method; all methods of a service are package.Service/*.",
		Example: `deny all in default
allow web -> api grpc "AddItem"
`,
		Fixed: `deny all in default
allow web -> api grpc "shop.Cart/AddItem"
`,
	},
	{
		Code: BadPort, Severity: Error, Title: "not a port",
		Explanation: "Ports are numbers from 1 to 65535.",
		Example: `deny all in default
allow web -> api:70000
`,
		Fixed: `deny all in default
allow web -> api:7000
`,
	},
	{
		Code: HTTPOnTCPPort, Severity: Error, Title: "HTTP on a port that does not speak it",
		Explanation: "Istio cannot read HTTP on a port that is declared to speak something else: an allow would let nothing through, a deny would refuse everything.",
		Example: `workload web { port http 8080 }
workload api { port http 8080 }
workload db { port db 5432 tcp }
deny all in default
allow web -> db:5432 GET
`,
		Fixed: `workload web { port http 8080 }
workload api { port http 8080 }
workload db { port db 5432 tcp }
deny all in default
allow web -> db:5432
`,
	},
	{
		Code: TCPNeedsPorts, Severity: Error, Title: "`tcp` without declared ports",
		Explanation: "An ALLOW rule has no test for \"is not HTTP\". Only ports that are declared to speak TCP can be let through.",
		Example: `deny all in default
allow web -> db { tcp }
`,
		Fixed: `workload web { port http 8080 }
workload api { port http 8080 }
workload db { port db 5432 tcp }
deny all in default
allow web -> db { tcp }
`,
	},
	{
		Code: TCPNotCovered, Severity: Warning, Title: "connections that are not HTTP will not pass",
		Explanation: "Without an operation a rule speaks of every connection, and an exception of HTTP leaves the others allowed. No ports are known, so the ALLOW rule that is emitted lets only HTTP through. A condition that reads something of HTTP makes a rule speak of HTTP alone; where it holds on absence (`not (header[\"x\"] == \"a\")`, `is absent`), connections that are not HTTP, which have no header, still do not pass by it: only by another alternative of the rule, or by another rule.",
		Example: `deny all in default
allow web -> api except DELETE
`,
		Fixed: `deny all in default
allow web -> api { http } except DELETE
`,
	},
	{
		Code: PortsUnknown, Severity: Error, Title: "a deny of HTTP on unknown ports",
		Explanation: "On connections that are not HTTP, Istio drops what it cannot read from a DENY rule, and the rule widens to all of them. The declared TCP ports have to be excluded, so the ports must be known, and what they speak.",
		Example: `deny all in default
allow web -> api
deny web -> api POST
`,
		Fixed: `workload web { port http 8080 }
workload api { port http 8080 }
workload db { port db 5432 tcp }
deny all in default
allow web -> api
deny web -> api POST
`,
	},
	{
		Code: TCPCovered, Severity: Warning, Title: "a deny of HTTP that covers other connections",
		Explanation: "On connections that are not HTTP, Istio drops what it cannot read from a DENY rule, and the rule widens to all of them. Ports that are declared to speak TCP are excluded. On a port of which nobody said what it speaks nothing can be read, and every connection of the rule's sources is refused there. Where no port that the rule covers is known to speak HTTP, that is the error ZT1113.",
		Example: `workload web { port http 8080 }
workload api { port http 8080; port raw 7000 }
deny all in default
allow web -> api:8080
deny web -> api POST
`,
		Fixed: `workload web { port http 8080 }
workload api { port http 8080; port tcp-raw 7000 }
deny all in default
allow web -> api:8080
deny web -> api POST
`,
	},
	{
		Code: PortSpared, Severity: Warning, Title: "a deny of HTTP that leaves out a port of all pods",
		Explanation: "A DENY rule of HTTP has to leave out ports that speak something else, where Istio would widen it to every connection. A rule for a namespace, the mesh or pods is one policy for all of them, so a port that one workload declares so is left out for every pod, and what another pod serves there in HTTP, with or without a declaration, is not refused. Rules for the workloads one by one leave out only their own ports.",
		Example: `workload web { port http 8080 }
workload db { port tcp 5432 }
deny all in default
allow default/* -> web
deny anyone -> default/* POST
`,
		Fixed: `workload web { port http 8080 }
workload db { port tcp 5432 }
deny all in default
allow default/* -> web
deny anyone -> web POST
`,
	},
	{
		Code: PortsConflict, Severity: Error, Title: "one port number, two protocols",
		Explanation: "One rule covers workloads on which the same port number speaks HTTP and something else, and cannot tell them apart.",
		Example: `workload a { port http 8080 }
workload b { port tcp 8080 }
deny all in default
allow b -> a
deny anyone -> default/* POST
`,
		Fixed: `workload a { port http 8080 }
workload b { port tcp 8080 }
deny all in default
allow b -> a
deny anyone -> a POST
`,
	},
	{
		Code: BadCIDR, Severity: Error, Title: "not an address block",
		Explanation: "An IP address or a CIDR block with its host bits clear.",
		Example: `deny all in default
allow anyone from "10.1.2.3/8" -> api
`,
		Fixed: `deny all in default
allow anyone from "10.0.0.0/8" -> api
`,
	},
	{
		Code: BadAttribute, Severity: Error, Title: "not an attribute",
		Explanation: "Conditions test header, claim, audience, presenter, sni, destination and metadata; Istio skips a whole rule with a key that it does not know.",
		Example: `deny all in default
allow web -> api when heder["x"] == "y"
`,
		Fixed: `deny all in default
allow web -> api when header["x"] == "y"
`,
	},
	{
		Code: BadValue, Severity: Error, Title: "a value that no request has",
		Explanation: "Istio refuses empty values, and no request carries control characters.",
		Example: `deny all in default
allow web -> api when header["x"] == ""
`,
		Fixed: `deny all in default
allow web -> api when header["x"] is present
`,
	},
	{
		Code: AbsentOnTCP, Severity: Warning, Title: "absence on a port that does not speak HTTP",
		Explanation: "Tokens and headers are of HTTP, and a rule that reads something of HTTP leaves the declared TCP ports alone. Whoever connects to one of them brings no token and no header, and is not refused by this rule, though it refuses requests without.",
		Example:     "workload web\nworkload api { port http 8080; port db 5432 tcp }\njwt \"https://i.example\" on api\ndeny all in default\nallow web -> api\ndeny anyone except as \"https://i.example/*\" -> api\n",
		Fixed:       "workload web\nworkload api { port http 8080; port db 5432 tcp }\njwt \"https://i.example\" on api\ndeny all in default\nallow web -> api\ndeny anyone except as \"https://i.example/*\" -> api:8080\ndeny anyone -> api { tcp }\n",
	},
	{
		Code: HostSuffix, Severity: Warning, Title: "a host suffix, which covers no port",
		Explanation: "A client may send its host with a port (a.example:8080) or with a trailing dot, and Istio has no pattern for a suffix with any port. An allow does not let those through, and a deny or an exception does not catch them.",
		Example:     "deny all in default\nallow web -> api host \"*.example\"\n",
		Fixed:       "deny all in default\nallow web -> api host \"a.example\", \"b.example\"\n",
	},
	{
		Code: DenySpelling, Severity: Warning, Title: "a deny that another spelling walks around",
		Explanation: "A proxy removes dot segments and decodes escaped letters, and then compares a path letter by letter. Servers are more generous: to many of them //admin, /admin;x, /admin%2Fx, /Admin and /admin%20 are the page that /admin or /admin/* was to shut. So it is with a host, which a caller may send with a trailing dot, and with a delegate, whose provider is asked about what is named and nothing else. What a deny does not name passes, so it cannot be made tight by more names. An allow can: what it does not name passes in no spelling. That is so of whole paths; a wildcard lets more through than it seems: /items/{*} has /items/..%2Fadmin in it, which a server that decodes it takes for /admin, and /items/* has /items/%2e%2e;/admin. There is no warning where the target is closed and no allow lets such a spelling through, where other denies refuse each of them, nor for gRPC, whose servers know one spelling.",
		Example: `workload web { port http 8080 }
workload api { port http 8080 }
deny all in default
allow web -> api
deny web -> api "/admin", "/admin/*"
`,
		Fixed: `workload web { port http 8080 }
workload api { port http 8080 }
deny all in default
allow web -> api "/orders", "/orders/new"
`,
	},
	{
		Code: ExceptSpelling, Severity: Warning, Title: "an exception that another spelling escapes",
		Explanation: "An exception takes a path out of an allow as a proxy spells it. Its other spellings stay in, and to many servers they are the same page: /api//internal/x, /api/internal;x, /api/Internal. An allow that names the paths that are wanted has no such hole. There is no warning where a deny refuses each of those spellings.",
		Example: `workload web { port http 8080 }
workload api { port http 8080 }
deny all in default
allow web -> api GET "/api/*" except "/api/internal/*"
`,
		Fixed: `workload web { port http 8080 }
workload api { port http 8080 }
deny all in default
allow web -> api GET "/api/orders", "/api/orders/new"
`,
	},
}
