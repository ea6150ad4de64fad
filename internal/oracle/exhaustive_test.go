package oracle_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/plane"
	"github.com/zt-lang/ztc/internal/oracle"
)

// words are all texts of from to n words.
func words(from, n int, of ...string) (out []string) {
	last := []string{""}
	for i := 0; i <= n; i++ {
		if i >= from {
			out = append(out, last...)
		}
		var next []string
		for _, s := range last {
			for _, w := range of {
				next = append(next, s+w)
			}
		}
		last = next
	}
	seen := map[string]bool{}
	unique := out[:0]
	for _, s := range out {
		if !seen[s] {
			seen[s] = true
			unique = append(unique, s)
		}
	}
	return unique
}

// ends are all the prefixes of texts, and all the suffixes, with a star.
func ends(texts ...string) (out []string) {
	for _, s := range texts {
		for i := range s {
			out = append(out, s[:i]+"*", "*"+s[i:])
		}
		out = append(out, s, s+"*", "spiffe://"+s)
	}
	return out
}

func product(lists ...[]string) []string {
	out := []string{""}
	for _, list := range lists {
		var next []string
		for _, s := range out {
			for _, w := range list {
				next = append(next, s+w)
			}
		}
		out = next
	}
	return out
}

var canBeAbsent = map[sem.Kind]bool{sem.Peer: true, sem.SNI: true, sem.Header: true, sem.Token: true, sem.Claim: true, sem.Metadata: true, sem.MetadataList: true}

// Each field, with all patterns of a small alphabet, against all values of one.
func TestExhaustive(t *testing.T) {
	one := func(k sem.Kind, name string, list ...string) (out []sem.Request) {
		for _, s := range list {
			out = append(out, sem.Request{{Kind: k, Name: name}: {Parts: []string{s}}})
		}
		return append(out, sem.Request{})
	}
	lists := func(k sem.Kind, name string, list ...string) []sem.Request {
		out := append(one(k, name, list...), sem.Request{{Kind: k, Name: name}: {}})
		for i, s := range list {
			out = append(out, sem.Request{{Kind: k, Name: name}: {Parts: []string{s, list[len(list)-1-i]}}})
		}
		return out
	}
	peers := []sem.Request{{}}
	for _, td := range []string{"td", "ns", "a", "cluster.local", "td2"} {
		for _, ns := range []string{"a", "ns", "sa", "ab", "shop"} {
			for _, account := range []string{"a", "ns", "sa"} {
				peers = append(peers, sem.Request{{Kind: sem.Peer}: {Parts: []string{td, ns, account}}})
			}
		}
	}
	var tokens []sem.Request
	for _, iss := range words(0, 3, "i", "/", "*") {
		for _, sub := range words(0, 2, "i", "/", "*") {
			tokens = append(tokens, sem.Request{{Kind: sem.Token}: {Parts: []string{iss, sub}}})
		}
		tokens = append(tokens, sem.Request{{Kind: sem.Token}: {Parts: []string{iss, ""}, Missing: [2]bool{false, true}}},
			sem.Request{{Kind: sem.Token}: {Parts: []string{"", iss}, Missing: [2]bool{true, false}}})
	}
	tokens = append(tokens, sem.Request{})
	var paths []string
	for _, s := range words(0, 3, "a", "/", "[", "*") {
		paths = append(paths, "/"+s)
	}
	patterns, texts := words(1, 3, "a", "b", "*"), words(0, 3, "a", "b", "*")
	folded, foldedTexts := words(1, 3, "a", "A", "*"), words(0, 3, "a", "A", "B")
	segments := append(words(1, 3, "/a", "/{*}", "/{**}", "/"), words(1, 3, "a", "*", "/")...)
	valid := segments[:0]
	for _, s := range segments { // as the webhook and Envoy take templates
		if i := strings.Index(s, "{**}"); strings.Contains(s, "{") && (strings.Contains(s, "//") || strings.HasSuffix(s, "/") || i >= 0 && strings.Contains(s[i+1:], "{")) {
			continue
		}
		valid = append(valid, s)
	}
	blocks := []string{"0.0.0.0/0", "::/0", "10.0.0.0/31", "10.0.0.1", "10.0.0.1/31", "10.0.0.2/30", "::ffff:10.0.0.1", "::1", "::/127", "fe80::1%e", "::ffff:0.0.0.0/96"}
	addresses := []string{"0.0.0.0", "9.255.255.255", "10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "255.255.255.255", "::", "::1", "::2", "fe80::1", "ffff::"}
	ports := one(sem.Port, "", "0", "1", "79", "80", "81", "8080", "65535")
	ports, addressed := ports[:len(ports)-1], func(k sem.Kind) []sem.Request { l := one(k, "", addresses...); return l[:len(l)-1] }
	tested := map[sem.Attr][]*sem.Expr{} // some of the patterns, of all fields that read an attribute
	asked := map[sem.Attr][]sem.Request{}
	for _, c := range []struct {
		field  string // of a source or an operation, or a key
		values []string
		on     []sem.Request
	}{
		{"principals", append(words(1, 3, "a", "/", "*"), ends("td/ns/a/sa/a", "ns/ns/sa/sa/ns", "a/ns/ns/sa/sa", "cluster.local/ns/a/sa/b")...), peers},
		{"principals", product([]string{"td", "*", "*d", "t*", "n*", "*s", "cluster.local"}, []string{"/ns/"}, []string{"a", "ns", "*"}, []string{"/sa/"}, []string{"a", "sa", "*", "a*"}), peers},
		{"namespaces", append(words(1, 4, "a", "*", "/"), words(1, 3, "ns", "sa", "*", "/")...), peers},
		{"namespaces", words(1, 3, "a", "b", "*", "/sa/", "/ns/"), peers},
		{"source.namespace", words(1, 3, "a", "sa", "*", "/"), peers},
		{"source.principal", ends("td/ns/a/sa/a", "cluster.local/ns/a/sa/b"), peers},
		{"source.serviceAccount", words(1, 3, "a", "sa", "/"), peers},
		{"serviceAccounts", words(1, 3, "a", "ns", "sa", "/"), peers},
		{"trustDomains", words(1, 2, "td", "2", "a", "cluster.local", "ns", "*"), peers},
		{"source.trustDomain", words(1, 3, "td", "/ns/", "a", "*"), peers},
		{"source.trustDomain", product([]string{"td", "*", "a"}, []string{"/"}, []string{"n*", "*s", "ns", "*", "ns/a*"}), peers},
		{"requestPrincipals", words(1, 4, "i", "/", "*"), tokens},
		{"request.auth.claims[iss]", words(1, 3, "i", "/", "*"), tokens},
		{"request.auth.claims[sub]", words(1, 3, "i", "/", "*"), tokens},
		{"request.auth.claims[g]", patterns, lists(sem.Claim, "g", texts...)},
		{"request.auth.claims[g][h]", patterns, lists(sem.Claim, "g][h", texts...)},
		{"request.auth.audiences", patterns, lists(sem.Claim, "aud", texts...)},
		{"request.auth.presenter", patterns, lists(sem.Claim, "azp", texts...)},
		{"request.headers[X-y]", patterns, lists(sem.Header, "x-y", texts...)},
		{"request.headers[host]", folded, one(sem.Host, "", foldedTexts...)},
		{"hosts", folded, one(sem.Host, "", foldedTexts...)},
		{"methods", folded, one(sem.Method, "", foldedTexts...)},
		{"paths", valid, one(sem.Path, "", paths...)},
		{"connection.sni", patterns, one(sem.SNI, "", texts[1:]...)},
		{"experimental.envoy.filters.f[k]", append(words(1, 3, "a", "b", "*"), words(1, 3, "a", "[", "]")...), append(one(sem.Metadata, "envoy.filters.f[k]", append(texts, words(1, 3, "a", "[", "]")...)...), lists(sem.MetadataList, "envoy.filters.f[k]", texts...)...)},
		{"ipBlocks", blocks, addressed(sem.SourceIP)},
		{"remoteIpBlocks", blocks, addressed(sem.RemoteIP)},
		{"source.ip", blocks, addressed(sem.SourceIP)},
		{"remote.ip", blocks, addressed(sem.RemoteIP)},
		{"destination.port", []string{"0", "80", "080", "65535", "1"}, ports},
		{"request.auth.principal", words(1, 3, "i", "/", "*"), tokens},
		{"destination.ip", blocks, addressed(sem.DestIP)},
		{"ports", []string{"0", "80", "080", "65535", "1"}, ports},
	} {
		om := &oracle.Mesh{TrustDomain: "td", Aliases: []string{"td2"}, RootNamespace: "istio-system"}
		pm := &plane.Mesh{TrustDomain: "td", Aliases: []string{"td2"}, RootNamespace: "istio-system"}
		if strings.HasSuffix(c.field, "rustDomain") || c.field == "trustDomains" { // one wildcard is all that the webhook takes
			c.values = slices.DeleteFunc(c.values, func(v string) bool { return strings.Count(v, "*") > 1 })
		}
		matched, tried := 0, 0
		d := newDice(1)
		requests := make([]*oracle.Request, len(c.on))
		for k, r := range c.on {
			var why string
			if requests[k], why = d.realise(r); why != "" {
				t.Fatal(why)
			}
		}
		for from := 0; from < len(c.values); from += 400 {
			var rules []any
			for _, v := range c.values[from:min(from+400, len(c.values))] {
				rules = append(rules, ruleOf(c.field, v))
			}
			policies, objects := read(t, stream(map[string]any{"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
				"metadata": map[string]any{"name": "p", "namespace": "shop"}, "spec": map[string]any{"rules": rules}}), false)
			for _, chain := range chains {
				meant, err := pm.Rules(objects[0], chain.plane)
				if err != nil {
					t.Fatal(err)
				}
				for i := range meant {
					holds := meant[i].Holds()
					if chain.plane == plane.HTTP && (i%(1+len(meant)/40) == 0 || c.values[from+i] == "*") {
						for a := range attrsOf(holds) {
							tested[a], asked[a] = append(tested[a], holds), c.on
						}
					}
					for k, r := range c.on {
						want := om.Matches(chain.oracle, &policies[0], i, requests[k])
						tried++
						if want {
							matched++
						}
						if got := holds.Holds(r); got != want {
							t.Fatalf("%s: %q on %v matches %v: %v by the oracle, %v by the plane", c.field, c.values[from+i], chain.plane, r, want, got)
						}
					}
				}
			}
		}
		if matched < tried/500 || matched > tried*2/3 {
			t.Errorf("%s: %d of %d match", c.field, matched, tried)
		}
	}
	// What the patterns say of a value, all together, they say of some class of values.
	for a, exprs := range tested {
		space, err := sem.NewSpace(sem.Limits{}, nil, nil, exprs...)
		if err != nil {
			continue // lists of many patterns are told apart in another way
		}
		for _, r := range asked[a] {
			if _, has := r[a]; !has && !canBeAbsent[a.Kind] {
				continue
			}
			all := make([]*sem.Expr, len(exprs))
			for i, x := range exprs {
				if all[i] = x; !x.Holds(r) {
					all[i] = sem.Not(x)
				}
			}
			set, err := space.Set(sem.And(all...))
			if err != nil {
				t.Fatal(err)
			}
			if d, err := space.Any(set); d == nil || err != nil {
				t.Fatalf("no class of values is that of %v, %v", r, err)
			}
		}
	}
}

// ruleOf has one value.
func ruleOf(field, value string) map[string]any {
	switch field {
	case "principals", "namespaces", "serviceAccounts", "trustDomains", "requestPrincipals", "ipBlocks", "remoteIpBlocks":
		return map[string]any{"from": []any{map[string]any{"source": map[string]any{field: []string{value}}}}}
	case "hosts", "methods", "paths", "ports":
		return map[string]any{"to": []any{map[string]any{"operation": map[string]any{field: []string{value}}}}}
	}
	return map[string]any{"when": []any{map[string]any{"key": field, "values": []string{value}}}}
}
