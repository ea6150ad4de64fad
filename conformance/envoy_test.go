package conformance

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/conformance/envoy"
	"github.com/zt-lang/ztc/conformance/istiod"
	"github.com/zt-lang/ztc/conformance/rbac"
	"github.com/zt-lang/ztc/emit/plane"
	"github.com/zt-lang/ztc/internal/judge"
)

// envoyBinary is the Envoy to ask: ENVOY, or one that is installed into a cache.
func envoyBinary(t *testing.T) string {
	t.Helper()
	if os.Getenv("CONFORMANCE_ENVOY") == "" && os.Getenv("ENVOY") == "" {
		t.Skip("CONFORMANCE_ENVOY=1 asks a running Envoy, ENVOY=BINARY a certain one")
	}
	bin, err := judge.Envoy(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

var (
	label = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9.-]*$`)
	plain = regexp.MustCompile(`^/[a-zA-Z0-9/._~-]*$`)
	token = regexp.MustCompile(`^[A-Za-z-]+$`)
	field = regexp.MustCompile(`^[!-~]([ -~]*[!-~])?$`)
)

// anywhere is the address of a caller of which nothing is asked.
const anywhere = "127.99.0.1"

// sendable makes what is written to a socket of a request. ok is false for what no client could send, or Envoy would change on
// the way: those are another test's.
func sendable(r *rbac.Request) (c envoy.Caller, q envoy.HTTPRequest, ok bool) {
	if r.Peer != "" {
		for i, part := range strings.Split(strings.TrimPrefix(r.Peer, "spiffe://"), "/") {
			if !label.MatchString(part) || i == 0 && part != strings.ToLower(part) {
				return c, q, false
			}
		}
	}
	c.Identity = r.Peer
	if a := r.Source.String(); a != "203.0.113.77" {
		if !strings.HasPrefix(a, "127.") {
			return c, q, false
		}
		c.Address = a
	} else {
		c.Address = anywhere
	}
	if r.SNI != "" && (!label.MatchString(r.SNI) || !strings.Contains(r.SNI, ".") || strings.Contains(r.SNI, "..") || strings.HasSuffix(r.SNI, ".") || r.Peer == "" || r.SNI != strings.ToLower(r.SNI)) {
		return c, q, false
	}
	c.SNI = r.SNI
	if !r.HTTP {
		return c, q, true
	}
	q = envoy.HTTPRequest{Method: r.Headers[":method"][0], Host: r.Headers[":authority"][0], Path: r.Path}
	if !token.MatchString(q.Method) || q.Method == "CONNECT" || !field.MatchString(q.Host) || strings.ContainsAny(q.Host, "/@#?, ") || !plain.MatchString(q.Path) || strings.Contains(q.Path, "/.") {
		return c, q, false
	}
	for name, values := range r.Headers {
		if strings.HasPrefix(name, ":") {
			continue
		}
		for _, v := range values {
			if v != "" && !field.MatchString(v) {
				return c, q, false
			}
			q.Headers = append(q.Headers, [2]string{name, v})
		}
	}
	slices.SortFunc(q.Headers, func(a, b [2]string) int { return strings.Compare(a[0]+a[1], b[0]+b[1]) })
	if a := r.Remote.String(); a != "203.0.113.78" {
		q.Headers = append(q.Headers, [2]string{"x-forwarded-for", a})
	} else {
		q.Headers = append(q.Headers, [2]string{"x-forwarded-for", "203.0.113.78"})
	}
	if of, ok := r.Metadata[jwtFilter]; ok {
		q.Claims, _ = of["payload"].(map[string]any)
	}
	return c, q, true
}

// envoyPorts are those that the pods listen on.
var envoyPorts = []uint32{8080, 9000}

// network is the second number of the addresses of this process: each that runs at once has a loopback network of its own. An open
// listener says that one is taken.
var network = sync.OnceValue(func() int {
	for n := 128; n < 248; n++ {
		l, err := net.Listen("tcp", fmt.Sprintf("127.%d.255.255:8080", n))
		if err == nil {
			claim = l
			return n
		}
	}
	panic("every loopback network is taken")
})

// claim holds the network until the process ends.
var claim net.Listener

// addressesOf are those of the listeners of a pod, for HTTP and for other connections.
func addressesOf(pod int) (out [2]string) {
	for i := range out {
		out[i] = fmt.Sprintf("127.%d.%d.%d", network(), 100*i+pod/200, 1+pod%200)
	}
	return out
}

// listenersOf are the listeners of a pod: of HTTP on one address, of other connections on another one.
func listenersOf(s *Setting, addresses [2]string) (out []envoy.Listener) {
	m := istiod.Mesh{TrustDomain: s.TrustDomain, Aliases: s.Aliases, RootNamespace: root, Policies: s.Policies}
	http, tcp := m.Chains(s.Pod.Namespace, s.Pod.Labels)
	for _, port := range envoyPorts {
		out = append(out,
			envoy.Listener{Address: addresses[0], Port: port, HTTP: true, Custom: http.Custom, Local: http.Local},
			envoy.Listener{Address: addresses[1], Port: port, Custom: tcp.Custom, Local: tcp.Local})
	}
	return out
}

// decisions are readings of which the decision alone counts.
func decisions(list []Reading) []Reading {
	var out []Reading
	for _, r := range list {
		out = append(out, Reading{r.Name, func(s *Setting, c plane.Chain) (Answer, error) {
			answer, err := r.Read(s, c)
			if err != nil {
				return nil, err
			}
			return func(a *Asked) (Verdict, error) {
				v, err := answer(a)
				return Verdict{Allow: v.Passes(), Closed: true}, err
			}, nil
		}})
	}
	return out
}

// running is the reading of an Envoy that is started for each request: it is slow, and for what a disagreement comes down to.
func running(t *testing.T, bin string) Reading {
	return Reading{"Envoy", func(s *Setting, c plane.Chain) (Answer, error) {
		addresses := addressesOf(19_999)
		return func(a *Asked) (Verdict, error) {
			caller, request, ok := sendable(a.Real)
			if !ok || !slices.Contains(envoyPorts, a.Real.Port) || c == plane.TCP && a.Real.Remote.String() != "203.0.113.78" {
				return Verdict{}, errors.New("no such request can be sent")
			}
			server, err := envoy.Start(bin, t.TempDir(), listenersOf(s, addresses))
			if err != nil {
				return Verdict{}, err
			}
			defer server.Stop()
			if c == plane.TCP {
				passed, err := server.TCP(caller, addresses[1], a.Real.Port)
				return Verdict{Allow: passed, Closed: true}, err
			}
			codes, err := server.HTTP(caller, addresses[0], a.Real.Port, []envoy.HTTPRequest{request})
			return Verdict{Allow: err == nil && codes[0] == 200, Closed: true}, err
		}, nil
	}}
}

// TestEnvoy sends requests of every cell of random policies to a running Envoy that enforces what istiod makes of them. All
// readings say what it does.
func TestEnvoy(t *testing.T) {
	bin := envoyBinary(t)
	seed, only := seeds(t, 3)
	meshes, want := 40, 4_000
	if full() {
		meshes, want = 400, 100_000
	}
	type pod struct {
		*Setting
		*rand.Rand
		addresses [2]string
		seed      string
	}
	var pods []pod
	var listeners []envoy.Listener
	for i := range meshes {
		if only >= 0 && i != only {
			continue
		}
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		g := Askable(r)
		s := &Setting{TrustDomain: "cluster.local", Pod: plane.Pod{Namespace: "foo", Labels: map[string]string{"app": "x", "tier": "z"}}}
		for n := range 1 + g.IntN(3) {
			if o := g.Policy(n); o.Authorization.Action != security.AuthorizationPolicy_CUSTOM {
				s.Policies = append(s.Policies, o)
			}
		}
		p := pod{s, r, addressesOf(i), repeats(t, seed, i)}
		listeners = append(listeners, listenersOf(s, p.addresses)...)
		pods = append(pods, p)
	}
	server, err := envoy.Start(bin, t.TempDir(), listeners)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	readings := decisions(Readings)
	verdicts, passed := 0, 0
	for round := 0; verdicts < want && round < 200 && !t.Failed(); round++ {
		for i := range pods {
			p := &pods[i]
			n, ok, d, err := askPod(server, p.Setting, readings, p.addresses, p.Rand, 40)
			verdicts, passed = verdicts+n, passed+ok
			if err != nil {
				t.Errorf("%s: %v\n%s", p.seed, err, p.YAML())
			}
			if d != nil {
				d.Readings, d.Seed = append([]Reading{running(t, bin)}, readings...), p.seed
				t.Errorf("%v", d.Minimise())
			}
			if t.Failed() {
				break
			}
		}
	}
	t.Logf("%d verdicts of a running Envoy on %d meshes, %d of them passed, seed %d", verdicts, len(pods), passed, seed)
	if only < 0 && (verdicts < want || passed < verdicts/50) {
		t.Errorf("%d verdicts, %d passed", verdicts, passed)
	}
}

// askPod asks about cells of the policies of a pod. It returns how many verdicts there were, how many requests passed, and the
// first request of which a reading says something else.
func askPod(server *envoy.Server, s *Setting, readings []Reading, addresses [2]string, r *rand.Rand, n int) (verdicts, passed int, differ *Disagreement, err error) {
	for c, chain := range []plane.Chain{plane.HTTP, plane.TCP} {
		l, err := s.Ladder(chain)
		if err != nil {
			continue // not modelled, and said so
		}
		cells, err := NewCells(l.Passes())
		if err != nil {
			continue
		}
		cells.Edges(s.Policies)
		answers := make([]Answer, len(readings))
		for i, r := range readings {
			if answers[i], err = r.Read(s, chain); err != nil {
				return verdicts, passed, nil, fmt.Errorf("%s, %v: %w", r.Name, chain, err)
			}
		}
		type connection struct {
			caller envoy.Caller
			port   uint32
		}
		type question struct {
			envoy.HTTPRequest
			*Asked
		}
		asked := map[connection][]question{}
		var order []connection
		port := sem.Attr{Kind: sem.Port}
		tested := slices.Contains(cells.attrs, port)
		for _, q := range cells.Requests(r, n, chain == plane.HTTP) {
			if !tested {
				q[port] = sem.Value{Parts: []string{fmt.Sprint(envoyPorts[r.IntN(len(envoyPorts))])}}
			}
			var speaks envoy.Protocol
			if chain == plane.HTTP {
				var ok bool
				if speaks, ok = speak(q, cells, r); !ok {
					continue
				}
			}
			real, ok := Concrete(q, chain == plane.HTTP)
			if !ok || !slices.Contains(envoyPorts, real.Port) {
				continue // nobody listens there
			}
			if chain == plane.TCP && slices.Contains(cells.attrs, sem.Attr{Kind: sem.RemoteIP}) {
				continue // without headers it is the peer's address
			}
			caller, request, ok := sendable(real)
			if !ok {
				continue
			}
			caller.Speaks = speaks
			k := connection{caller, real.Port}
			if _, known := asked[k]; !known {
				order = append(order, k)
			}
			asked[k] = append(asked[k], question{request, &Asked{q, real}})
		}
		for _, k := range order {
			var got []bool
			if chain == plane.HTTP {
				var requests []envoy.HTTPRequest
				for _, x := range asked[k] {
					requests = append(requests, x.HTTPRequest)
				}
				codes, err := server.HTTP(k.caller, addresses[c], k.port, requests)
				if err != nil {
					return verdicts, passed, nil, fmt.Errorf("%v: %w", k, err)
				}
				for i, code := range codes {
					if code != 200 && code != 403 {
						return verdicts, passed, nil, fmt.Errorf("%v %v: status %d", k, requests[i], code)
					}
					got = append(got, code == 200)
				}
			} else {
				ok, err := server.TCP(k.caller, addresses[c], k.port)
				if err != nil {
					return verdicts, passed, nil, fmt.Errorf("%v: %w", k, err)
				}
				got = append(got, ok)
			}
			for i := range got {
				verdicts++
				if got[i] {
					passed++
				}
				for _, answer := range answers {
					v, err := answer(asked[k][i].Asked)
					if err != nil {
						return verdicts, passed, nil, err
					}
					if got[i] != v.Passes() {
						return verdicts, passed, &Disagreement{Setting: *s, Chain: chain, Request: asked[k][i].Request}, nil
					}
				}
			}
		}
	}
	return verdicts, passed, nil, nil
}
