package plane

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
)

// request makes a request of words NAME=VALUE: from=td/ns/sa, h:NAME, c:NAME, m:NAME, ml:NAME, iss, sub and the names of other attributes.
// A name that is there twice is a list.
func request(words string) sem.Request {
	r := sem.Request{}
	kinds := map[string]sem.Kind{"ip": sem.SourceIP, "remote": sem.RemoteIP, "dest": sem.DestIP, "port": sem.Port, "sni": sem.SNI, "method": sem.Method, "host": sem.Host, "path": sem.Path}
	for w := range strings.FieldsSeq(words) {
		name, value, _ := strings.Cut(w, "=")
		switch token := r[sem.Attr{Kind: sem.Token}]; name {
		case "from":
			r[peer] = sem.Value{Parts: strings.Split(value, "/")}
			continue
		case "iss", "sub":
			if token.Parts == nil {
				token = sem.Value{Parts: []string{"", ""}, Missing: [2]bool{true, true}}
			}
			i := slices.Index([]string{"iss", "sub"}, name)
			token.Parts[i], token.Missing[i] = value, false
			r[sem.Attr{Kind: sem.Token}] = token
			continue
		}
		a := sem.Attr{Kind: kinds[name]}
		switch kind, rest, ok := strings.Cut(name, ":"); {
		case ok && kind == "h":
			a = sem.Attr{Kind: sem.Header, Name: rest}
		case ok && kind == "c":
			a = sem.Attr{Kind: sem.Claim, Name: rest}
		case ok && kind == "ml":
			a = sem.Attr{Kind: sem.MetadataList, Name: rest}
		case ok && kind == "m":
			a = sem.Attr{Kind: sem.Metadata, Name: rest}
		}
		v := r[a]
		v.Parts = append(v.Parts, value)
		r[a] = v
	}
	return r
}

// Each line says what one rule matches on a chain: requests behind "+" it does, behind "-" it does not. "gone" says that
// nothing is left of the rule.
func TestRules(t *testing.T) {
	deny := func(rule string) string { return `{"action":"DENY","rules":[` + rule + `]}` }
	allow := func(rule string) string { return `{"rules":[` + rule + `]}` }
	for _, c := range []struct {
		chain     Chain
		spec, out string
	}{
		// 1.2
		{HTTP, allow(`{}`), "+ | + from=td/a/b"},
		{TCP, deny(`{}`), "+ | + from=td/a/b"},
		{ZTunnel, deny(`{}`), "+ | + from=td/a/b"},
		// 2.1: from and to are unions, fields and conditions intersections, a field and its twin too
		{HTTP, allow(`{"from":[{"source":{"namespaces":["a"],"ipBlocks":["10.0.0.0/8"]}},{"source":{"namespaces":["b"]}}]}`),
			"+ from=td/a/x ip=10.1.2.3 | - from=td/a/x ip=11.0.0.1 | - from=td/a/x | + from=td/b/x ip=11.0.0.1 | - ip=10.1.2.3"},
		{HTTP, allow(`{"from":[{"source":{"namespaces":["*"],"notNamespaces":["b","c"]}}]}`), "+ from=td/a/x | - from=td/b/x | - from=td/c/x | -"},
		{HTTP, allow(`{"to":[{"operation":{"ports":["80"],"methods":["GET"]}},{"operation":{"ports":["81"]}}]}`), "+ port=80 method=GET | - port=80 method=PUT | + port=81 method=PUT | - port=82"},
		{HTTP, allow(`{"when":[{"key":"request.headers[X]","values":["a*"]},{"key":"request.headers[x]","values":["*b"]}]}`), "+ h:x=ab | + h:x=ac h:x=db | - h:x=a"},
		{HTTP, allow(`{"when":[{"key":"request.headers[X]","values":["*"],"notValues":["b"]}]}`), "+ h:x=a | - h:x=b | - h:x=a h:x=b | - | + h:x="},
		// 2.2: presence, and wildcards where there are none
		{HTTP, allow(`{"to":[{"operation":{"paths":["*"]}}]}`), "+ path=/ | -"},
		{HTTP, allow(`{"to":[{"operation":{"paths":["/a*b"]}}]}`), "+ path=/a*b | - path=/axb"},
		{HTTP, allow(`{"to":[{"operation":{"paths":["*a*"]}}]}`), "+ path=/xa* | - path=/xay"},
		{HTTP, allow(`{"to":[{"operation":{"paths":["/a/*"]}}]}`), "+ path=/a/ | + path=/a/b | - path=/a"},
		{HTTP, allow(`{"to":[{"operation":{"methods":["P*"]}}]}`), "+ method=PUT | + method=POST | - method=GET | - method=put"},
		{HTTP, allow(`{"to":[{"operation":{"methods":["*"]}}]}`), "+ method="},
		// 2.3
		{HTTP, allow(`{"from":[{"source":{"principals":["cluster.local/ns/a/sa/b"]}}]}`), "+ from=td/a/b | - from=cluster.local/a/b"},
		{TCP, allow(`{"from":[{"source":{"principals":["cluster.local/ns/a/sa/*"]}}]}`), "+ from=td/a/b | - from=cluster.local/a/b"},
		{HTTP, allow(`{"from":[{"source":{"principals":["cluster.local/ns/a/*"]}}]}`), "- from=td/a/b | + from=cluster.local/a/b"},
		{ZTunnel, allow(`{"from":[{"source":{"principals":["cluster.local/ns/a/sa/b"]}}]}`), "- from=td/a/b | + from=cluster.local/a/b"},
		{HTTP, deny(`{"when":[{"key":"source.principal","values":["cluster.local/ns/a/sa/b"]}]}`), "+ from=td/a/b"},
		{HTTP, allow(`{"from":[{"source":{"principals":["*"]}}]}`), "+ from=td/a/b | -"},
		{HTTP, allow(`{"from":[{"source":{"serviceAccounts":["b","x/y"]}}]}`), "+ from=td/shop/b | + from=other/x/y | - from=td/x/b | - from=td/shop/y"},
		{HTTP, allow(`{"from":[{"source":{"trustDomains":["td"]}}]}`), "+ from=td/a/b | - from=tdx/a/b"},
		{HTTP, allow(`{"from":[{"source":{"namespaces":["*a"]}}]}`), "+ from=td/x/y | -"},
		{ZTunnel, allow(`{"from":[{"source":{"namespaces":["*a"]}}]}`), "- from=td/x/y | + from=td/xa/y"},
		{ZTunnel, allow(`{"from":[{"source":{"namespaces":["a*b"]}}]}`), "- from=td/axb/y"},
		{HTTP, allow(`{"from":[{"source":{"namespaces":["a*b"]}}]}`), "+ from=td/axb/y"},
		{HTTP, deny(`{"when":[{"key":"source.trustDomain","values":["td/ns/foo"]}]}`), "+ from=td/foo/x | - from=td/bar/x"},
		{HTTP, allow(`{"when":[{"key":"source.labels","values":["a"]}]}`), "gone"},
		{HTTP, deny(`{"when":[{"key":"source.labels","values":["a"]}]}`), "gone"},
		{HTTP, allow(`{"from":[{"source":{"ipBlocks":["10.1.2.3/8","fd00::/8"],"notIpBlocks":["10.1.0.0/16"]}}]}`), "+ ip=10.2.0.1 | - ip=10.1.0.1 | + ip=fd00::1 | - ip=11.0.0.1"},
		{HTTP, allow(`{"from":[{"source":{"ipBlocks":["fe80::1%eth0"]}}]}`), "+ ip=fe80::1 | - ip=fe80::2"},
		{TCP, allow(`{"from":[{"source":{"remoteIpBlocks":["10.0.0.1"]}}]}`), "+ remote=10.0.0.1 | - ip=10.0.0.1"},
		{HTTP, allow(`{"when":[{"key":"remote.ip","values":["10.0.0.1"]},{"key":"destination.ip","values":["::1"]},{"key":"source.ip","values":["1.1.1.1"]}]}`), "+ remote=10.0.0.1 dest=::1 ip=1.1.1.1 | - remote=10.0.0.1 dest=::1"},
		{HTTP, allow(`{"to":[{"operation":{"ports":["080"]}}]}`), "+ port=80 | - port=8080"},
		{HTTP, deny(`{"to":[{"operation":{"ports":["80","70000"]}}]}`), "+ port=80 | - port=81"},
		{HTTP, deny(`{"to":[{"operation":{"ports":["70000"]}}]}`), "+ port=81"},
		{HTTP, allow(`{"to":[{"operation":{"ports":["80","70000"]}}]}`), "gone"},
		{HTTP, allow(`{"when":[{"key":"request.headers[Host]","values":["A"]}]}`), "+ host=A | - host=a"},
		{HTTP, allow(`{"when":[{"key":"request.headers[:authority]","values":["A"]}]}`), "+ host=A | - host=a"},
		{HTTP, allow(`{"when":[{"key":"request.headers[:method]","values":["A"]}]}`), "+ method=A"},
		{HTTP, allow(`{"when":[{"key":"request.headers[a][b]","values":["*"]}]}`), "- h:a][b=x"},
		{HTTP, allow(`{"when":[{"key":"request.auth.audiences","values":["a"]}]}`), "+ c:aud=a | + c:aud=b c:aud=a | -"},
		{HTTP, allow(`{"when":[{"key":"request.auth.presenter","notValues":["a"]}]}`), "- c:azp=a | +"},
		{HTTP, allow(`{"when":[{"key":"request.auth.claims[a][b]","values":["x"]}]}`), "+ c:a][b=x | - c:a=x"},
		{HTTP, allow(`{"when":[{"key":"request.auth.claims[iss]","values":["x*"]}]}`), "+ iss=xy | - c:iss=xy | - sub=xy"},
		{HTTP, allow(`{"when":[{"key":"request.auth.claims[sub]","values":["a/b"]}]}`), "+ sub=a/b iss=c | + sub=a/b"},
		{TCP, allow(`{"when":[{"key":"connection.sni","values":["*"]}]}`), "+ sni=a | - sni= | -"},
		{TCP, allow(`{"when":[{"key":"connection.sni","values":["*.a"]}]}`), "+ sni=x.a | - sni=x.A"},
		{TCP, allow(`{"when":[{"key":"experimental.envoy.filters.a.b[c]","values":["v","[w*]"]}]}`), "+ m:envoy.filters.a.b[c]=v | - m:envoy.filters.a.b[c]=w | + ml:envoy.filters.a.b[c]=wx | - ml:envoy.filters.a.b[c]=v"},
		// 2.4
		{HTTP, allow(`{"to":[{"operation":{"hosts":["*.Example.com"]}}]}`), "+ host=a.example.COM | - host=a.example.com:80"},
		{HTTP, allow(`{"to":[{"operation":{"hosts":["h:*","H"]}}]}`), "+ host=h:80 | + host=h | - host=hh"},
		// 2.5
		{HTTP, allow(`{"from":[{"source":{"requestPrincipals":["*"]}}]}`), "+ iss=i sub=s | - iss=i | - sub=s | - iss=i sub="},
		{HTTP, deny(`{"from":[{"source":{"notRequestPrincipals":["*"]}}]}`), "- iss=i sub=s | + iss=i | +"},
		{HTTP, allow(`{"from":[{"source":{"requestPrincipals":["*X"]}}]}`), "+ iss=i sub=aX | - iss=iX sub=a | - sub=X"},
		{HTTP, allow(`{"from":[{"source":{"requestPrincipals":["*/s"]}}]}`), "+ iss=i sub=s | - iss=i sub=as | - sub=s"},
		{HTTP, allow(`{"from":[{"source":{"requestPrincipals":["*x/s"]}}]}`), "+ iss=ax sub=s | - iss=a sub=s"},
		{HTTP, allow(`{"from":[{"source":{"requestPrincipals":["p*"]}}]}`), "+ iss=pq sub=s | - iss=pq"},
		{HTTP, allow(`{"from":[{"source":{"requestPrincipals":["https://i/*"]}}]}`), "+ iss=https://i sub=s | - iss=https://i sub= | - iss=https://ii sub=s"},
		{HTTP, allow(`{"from":[{"source":{"requestPrincipals":["i/p*"]}}]}`), "+ iss=i sub=pq | - iss=i sub=q"},
		{HTTP, allow(`{"from":[{"source":{"requestPrincipals":["a/i/s"]}}]}`), "+ iss=a/i sub=s"},
		{HTTP, allow(`{"from":[{"source":{"requestPrincipals":["i"]}}]}`), "+ iss=i sub= | - iss=i | - iss=i sub=s"},
		{HTTP, allow(`{"from":[{"source":{"requestPrincipals":["*/*"]}}]}`), "- iss=i sub=s | + iss=i sub=*"},
		{HTTP, allow(`{"from":[{"source":{"requestPrincipals":["https://host*"]}}]}`), "- iss=https://hosts sub=s | + iss=https:/ sub=hosts"},
		{HTTP, allow(`{"when":[{"key":"request.auth.principal","values":["i/s"]}]}`), "+ iss=i sub=s"},
		// 2.6
		{HTTP, allow(`{"to":[{"operation":{"paths":["/a/{*}"]}}]}`), "+ path=/a/b | - path=/a/ | - path=/a/b/c | - path=/a/[b"},
		{HTTP, allow(`{"to":[{"operation":{"paths":["/a/{**}"]}}]}`), "+ path=/a/b/c | + path=/a/ | - path=/a"},
		// 2.8
		{HTTP, allow(`{"when":[{"key":"request.headersX[y]","values":["a"]}]}`), "gone"},
		{HTTP, deny(`{"from":[{"source":{"namespaces":["a"]}}],"when":[{"key":"request.headersX[y]","values":["a"]}]}`), "+ from=td/a/b | - from=td/b/b"},
		{HTTP, allow(`{"when":[{"key":"request.auth.claims[a]x[b]","values":["v"]}]}`), "+ c:a]x[b=v | - c:a=v"},
		{HTTP, deny(`{"when":[{"key":"request.auth.claimsX[a]","values":["v"]}]}`), "+"},
		// 2.9
		{HTTP, deny(`{"from":[{"source":{"notPrincipals":["*"]}}]}`), "+ | - from=td/a/b"},
		{HTTP, deny(`{"from":[{"source":{"namespaces":["a"]}}]}`), "- | + from=td/a/b"},
		// 3: what TCP loses
		{TCP, allow(`{"from":[{"source":{"namespaces":["a"]}}],"to":[{"operation":{"methods":["GET"]}},{"operation":{"ports":["80"]}}]}`), "gone"},
		{TCP, deny(`{"to":[{"operation":{"methods":["GET"],"ports":["80"]}}]}`), "+ port=80 | - port=81"},
		{TCP, deny(`{"to":[{"operation":{"paths":["/a"]}},{"operation":{"ports":["80"]}}]}`), "+ port=81"},
		{TCP, deny(`{"to":[{"operation":{"notPaths":["/a"]}}]}`), "+"},
		{TCP, deny(`{"to":[{"operation":{"hosts":["a"]}}]}`), "+"},
		{TCP, deny(`{"from":[{"source":{"notRequestPrincipals":["*"],"namespaces":["a"]}}]}`), "+ from=td/a/b | -"},
		{TCP, deny(`{"when":[{"key":"request.headers[a]","values":["v"]},{"key":"request.auth.claims[a]","values":["v"]},{"key":"request.auth.audiences","values":["v"]},{"key":"request.auth.presenter","values":["v"]},{"key":"request.auth.principal","values":["v"]}]}`), "+"},
		{TCP, `{"action":"AUDIT","rules":[{"to":[{"operation":{"paths":["/a"],"ports":["80"]}}]}]}`, "+ port=80"},
		// 1.8: what ztunnel loses
		{ZTunnel, allow(`{"from":[{"source":{"namespaces":["a"]}}],"to":[{"operation":{"methods":["GET"]}},{"operation":{"ports":["80"]}}]}`), "gone"},
		{ZTunnel, allow(`{"from":[{"source":{"remoteIpBlocks":["10.0.0.1"]}}]}`), "gone"},
		{ZTunnel, allow(`{"when":[{"key":"source.serviceAccount","values":["a"]}]}`), "gone"},
		{ZTunnel, allow(`{"when":[{"key":"connection.sni","values":["a"]}]}`), "gone"},
		{ZTunnel, deny(`{"to":[{"operation":{"paths":["/a"]}}]}`), "-"},
		{ZTunnel, deny(`{"from":[{"source":{"namespaces":["a"]}}],"to":[{"operation":{"methods":["GET"]}}]}`), "- from=td/a/b"},
		{ZTunnel, deny(`{"from":[{"source":{"namespaces":["a"]}}],"when":[{"key":"request.headers[a]","values":["v"]}]}`), "- from=td/a/b"},
		{ZTunnel, deny(`{"from":[{"source":{"namespaces":["a"]}}],"to":[{"operation":{"methods":["GET"],"ports":["80"]}}]}`), "+ from=td/a/b port=80 | - from=td/a/b port=81"},
		{ZTunnel, deny(`{"to":[{"operation":{"paths":["/a"]}},{"operation":{"ports":["80"]}}]}`), "+ port=80 | - port=81"},
		{ZTunnel, allow(`{"from":[{"source":{"trustDomains":["td"]}}]}`), "- from=td/a/b"},
		{ZTunnel, allow(`{"from":[{"source":{"trustDomains":["td"],"namespaces":["a"]}}]}`), "+ from=other/a/b"},
		{ZTunnel, allow(`{"from":[{"source":{"serviceAccounts":["b","x/y"]}}]}`), "+ from=td/shop/b | + from=other/x/y | - from=td/x/b"},
		{ZTunnel, allow(`{"to":[{"operation":{"ports":["70000","80"]}}]}`), "+ port=80 | - port=81"},
		{ZTunnel, allow(`{"from":[{"source":{"namespaces":["a"],"ipBlocks":["bad"]}}]}`), "+ from=td/a/b ip=1.1.1.1"},
		{ZTunnel, deny(`{"when":[{"key":"source.principal","notValues":["td/ns/a/sa/*"]},{"key":"destination.port","values":["80"]},{"key":"source.namespace","values":["b"]}]}`), "+ from=td/b/x port=80 | - from=td/a/x port=80 | - from=td/b/x port=81"},
		{ZTunnel, allow(`{"when":[{"key":"source.ip","values":["10.0.0.0/8"]},{"key":"destination.ip","notValues":["10.0.0.1"]}]}`), "+ ip=10.1.1.1 dest=10.0.0.2 | - ip=10.1.1.1 dest=10.0.0.1"},
		{ZTunnel, deny(`{"from":[{"source":{"notNamespaces":["a"]}}]}`), "+ | + from=td/b/x | - from=td/a/x"},
	} {
		rules, err := mesh.Rules(policy(t, c.spec), c.chain)
		if err != nil || len(rules) != 1 {
			t.Errorf("%s: %d rules, %v", c.spec, len(rules), err)
			continue
		}
		if gone := c.out == "gone"; rules[0].Gone != gone {
			t.Errorf("%s on %v: gone is %v", c.spec, c.chain, rules[0].Gone)
			continue
		} else if gone {
			if len(rules[0].Lost) == 0 {
				t.Errorf("%s on %v: does not say what is lost", c.spec, c.chain)
			}
			continue
		}
		for out := range strings.SplitSeq(c.out, "|") {
			want, words, _ := strings.Cut(strings.TrimSpace(out), " ")
			if want != "+" && want != "-" {
				t.Fatalf("%q", out)
			}
			if rules[0].Holds().Holds(request(words)) != (want == "+") {
				t.Errorf("%s on %v: %q: not %s", c.spec, c.chain, words, want)
			}
		}
	}
}

func TestLadder(t *testing.T) {
	port := func(n int) string { return fmt.Sprintf(`"rules":[{"to":[{"operation":{"ports":["%d"]}}]}]`, n) }
	custom := func(n int, provider string) string {
		return fmt.Sprintf(`{"action":"CUSTOM","provider":{"name":%q},%s}`, provider, port(n))
	}
	dry := policy(t, `{`+port(99)+`}`)
	dry.Annotations = map[string]string{"istio.io/dry-run": "true"}
	odd := policy(t, `{"action":"DENY",`+port(98)+`}`)
	odd.Annotations = map[string]string{"istio.io/dry-run": "perhaps"}
	grpc := map[string]ir.ProviderKind{"a": ir.GRPCProvider, "b": ir.GRPCProvider, "web": ir.HTTPProvider}
	for _, c := range []struct {
		name  string
		mesh  Mesh
		chain Chain
		specs []string
		more  *istio.Object
		want  string // the ports of each part
	}{
		{"nothing", Mesh{}, HTTP, nil, nil, "open"},
		{"empty allow", Mesh{}, HTTP, []string{`{}`}, nil, "closed"},
		{"pooled", Mesh{}, HTTP, []string{`{` + port(1) + `}`, `{` + port(2) + `}`, `{"action":"DENY",` + port(3) + `}`, `{"action":"AUDIT",` + port(4) + `}`}, nil, "closed allow 1 allow 2 deny 3 audit 4"},
		{"dry run", Mesh{}, HTTP, nil, dry, "open"},
		{"dry run, no boolean", Mesh{}, HTTP, nil, odd, "open deny 98"},
		{"custom", Mesh{}, HTTP, []string{custom(1, "a"), custom(2, "a")}, nil, "open a 1 a 2"},
		{"two providers", Mesh{}, HTTP, []string{custom(1, "a"), custom(2, "b")}, nil, "open deny 1 deny 2"},
		{"two providers on TCP", Mesh{Providers: grpc}, TCP, []string{custom(1, "a"), custom(2, "web")}, nil, "open deny 1 deny 2"},
		{"two providers, as set", Mesh{MultipleProviders: true}, HTTP, []string{custom(1, "a"), custom(2, "b")}, nil, "open a 1 b 2"},
		{"missing", Mesh{Providers: grpc, AllProviders: true}, HTTP, []string{custom(1, "none")}, nil, "open deny 1"},
		{"missing, perhaps", Mesh{Providers: grpc}, HTTP, []string{custom(1, "none")}, nil, "open none 1"},
		{"missing among others", Mesh{Providers: grpc, AllProviders: true, MultipleProviders: true}, HTTP, []string{custom(1, "none"), custom(2, "a")}, nil, "open deny 1 a 2"},
		{"HTTP provider", Mesh{Providers: grpc}, HTTP, []string{custom(1, "web")}, nil, "open web 1"},
		{"HTTP provider on TCP", Mesh{Providers: grpc}, TCP, []string{custom(1, "web")}, nil, "open"},
		{"HTTP fields of a custom on TCP", Mesh{}, TCP, []string{`{"action":"CUSTOM","provider":{"name":"a"},"rules":[{"to":[{"operation":{"paths":["/a"],"ports":["1"]}}]}]}`}, nil, "open a 1"},
		{"closed by what is gone", Mesh{}, TCP, []string{`{"rules":[{"to":[{"operation":{"paths":["/a"]}}]}]}`}, nil, "closed"},
		{"ztunnel", Mesh{}, ZTunnel, []string{`{` + port(1) + `}`, `{"action":"DENY",` + port(3) + `}`, `{"action":"AUDIT",` + port(4) + `}`, custom(5, "a")}, nil, "closed allow 1 deny 3"},
	} {
		var list []*istio.Object
		for _, s := range c.specs {
			list = append(list, policy(t, s))
		}
		if c.more != nil {
			list = append(list, c.more)
		}
		l, err := c.mesh.Ladder(list, c.chain)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got := map[string]bool{"open": !l.Closed, "closed": l.Closed}
		for n := range 100 {
			r := request(fmt.Sprintf("port=%d", n))
			for name, x := range map[string]*sem.Expr{"allow": l.Allow, "deny": l.Deny, "audit": l.Audit} {
				got[fmt.Sprint(name, " ", n)] = x.Holds(r)
			}
			for name, x := range l.Custom {
				got[fmt.Sprint(name, " ", n)] = x.Holds(r)
			}
		}
		have := 0
		for _, x := range got {
			if x {
				have++
			}
		}
		words := strings.Fields(c.want)
		for i := 1; i < len(words); i += 2 {
			if !got[words[i]+" "+words[i+1]] {
				t.Errorf("%s: no %s %s", c.name, words[i], words[i+1])
			}
		}
		if !got[words[0]] || have != 1+len(words)/2 {
			t.Errorf("%s: %d parts hold, not those of %q", c.name, have, c.want)
		}
	}
}
