package diag

const (
	DelegateIdentity  Code = "ZT1601" // an identity or a token in a delegate
	DryRunDelegate    Code = "ZT1602" // dry-run delegate
	BadProvider       Code = "ZT1603" // not the name of a provider
	HTTPProviderOnTCP Code = "ZT1604" // an HTTP provider where other connections are meant
	ProviderUnknown   Code = "ZT1605" // Warning
	TwoProviders      Code = "ZT1606" // two providers on one workload
	DelegateNothing   Code = "ZT1607" // Warning
	DelegateAssumes   Code = "ZT1608" // Note
	SplitValue        Code = "ZT1609" // Warning
	SecretKey         Code = "ZT1610" // Warning
	NoKeys            Code = "ZT1611" // keys that cannot be found
	BearerPrefix      Code = "ZT1612" // Warning
	MTLSOverlap       Code = "ZT1613" // two selectors of mtls for one pod
)

const delegateShop = `workload web { port http 8080 }
workload api { port http 8080; port db 5432 tcp }
deny all in default
allow web -> api
`

var delegateCodes = []Info{
	{
		Code: DelegateIdentity, Severity: Error, Title: "an identity or a token in a delegate",
		Explanation: "Istio asks a provider before it looks at tokens, and rejects a CUSTOM policy that names identities, tokens or claims. A delegate can say `anyone`, addresses, operations, headers, the SNI and the destination.",
		Example:     delegateShop + "delegate \"opa\" web -> api GET\n",
		Fixed:       delegateShop + "delegate \"opa\" anyone -> api GET\n",
	},
	{
		Code: DryRunDelegate, Severity: Error, Title: "dry-run delegate",
		Explanation: "Istio refuses the annotation on a CUSTOM policy: asking the provider is all that it does.",
		Example:     delegateShop + "dry-run delegate \"opa\" anyone -> api GET\n",
		Fixed:       delegateShop + "delegate \"opa\" anyone -> api GET\n",
	},
	{
		Code: BadProvider, Severity: Error, Title: "not the name of a provider",
		Explanation: "A provider is named as in meshConfig.extensionProviders, to the letter. A name that is not there turns the rules into a DENY, and so does, since Istio 1.30, one that is no DNS label: only lower-case letters, digits and `-`, 63 at most. Where the mesh block lists providers, a delegate asks one of them.",
		Example:     delegateShop + "delegate \"opa*\" anyone -> api GET\n",
		Fixed:       delegateShop + "delegate \"opa\" anyone -> api GET\n",
	},
	{
		Code: HTTPProviderOnTCP, Severity: Error, Title: "an HTTP provider where other connections are meant",
		Explanation: "A provider of the HTTP kind (envoyExtAuthzHttp) is asked about HTTP requests only: Istio ignores it on every other connection, which would pass without a word. A delegate to one speaks of HTTP, or of ports that are declared to speak it.",
		Example:     "mesh { provider \"opa\" http }\n" + delegateShop + "delegate \"opa\" anyone -> api\n",
		Fixed:       "mesh { provider \"opa\" http }\n" + delegateShop + "delegate \"opa\" anyone -> api { http }\n",
	},
	{
		Code: ProviderUnknown, Severity: Warning, Title: "a provider of unknown kind on TCP ports",
		Explanation: "A provider of the gRPC kind (envoyExtAuthzGrpc) is asked about connections that are not HTTP, one of the HTTP kind (envoyExtAuthzHttp) is not. The mesh block says which it is.",
		Example:     delegateShop + "delegate \"opa\" anyone -> api\n",
		Fixed:       "mesh { provider \"opa\" grpc }\n" + delegateShop + "delegate \"opa\" anyone -> api\n",
	},
	{
		Code: TwoProviders, Severity: Error, Title: "two providers on one workload",
		Explanation: "Istio asks one provider for a workload. Where two are named, it refuses all that either would be asked about, unless istiod runs with PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS=true, since Istio 1.30. The mesh block says so with `providers multiple`.",
		Example:     delegateShop + "delegate \"opa\" anyone -> api GET\ndelegate \"oauth\" anyone -> api POST\n",
		Fixed:       "mesh { providers multiple }\n" + delegateShop + "delegate \"opa\" anyone -> api GET\ndelegate \"oauth\" anyone -> api POST\n",
	},
	{
		Code: DelegateNothing, Severity: Warning, Title: "a delegate of what no allow lets pass",
		Explanation: "A provider can refuse, and never opens: what a baseline closes passes only where an `allow` matches. Here none can match what the delegate speaks of, so the provider decides nothing.",
		Example:     delegateShop + "delegate \"opa\" anyone -> web GET\n",
		Fixed:       delegateShop + "delegate \"opa\" anyone -> api GET\n",
	},
	{
		Code: DelegateAssumes, Severity: Note, Title: "what delegate takes for granted",
		Explanation: "Providers are set up in meshConfig, which no policy can see. A name that is missing there makes Istio refuse what the rules cover; `failOpen` there lets requests pass while the provider does not answer. There is nothing to mend in the program: `extensionProviders` of meshConfig has to hold an entry with the name to the letter, an `envoyExtAuthzGrpc` or `envoyExtAuthzHttp` without `failOpen: true`.",
		Example:     delegateShop + "delegate \"opa\" anyone -> api GET\n",
	},
	{
		Code: SplitValue, Severity: Warning, Title: "a value with a blank of a claim that is split",
		Explanation: "A claim such as `scope` is one string of words, \"read write\". Envoy splits it at the blanks before any rule sees it, so its elements are the words.",
		Example:     "deny all in default\njwt \"https://i.example\" on api\nallow web as \"https://i.example/*\" -> api when claim[\"scope\"] == \"read write\"\n",
		Fixed:       "deny all in default\njwt \"https://i.example\" on api\nallow web as \"https://i.example/*\" -> api when claim[\"scope\"] == \"read\" and claim[\"scope\"] == \"write\"\n",
	},
	{
		Code: SecretKey, Severity: Warning, Title: "a key that signs tokens in a policy",
		Explanation: "Verifying takes public keys. A private key, or a symmetric one (kty \"oct\"), signs tokens as well, and a policy is read by many: by whoever reads the repository, the cluster's objects or a proxy's configuration.",
		Example:     "deny all in default\njwt \"https://i.example\" on api { jwks \"{\\\"keys\\\":[{\\\"kty\\\":\\\"oct\\\",\\\"k\\\":\\\"c2VjcmV0\\\"}]}\" }\nallow anyone as \"https://i.example/*\" -> api GET\n",
		Fixed:       "deny all in default\njwt \"https://i.example\" on api { jwks \"{\\\"keys\\\":[{\\\"kty\\\":\\\"EC\\\",\\\"crv\\\":\\\"P-256\\\",\\\"x\\\":\\\"AQ\\\",\\\"y\\\":\\\"AQ\\\"}]}\" }\nallow anyone as \"https://i.example/*\" -> api GET\n",
	},
	{
		Code: NoKeys, Severity: Error, Title: "keys that cannot be found",
		Explanation: "Without `jwks`, Istio asks the issuer for its keys, at ISSUER/.well-known/openid-configuration. Where the issuer is no URL there is nobody to ask, and Istio refuses every token of it.",
		Example:     "deny all in default\njwt \"issuer@i.example\" on api\nallow anyone as \"issuer@i.example/*\" -> api GET\n",
		Fixed:       "deny all in default\njwt \"issuer@i.example\" on api { jwks \"https://i.example/keys\" }\nallow anyone as \"issuer@i.example/*\" -> api GET\n",
	},
	{
		Code: BearerPrefix, Severity: Warning, Title: "a token read together with the word before it",
		Explanation: "Clients send `Authorization: Bearer TOKEN`. Without a prefix the whole value is taken for the token, so each such request is answered with 401.",
		Example:     "deny all in default\njwt \"https://i.example\" on api { read header \"Authorization\" }\nallow anyone as \"https://i.example/*\" -> api GET\n",
		Fixed:       "deny all in default\njwt \"https://i.example\" on api { read header \"Authorization\" prefix \"Bearer \" }\nallow anyone as \"https://i.example/*\" -> api GET\n",
	},
	{
		Code: MTLSOverlap, Severity: Error, Title: "two selectors of mtls for one pod",
		Explanation: "Istio applies one PeerAuthentication of those whose selectors pick a pod, the oldest, and ignores the others, their ports included. Statements for the same workload share one object; statements for selectors that overlap do not.",
		Example:     "workload api { labels app: api, tier: internal; port http 8080 }\npods internal { tier: internal }\ndeny all in default\nmtls strict on internal\nmtls permissive on api port 8080\n",
		Fixed:       "workload api { labels app: api, tier: internal; port http 8080 }\npods internal { tier: internal }\ndeny all in default\nmtls strict in default\nmtls permissive on api port 8080\n",
	},
}
