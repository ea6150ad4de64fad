package diag

const (
	NoBaseline       Code = "ZT1301" // an allow without a baseline
	LeftOpen         Code = "ZT1302" // a workload left open
	DenyShadowsAllow Code = "ZT1303" // a deny of everything beside an allow
	ExpiredAllow     Code = "ZT1304" // an expired allow
	ExpiredDeny      Code = "ZT1305" // an expired deny
	BadDate          Code = "ZT1306" // not a day
	MatchesNothing   Code = "ZT1307" // a rule that matches nothing
	AbsencePasses    Code = "ZT1309" // Warning
	AllowAllBaseline Code = "ZT1310" // Warning
	DryRunAudit      Code = "ZT1308" // dry-run audit
	IdleException    Code = "ZT1311" // an exception that takes nothing away

	DuplicateStatement Code = "ZT1312" // a statement that another one repeats
	SubsumedStatement  Code = "ZT1313" // a statement inside another one
	RedundantStatement Code = "ZT1314" // a statement inside several others together
	DenyWithoutEffect  Code = "ZT1315" // a deny without effect
	HeaderLeftOut      Code = "ZT1316" // a deny on a header that a client leaves out
)

var meaningCodes = []Info{
	{
		Code: NoBaseline, Severity: Error, Title: "an allow without a baseline",
		Explanation: "The first allow on a workload closes it silently, and the last one to expire or be deleted opens it again. A `deny all` says that it is closed.",
		Example: `allow web -> api GET
`,
		Fixed: `deny all in default
allow web -> api GET
`,
	},
	{
		Code: LeftOpen, Severity: Warning, Title: "a workload left open",
		Explanation: "No `deny all` covers it, and no denies refuse every request of whoever they do not name: everything passes that no deny refuses. Where another program of the mesh closes it, a waiver at the `inventory` statement, or at the `mesh` block, says so.",
		Example: `deny plaintext -> api
`,
		Fixed: `deny all in default
allow authenticated -> api
`,
	},
	{
		Code: DenyShadowsAllow, Severity: Error, Waiving: WaivableError, Title: "a deny that leaves nothing of an allow",
		Explanation: "DENY wins over every ALLOW. One deny, or several together, refuse every request that the allow is for, on all of its targets, so it lets nothing pass. Where the deny was to be a baseline: the one that allows can open is `deny all`. A block for a while, `deny anyone -> api until ...`, is meant so, and waived. This is proven over all requests; beyond a budget nothing is said.",
		Example: `deny all in default
deny anyone -> api
allow web -> api GET
`,
		Fixed: `deny all in default
allow web -> api GET
`,
	},
	{
		Code: ExpiredAllow, Severity: Warning, Title: "an expired allow",
		Explanation: "The date has passed, and the rule is no longer emitted; its target stays closed. An audit, a dry-run rule and an exception from strict mTLS end in the same way.",
		Example: `deny all in default
allow web -> api GET until 2020-01-31
`,
		Fixed: `deny all in default
allow web -> api GET
`,
	},
	{
		Code: ExpiredDeny, Severity: Error, Title: "an expired deny",
		Explanation: "The date has passed. Dropping a deny, a delegate, a baseline or `mtls strict` opens something, so it stays in force, and the error stays until a person deletes or prolongs it.",
		Example: `deny all in default until 2020-01-31
`,
		Fixed: `deny all in default
`,
	},
	{
		Code: BadDate, Severity: Error, Title: "not a day",
		Explanation: "Dates are days of the calendar, YYYY-MM-DD.",
		Example: `deny all in default
allow web -> api GET until 2027-02-30
`,
		Fixed: `deny all in default
allow web -> api GET until 2027-02-28
`,
	},
	{
		Code: MatchesNothing, Severity: Error, Waiving: WaivableError, Title: "a rule that matches nothing",
		Explanation: "Its parts exclude each other: an operation that its exceptions cover, sources that are excluded again, a condition that contradicts itself, the operation `tcp` under a condition, a token or an exception that only HTTP has.",
		Example: `deny all in default
allow web -> api GET except GET
`,
		Fixed: `deny all in default
allow web -> api GET
`,
	},
	{
		Code: DryRunAudit, Severity: Error, Title: "dry-run audit",
		Explanation: "An audit rule never changes the outcome; Istio refuses the annotation on it.",
		Example: `deny all in default
dry-run audit web -> api
`,
		Fixed: `deny all in default
audit web -> api
`,
	},
	{
		Code: AbsencePasses, Severity: Warning, Title: "a deny that absence slips through",
		Explanation: "`!=` and `not in` mean \"present, and different\", so a caller walks around this deny by leaving the attribute out. There is no warning where such a request is known not to pass.",
		Example:     "workload web { port http 8080 }\nworkload api { port http 8080 }\ndeny all in default\nallow web -> api\ndeny web -> api when header[\"x\"] != \"a\"\n",
		Fixed:       "workload web { port http 8080 }\nworkload api { port http 8080 }\ndeny all in default\nallow web -> api\ndeny web -> api when not (header[\"x\"] == \"a\")\n",
	},
	{
		Code: AllowAllBaseline, Severity: Warning, Title: "an allow of everything over a baseline",
		Explanation: "Everything passes there, so the baseline closes nothing and the other allows say nothing. One allow is for every request of everybody, or several together are, which is proven over all requests. `allow all`, in or on what lies in a wider baseline, says that this is wanted.",
		Example:     "deny all in default\nallow all in default\n",
		Fixed:       "deny all in mesh\nallow all in sandbox\n",
	}, {
		Code: IdleException, Severity: Warning, Title: "an exception that takes nothing away",
		Explanation: "What is excluded is no part of what the statement names, so the statement means the same without it. Often the two were meant to be one name, or a path lacks its prefix. There is a warning only where no request can be of both, and of an exception in a policy only where no use of it takes anything away.",
		Example: `deny all in default
allow web except batch -> api GET
`,
		Fixed: `deny all in default
allow default/* except batch -> api GET
`,
	},
	{
		Code: DuplicateStatement, Severity: Warning, Title: "a statement that stands twice",
		Explanation: "Another statement of the same kind means the same, whatever its words. Whoever deletes or narrows one of the two changes nothing, and may not know it. Of two it is the later one that is reported. A statement on several targets, or in a policy that is used several times, is reported only where that holds of all that it becomes; one that ends (`until`) repeats none that stays.",
		Example: `deny all in default
allow web -> api GET, POST
allow web -> api POST, GET
`,
		Fixed: `deny all in default
allow web -> api GET, POST
`,
	},
	{
		Code: SubsumedStatement, Severity: Warning, Title: "a statement inside another one",
		Explanation: "Every request that it speaks of is one that another statement of the same kind speaks of, on every target and for at least as long, so the policies mean the same without it. Often the other one is wider than it was meant to be. This is proven over all requests; beyond a budget nothing is said.",
		Example: `deny all in default
allow web -> api GET "/orders"
allow web -> api GET "/orders", "/orders/*"
`,
		Fixed: `deny all in default
allow web -> api GET "/orders", "/orders/*"
`,
	},
	{
		Code: RedundantStatement, Severity: Warning, Title: "a statement inside several others together",
		Explanation: "Every request that it speaks of is one that one of several other statements of the same kind speaks of, none of which could be spared for that. The policies mean the same without it.",
		Example: `deny all in default
allow web -> api GET, POST
allow batch -> api GET, POST
allow web, batch -> api GET
`,
		Fixed: `deny all in default
allow web -> api GET, POST
allow batch -> api GET, POST
`,
	},
	{
		Code: DenyWithoutEffect, Severity: Warning, Title: "a deny without effect",
		Explanation: "Its targets are closed by a `deny all`, and no allow lets through a request that it speaks of. So it refuses nothing that would pass, and often names the wrong caller or path. Where it is there for what other programs allow, waive it.",
		Example: `workload web { port http 8080 }
workload api { port http 8080 }
workload legacy
mtls strict in default
deny all in default
allow web -> api GET
deny legacy -> api GET
`,
		Fixed: `workload web { port http 8080 }
workload api { port http 8080 }
workload legacy
mtls strict in default
deny all in default
allow web -> api GET
`,
	},
	{
		Code: HeaderLeftOut, Severity: Warning, Title: "a deny on a header that a client leaves out",
		Explanation: "A client sends a header, and a server name, or it does not. A deny on a value of one refuses who sends it, and the same request without it passes, which is shown. Where the value is set by a proxy that no client gets around, waive it. A deny on presence (`is present`) is taken to mean what it says.",
		Example: `workload web { port http 8080 }
workload api { port http 8080 }
deny all in default
allow web -> api GET
deny web -> api when header["x-env"] == "test"
`,
		Fixed: `workload web { port http 8080 }
workload api { port http 8080 }
deny all in default
allow web -> api GET
deny web -> api when not (header["x-env"] == "prod")
`,
	},
}
