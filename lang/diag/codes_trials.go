package diag

const (
	ExpectFailed Code = "ZT1801" // an expectation that does not hold
	ProofFailed  Code = "ZT1802" // a proof that does not hold
	Unanswerable Code = "ZT1803" // a question that cannot be asked
	NotProven    Code = "ZT1804" // neither yes nor no is known
	TestName     Code = "ZT1805" // a name that does not tell one test
	NoQuestion   Code = "ZT1806" // of `ztc why`
	UnknownToken Code = "ZT1807"
	NoSuchPolicy Code = "ZT1808"
	NoSuchRule   Code = "ZT1809"
	NeverNamed   Code = "ZT1810"
)

var trialCodes = []Info{
	{
		Code: ExpectFailed, Severity: Error, Title: "an expectation that does not hold",
		Explanation: "The emitted policies say something else of a request than an `expect` does. `expect allow` is about one request: what it leaves out is chosen plainly (GET, \"/\", no token, no header, the one port of the workload). `expect deny` is about all requests that fit it.",
		Example: `deny all in default
allow web -> api GET
test "writes" { expect allow web -> api POST }
`,
		Fixed: `deny all in default
allow web -> api GET, POST
test "writes" { expect allow web -> api POST }
`,
	},
	{
		Code: ProofFailed, Severity: Error, Title: "a proof that does not hold",
		Explanation: "A `prove` speaks of all requests, and there is one of which it is not true. `only` wants whatever passes to its targets to be one of its requests, `never` none of them to pass, in any spelling of a path that a server may take for the same, and `always` all of them. A caller without an mTLS identity counts, unless the target accepts mTLS alone.",
		Example: `deny all in default
allow web -> api GET
allow admin -> api
prove only web -> api
`,
		Fixed: `deny all in default
allow web -> api GET
allow admin -> api
prove only web, admin -> api
`,
	},
	{
		Code: Unanswerable, Severity: Error, Title: "a question that cannot be asked",
		Explanation: "`expect allow` is about one request, so it has to be clear which port it goes to; and a proof or an `expect deny` about no request at all, such as one of HTTP at a port that does not speak it, or a test that expects nothing, would be true whatever the policies say. So would a `prove only` where nothing passes to its targets at all.",
		Example: `workload web
workload api { port http 8080; port admin-http 9000 http }
deny all in default
allow web -> api GET
test "reads" { expect allow web -> api GET }
`,
		Fixed: `workload web
workload api { port http 8080; port admin-http 9000 http }
deny all in default
allow web -> api GET
test "reads" { expect allow web -> api:8080 GET }
`,
	},
	{
		Code: NotProven, Severity: Error, Title: "not proven",
		Explanation: "An exact answer would take more steps than the compiler spends on one question, so neither yes nor no is known, and nothing is written. Conditions and exceptions that meet in one place multiply: several statements, or fewer patterns, say the same with less.",
		Internal:    true,
	},
	{
		Code: TestName, Severity: Warning, Title: "a name that does not tell one test",
		Explanation: "Reports list tests by their names, `ztc test --run` picks them by their names, and a CI system that sees two of one name takes them for one. So each test of a program has a name of its own, in all of its files.",
		Example: `deny all in default
allow web -> api GET
test "api" { expect allow web -> api GET }
test "api" { expect deny web -> api POST }
`,
		Fixed: `deny all in default
allow web -> api GET
test "api is read" { expect allow web -> api GET }
test "api is not written" { expect deny web -> api POST }
`,
	},
	{
		Code: NoQuestion, Severity: Error, Internal: true,
		Title:       "more than a question",
		Explanation: "`ztc why` asks about what one `expect` could be written of: SOURCE -> TARGET [OPERATION] [with ATTRIBUTE = \"VALUE\"]. Statements, verdicts such as `expect allow`, and several questions are more than that.",
	},
	{
		Code: UnknownToken, Severity: Error, Internal: true,
		Title:       "no name of a rule",
		Explanation: "What a proxy writes into its log of the rule that decided is `ns[NAMESPACE]-policy[NAME]-rule[NUMBER]`, with `istio-ext-authz-PROVIDER-` before it where an external authorizer is asked, or `none` where no rule matched. The text given to `ztc why --denied` holds none of these, or the names of two rules.",
	},
	{
		Code: NoSuchPolicy, Severity: Error, Internal: true,
		Title:       "a policy that the program does not emit",
		Explanation: "The policy that a log names is not one of this program, as it is now, nor of those given with `--with`. It is of another program, was written by hand, or was emitted before a statement changed.",
	},
	{
		Code: NoSuchRule, Severity: Error, Internal: true,
		Title:       "a rule that the policy does not have",
		Explanation: "The policy that a log names has fewer rules than that, as it is emitted now. The log is of an earlier version, or the cluster holds another one: rules are counted from 0.",
	},
	{
		Code: NeverNamed, Severity: Note, Internal: true,
		Title:       "a name that only the question has",
		Explanation: "No workload is declared or inventoried, so every name is taken on trust, and no statement of the program has this one. If it is misspelt, the answer is about nobody.",
	},
}
