package conformance

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	security "istio.io/api/security/v1beta1"
	sigs "sigs.k8s.io/yaml"

	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/conformance/envoy"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
)

// surprise is a row of docs/semantics.md.
type surprise struct {
	Setting
	text    string
	chain   plane.Chain
	request sem.Request
	matches bool
}

// surprises reads the table.
func surprises(t *testing.T) (out []surprise) {
	page, err := os.ReadFile("../docs/semantics.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(page), "\n## What surprises\n")
	section, _, _ = strings.Cut(section, "\n## ")
	if !ok {
		t.Fatal("docs/semantics.md has no surprises")
	}
	for line := range strings.Lines(section) {
		cells := strings.Split(line, " | ")
		if len(cells) != 3 || !strings.HasPrefix(cells[0], "| `") {
			continue
		}
		action, text, _ := strings.Cut(strings.Trim(cells[0], "| `"), " ")
		rule := &security.Rule{}
		json, err := sigs.YAMLToJSON([]byte(text))
		if err == nil {
			err = rule.UnmarshalJSON(json)
		}
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		x := surprise{text: line, matches: strings.HasPrefix(cells[2], "matches"), Setting: Setting{
			TrustDomain: "cluster.local", Pod: plane.Pod{Namespace: "shop"}, Policies: []*istio.Object{{
				APIVersion: "security.istio.io/v1", Kind: istio.AuthorizationPolicy, Name: "p", Namespace: "shop",
				Authorization: &security.AuthorizationPolicy{
					Action: security.AuthorizationPolicy_Action(security.AuthorizationPolicy_Action_value[action]), Rules: []*security.Rule{rule},
				},
			}},
		}}
		if !x.matches && !strings.HasPrefix(cells[2], "does not match") {
			t.Fatalf("what happens: %s", line)
		}
		given := strings.Split(strings.Trim(cells[1], "`"), "; ")
		if x.chain = plane.HTTP; given[0] == "tcp" {
			x.chain, given = plane.TCP, given[1:]
		}
		x.request = Plain(x.chain == plane.HTTP)
		x.request[sem.Attr{Kind: sem.Port}] = sem.Value{Parts: []string{"8080"}}
		for _, g := range given {
			x.give(t, g)
		}
		out = append(out, x)
	}
	return out
}

// give sets what one part of a request says.
func (x *surprise) give(t *testing.T, text string) {
	key, value, ok := strings.Cut(text, ":")
	value = strings.TrimPrefix(value, " ")
	kind, name, _ := strings.Cut(key, " ")
	one := func(a sem.Attr) { x.request[a] = sem.Value{Parts: []string{value}} }
	token := x.request[sem.Attr{Kind: sem.Token}]
	switch kind {
	case "mesh":
		x.TrustDomain = value
	case "peer":
		p := strings.Split(value, "/")
		x.request[sem.Attr{Kind: sem.Peer}] = sem.Value{Parts: []string{p[0], p[2], p[4]}}
	case "source":
		one(sem.Attr{Kind: sem.SourceIP})
	case "host":
		one(sem.Attr{Kind: sem.Host})
	case "method":
		one(sem.Attr{Kind: sem.Method})
	case "path":
		one(sem.Attr{Kind: sem.Path})
	case "iss":
		x.request[sem.Attr{Kind: sem.Token}] = sem.Value{Parts: []string{value, ""}, Missing: [2]bool{false, true}}
	case "sub":
		x.request[sem.Attr{Kind: sem.Token}] = sem.Value{Parts: []string{token.Parts[0], value}}
	case "header", "claim":
		a := sem.Attr{Kind: map[string]sem.Kind{"header": sem.Header, "claim": sem.Claim}[kind], Name: name}
		x.request[a] = sem.Value{Parts: append(slices.Clone(x.request[a].Parts), value)}
	default:
		ok = false
	}
	if !ok {
		t.Fatalf("%s: what is %q?", x.text, text)
	}
}

// Every row of the table is so, by every reading.
func TestSurprises(t *testing.T) {
	rows := surprises(t)
	for _, x := range rows {
		real, ok := Concrete(x.request, x.chain == plane.HTTP)
		if !ok {
			t.Errorf("no such request: %s", x.text)
			continue
		}
		for _, r := range Readings {
			answer, err := r.Read(&x.Setting, x.chain)
			if err != nil {
				t.Fatalf("%s: %v", x.text, err)
			}
			v, err := answer(&Asked{x.request, real})
			if err != nil || (v.Allow || v.Deny) != x.matches {
				t.Errorf("%s: %v, %v: %s", r.Name, v, err, x.text)
			}
		}
	}
	if len(rows) < 30 {
		t.Errorf("%d rows", len(rows))
	}
}

// So they are on a running Envoy.
func TestSurprisesEnvoy(t *testing.T) {
	bin := envoyBinary(t)
	rows := surprises(t)
	var listeners []envoy.Listener
	for i := range rows {
		listeners = append(listeners, listenersOf(&rows[i].Setting, addressesOf(i))...)
	}
	server, err := envoy.Start(bin, t.TempDir(), listeners)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	asked := 0
	for i, x := range rows {
		real, _ := Concrete(x.request, x.chain == plane.HTTP)
		caller, request, ok := sendable(real)
		if !ok {
			continue
		}
		asked++
		var passed bool
		var err error
		if x.chain == plane.TCP {
			passed, err = server.TCP(caller, addressesOf(i)[1], real.Port)
		} else {
			var codes []int
			if codes, err = server.HTTP(caller, addressesOf(i)[0], real.Port, []envoy.HTTPRequest{request}); err == nil {
				if passed = codes[0] == 200; !passed && codes[0] != 403 {
					err = fmt.Errorf("status %d", codes[0])
				}
			}
		}
		deny := x.Policies[0].Authorization.Action == security.AuthorizationPolicy_DENY
		if err != nil || passed != (x.matches != deny) {
			t.Errorf("passed %t, %v: %s", passed, err, x.text)
		}
	}
	t.Logf("%d of %d rows can be asked about", asked, len(rows))
	if asked < len(rows)-4 {
		t.Errorf("only %d of %d rows can be asked about", asked, len(rows))
	}
}
