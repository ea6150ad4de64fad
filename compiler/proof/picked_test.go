package proof_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// labelled declares what the random programs speak of.
const labelled = `namespace shop {}
workload web
workload ops
workload api { port http 8080; port db 5432 tcp }
workload edge { labels istio: ingressgateway; port http 8080 }
workload shop/cart { port http 8080 }
pods pa { x: "1" }
pods pb { y: "2" }
pods pm in mesh { z: "3" }
`

type dice struct{ *rand.Rand }

func (d dice) of(list ...string) string { return list[d.IntN(len(list))] }

// program is a random one.
func (d dice) program() string {
	text := labelled + d.of("deny all in mesh\n", "deny all in default\n", "deny all in default, shop\n")
	callers := []string{"web", "ops", "plaintext", "(web, plaintext)", "authenticated", "anyone"}
	targets := []string{"api", "pa", "pb", "pm", "default/*", "shop/*", "mesh", "shop/cart", "edge", "api:8080"}
	for range 1 + d.IntN(3) {
		text += fmt.Sprintf("allow %s -> %s%s\n", d.of(callers...), d.of(targets...), d.of("", " GET", " { http; tcp }", " port 8080", " port 7000"))
	}
	for range d.IntN(3) {
		text += fmt.Sprintf("deny %s -> %s%s\n", d.of(callers...), d.of(targets...), d.of("", " port 8080", " { http; tcp }", " port 7000"))
	}
	for range d.IntN(3) {
		text += "mtls " + d.of("strict in mesh", "strict in default", "permissive in shop", "permissive on pa", "strict on pb", "disable on pb",
			"permissive on api", "strict on edge", "permissive on pb port 8080") + "\n"
	}
	return text
}

// pod is one of a workload, or one with labels that selectors know.
func (d dice) pod() plane.Pod {
	switch d.IntN(6) {
	case 0:
		return plane.Pod{Namespace: "default", Labels: map[string]string{"app": d.of("api", "web", "ops")}}
	case 1:
		return plane.Pod{Namespace: "shop", Labels: map[string]string{"app": "cart"}}
	case 2:
		return plane.Pod{Namespace: "default", Labels: map[string]string{"istio": "ingressgateway"}, Gateway: true}
	}
	p := plane.Pod{Namespace: d.of("default", "shop", "other"), Labels: map[string]string{"x": "1", "y": "2", "z": "3"}}
	maps.DeleteFunc(p.Labels, func(string, string) bool { return d.IntN(2) == 0 })
	return p
}

// A proof about the pods of a namespace, of the mesh or of labels that holds is true of every pod, whatever selectors pick it.
func TestProofsHoldAtEveryPod(t *testing.T) {
	const programs, requests = 800, 200
	held, said := 0, map[diag.Code]int{}
	for seed := range uint64(programs) {
		d := dice{rand.New(rand.NewPCG(seed, 7))}
		text := d.program()
		mode, caller, target, op := d.of("never", "never", "only", "always"), d.of("web", "plaintext", "anyone", "authenticated"),
			d.of("default/*", "shop/*", "mesh", "pa", "pb", "pm", "api", "edge"), d.of("", " GET", " port 8080", " port 7000")
		text += fmt.Sprintf("prove %s %s -> %s%s\n", mode, caller, target, op)
		out, diags := compiler.Compile(context.Background(), compiler.Input{Files: []*source.File{source.New("x.zt", text)}})
		for _, x := range diags {
			if x.Code == diag.Internal {
				t.Fatalf("%s\n%s", x.Message, text)
			}
			said[x.Code]++
		}
		if diags.HasErrors() {
			continue
		}
		held++
		var objects []*istio.Object
		for i := range out.Objects {
			o, err := out.Objects[i].Decode()
			if err != nil {
				t.Fatal(err)
			}
			objects = append(objects, o)
		}
		for range requests {
			pod, port, who, method, http := d.pod(), d.of("8080", "5432", "7000", "9999"), d.of("web", "ops", "other", ""), d.of("GET", "POST"), d.IntN(2) == 0
			is := map[string]bool{"default/*": pod.Namespace == "default", "shop/*": pod.Namespace == "shop", "mesh": true,
				"pa": pod.Namespace == "default" && pod.Labels["x"] != "", "pb": pod.Namespace == "default" && pod.Labels["y"] != "", "pm": pod.Labels["z"] != "",
				"api": pod.Labels["app"] == "api", "edge": pod.Gateway}[target]
			f := fateOf(t, objects, &pod, port, who, method, http)
			if !is || !f.comes {
				continue
			}
			asked := map[string]bool{"web": who == "web", "plaintext": who == "", "anyone": true, "authenticated": who != ""}[caller] &&
				(op == "" || op == " GET" && http && method == "GET" || op == " port "+port)
			if f.passes && (mode == "never" && asked || mode == "only" && !asked) || !f.passes && mode == "always" && asked {
				t.Fatalf("seed %d: at %v, port %s, caller %q, method %s, HTTP %t: passes %t\n%s", seed, pod, port, who, method, http, f.passes, text)
			}
		}
	}
	t.Logf("%d of %d hold; %v", held, programs, said)
	if held < programs/20 || said[diag.ProofFailed] < programs/20 {
		t.Error("the dice are loaded")
	}
}

// fate is whether a request comes to a pod, by its ports and transport, and whether it passes there.
type fate struct{ comes, passes bool }

func fateOf(t *testing.T, objects []*istio.Object, pod *plane.Pod, port, who, method string, http bool) (f fate) {
	t.Helper()
	speaks := map[string]bool{} // HTTP, or something else
	switch {
	case pod.Labels["app"] == "api":
		speaks["8080"], speaks["5432"] = true, false
	case pod.Labels["app"] == "cart", pod.Gateway:
		speaks["8080"] = true
	}
	if is, declared := speaks[port]; declared && is != http {
		return f
	}
	r := sem.Request{{Kind: sem.Port}: {Parts: []string{port}}}
	if who != "" {
		r[sem.Attr{Kind: sem.Peer}] = sem.Value{Parts: []string{"cluster.local", "default", who}}
	}
	chain := plane.TCP
	if http {
		chain = plane.HTTP
		r[sem.Attr{Kind: sem.Method}] = sem.Value{Parts: []string{method}}
	}
	m := plane.Mesh{TrustDomain: "cluster.local", RootNamespace: "istio-system"}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	mode, err := m.MTLS(objects, pod, n)
	if err != nil {
		t.Fatal(err)
	}
	if mode == plane.Strict && who == "" || mode == plane.Disabled && who != "" {
		return f
	}
	var reach []*istio.Object
	for _, o := range objects {
		if m.Reaches(o, pod) {
			reach = append(reach, o)
		}
	}
	l, err := m.Ladder(reach, chain)
	if err != nil {
		t.Fatal(err)
	}
	return fate{true, l.Passes().Holds(r)}
}
