package conformance

import (
	"fmt"
	"math/rand/v2"

	security "istio.io/api/security/v1beta1"
	types "istio.io/api/type/v1beta1"

	"github.com/zt-lang/ztc/emit/istio"
)

// The values of each field: every kind of pattern, those that never match what they seem to among them.
var pools = map[string][]string{
	"principals": {"cluster.local/ns/foo/sa/a", "td1/ns/foo/sa/a", "td1/ns/bar/sa/b", "*", "cluster.local/ns/foo/*", "cluster.local/ns/foo/sa/*", "*/sa/a",
		"cluster.local/*", "*a", "*/ns/bar/sa/b", "td1/ns/f*", "td1/ns/foo/sa/a*", "spiffe://td1/ns/foo/sa/a", "a", "td*", "*d1/ns/foo/sa/a", "old/ns/foo/sa/a", "*foo/sa/a"},
	"namespaces":        {"foo", "bar", "f*", "*o", "*a", "*", "b*r", "*sa", "sa", "fo*", "*ar"},
	"serviceAccounts":   {"a", "foo/a", "bar/b", "b"},
	"trustDomains":      {"cluster.local", "td1", "old", "td*", "*", "*d1", "*.local"},
	"requestPrincipals": {"*", "iss/sub", "iss/*", "*/sub", "i*", "*b", "iss", "*/*", "https://h*", "iss/s*", "*s/sub", "https://x/y/sub"},
	"ipBlocks":          {"10.0.0.0/8", "10.1.2.3", "10.1.2.3/16", "2001:db8::/32", "2001:db8::1", "0.0.0.0/0"},
	"hosts":             {"a.example", "*.example", "a.*", "A.Example", "*", "a.example:8080", "a.example:*"},
	"methods":           {"GET", "POST", "G*", "*T", "*", "get"},
	"paths":             {"/a", "/a/*", "*.css", "*", "/a/{*}", "/a/{**}", "/a/{**}/b", "/{*}/b", "/a/{*}/c", "/a*", "*/b", "a"},
	"ports":             {"80", "8080", "9000"},
	"values":            {"v", "v*", "*v", "*", "w", "vw"},
	"claims":            {"x", "y", "x*", "*y", "*"},
	"sni":               {"a.example", "*.example", "a.*", "*"},
	"lists":             {"[v]", "[w]", "[v*]", "v", "*v", "[*]"},
}

func pick(r *rand.Rand, pool string) []string {
	list := pools[pool]
	out := make([]string, 1+r.IntN(3))
	for i := range out {
		out[i] = list[r.IntN(len(list))]
	}
	return out
}

func some(r *rand.Rand, one int, pool string) []string {
	if r.IntN(one) > 0 {
		return nil
	}
	return pick(r, pool)
}

// Policy makes a random AuthorizationPolicy over every field that Istio has.
func Policy(r *rand.Rand, n int) *istio.Object {
	spec := &security.AuthorizationPolicy{Action: security.AuthorizationPolicy_Action(r.IntN(4))}
	if r.IntN(3) > 0 {
		spec.Action = security.AuthorizationPolicy_Action(r.IntN(2))
	}
	if spec.Action == security.AuthorizationPolicy_CUSTOM {
		spec.ActionDetail = &security.AuthorizationPolicy_Provider{Provider: &security.AuthorizationPolicy_ExtensionProvider{Name: "opa"}}
	}
	o := &istio.Object{APIVersion: "security.istio.io/v1", Kind: istio.AuthorizationPolicy, Name: fmt.Sprintf("p%d", n), Authorization: spec,
		Namespace: []string{"foo", "foo", "foo", "bar", "istio-system"}[r.IntN(5)]}
	switch r.IntN(4) {
	case 0:
		spec.Selector = &types.WorkloadSelector{MatchLabels: map[string]string{"app": "x"}}
	case 1:
		spec.Selector = &types.WorkloadSelector{MatchLabels: map[string]string{"app": []string{"x", "y"}[r.IntN(2)], "tier": "z"}}
	}
	if spec.Action < 2 && r.IntN(8) == 0 {
		o.Annotations = map[string]string{"istio.io/dry-run": "true"}
	}
	for range r.IntN(4) {
		spec.Rules = append(spec.Rules, rule(r))
	}
	return o
}

func rule(r *rand.Rand) *security.Rule {
	x := &security.Rule{}
	for range r.IntN(3) {
		s := &security.Source{
			TrustDomains: some(r, 6, "trustDomains"), NotTrustDomains: some(r, 8, "trustDomains"),
			RequestPrincipals: some(r, 6, "requestPrincipals"), NotRequestPrincipals: some(r, 8, "requestPrincipals"),
			IpBlocks: some(r, 6, "ipBlocks"), NotIpBlocks: some(r, 8, "ipBlocks"), RemoteIpBlocks: some(r, 8, "ipBlocks"), NotRemoteIpBlocks: some(r, 10, "ipBlocks"),
		}
		if r.IntN(4) == 0 {
			s.ServiceAccounts, s.NotServiceAccounts = some(r, 2, "serviceAccounts"), some(r, 3, "serviceAccounts")
		} else {
			s.Principals, s.NotPrincipals = some(r, 2, "principals"), some(r, 5, "principals")
			s.Namespaces, s.NotNamespaces = some(r, 4, "namespaces"), some(r, 6, "namespaces")
		}
		x.From = append(x.From, &security.Rule_From{Source: s})
	}
	for range r.IntN(3) {
		x.To = append(x.To, &security.Rule_To{Operation: &security.Operation{
			Hosts: some(r, 4, "hosts"), NotHosts: some(r, 8, "hosts"), Methods: some(r, 2, "methods"), NotMethods: some(r, 8, "methods"),
			Paths: some(r, 2, "paths"), NotPaths: some(r, 6, "paths"), Ports: some(r, 5, "ports"), NotPorts: some(r, 8, "ports"),
		}})
	}
	for range max(0, r.IntN(5)-2) {
		k := keys[r.IntN(len(keys))]
		c := &security.Condition{Key: k.key, Values: some(r, 2, k.pool)}
		if c.NotValues = some(r, 2, k.pool); c.Values == nil && c.NotValues == nil {
			c.Values = pick(r, k.pool)
		}
		x.When = append(x.When, c)
	}
	return x
}

var keys = []struct{ key, pool string }{
	{"request.headers[x-env]", "values"}, {"request.headers[X-Env]", "values"}, {"request.headers[y]", "values"}, {"request.headers[:authority]", "hosts"},
	{"request.headers[:method]", "methods"}, {"request.headers[Host]", "hosts"},
	{"source.ip", "ipBlocks"}, {"remote.ip", "ipBlocks"}, {"source.namespace", "namespaces"}, {"source.principal", "principals"},
	{"source.serviceAccount", "serviceAccounts"}, {"source.trustDomain", "trustDomains"},
	{"request.auth.principal", "requestPrincipals"}, {"request.auth.audiences", "claims"}, {"request.auth.presenter", "claims"},
	{"request.auth.claims[groups]", "claims"}, {"request.auth.claims[a][b]", "claims"}, {"request.auth.claims[iss]", "values"}, {"request.auth.claims[sub]", "values"},
	{"destination.ip", "ipBlocks"}, {"destination.port", "ports"}, {"connection.sni", "sni"},
	{"experimental.envoy.filters.a.b[k]", "lists"}, {"experimental.envoy.filters.a.b[j]", "values"},
	{"request.headersX[y]", "values"}, {"request.auth.claims[a]x[b]", "values"}, {"bogus.key", "values"},
}
