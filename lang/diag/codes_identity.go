package diag

const (
	SpiffePrefix        Code = "ZT1201" // spiffe:// written out
	BadPrincipal        Code = "ZT1202" // a principal of the wrong shape
	SharedAccount       Code = "ZT1203" // a source whose account another workload shares
	DefaultAccount      Code = "ZT1204" // a workload on the default account
	AnyoneExcept        Code = "ZT1205" // an allow for anyone except someone
	TokenExcept         Code = "ZT1206" // an allow except a token
	BadSubject          Code = "ZT1207" // not an issuer and subject
	NoToken             Code = "ZT1208" // a token that nobody verifies
	UntypedClaim        Code = "ZT1209" // absence or difference of an untyped claim
	BadNamespacePattern Code = "ZT1210" // a namespace pattern that matches everyone or no one
	BadTrustDomain      Code = "ZT1211" // not a trust domain
	JWTTwice            Code = "ZT1212" // one issuer accepted twice
	MTLSConflict        Code = "ZT1213" // two mtls modes for one target
	BadToken            Code = "ZT1214" // a bad line in a jwt block
	PlaintextPasses     Code = "ZT1215" // a deny on an identity where plaintext passes
	PlaintextRefused    Code = "ZT1216" // an allow of plaintext where mTLS is required
	ClientAddress       Code = "ZT1217" // the address of a client away from a gateway
	ClientAlone         Code = "ZT1218" // ... and nothing else in an allow
	JWTUnused           Code = "ZT1219" // tokens that no rule asks for
	TokenLeftOut        Code = "ZT1220" // a deny on a token that the caller leaves out
	NotAString          Code = "ZT1221" // a claim that is no string
	MTLSOff             Code = "ZT1222" // an identity where mTLS is off
	HeaderTaken         Code = "ZT1223" // a header that tokens are taken out of
	UnknownClaim        Code = "ZT1224" // a claim that no list of claims has
	ForeignDomain       Code = "ZT1225" // callers whose certificates a sidecar does not take
	MTLSAtGateway       Code = "ZT1226" // mtls of a gateway
)

var identityCodes = []Info{
	{
		Code: SpiffePrefix, Severity: Error, Title: "spiffe:// written out",
		Explanation: "Istio adds the scheme itself; written out it stands there twice and never matches.",
		Example: `mesh { trust-domain "x.example" }
deny all in default
allow principal "spiffe://x.example/ns/a/sa/b" -> api
`,
		Fixed: `mesh { trust-domain "x.example" }
deny all in default
allow principal "x.example/ns/a/sa/b" -> api
`,
	},
	{
		Code: BadPrincipal, Severity: Error, Title: "a principal of the wrong shape",
		Explanation: "A mesh identity is trust-domain/ns/NAMESPACE/sa/ACCOUNT, and a pattern has to be able to match one. Accounts of this mesh are written without quotes, as `account NAMESPACE/ACCOUNT`.",
		Example: `mesh { trust-domain "x.example" }
deny all in default
allow principal "x.example/a/b" -> api
`,
		Fixed: `mesh { trust-domain "x.example" }
deny all in default
allow principal "x.example/ns/a/sa/b" -> api
`,
	},
	{
		Code: SharedAccount, Severity: Error, Title: "a source whose account another workload shares",
		Explanation: "A proxy sees the service account of a caller and nothing else. Naming one of two workloads on one account would admit both.",
		Example: `workload web { account shop }
workload job { account shop }
workload api
deny all in default
allow web -> api GET
`,
		Fixed: `workload web { account shop }
workload job { account shop }
workload api
deny all in default
allow account default/shop -> api GET
`,
	},
	{
		Code: DefaultAccount, Severity: Warning, Title: "a workload on the default account",
		Explanation: "A Deployment without serviceAccountName runs as the account `default` of its namespace, together with every other such pod; an ALLOW for an account of its own name never matches.",
		Example: `-- main.zt --
inventory "k8s.yaml"
deny all in default
allow web -> api GET
-- k8s.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, ports: [{containerPort: 80}]}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: default}
spec: {template: {metadata: {labels: {app: api}}, spec: {serviceAccountName: api, containers: [{name: c, ports: [{containerPort: 80}]}]}}}
`,
		Fixed: `-- main.zt --
inventory "k8s.yaml"
deny all in default
allow web -> api GET
-- k8s.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec: {template: {metadata: {labels: {app: web}}, spec: {serviceAccountName: web, containers: [{name: c, ports: [{containerPort: 80}]}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: default}
spec: {template: {metadata: {labels: {app: api}}, spec: {serviceAccountName: api, containers: [{name: c, ports: [{containerPort: 80}]}]}}}
`,
	},
	{
		Code: AnyoneExcept, Severity: Error, Title: "an allow for anyone except someone",
		Explanation: "A caller without an mTLS identity is not provably the excluded one, so it would pass. An allow must say who is left.",
		Example: `deny all in default
allow anyone except legacy -> api
`,
		Fixed: `deny all in default
allow authenticated except legacy -> api
`,
	},
	{
		Code: TokenExcept, Severity: Error, Title: "an allow except a token",
		Explanation: "A request without a token is not provably the excluded subject's, so it would pass.",
		Example: `deny all in default
allow web except as "https://i.example/robot" -> api
`,
		Fixed: `deny all in default
jwt "https://i.example" on api
allow web as "*" except as "https://i.example/robot" -> api
`,
	},
	{
		Code: BadSubject, Severity: Error, Title: "not an issuer and subject",
		Explanation: "`as` takes \"ISSUER/SUBJECT\", \"ISSUER/*\" for any subject, or \"*\" for any verified token. Istio splits at the last slash, and takes wildcards in the issuer literally.",
		Example: `deny all in default
jwt "https://i.example" on api
allow web as "https://i.example" -> api
`,
		Fixed: `deny all in default
jwt "https://i.example" on api
allow web as "https://i.example/*" -> api
`,
	},
	{
		Code: NoToken, Severity: Warning, Title: "a token that nobody verifies",
		Explanation: "Claims are read from tokens that a `jwt` statement for this workload verifies. Without one, or with another issuer to the letter, the test never holds: https://a/ is not https://a. Istio takes what follows the last slash for the subject, so a subject that holds a slash is tested as `claim[\"sub\"]`.",
		Example: `deny all in default
allow web as "https://i.example/*" -> api
`,
		Fixed: `deny all in default
jwt "https://i.example" on api
allow web as "https://i.example/*" -> api
`,
	},
	{
		Code: UntypedClaim, Severity: Error, Title: "absence or difference of an untyped claim",
		Explanation: "Istio sees only strings and lists of strings in claims: a number or a boolean looks absent. Where absence matters (differences, absence itself, anything in a deny), the `jwt` block must say the claim's type.",
		Example: `workload web { port http 8080 }
workload api { port http 8080 }
workload db { port db 5432 tcp }
deny all in default
jwt "https://i.example" on api
allow web as "https://i.example/*" -> api when claim["tier"] != "free"
`,
		Fixed: `workload web { port http 8080 }
workload api { port http 8080 }
workload db { port db 5432 tcp }
deny all in default
jwt "https://i.example" on api { claims tier string }
allow web as "https://i.example/*" -> api when claim["tier"] != "free"
`,
	},
	{
		Code: BadNamespacePattern, Severity: Error, Waiving: WaivableWarning, Title: "a namespace pattern that matches everyone or no one",
		Explanation: "Istio looks for the pattern inside the whole identity, so `*a` and `*sa` match every one; `sa`, `s*` and `sa*` match callers in a namespace named ns as well, and `ns`, `n*`, `ns*`, `*s` and `*ns` all callers of a trust domain named ns. Others match no namespace that Kubernetes could have. `*` alone is a warning: it means every caller with an identity, those of other trust domains too, which `authenticated` says.",
		Example: `deny all in default
allow namespace "*a" -> api
`,
		Fixed: `deny all in default
allow namespace "*-prod" -> api
`,
	},
	{
		Code: BadTrustDomain, Severity: Error, Title: "not a trust domain",
		Explanation: "A trust domain is a domain, without scheme and path.",
		Example: `mesh { trust-domain "x.example" }
deny all in default
allow trust-domain "spiffe://x.example" -> api
`,
		Fixed: `mesh { trust-domain "x.example" }
deny all in default
allow trust-domain "x.example" -> api
`,
	},
	{
		Code: JWTTwice, Severity: Error, Title: "one issuer accepted twice",
		Explanation: "Two statements give rules for the same issuer on the same pods. Istio accepts a token that either of them accepts, so an audience that one asks for is no condition, and which of the two sets headers depends on their order.",
		Example: `deny all in default
jwt "https://i.example" on api
jwt "https://i.example" on api { keep token }
allow anyone as "https://i.example/*" -> api GET
`,
		Fixed: `deny all in default
jwt "https://i.example" on api { keep token }
allow anyone as "https://i.example/*" -> api GET
`,
	},
	{
		Code: MTLSConflict, Severity: Error, Title: "two mtls modes for one target",
		Explanation: "Istio keeps one of them, by the age of the object.",
		Example: `deny all in default
mtls strict in default
mtls permissive in default
`,
		Fixed: `deny all in default
mtls strict in default
`,
	},
	{
		Code: BadToken, Severity: Error, Title: "a bad line in a jwt block",
		Explanation: "The value has a shape that Istio refuses.",
		Example: `deny all in default
jwt "https://i.example" on api { timeout soon }
allow anyone as "https://i.example/*" -> api GET
`,
		Fixed: `deny all in default
jwt "https://i.example" on api { timeout 5s }
allow anyone as "https://i.example/*" -> api GET
`,
	},
	{
		Code: PlaintextPasses, Severity: Error, Waiving: WaivableWarning, Title: "a deny on an identity where plaintext passes",
		Explanation: "An identity comes from the certificate of mTLS. Where plaintext is accepted, which is Istio's default, the same caller can leave it out: a pod without a sidecar, or whoever reaches the port. A deny or audit on its identity, or on everybody `authenticated` except some, then does not see it, and it passes, because the target is open or an allow admits callers without an identity. It is an error of a deny where such a request passes, and the diagnostic shows it; it is a warning of an audit, and where that is not known for sure.",
		Example: `workload web { port http 8080 }
workload legacy
workload api { port http 8080 }
deny all in default
allow anyone -> api
deny legacy -> api
`,
		Fixed: `workload web { port http 8080 }
workload legacy
workload api { port http 8080 }
mtls strict in default
deny all in default
allow authenticated -> api
deny legacy -> api
`,
	},
	{
		Code: PlaintextRefused, Severity: Warning, Title: "an allow of plaintext where mTLS is required",
		Explanation: "With `mtls strict` a proxy refuses connections without a certificate before it looks at any rule. An allow for `plaintext`, or for `anyone` as far as it means them, lets nobody in. Probes of the kubelet do not need it: Istio has them answered by the proxy's own agent.",
		Example: `workload api { port http 8080 }
mtls strict in default
deny all in default
allow anyone -> api GET "/health"
`,
		Fixed: `workload api { port http 8080 }
mtls strict in default
deny all in default
allow authenticated -> api GET "/health"
`,
	},
	{
		Code: ClientAddress, Severity: Warning, Title: "the address of a client, away from a gateway",
		Explanation: "`from client` is the address behind proxies, which the caller sends in X-Forwarded-For. A gateway knows how many of its entries to trust (numTrustedProxies). A sidecar trusts none of its own, and takes the last entry that whoever calls it has written, so any workload of the mesh chooses what stands there. A gateway is a workload or pods with the label `gateway.networking.k8s.io/gateway-name`, or the label `istio` with a value such as ingressgateway; a namespace is one when all of its known workloads are.",
		Example: `workload web { port http 8080 }
workload api { port http 8080 }
deny all in default
allow web from client "203.0.113.0/24" -> api
`,
		Fixed: `workload api { port http 8080 }
workload edge { labels istio: ingressgateway; port http 8080 }
deny all in default
allow anyone from client "203.0.113.0/24" -> edge
allow edge -> api
`,
	},
	{
		Code: ClientAlone, Severity: Error, Title: "an allow by nothing but the address of a client",
		Explanation: "Away from a gateway any workload of the mesh chooses the address that `from client` looks at. An allow that asks for neither an identity, a token nor the address of the direct peer is then open to all of them. See ZT1217 for what a gateway is.",
		Example: `workload api { port http 8080 }
deny all in default
allow anyone from client "203.0.113.0/24" -> api
`,
		Fixed: `workload api { port http 8080 }
workload edge { labels istio: ingressgateway; port http 8080 }
deny all in default
allow anyone from client "203.0.113.0/24" -> edge
allow edge -> api
`,
	},
	{
		Code: JWTUnused, Severity: Warning, Title: "tokens that no rule asks for",
		Explanation: "`jwt` has a workload verify the tokens of an issuer. It refuses a bad token, and requires none: a request without a token passes it. As long as no rule asks for a token there, with `as` or by a claim, nobody needs one.",
		Example: `workload web { port http 8080 }
workload api { port http 8080 }
jwt "https://i.example" on api
deny all in default
allow web -> api
`,
		Fixed: `workload web { port http 8080 }
workload api { port http 8080 }
jwt "https://i.example" on api
deny all in default
allow web -> api
deny anyone except as "https://i.example/*" -> api
`,
	},
	{
		Code: MTLSOff, Severity: Warning, Title: "an identity where mTLS is off",
		Explanation: "A caller's identity is in its mTLS certificate. Where `mtls disable` has a proxy take none, nobody has an identity: an allow for one lets nothing through, and a deny refuses nothing.",
		Example: `workload web { port http 8080 }
workload api { port http 8080 }
mtls disable on api port 8080
deny all in default
allow web -> api:8080
`,
		Fixed: `workload web { port http 8080 }
workload api { port http 8080 }
mtls permissive on api port 8080
deny all in default
allow web -> api:8080
`,
	},
	{
		Code: TokenLeftOut, Severity: Error, Waiving: WaivableWarning, Title: "a deny on a token that the caller leaves out",
		Explanation: "A token is the caller's to send. A deny or audit that names a subject or a claim does not see the same caller when it sends none, and where nothing requires a token that request passes. It is an error of a deny where such a request passes, and the diagnostic shows it; it is a warning of an audit, and where that is not known for sure.",
		Example: `workload web { port http 8080 }
workload api { port http 8080 }
jwt "https://i.example" on api
deny all in default
allow web -> api
deny anyone as "https://i.example/robot" -> api
`,
		Fixed: `workload web { port http 8080 }
workload api { port http 8080 }
jwt "https://i.example" on api
deny all in default
allow web as "https://i.example/*" -> api
deny anyone as "https://i.example/robot" -> api
`,
	}, {
		Code: NotAString, Severity: Error, Title: "a claim that is no string",
		Explanation: "Istio sees only strings and lists of strings in claims: a number or a boolean looks absent, so that a comparison never holds and its negation always does. exp, iat and nbf are numbers in every token, auth_time and updated_at in those of OpenID Connect, where email_verified and phone_number_verified are booleans. Some issuers send one of the last four as a string; where all that a rule reads do, their `jwt` blocks say so with a `claims` line. No `claims` line can say it of the first three.",
		Example: `workload web { port http 8080 }
workload api { port http 8080 }
jwt "https://i.example" on api
deny all in default
allow web as "https://i.example/*" -> api when claim["email_verified"] == "true"
`,
		Fixed: `workload web { port http 8080 }
workload api { port http 8080 }
jwt "https://i.example" on api { claims email_verified string }
deny all in default
allow web as "https://i.example/*" -> api when claim["email_verified"] == "true"
`,
	},
	{
		Code: HeaderTaken, Severity: Error, Title: "a header that tokens are taken out of",
		Explanation: "A proxy that verifies a token removes the header that it was in, with all of its lines, before it asks any policy; a token that is not verified is refused. So of a request with a token the header is absent: `is absent` holds of it, and a `deny` on it never does. `keep token` leaves it where it is. Without a `read` line tokens are read from `Authorization`, behind `Bearer `; values of it that can be no token, such as `Basic *`, can be tested. An external authorizer is asked before tokens are looked at, so a `delegate` would see the header as it was sent; as no proof tells the two apart, it is refused there.",
		Example: `workload web { port http 8080 }
workload api { port http 8080 }
jwt "https://i.example" on api
deny all in default
allow web -> api GET when header["authorization"] is present
allow web as "https://i.example/*" -> api POST
`,
		Fixed: `workload web { port http 8080 }
workload api { port http 8080 }
jwt "https://i.example" on api { keep token }
deny all in default
allow web -> api GET when header["authorization"] is present
allow web as "https://i.example/*" -> api POST
`,
	}, {
		Code: UnknownClaim, Severity: Warning, Title: "a claim that no list of claims has",
		Explanation: "Where every `jwt` statement whose tokens a rule reads lists the claims of its tokens, a test for the value of another claim is most likely one for a misspelt name. A claim that a token does not have is absent, so the test does not hold, and nobody is told. In an `expect` or a `prove` it may ask for what no request has, and succeed whatever the policies say. A `claims` line with its type says that the claim is there. Those of RFC 7519, RFC 9068 and OpenID Connect need no line, and where one `jwt` has no `claims` line, nothing is said.",
		Example: `workload web { port http 8080 }
workload api { port http 8080 }
jwt "https://i.example" on api { claims groups list, tier string }
deny all in default
allow web as "https://i.example/*" -> api when claim["teir"] == "gold"
`,
		Fixed: `workload web { port http 8080 }
workload api { port http 8080 }
jwt "https://i.example" on api { claims groups list, tier string }
deny all in default
allow web as "https://i.example/*" -> api when claim["tier"] == "gold"
`,
	},
	{
		Code: ForeignDomain, Severity: Warning, Title: "callers whose certificates a sidecar does not take",
		Explanation: "A sidecar ends connections with certificates of another trust domain than the mesh's, before it asks any policy. meshConfig can add some: as `trustDomainAliases`, or with the roots of another mesh as `caCertificates`; and istiod with PILOT_SKIP_VALIDATE_TRUST_DOMAIN=true has sidecars take all. No policy shows any of that, so an allow for such callers is a warning, once a trust domain. `trust-domain-aliases` in the mesh block names the aliases; where something else is set, a waiver says what. What comes to a gateway from outside is not meant.",
		Example: `workload api { port http 8080 }
deny all in default
allow trust-domain "partner.example" -> api GET
`,
		Fixed: `workload edge { labels istio: ingressgateway; port http 8080 }
workload api { port http 8080 }
deny all in default
allow trust-domain "partner.example" -> edge GET
allow edge -> api GET
`,
	}, {
		Code: MTLSAtGateway, Severity: Warning, Title: "mtls of a gateway",
		Explanation: "A PeerAuthentication is for sidecars. The proxy of a gateway ends connections as its Gateway says, with the TLS mode of each server, and callers without a certificate come to it however strict the mesh is. A gateway is known by its labels, or by an inventory.",
		Example: `workload edge { labels istio: ingressgateway; port http 8443 }
workload api { port http 8080 }
deny all in default
mtls strict on edge
allow anyone -> edge GET
allow edge -> api GET
`,
		Fixed: `workload edge { labels istio: ingressgateway; port http 8443 }
workload api { port http 8080 }
deny all in default
mtls strict on api
allow anyone -> edge GET
allow edge -> api GET
`,
	},
}
