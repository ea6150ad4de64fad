package conformance

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/proof"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/conformance/envoy"
	"github.com/zt-lang/ztc/conformance/istiod"
	"github.com/zt-lang/ztc/emit/plane"
	"github.com/zt-lang/ztc/lang/source"
)

// examples are the programs of the examples, those of several directories among them.
func examples(t *testing.T) (out []program) {
	t.Helper()
	dir := func(name string, of ...string) {
		root := os.DirFS(filepath.Join("../examples", name))
		p := program{name, compiler.Input{FS: root, Options: compiler.Options{Now: "2026-06-01"}}}
		for _, at := range of {
			text, err := fs.ReadFile(root, at)
			if err != nil {
				t.Fatal(err)
			}
			p.in.Files = append(p.in.Files, source.New(at, string(text)))
		}
		out = append(out, p)
	}
	dir("ship", "ship.zt", "tests.zt")
	dir("frontend", "frontend.zt", "jwt.zt", "tests.zt")
	dir("boutique", "orders.zt", "payments.zt", "platform.zt", "storefront.zt", "tests.zt")
	dir("gogenerate", "policies.zt")
	dir("helm", "policies.zt")
	dir("kustomize", "policies.zt")
	dir("teams", "bank/bank.zt", "shop/shop.zt")
	dir("teams/platform", "platform.zt")
	return out
}

// TestExamplesAreThere makes sure that no example with an expectation is left out.
func TestExamplesAreThere(t *testing.T) {
	taken := map[string]bool{}
	for _, p := range examples(t) {
		for _, f := range p.in.Files {
			taken[filepath.Join("../examples", p.name, f.Name)] = true
		}
	}
	expects := 0
	err := filepath.WalkDir("../examples", func(at string, d os.DirEntry, err error) error {
		if err != nil || filepath.Ext(at) != ".zt" {
			return err
		}
		text, err := os.ReadFile(at)
		if n := strings.Count(string(text), "\n  expect "); n > 0 {
			if expects += n; !taken[at] {
				t.Errorf("nobody asks what %s expects", at)
			}
		}
		return err
	})
	if err != nil || expects < 50 {
		t.Errorf("%d expectations: %v", expects, err)
	}
}

// statement is a request that is sent for an expectation.
type statement struct {
	trial  *proof.Trial
	sample proof.Sample
	passes bool   // what is stated; of an expectation that does not hold, the opposite
	why    string // it cannot be sent
}

// statements are what the expectations of a program state, and the trials of these.
func (p *program) statements(t *testing.T) (out []statement, expects []*proof.Trial) {
	t.Helper()
	result, _ := compiler.Compile(context.Background(), p.in)
	for _, trial := range result.Trials {
		if trial.Expect == nil || trial.Unclear != "" { // the latter is no question
			continue
		}
		expects = append(expects, trial)
		if trial.Unknown != nil {
			t.Errorf("%s: %s: %v", p.name, trial.Span(), trial.Unknown)
		}
		for _, f := range trial.Failures {
			s := statement{trial: trial, passes: !trial.Expect.Allow}
			request := maps.Clone(f.Request)
			maps.DeleteFunc(request, func(a sem.Attr, _ sem.Value) bool { return f.Idle[a] })
			if s.sample = (proof.Sample{Destination: f.Destination, Chain: f.Verdict.Chain, Request: request}); f.Nothing != nil {
				s.why = nowhere
			}
			out = append(out, s)
		}
		if len(trial.Failures) > 0 {
			continue
		}
		named := map[sem.Kind][]sem.Value{sem.SourceIP: {{Parts: []string{anywhere}}}}
		samples, err := trial.Samples(named, 20)
		if err != nil {
			t.Errorf("%s: %s: %v", p.name, trial.Span(), err)
		}
		for _, s := range samples {
			out = append(out, statement{trial: trial, sample: s, passes: trial.Expect.Allow})
		}
	}
	return out, expects
}

// TestExpect sends what the expectations of all examples and goldens speak of to a running Envoy, with what istiod gives to the
// sidecars of a mesh that has what the programs compile to. The answers are those that are stated.
func TestExpect(t *testing.T) {
	bin := envoyBinary(t)
	type group struct {
		*proxied
		of         plane.Pod
		declared   []istiod.Port
		statements []statement
	}
	type asking struct {
		program
		expects []*proof.Trial
		pods    map[string]*group
	}
	var all []*asking
	var listeners []envoy.Listener
	n := 0
	for _, p := range append(examples(t), goldens(t)...) {
		meant, objects, ok := p.compiles(t)
		if !ok {
			continue
		}
		list, expects := p.statements(t)
		if len(expects) == 0 {
			continue
		}
		a := &asking{p, expects, map[string]*group{}}
		all = append(all, a)
		w := meshOf(meant, objects)
		for _, s := range list {
			of := s.sample.Destination.Pod()
			key := fmt.Sprint(of)
			g := a.pods[key]
			if g == nil {
				g = &group{proxied: newProxied(w, &of, n), of: of}
				n++
				g.addresses[1] = g.addresses[0]
				if x := s.sample.Destination.Workload; x != nil {
					for _, p := range x.Ports {
						g.declared = append(g.declared, istiod.Port{Number: uint32(p.Number), Protocol: map[ir.Protocol]string{ir.HTTP: "HTTP", ir.TCP: "TCP"}[p.Protocol]})
					}
				}
				a.pods[key] = g
			}
			g.statements = append(g.statements, s)
			if port := s.port(); !slices.Contains(g.ports, port) {
				g.ports = append(g.ports, port)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(a.pods)) {
			g := a.pods[key]
			if g.of.Gateway { // no sidecar: its own listeners are not of policies
				g.addresses = addressesOf(n)
				n++
				listeners = append(listeners, g.listeners(&g.of)...)
				continue
			}
			inbound := g.world.theirs.Inbound(t, g.of.Namespace, g.of.Labels, g.declared)
			for _, port := range g.ports {
				listeners = append(listeners, envoy.Listener{Address: g.addresses[0], Port: port, Inbound: inbound})
			}
		}
	}
	server, err := envoy.Start(bin, t.TempDir(), listeners)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	sent, passed, expects := 0, 0, 0
	unsent := map[string]int{} // expectations, by reason
	for _, a := range all {
		asked, reasons := map[*proof.Trial]int{}, map[*proof.Trial]string{}
		here := 0
		for _, key := range slices.Sorted(maps.Keys(a.pods)) {
			g := a.pods[key]
			for _, s := range g.statements {
				ok, why, err := s.send(server, g.proxied)
				switch {
				case err != nil:
					t.Errorf("%s: %s: %v", a.name, s.trial.Span(), err)
				case why != "":
					reasons[s.trial] = why
				default:
					here++
					asked[s.trial]++
					if ok {
						passed++
					}
					if ok != s.passes {
						t.Errorf("%s: %s: `%s`, %v, %s: Envoy lets it pass: %t", a.name, s.trial.Span(), s.trial.Span().Text(), s.sample.Chain, proof.Words(s.sample.Request), ok)
					}
				}
			}
		}
		t.Logf("%-14s %3d expectations, %4d requests", a.name, len(a.expects), here)
		for _, x := range a.expects {
			if asked[x] == 0 {
				unsent[cmp.Or(reasons[x], noSample)]++
				t.Logf("not sent: %s: %s: %s", x.Span(), x.Span().Text(), reasons[x])
			}
		}
		if here == 0 && len(reasons) < len(a.expects) {
			t.Errorf("%s: nothing is sent", a.name)
		}
		sent, expects = sent+here, expects+len(a.expects)
	}
	t.Logf("%d programs, %d expectations, %d requests, %d of them passed; not sent: %v", len(all), expects, sent, passed, unsent)
	if want := map[string]int{nowhere: 5, noSample: 2, otherCaller: 3, otherDomain: 2, otherToken: 1}; !maps.Equal(unsent, want) {
		t.Errorf("expectations of which nothing is sent: %v, want %v", unsent, want)
	}
}

// Why there is nothing to send.
const (
	nowhere     = "there is no such request"
	noSample    = "there is none to refuse"
	otherPod    = "the pod has another address"
	otherToken  = "its token stands in a header that is to be another text"
	otherDomain = "a sidecar takes no certificate of that trust domain"
	otherCaller = "this machine does not have the caller's address"
)

// port is where a request goes.
func (s *statement) port() uint32 {
	var n uint32 = undeclared
	if v, known := s.sample.Request[sem.Attr{Kind: sem.Port}]; known && !v.Absent {
		fmt.Sscan(v.Parts[0], &n)
	}
	return n
}

// send sends a request, or tells why that cannot be.
func (s *statement) send(server *envoy.Server, p *proxied) (passed bool, why string, err error) {
	if s.why != "" {
		return false, s.why, nil
	}
	http, chain := s.sample.Chain == plane.HTTP, 0
	if !http {
		chain = 1
	}
	q := Plain(http)
	maps.Copy(q, s.sample.Request)
	q[sem.Attr{Kind: sem.Port}] = sem.Value{Parts: []string{fmt.Sprint(s.port())}}
	if v, tested := s.sample.Request[sem.Attr{Kind: sem.DestIP}]; tested && v.Parts[0] != p.addresses[chain] {
		return false, otherPod, nil
	}
	if v, tested := s.sample.Request[sem.Attr{Kind: sem.RemoteIP}]; tested && !http && !slices.Equal(v.Parts, q[sem.Attr{Kind: sem.SourceIP}].Parts) {
		return false, "on raw TCP the client's address is the peer's", nil
	}
	real, ok := Concrete(q, http)
	if !ok {
		return false, "its attributes contradict each other", nil
	}
	if plain := Plain(http)[sem.Attr{Kind: sem.SourceIP}]; !slices.Equal(q[sem.Attr{Kind: sem.SourceIP}].Parts, plain.Parts) && !netip.MustParsePrefix("127.0.0.0/8").Contains(real.Source) {
		return false, otherCaller, nil
	}
	caller, request, ok := sendable(real)
	if !ok {
		return false, fmt.Sprintf("no client writes it: %s", proof.Words(s.sample.Request)), nil
	}
	if caller.Identity != "" {
		caller.ALPN = map[bool]string{true: "istio-h2", false: "istio"}[http]
	}
	if !p.takes(caller.Identity) {
		return false, otherDomain, nil
	}
	if slices.ContainsFunc(request.Headers, func(h [2]string) bool { return h[0] == "authorization" }) && request.Claims != nil {
		return false, otherToken, nil
	}
	p.address(request.Claims)
	if op := s.trial.Expect.Op; op != nil && op.GRPC && request.Method == "POST" {
		caller.Speaks = envoy.GRPC
	}
	if !http {
		passed, err = server.TCP(caller, p.addresses[chain], real.Port)
		return passed, "", err
	}
	codes, err := server.HTTP(caller, p.addresses[chain], real.Port, []envoy.HTTPRequest{request})
	if err != nil {
		return false, "", err
	}
	if codes[0] != 200 && codes[0] != 403 && codes[0] != 0 { // the last one is a connection that is ended
		return false, "", fmt.Errorf("%+v: status %d", request, codes[0])
	}
	return codes[0] == 200, "", nil
}

// takes reports whether the mesh has certificates of an identity.
func (p *proxied) takes(identity string) bool {
	domain, _, _ := strings.Cut(strings.TrimPrefix(identity, "spiffe://"), "/")
	return identity == "" || domain == p.world.ours.TrustDomain || slices.Contains(p.world.ours.Aliases, domain)
}

// address gives a token the audience that its verifier asks for, where nothing is said of that.
func (p *proxied) address(claims map[string]any) {
	if _, said := claims["aud"]; said || claims == nil {
		return
	}
	for _, o := range p.world.theirs.Policies {
		for _, rule := range o.Request.GetJwtRules() {
			if rule.Issuer == claims["iss"] && len(rule.Audiences) > 0 {
				claims["aud"] = rule.Audiences[0]
			}
		}
	}
}
