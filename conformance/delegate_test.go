package conformance

import (
	"math/rand/v2"
	"slices"
	"testing"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/conformance/envoy"
	"github.com/zt-lang/ztc/conformance/istiod"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
)

// delegates are programs whose requests need nothing that a client of this machine cannot choose.
var delegates = []program{
	newProgram("a provider among allows and denies", map[string]string{"main.zt": `
mesh { provider "opa" grpc }
workload web
workload api { port http 8080; port db 5432 tcp }
deny all in default
allow web -> api
deny anyone -> api { GET "/shut"; POST "/shut" }
deny anyone from "127.30.9.0/24" -> api
delegate "opa" anyone -> api POST, PUT "/api/*" except "/api/health"
delegate "opa" anyone from "127.30.0.0/16" except from "127.30.1.0/24" -> api GET when header["x-env"] == "prod"
delegate "opa" anyone -> api:5432
`}),
	newProgram("a provider of the HTTP kind", map[string]string{"main.zt": `
mesh { provider "oauth" http }
workload web
workload api { port http 8080; port db 5432 tcp }
deny all in default
allow web -> api
delegate "oauth" anyone -> api { http } except "/health"
`}),
	newProgram("two providers", map[string]string{"main.zt": `
mesh { providers multiple; provider "oauth" http; provider "opa" grpc; provider "opa-x" grpc }
workload web
workload api { port http 8080; port db 5432 tcp }
deny all in default
allow web -> api
deny anyone -> api DELETE
delegate "oauth" anyone -> api { GET; DELETE }
delegate "opa" anyone -> api
delegate "opa-x" anyone -> api { GET "/x/*"; POST "/x/*" }
delegate "opa-x" anyone from "127.30.0.0/16" -> api:5432
`}),
}

// TestDelegate starts the external authorizers of programs that delegate, and asks a running Envoy about requests of every cell:
// which pass, what each authorizer is asked about, when it consents and when it refuses, beside allows and denies.
func TestDelegate(t *testing.T) {
	bin := envoyBinary(t)
	programs := delegates
	for _, p := range goldens(t) {
		if meant, objects, ok := p.compiles(t); ok && slices.ContainsFunc(objects, custom) && !meant.Mesh.Istio.Before(1, 30) { // before, a provider had any name
			programs = append(programs, p)
		}
	}
	if len(programs) < len(delegates)+3 {
		t.Errorf("only %d programs delegate", len(programs))
	}
	const seed = 4
	r := rand.New(rand.NewPCG(seed, 1))
	var total tally
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			n := askProgram(t, bin, &p, r)
			total.verdicts, total.passed, total.asked = total.verdicts+n.verdicts, total.passed+n.passed, total.asked+n.asked
			if n.verdicts == 0 || n.asked == 0 {
				t.Errorf("%v", n)
			}
		})
	}
	t.Logf("%d programs, seed %d: %v", len(programs), seed, total)
}

func custom(o *istio.Object) bool {
	return o.Authorization.GetAction() == security.AuthorizationPolicy_CUSTOM
}

// askProgram asks about each workload of a program, on its ports and on one that it does not have.
func askProgram(t *testing.T, bin string, x *program, r *rand.Rand) (n tally) {
	meant, objects := x.compile(t)
	w := meshOf(meant, objects)
	for _, o := range objects {
		if !custom(o) {
			continue
		}
		name := o.Authorization.GetProvider().GetName()
		if !slices.ContainsFunc(w.theirs.Providers, func(p istiod.Provider) bool { return p.Name == name }) {
			w.theirs.Providers = append(w.theirs.Providers, istiod.Provider{Name: name, HTTP: meant.Mesh.Providers[name] == ir.HTTPProvider})
		}
	}
	of := start(t, bin, w, meant.Workloads)
	for _, p := range of.pods {
		if err := n.askPod(of.server, of.external, p, r, 200); err != nil {
			t.Errorf("%v\n%s", err, texts(p.policies))
		}
	}
	return n
}

// fleet are the workloads of a mesh behind an Envoy, and the authorizers that it asks.
type fleet struct {
	server   *envoy.Server
	external authorizers
	pods     []*proxied // of each workload, on its ports and on one that it does not have
}

func start(t *testing.T, bin string, w *world, workloads []*ir.Workload) *fleet {
	t.Helper()
	external, err := startAuthorizers(w.theirs.Providers)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(external.stop)
	out := &fleet{external: external}
	var listeners []envoy.Listener
	for i, x := range workloads {
		of := plane.Pod{Namespace: x.Namespace, Labels: x.PodLabels()}
		ports := []uint32{undeclared}
		for _, p := range x.Ports {
			ports = append(ports, uint32(p.Number))
		}
		p := newProxied(w, &of, i, ports...)
		out.pods, listeners = append(out.pods, p), append(listeners, p.listeners(&of)...)
	}
	if out.server, err = envoy.Start(bin, t.TempDir(), listeners, clusters(w.theirs.Providers)...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(out.server.Stop)
	return out
}

const undeclared = 65000 // a port that no program declares: that of Plain

// TestAuthorizerDown asks about requests while the authorizer does not answer: what it is to be asked about is refused, unless its
// provider says failOpen, and the rest passes.
func TestAuthorizerDown(t *testing.T) {
	bin := envoyBinary(t)
	x := newProgram("down", map[string]string{"main.zt": `
mesh { provider "grpc-shut" grpc; provider "grpc-open" grpc; provider "grpc-503" grpc; provider "http-shut" http; provider "http-open" http }
workload a { port http 8080; port raw 9999 tcp }
workload b { port http 8080; port raw 9999 tcp }
workload c { port http 8080; port raw 9999 tcp }
workload d { port http 8080; port raw 9999 tcp }
workload e { port http 8080; port raw 9999 tcp }
allow all in default
delegate "grpc-shut" anyone -> a { GET "/asked" port 8080; port 9999 }
delegate "grpc-open" anyone -> b { GET "/asked" port 8080; port 9999 }
delegate "grpc-503" anyone -> c { GET "/asked" port 8080; port 9999 }
delegate "http-shut" anyone -> d GET "/asked"
delegate "http-open" anyone -> e GET "/asked"
`})
	meant, objects := x.compile(t)
	w := meshOf(meant, objects)
	w.theirs.Providers = []istiod.Provider{{Name: "grpc-shut"}, {Name: "grpc-open", FailOpen: true}, {Name: "grpc-503", StatusOnError: "503"},
		{Name: "http-shut", HTTP: true}, {Name: "http-open", HTTP: true, FailOpen: true}}
	of := start(t, bin, w, meant.Workloads)
	ask := func(p *proxied) (codes []int, raw bool) {
		t.Helper()
		codes, err := of.server.HTTP(envoy.Caller{}, p.addresses[0], 8080, []envoy.HTTPRequest{{Method: "GET", Path: "/asked", Host: "h"}, {Method: "GET", Path: "/other", Host: "h"}})
		if err != nil {
			t.Fatal(err)
		}
		if raw, err = of.server.TCP(envoy.Caller{}, p.addresses[1], 9999); err != nil {
			t.Fatal(err)
		}
		return codes, raw
	}
	for _, a := range of.external {
		a.Consent(true)
	}
	for i, p := range of.pods {
		if codes, raw := ask(p); !slices.Equal(codes, []int{200, 200}) || !raw {
			t.Errorf("%s, where the authorizer consents: %v, %t", meant.Workloads[i].Name, codes, raw)
		}
	}
	of.external.stop()
	for i, want := range []struct {
		code int
		raw  bool
	}{{403, false}, {200, true}, {503, false}, {403, true}, {200, true}} { // the last two are asked about HTTP alone
		if codes, raw := ask(of.pods[i]); !slices.Equal(codes, []int{want.code, 200}) || raw != want.raw {
			t.Errorf("%s, where the authorizer is down: %v, %t, want %v", meant.Workloads[i].Name, codes, raw, want)
		}
	}
}

// TestAuthorizers asks about random policies, with those of several providers: each of the HTTP kind or not, one that the mesh does
// not have, and names of which one begins another one's.
func TestAuthorizers(t *testing.T) {
	bin := envoyBinary(t)
	seed, only := seeds(t, 5)
	meshes, want := 40, 4_000
	if full() {
		meshes, want = 300, 60_000
	}
	providers := []istiod.Provider{{Name: "oauth", HTTP: true}, {Name: "opa"}, {Name: "opa-x"}}
	external, err := startAuthorizers(providers)
	if err != nil {
		t.Fatal(err)
	}
	defer external.stop()
	here := plane.Pod{Namespace: "foo", Labels: map[string]string{"app": "x", "tier": "z"}}
	type pod struct {
		*proxied
		*rand.Rand
		seed string
	}
	var pods []pod
	var listeners []envoy.Listener
	for i := range meshes {
		if only >= 0 && i != only {
			continue
		}
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		g := Askable(r)
		addresses := addressesOf(i)
		g.Pools["destinations"] = []string{addresses[0], addresses[1], addresses[0] + "/16", addresses[1] + "/30", "10.0.0.0/8", "2001:db8::1"}
		g.Keys = append(g.Keys, Key{"destination.ip", "destinations"})
		several := g.IntN(2) == 0
		w := &world{
			theirs: istiod.Mesh{TrustDomain: "cluster.local", RootNamespace: root, Providers: providers, MultipleProviders: several && g.IntN(3) > 0},
			ours: plane.Mesh{TrustDomain: "cluster.local", RootNamespace: root, AllProviders: true,
				Providers: map[string]ir.ProviderKind{"oauth": ir.HTTPProvider, "opa": ir.GRPCProvider, "opa-x": ir.GRPCProvider}},
		}
		w.ours.MultipleProviders = w.theirs.MultipleProviders
		names := []string{"oauth", "opa", "opa-x", "unknown"} // the last one refuses after the others were asked
		one := names[g.IntN(len(names))]
		for n := range 2 + g.IntN(4) {
			o := g.Policy(n)
			if n == 0 {
				o = g.Custom(n)
			}
			if p := o.Authorization.GetProvider(); p != nil {
				withoutCallers(o.Authorization)
				if p.Name = one; several {
					p.Name = names[g.IntN(len(names))]
				}
			}
			w.theirs.Policies = append(w.theirs.Policies, o)
		}
		p := newProxied(w, &here, i, envoyPorts...)
		listeners = append(listeners, p.listeners(&here)...)
		pods = append(pods, pod{p, r, repeats(t, seed, i)})
	}
	server, err := envoy.Start(bin, t.TempDir(), listeners, clusters(providers)...)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	var n tally
	for round := 0; n.verdicts < want && round < 200 && !t.Failed(); round++ {
		for _, p := range pods {
			if err := n.askPod(server, external, p.proxied, p.Rand, 40); err != nil {
				t.Errorf("%s: %v\n%s", p.seed, err, texts(p.policies))
			}
		}
	}
	t.Logf("%d random meshes, seed %d: %v", len(pods), seed, n)
	if only < 0 && (n.verdicts < want || n.passed < n.verdicts/50 || n.asked < n.verdicts/10) {
		t.Errorf("too few: %v", n)
	}
}
