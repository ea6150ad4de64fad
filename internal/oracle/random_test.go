package oracle_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"sigs.k8s.io/yaml"
)

// dice makes random policies, of few words that meet often.
type dice struct{ *rand.Rand }

func newDice(seed uint64) dice { return dice{rand.New(rand.NewPCG(seed, 17))} }

// one is true once in n times.
func (d dice) one(n int) bool { return d.IntN(n) == 0 }

func (d dice) pick(list ...string) string { return list[d.IntN(len(list))] }

// some are one to n values.
func (d dice) some(n int, value func() string) []string {
	out := make([]string, 1+d.IntN(n))
	for i := range out {
		out[i] = value()
	}
	return out
}

// glue is a few words in a row.
func (d dice) glue(words ...string) string {
	return strings.Join(d.some(4, func() string { return d.pick(words...) }), "")
}

// values are what fields, and keys of conditions, are tested for.
var values = map[string][]string{
	"principals": {"*", "td/ns/a/sa/b", "cluster.local/ns/a/sa/b", "td2/ns/b/sa/sa", "td/ns/a/*", "cluster.local/ns/a/*", "cluster.local/ns/ns/sa/*", "*/sa/b", "*b",
		"*/ns/a/sa/b", "t*", "t*/ns/a/sa/b", "*d2/ns/a/sa/b", "*d/ns/b/sa/a", "spiffe://td/ns/a/sa/b", "other/ns/a/sa/b", "td/ns/a", "a*b", "*a*", "**", "td/ns/a/sa/b/c", "*/a/sa/b", "*s/a/sa/b"},
	"namespaces":        {"*", "a", "b", "ns", "sa", "a*", "*b", "*a", "*sa", "a*b", "n*", "s*", "a/sa/b", "*/sa/*", "a/*", "*s/a", "x*x*x"},
	"serviceAccounts":   {"b", "sa", "a/b", "a/sa", "ns/sa", "sa/ns", "shop/a"},
	"trustDomains":      {"*", "td", "td2", "t*", "*d", "cluster.local", "old", "ns", "*2", "other"},
	"requestPrincipals": {"*", "i/s", "i/*", "*/s", "*i/s", "i*", "i/s*", "*s", "i", "*/*", "a/i/s", "*i/", "i/", "/s", "**", "a/i/*", "*/s*", "a/i*"},
	"ipBlocks":          {"10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "10.1.2.2/31", "fd00::1", "10.9.9.9/15", "fd00::/8", "::/0", "0.0.0.0/0", "::1", "fe80::1%eth0", "::ffff:10.1.2.3", "fd00::1/127"},
	"ports":             {"80", "81", "0", "080", "65535"},
	"hosts":             {"a", "A", "*", "*a", "a*", "a:80", "*.A", "a*b", "aB*", "*:80"},
	"methods":           {"GET", "PUT", "P*", "*T", "*", "get", "G*T"},
	"paths": {"*", "/", "/a", "/a/*", "*a", "*/b", "/a*", "/a*b", "a", "*a*", "/{*}", "/{**}", "/a/{*}", "/a/{**}", "/a/{*}/b", "/a/{**}/b", "/{*}/{**}",
		"/{*}/b/{**}", "/a.b/{*}", "/a/{*}/{*}"},
	"connection.sni": {"a", "*", "*.a", "a.*", "a*b", "A"},
	"strings":        {"a", "b", "*", "a*", "*b", "ab*", "*ba", "a*b", "**"},
	"metadata":       {"a", "*", "a*", "*b", "[a]", "[*]", "[a*]", "[*b]", "[ab]", "[b"},
}

// keys of conditions, and the values that are tested there.
var keys = map[string]string{
	"source.principal": "principals", "source.namespace": "namespaces", "source.serviceAccount": "serviceAccounts", "source.trustDomain": "trustDomains",
	"source.ip": "ipBlocks", "remote.ip": "ipBlocks", "destination.ip": "ipBlocks", "destination.port": "ports", "connection.sni": "connection.sni",
	"request.auth.principal": "requestPrincipals", "request.auth.audiences": "strings", "request.auth.presenter": "strings",
	"request.auth.claims[iss]": "strings", "request.auth.claims[sub]": "strings", "request.auth.claims[aud]": "strings", "request.auth.claims[g]": "strings",
	"request.auth.claims[o][g]": "strings", "request.auth.claims[o]": "strings", "request.auth.claims[g]x[o]": "strings",
	"request.headers[x]": "strings", "request.headers[X]": "strings", "request.headers[y-z]": "strings", "request.headers[Host]": "hosts", "request.headers[:authority]": "hosts",
	"request.headers[:method]": "methods", "request.headers[no name]": "strings",
	"experimental.envoy.filters.f[k]": "metadata", "experimental.envoy.filters.f[l]": "metadata",
}

// Keys that the webhook lets pass, or does not, and istiod makes nothing of.
var oddKeys = []string{"source.labels", "request.headersX[y]", "request.auth.claimsX[g]", "request.headers", "destination.labels", "experimental.envoy.filters.f"}

var keyNames = sorted(keys)

func (d dice) value(field string) string {
	list := values[field]
	if list == nil {
		panic(field)
	}
	if d.one(8) {
		switch field {
		case "principals":
			return d.glue("td", "/ns/", "/sa/", "a", "b", "*", "/", "ns", "sa")
		case "namespaces":
			return d.glue("a", "b", "*", "/", "ns", "sa", "/ns/", "/sa/")
		case "hosts", "strings", "connection.sni":
			return d.glue("a", "b", "*", "A")
		case "requestPrincipals":
			return d.glue("i", "s", "/", "*")
		}
	}
	return d.pick(list...)
}

// pair fills a field and its twin.
func (d dice) pair(into map[string]any, is, not, of string) {
	value := func() string { return d.value(of) }
	n := 1 + d.IntN(3)
	if !d.one(3) {
		into[is] = d.some(n, value)
	}
	if into[is] == nil || d.one(4) {
		into[not] = d.some(n, value)
	}
}

func (d dice) entry(fields ...string) map[string]any {
	out := map[string]any{}
	for len(out) == 0 {
		for _, f := range fields {
			if d.one(len(fields)) {
				of := f
				if f == "remoteIpBlocks" {
					of = "ipBlocks"
				}
				d.pair(out, f, "not"+strings.ToUpper(f[:1])+f[1:], of)
			}
		}
	}
	return out
}

func (d dice) rule(custom, odd bool) map[string]any {
	rule := map[string]any{}
	if !d.one(3) {
		var list []any
		for range 1 + d.IntN(2) {
			fields := []string{"principals", "namespaces", "trustDomains", "requestPrincipals", "ipBlocks", "remoteIpBlocks"}
			if d.one(4) {
				fields = []string{"serviceAccounts", "trustDomains", "requestPrincipals", "ipBlocks", "remoteIpBlocks"}
			}
			if custom {
				fields = []string{"ipBlocks", "remoteIpBlocks"}
			}
			list = append(list, map[string]any{"source": d.entry(fields...)})
		}
		rule["from"] = list
	}
	if !d.one(3) {
		var list []any
		for range 1 + d.IntN(2) {
			list = append(list, map[string]any{"operation": d.entry("hosts", "methods", "paths", "ports")})
		}
		rule["to"] = list
	}
	if d.one(2) {
		var list []any
		for range 1 + d.IntN(2) {
			key := d.pick(keyNames...)
			for custom && (strings.HasPrefix(key, "source.") && key != "source.ip" || strings.HasPrefix(key, "request.auth.")) {
				key = d.pick(keyNames...)
			}
			of := keys[key]
			if odd && d.one(3) {
				key, of = d.pick(oddKeys...), "strings"
			}
			w := map[string]any{"key": key}
			d.pair(w, "values", "notValues", of)
			list = append(list, w)
		}
		rule["when"] = list
	}
	if odd && d.one(3) {
		rule["to"] = []any{map[string]any{"operation": map[string]any{"ports": []string{d.pick("80", "70000", "x", "+80"), d.pick("81", "-1", "")}}}}
	}
	return rule
}

// policy makes an AuthorizationPolicy. An odd one may hold what Istio's webhook refuses, and istiod reads all the same.
func (d dice) policy(n int, odd bool) map[string]any {
	meta := map[string]any{"name": fmt.Sprintf("p%d", n), "namespace": d.pick("shop", "shop", "istio-system")}
	spec := map[string]any{}
	action := d.pick("ALLOW", "ALLOW", "ALLOW", "", "DENY", "DENY", "DENY", "AUDIT", "CUSTOM")
	if action != "" {
		spec["action"] = action
	}
	custom := action == "CUSTOM"
	if custom {
		spec["provider"] = map[string]any{"name": d.pick("grpc", "grpc", "http", "none")}
	}
	if action != "AUDIT" && !custom && d.one(8) {
		meta["annotations"] = map[string]any{"istio.io/dry-run": d.pick("true", "false", "TRUE", "1")}
		if odd {
			meta["annotations"] = map[string]any{"istio.io/dry-run": d.pick("yes", "")}
		}
	}
	var rules []any
	for range d.IntN(4) {
		rules = append(rules, d.rule(custom, odd))
	}
	if rules == nil && (custom || action == "DENY") && !odd {
		rules = append(rules, map[string]any{})
	}
	if rules != nil {
		spec["rules"] = rules
	}
	return map[string]any{"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy", "metadata": meta, "spec": spec}
}

// stream writes objects one after the other.
func stream(objects ...map[string]any) string {
	var b strings.Builder
	for _, o := range objects {
		text, err := yaml.Marshal(o)
		if err != nil {
			panic(err)
		}
		b.WriteString("---\n")
		b.Write(text)
	}
	return b.String()
}
