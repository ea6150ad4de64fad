package conformance

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	security "istio.io/api/security/v1beta1"
	types "istio.io/api/type/v1beta1"

	"github.com/zt-lang/ztc/emit/istio"
)

// Generator makes random policies.
type Generator struct {
	*rand.Rand
	Pools map[string][]string // values of each kind
	Keys  []Key               // of conditions
}

// Key is a key of conditions, with the pool of its values.
type Key struct{ Key, Pool string }

// Everything makes policies over every field that Istio has.
func Everything(r *rand.Rand) *Generator { return &Generator{r, pools, keys} }

// Askable makes policies whose requests a real Envoy can be asked about: addresses are those of the loopback network, and
// nothing is tested that a request cannot choose.
func Askable(r *rand.Rand) *Generator {
	g := &Generator{Rand: r, Pools: maps.Clone(pools)}
	g.Pools["ipBlocks"] = []string{"127.30.0.0/16", "127.30.1.2", "127.0.0.0/8", "10.0.0.0/8", "127.30.1.2/24", "2001:db8::/32"}
	g.Pools["ports"] = []string{"8080", "9000", "7000"}
	for _, k := range keys {
		if k.Key != "destination.ip" && !strings.HasPrefix(k.Key, "experimental.") {
			g.Keys = append(g.Keys, k)
		}
	}
	return g
}

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

func (g *Generator) pick(pool string) []string {
	list := g.Pools[pool]
	out := make([]string, 1+g.IntN(3))
	for i := range out {
		out[i] = list[g.IntN(len(list))]
	}
	return out
}

func (g *Generator) some(one int, pool string) []string {
	if g.IntN(one) > 0 {
		return nil
	}
	return g.pick(pool)
}

// Policy makes a random AuthorizationPolicy.
func (g *Generator) Policy(n int) *istio.Object {
	spec := &security.AuthorizationPolicy{Action: security.AuthorizationPolicy_Action(g.IntN(4))}
	if g.IntN(3) > 0 {
		spec.Action = security.AuthorizationPolicy_Action(g.IntN(2))
	}
	if spec.Action == security.AuthorizationPolicy_CUSTOM {
		spec.ActionDetail = &security.AuthorizationPolicy_Provider{Provider: &security.AuthorizationPolicy_ExtensionProvider{Name: "opa"}}
	}
	o := &istio.Object{APIVersion: "security.istio.io/v1", Kind: istio.AuthorizationPolicy, Name: fmt.Sprintf("p%d", n), Authorization: spec,
		Namespace: []string{"foo", "foo", "foo", "bar", "istio-system"}[g.IntN(5)]}
	switch g.IntN(4) {
	case 0:
		spec.Selector = &types.WorkloadSelector{MatchLabels: map[string]string{"app": "x"}}
	case 1:
		spec.Selector = &types.WorkloadSelector{MatchLabels: map[string]string{"app": []string{"x", "y"}[g.IntN(2)], "tier": "z"}}
	}
	if spec.Action < 2 && g.IntN(8) == 0 {
		o.Annotations = map[string]string{"istio.io/dry-run": "true"}
	}
	for range g.IntN(4) {
		spec.Rules = append(spec.Rules, g.rule())
	}
	return o
}

// Custom makes one that an external authorizer is asked by.
func (g *Generator) Custom(n int) *istio.Object {
	for {
		if o := g.Policy(n); o.Authorization.Action == security.AuthorizationPolicy_CUSTOM {
			return o
		}
	}
}

func (g *Generator) rule() *security.Rule {
	x := &security.Rule{}
	for range g.IntN(3) {
		s := &security.Source{
			TrustDomains: g.some(6, "trustDomains"), NotTrustDomains: g.some(8, "trustDomains"),
			RequestPrincipals: g.some(6, "requestPrincipals"), NotRequestPrincipals: g.some(8, "requestPrincipals"),
			IpBlocks: g.some(6, "ipBlocks"), NotIpBlocks: g.some(8, "ipBlocks"), RemoteIpBlocks: g.some(8, "ipBlocks"), NotRemoteIpBlocks: g.some(10, "ipBlocks"),
		}
		if g.IntN(4) == 0 {
			s.ServiceAccounts, s.NotServiceAccounts = g.some(2, "serviceAccounts"), g.some(3, "serviceAccounts")
		} else {
			s.Principals, s.NotPrincipals = g.some(2, "principals"), g.some(5, "principals")
			s.Namespaces, s.NotNamespaces = g.some(4, "namespaces"), g.some(6, "namespaces")
		}
		x.From = append(x.From, &security.Rule_From{Source: s})
	}
	for range g.IntN(3) {
		x.To = append(x.To, &security.Rule_To{Operation: &security.Operation{
			Hosts: g.some(4, "hosts"), NotHosts: g.some(8, "hosts"), Methods: g.some(2, "methods"), NotMethods: g.some(8, "methods"),
			Paths: g.some(2, "paths"), NotPaths: g.some(6, "paths"), Ports: g.some(5, "ports"), NotPorts: g.some(8, "ports"),
		}})
	}
	for range max(0, g.IntN(5)-2) {
		k := g.Keys[g.IntN(len(g.Keys))]
		c := &security.Condition{Key: k.Key, Values: g.some(2, k.Pool)}
		if c.NotValues = g.some(2, k.Pool); c.Values == nil && c.NotValues == nil {
			c.Values = g.pick(k.Pool)
		}
		x.When = append(x.When, c)
	}
	return x
}

var keys = []Key{
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

// withoutCallers takes from a policy what Istio refuses in a CUSTOM one: identities and tokens.
func withoutCallers(p *security.AuthorizationPolicy) {
	for _, x := range p.Rules {
		var from []*security.Rule_From
		for _, f := range x.From {
			s := &security.Source{IpBlocks: f.Source.IpBlocks, NotIpBlocks: f.Source.NotIpBlocks, RemoteIpBlocks: f.Source.RemoteIpBlocks, NotRemoteIpBlocks: f.Source.NotRemoteIpBlocks}
			if !proto.Equal(s, &security.Source{}) {
				from = append(from, &security.Rule_From{Source: s})
			}
		}
		x.From = from
		x.When = slices.DeleteFunc(x.When, func(c *security.Condition) bool {
			return strings.HasPrefix(c.Key, "request.auth.") || strings.HasPrefix(c.Key, "source.") && c.Key != "source.ip"
		})
	}
}
