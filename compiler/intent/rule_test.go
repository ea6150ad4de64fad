package intent_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
)

// ask reads a request: words of the form KEY=VALUE, of which each key names an attribute. The first word is the chain. What
// is not named is absent, or for an HTTP request plain.
func ask(t testing.TB, text string) (intent.Chain, sem.Request) {
	t.Helper()
	words := strings.Fields(text)
	req := sem.Request{
		{Kind: sem.SourceIP}: {Parts: []string{"10.1.1.1"}}, {Kind: sem.RemoteIP}: {Parts: []string{"10.1.1.1"}},
		{Kind: sem.DestIP}: {Parts: []string{"10.2.2.2"}}, {Kind: sem.Port}: {Parts: []string{"8080"}},
	}
	chain := intent.TCP
	switch words[0] {
	case "http":
		chain = intent.HTTP
		req[sem.Attr{Kind: sem.Method}] = sem.Value{Parts: []string{"GET"}}
		req[sem.Attr{Kind: sem.Path}] = sem.Value{Parts: []string{"/"}}
		req[sem.Attr{Kind: sem.Host}] = sem.Value{Parts: []string{"api"}}
	case "tcp":
	default:
		t.Fatalf("%q is no chain", words[0])
	}
	plain := map[string]sem.Kind{"src": sem.SourceIP, "client": sem.RemoteIP, "dst": sem.DestIP, "port": sem.Port, "sni": sem.SNI, "method": sem.Method, "path": sem.Path, "host": sem.Host}
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		kind, name, _ := strings.Cut(key, ":")
		switch kind {
		case "peer":
			if !strings.Contains(value, "/ns/") {
				ns, sa, named := strings.Cut(value, "/")
				if !named {
					ns, sa = "default", value
				}
				value = "cluster.local/ns/" + ns + "/sa/" + sa
			}
			p := strings.Split(value, "/")
			req[sem.Attr{Kind: sem.Peer}] = sem.Value{Parts: []string{p[0], p[2], p[4]}}
		case "token": // issuer,subject
			iss, sub, both := strings.Cut(value, ",")
			req[sem.Attr{Kind: sem.Token}] = sem.Value{Parts: []string{iss, sub}, Missing: [2]bool{false, !both}}
		case "header":
			req[sem.Attr{Kind: sem.Header, Name: name}] = sem.Value{Parts: strings.Split(value, ",")}
		case "claim":
			req[sem.Attr{Kind: sem.Claim, Name: name}] = sem.Value{Parts: strings.Split(value, ",")}
		case "meta":
			req[sem.Attr{Kind: sem.Metadata, Name: name}] = sem.Value{Parts: []string{value}}
		default:
			k, known := plain[kind]
			if !known {
				t.Fatalf("%q is no attribute", kind)
			}
			req[sem.Attr{Kind: k}] = sem.Value{Parts: []string{value}}
		}
	}
	return chain, req
}

// declared is what the programs of the tests stand in.
const declared = `
workload web
workload ops
workload legacy
workload open
workload api { port http 8080; port http-metrics 9090; port db 5432 tcp; port admin 7000 }
workload plain { port http 8080 }
workload shop/front { port http 8080 }
workload shop/db { port db 5432 tcp }
jwt "https://issuer.example" on api { claims groups list, tier string, roles list }
pods tier { tier: core }
deny all in default, shop
`

// TestRules asks, for one rule each, for requests that it speaks of and others. Every sentence of the page on meaning has a
// case.
func TestRules(t *testing.T) {
	for _, c := range []struct {
		name, rule string
		in, out    []string
	}{
		{"a name is an identity", `allow web -> api`, []string{"http peer=web", "tcp peer=web", "tcp peer=web port=5432"}, []string{"http", "http peer=shop/web", "http peer=ops", "http peer=partner/ns/default/sa/web"}},
		{"all accounts of a namespace", `allow shop/* -> api`, []string{"http peer=shop/front", "tcp peer=shop/x"}, []string{"http peer=web", "http peer=partner/ns/shop/sa/front", "http"}},
		{"a principal to the letter", `allow principal "partner.example/ns/x/sa/y" -> api`, []string{"http peer=partner.example/ns/x/sa/y"}, []string{"http peer=partner.example/ns/x/sa/yy", "http peer=x/y"}},
		{"a prefix of identities", `allow principal "partner.example/ns/x*" -> api`, []string{"http peer=partner.example/ns/x/sa/y", "http peer=partner.example/ns/xy/sa/z"}, []string{"http peer=partner.example/ns/y/sa/x"}},
		{"a prefix within a word", `allow principal "partner.example/n*" -> api`, []string{"http peer=partner.example/ns/x/sa/y"}, []string{"http peer=x/y"}},
		{"a suffix of identities", `allow principal "*op/sa/y" -> api`, []string{"http peer=shop/y", "http peer=a/ns/op/sa/y"}, []string{"http peer=shop/yy", "http peer=y/y"}},
		{"a suffix of accounts", `allow principal "*-bot" -> api`, []string{"http peer=shop/a-bot", "http peer=shop/-bot"}, []string{"http peer=shop/bot"}},
		{"every principal", `allow principal "*" -> api`, []string{"http peer=web"}, []string{"http"}},
		{"a namespace of any trust domain", `allow namespace "prod-*" -> api`, []string{"http peer=prod-x/y", "http peer=other/ns/prod-/sa/y"}, []string{"http peer=prod/y", "http"}},
		{"a trust domain", `allow trust-domain "partner.example" -> api`, []string{"http peer=partner.example/ns/a/sa/b"}, []string{"http peer=web", "http peer=partner.example.x/ns/a/sa/b"}},
		{"trust domains by prefix", `allow trust-domain "partner*" -> api`, []string{"http peer=partner.example/ns/a/sa/b"}, []string{"http peer=apartner/ns/a/sa/b"}},
		{"authenticated", `allow authenticated -> api`, []string{"http peer=x/y"}, []string{"http", "tcp"}},
		{"plaintext", `allow plaintext -> api`, []string{"http", "tcp"}, []string{"http peer=web"}},
		{"anyone", `allow anyone -> api`, []string{"http", "tcp", "http peer=web"}, nil},
		{"several sources, narrowed", `allow (web, ops) from "10.0.0.0/8" -> api`, []string{"http peer=web", "http peer=ops"}, []string{"http peer=ops src=11.0.0.1", "http"}},
		{"one address", `allow web from "10.1.1.1" -> api`, []string{"http peer=web"}, []string{"http peer=web src=10.1.1.2"}},
		{"an address behind proxies", `allow web from client "10.0.0.0/8" -> api`, []string{"http peer=web src=9.9.9.9"}, []string{"http peer=web client=9.9.9.9"}},
		{"a token", `allow web as "https://issuer.example/alice" -> api`, []string{"http peer=web token=https://issuer.example,alice"}, []string{"http peer=web", "http peer=web token=https://issuer.example,bob", "http token=https://issuer.example,alice", "tcp peer=web"}},
		{"any subject", `allow web as "https://issuer.example/*" -> api`, []string{"http peer=web token=https://issuer.example,bob"}, []string{"http peer=web token=https://issuer.example", "http peer=web token=https://issuer.example/,bob"}},
		{"any token with a subject", `allow web as "*" -> api`, []string{"http peer=web token=x,bob"}, []string{"http peer=web token=x", "http peer=web token=x,"}},

		{"exclusion is set difference", `allow authenticated except legacy, shop/* -> api`, []string{"http peer=web", "tcp peer=web"}, []string{"http peer=legacy", "http peer=shop/x", "http"}},
		{"and says who is left", `allow (authenticated, plaintext) except legacy -> api`, []string{"http peer=web", "http"}, []string{"http peer=legacy"}},
		{"in a deny everyone who is not proven to be", `deny anyone except web -> api`, []string{"http", "http peer=ops", "tcp"}, []string{"http peer=web"}},
		{"tokenless callers included", `deny anyone except as "https://issuer.example/*" -> api`, []string{"http", "http token=other,x", "http token=https://issuer.example"}, []string{"http token=https://issuer.example,x", "tcp port=5432"}},
		{"addresses are excluded", `allow web except from "10.1.0.0/16" -> api`, []string{"http peer=web src=10.2.0.1"}, []string{"http peer=web"}},
		{"nobody", `deny web except authenticated, plaintext -> api`, nil, []string{"http peer=web", "http"}},

		{"a port of the target", `allow web -> api:8080`, []string{"http peer=web"}, []string{"http peer=web port=9090", "tcp peer=web port=5432"}},
		{"no operation is every connection", `allow web -> api`, []string{"http peer=web port=1", "tcp peer=web port=1"}, nil},
		{"an operation of HTTP is of HTTP only", `allow web -> api GET`, []string{"http peer=web"}, []string{"http peer=web method=POST", "tcp peer=web port=5432", "tcp peer=web port=7000"}},
		{"parts meet", `allow web -> api GET, POST "/a", "/b/*"`, []string{"http peer=web path=/a", "http peer=web method=POST path=/b/"}, []string{"http peer=web path=/b", "http peer=web method=PUT path=/a"}},
		{"a suffix of paths", `allow web -> api "*.css"`, []string{"http peer=web path=/x.css"}, []string{"http peer=web path=/x.css;v"}},
		{"a template", `allow web -> api "/items/{*}/detail"`, []string{"http peer=web path=/items/1/detail"}, []string{"http peer=web path=/items//detail", "http peer=web path=/items/1/2/detail"}},
		{"hosts fold, and cover their ports", `allow web -> api host "API.example"`, []string{"http peer=web host=api.EXAMPLE", "http peer=web host=api.example:99"}, []string{"http peer=web host=api.example.x", "http peer=web"}},
		{"the bare host", `allow web -> api host exact "api.example"`, []string{"http peer=web host=api.example"}, []string{"http peer=web host=api.example:99"}},
		{"gRPC", `allow web -> api grpc "shop.Cart/*"`, []string{"http peer=web method=POST path=/shop.Cart/Add"}, []string{"http peer=web path=/shop.Cart/Add"}},
		{"ports are of both", `allow web -> api port 8080, 5432`, []string{"http peer=web", "tcp peer=web port=5432"}, []string{"http peer=web port=9090"}},

		{"except removes exactly that", `allow web -> api { http } except DELETE "/x"`, []string{"http peer=web method=DELETE path=/y", "http peer=web path=/x"}, []string{"http peer=web method=DELETE path=/x", "tcp peer=web port=5432"}},
		{"of one entry, and of all", `allow web -> api { GET except "/a"; POST } except "/b"`, []string{"http peer=web", "http peer=web method=POST path=/a"}, []string{"http peer=web path=/a", "http peer=web path=/b", "http peer=web method=POST path=/b"}},
		{"an exception of HTTP leaves connections by port", `allow web -> api except GET`, []string{"http peer=web method=PUT", "tcp peer=web port=5432"}, []string{"http peer=web", "tcp peer=web port=7000"}},
		{"an exception of ports", `allow web -> api except port 9090`, []string{"http peer=web", "tcp peer=web port=7000"}, []string{"http peer=web port=9090", "tcp peer=web port=9090"}},
		{"in a deny the exception is what stays", `deny anyone -> plain { http } except "/health"`, []string{"http", "http path=//health", "tcp"}, []string{"http path=/health"}},

		{"different is present, and different", `allow web -> api when header["x-env"] != "prod"`, []string{"http peer=web header:x-env=dev", "http peer=web header:x-env="}, []string{"http peer=web", "http peer=web header:x-env=prod", "http peer=web header:x-env=dev,prod", "tcp peer=web port=5432"}},
		{"not in", `allow web -> api when header["x-env"] not in ["prod", "st*"]`, []string{"http peer=web header:x-env=dev"}, []string{"http peer=web", "http peer=web header:x-env=stage"}},
		{"the plain complement holds on absence", `allow web -> api when not (header["x-env"] == "prod")`, []string{"http peer=web", "http peer=web header:x-env=dev"}, []string{"http peer=web header:x-env=prod", "tcp peer=web port=5432"}},
		{"the complement of difference", `allow web -> api when not (header["x-env"] != "prod")`, []string{"http peer=web", "http peer=web header:x-env=prod"}, []string{"http peer=web header:x-env=dev"}},
		{"present", `allow web -> api when header["x-env"] is present`, []string{"http peer=web header:x-env="}, []string{"http peer=web"}},
		{"absent", `allow web -> api when header["x-env"] is absent`, []string{"http peer=web"}, []string{"http peer=web header:x-env=a"}},
		{"a list equals by an element", `allow web -> api when claim["groups"] in ["admin", "ops*"]`, []string{"http peer=web claim:groups=x,admin", "http peer=web claim:groups=ops-2"}, []string{"http peer=web", "http peer=web claim:groups=x"}},
		{"a list differs by none", `allow web -> api when claim["groups"] != "admin"`, []string{"http peer=web claim:groups=x"}, []string{"http peer=web", "http peer=web claim:groups=x,admin"}},
		{"two tests, two elements", `allow web -> api when claim["groups"] == "a" and claim["groups"] == "b"`, []string{"http peer=web claim:groups=a,b"}, []string{"http peer=web claim:groups=a"}},
		{"de Morgan", `allow web -> api when not (header["a"] == "1" and header["b"] == "1")`, []string{"http peer=web", "http peer=web header:a=1"}, []string{"http peer=web header:a=1 header:b=1"}},
		{"or", `allow web -> api when sni == "a" or sni == "b*"`, []string{"tcp peer=web sni=bc", "http peer=web sni=a"}, []string{"tcp peer=web", "tcp peer=web sni=c"}},
		{"no SNI is none", `allow web -> api when sni is absent`, []string{"tcp peer=web", "tcp peer=web sni="}, []string{"tcp peer=web sni=a"}},
		{"a destination", `allow web -> api when destination in ["10.2.0.0/16"]`, []string{"tcp peer=web"}, []string{"tcp peer=web dst=10.3.0.1"}},
		{"another destination", `allow web -> api when destination not in ["10.2.0.0/16"]`, []string{"tcp peer=web dst=10.3.0.1"}, []string{"tcp peer=web"}},
		{"audience and presenter", `allow web -> api when audience == "a" and presenter == "p"`, []string{"http peer=web claim:aud=b,a claim:azp=p"}, []string{"http peer=web claim:aud=a"}},
		{"metadata", `allow web -> api when metadata["envoy.filters.http.x"]["k"] == "v"`, []string{"http peer=web meta:envoy.filters.http.x[k]=v"}, []string{"http peer=web", "tcp peer=web port=5432"}},
		{"a condition of one entry", `allow web -> api { GET; POST when header["x"] == "1" }`, []string{"http peer=web", "http peer=web method=POST header:x=1"}, []string{"http peer=web method=POST"}},

		{"tcp in an allow is by declared ports", `allow web -> api { tcp }`, []string{"tcp peer=web port=5432"}, []string{"tcp peer=web port=7000", "http peer=web"}},
		{"http and tcp together are everything", `allow web -> api { http; tcp }`, []string{"tcp peer=web port=5432", "tcp peer=web port=7000", "http peer=web"}, []string{"tcp"}},
		{"and with parts of HTTP they are not", `allow web -> api { GET; tcp }`, []string{"tcp peer=web port=5432", "http peer=web"}, []string{"tcp peer=web port=7000", "http peer=web method=PUT"}},
		{"http alone", `allow web -> api { http }`, []string{"http peer=web port=1"}, []string{"tcp peer=web port=5432", "tcp peer=web port=7000"}},
		{"a deny of HTTP spares declared TCP ports, and refuses the undeclared", `deny web -> api POST`, []string{"http peer=web method=POST", "tcp peer=web port=7000", "tcp peer=web port=1"}, []string{"tcp peer=web port=5432", "http peer=web", "tcp port=1"}},
		{"of a whole namespace too", `deny web -> shop/* POST`, []string{"http peer=web method=POST", "tcp peer=web"}, []string{"tcp peer=web port=5432", "http peer=web method=POST port=5432"}},
		{"or means the connections as well", `deny web -> api { POST; tcp }`, []string{"tcp peer=web port=5432", "http peer=web method=POST", "tcp peer=web port=7000"}, []string{"http peer=web", "tcp"}},
		{"tcp in a deny", `deny web -> api { tcp }`, []string{"tcp peer=web port=5432", "tcp peer=web port=7000"}, []string{"http peer=web", "tcp"}},
		{"a deny with a condition of HTTP", `deny web -> api when header["x"] == "1"`, []string{"http peer=web header:x=1", "tcp peer=web port=7000"}, []string{"http peer=web", "tcp peer=web port=5432"}},
		{"a deny with an exception of HTTP", `deny web -> api except GET`, []string{"http peer=web method=PUT", "tcp peer=web port=5432", "tcp peer=web port=7000"}, []string{"http peer=web"}},
		{"a deny of nothing of HTTP", `deny web -> api`, []string{"http peer=web port=5432", "tcp peer=web port=5432"}, nil},
		{"what is excepted on a port is nothing there", `deny web -> plain GET, PUT except GET, PUT port 9090`, []string{"tcp peer=web port=1", "http peer=web"}, []string{"tcp peer=web port=9090", "http peer=web port=9090"}},
		{"by several exceptions as well", `deny web -> plain GET, PUT except GET port 9090 except PUT port 9090, 1`, []string{"tcp peer=web port=2", "tcp peer=web port=1", "http peer=web port=1"}, []string{"tcp peer=web port=9090"}},
		{"and by wider ones", `deny web -> plain "/a/b", "*.css" except "/a/*", "*" port 9090`, []string{"tcp peer=web port=1"}, []string{"tcp peer=web port=9090"}},
		{"but not in part", `deny web -> plain "/a", "*.css" except "/a", "/b" port 9090`, []string{"tcp peer=web port=9090", "http peer=web path=/x.css port=9090"}, []string{"http peer=web path=/a port=9090"}},
		{"an audit is read as a deny", `audit web -> api POST`, []string{"http peer=web method=POST", "tcp peer=web port=7000"}, []string{"tcp peer=web port=5432"}},
		{"so is a delegate", `delegate "opa" anyone -> api POST`, []string{"http method=POST", "tcp port=7000"}, []string{"tcp port=5432", "http"}},
		{"a provider of HTTP is asked about nothing else", "mesh { provider \"oauth\" http }\ndelegate \"oauth\" anyone -> api { http }", []string{"http"}, []string{"tcp port=5432", "tcp port=7000"}},
		{"a provider of gRPC is asked about both", "mesh { provider \"opa\" grpc }\ndelegate \"opa\" anyone -> api", []string{"http", "tcp port=5432"}, nil},
		{"pods", `deny web -> tier POST`, []string{"http peer=web method=POST"}, []string{"http peer=web"}},
		{"the mesh", `deny web -> mesh POST`, []string{"http peer=web method=POST", "tcp peer=web"}, []string{"tcp peer=web port=5432"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, plain := range []bool{false, true} {
				p := program(t, declared+c.rule, plain)
				if len(p.Rules) != 1 {
					t.Fatalf("%d rules", len(p.Rules))
				}
				r := intent.Of(p, "").Reader()
				for want, list := range map[bool][]string{true: c.in, false: c.out} {
					for _, text := range list {
						chain, req := ask(t, text)
						set, err := r.Rule(p.Rules[0], chain)
						if err != nil {
							t.Fatal(err)
						}
						if got := set.Holds(req); got != want {
							t.Errorf("%s: %v", text, got)
						}
					}
				}
			}
		})
	}
}

// TestLadder holds a scope's ladder to the order of the page: delegates ask, a deny refuses, what is closed passes by an allow.
func ladder(t testing.TB, r *intent.Reader, s *intent.Scope, c intent.Chain, dryRun bool) sem.Ladder {
	t.Helper()
	l, err := r.Ladder(s, c, dryRun)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLadder(t *testing.T) {
	p := program(t, `
workload web
workload ops
workload api { port http 8080; port db 5432 tcp }
workload sandbox/x
deny all in default
deny all on ops
allow web -> api GET, POST
deny web -> api POST
delegate "opa" anyone -> api { http } except "/health"
audit anyone -> api PUT
dry-run deny web -> api GET
dry-run allow ops -> api
allow all in sandbox
`, false)
	m := intent.Of(p, "")
	r := m.Reader()
	find := func(ns, app string) *intent.Scope {
		var labels []ir.Label
		if app != "" {
			labels = []ir.Label{{Key: "app", Value: app}}
		}
		s := m.Find(ns, labels)
		if s == nil {
			t.Fatalf("no scope %s %s", ns, app)
		}
		return s
	}
	asked := sem.Attr{Kind: sem.Answer, Name: "opa"}
	for _, c := range []struct {
		scope        *intent.Scope
		request      string
		refuses      bool // the provider
		dryRun, pass bool
	}{
		{find("default", "api"), "http peer=web", false, false, true},
		{find("default", "api"), "http peer=web", true, false, false},
		{find("default", "api"), "http peer=web path=/health", true, false, true},
		{find("default", "api"), "http peer=web method=POST", false, false, false},
		{find("default", "api"), "http peer=ops", false, false, false},
		{find("default", "api"), "tcp peer=web port=5432", true, false, false},
		{find("default", "api"), "http peer=web", true, true, false},
		{find("default", "api"), "http peer=ops", true, true, true},
		{find("default", ""), "http peer=web", false, false, false},
		{find("default", "ops"), "http peer=web", false, false, false},
		{find("sandbox", ""), "http", false, false, true},
	} {
		chain, req := ask(t, c.request)
		if !c.refuses {
			req[asked] = sem.Value{Parts: []string{"yes"}}
		}
		l := ladder(t, r, c.scope, chain, c.dryRun)
		if got := l.Passes().Holds(req); got != c.pass {
			t.Errorf("%s/%v: %s: %v", c.scope.Namespace, c.scope.Labels, c.request, got)
		}
	}
	api := find("default", "api")
	l := ladder(t, r, api, intent.HTTP, false)
	if !l.Closed || ladder(t, r, find("default", ""), intent.HTTP, true).Closed {
		t.Error("closed where something is enforced, and only there")
	}
	if _, req := ask(t, "http method=PUT"); !l.Audit.Holds(req) {
		t.Error("the audit is lost")
	}
	if ladder(t, r, api, intent.TCP, false).Custom["opa"].Holds(sem.Request{{Kind: sem.Port}: {Parts: []string{"5432"}}}) {
		t.Error("a delegate of HTTP asks about a declared TCP port")
	}
}

// TestUniverse wants a chain wherever a port may speak what it reads.
func TestUniverse(t *testing.T) {
	p := program(t, declared+"allow web -> api, shop/*, tier\nallow web -> open", false)
	m := intent.Of(p, "")
	for _, c := range []struct {
		ns, app   string
		port      int
		http, tcp bool
	}{
		{"default", "api", 8080, true, false}, {"default", "api", 5432, false, true}, {"default", "api", 7000, true, true}, {"default", "api", 1, true, true},
		{"default", "open", 8080, true, true}, {"shop", "", 5432, true, true}, {"shop", "", 8080, true, true},
	} {
		var labels []ir.Label
		if c.app != "" {
			labels = []ir.Label{{Key: "app", Value: c.app}}
		}
		s := m.Find(c.ns, labels)
		req := sem.Request{{Kind: sem.Port}: {Parts: []string{strconv.Itoa(c.port)}}}
		if http, tcp := m.Universe(s, intent.HTTP).Holds(req), m.Universe(s, intent.TCP).Holds(req); http != c.http || tcp != c.tcp {
			t.Errorf("%s/%s:%d: HTTP %v, TCP %v", c.ns, c.app, c.port, http, tcp)
		}
	}
}
