package conformance

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/conformance/envoy"
	"github.com/zt-lang/ztc/conformance/rbac"
	"github.com/zt-lang/ztc/emit/istio"
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
		if !strings.HasPrefix(a, "127.") || strings.HasSuffix(a, ".0") || strings.HasSuffix(a, ".255") {
			return c, q, false
		}
		c.Address = a
	} else {
		c.Address = "127.99.0.1"
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

// TestEnvoy sends requests of every cell of random policies to a running Envoy that enforces what istiod makes of them.
func TestEnvoy(t *testing.T) {
	bin := envoyBinary(t)
	const seed = 3
	meshes, want := 40, 4_000
	if full() {
		meshes, want = 400, 100_000
	}
	r := rand.New(rand.NewPCG(seed, 1))
	g := Askable(r)
	type pod struct {
		world     *world
		addresses [2]string // of its HTTP and of its TCP listeners
		policies  []*istio.Object
	}
	here := plane.Pod{Namespace: "foo", Labels: map[string]string{"app": "x", "tier": "z"}}
	ports := []uint32{8080, 9000}
	var pods []pod
	var listeners []envoy.Listener
	for i := range meshes {
		var policies []*istio.Object
		for n := range 1 + r.IntN(3) {
			if o := g.Policy(n); o.Authorization.Action != security.AuthorizationPolicy_CUSTOM {
				policies = append(policies, o)
			}
		}
		p := pod{world: newWorld(policies, "cluster.local"), addresses: [2]string{fmt.Sprintf("127.40.%d.%d", i/200, 1+i%200), fmt.Sprintf("127.41.%d.%d", i/200, 1+i%200)}}
		for _, o := range policies {
			if p.world.ours.Reaches(o, &here) {
				p.policies = append(p.policies, o)
			}
		}
		http, tcp := p.world.theirs.Chains(here.Namespace, here.Labels)
		for _, port := range ports {
			listeners = append(listeners,
				envoy.Listener{Address: p.addresses[0], Port: port, HTTP: true, Filters: http},
				envoy.Listener{Address: p.addresses[1], Port: port, Filters: tcp})
		}
		pods = append(pods, p)
	}
	server, err := envoy.Start(bin, t.TempDir(), listeners)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	verdicts, passed := 0, 0
	for round := 0; verdicts < want && round < 200 && !t.Failed(); round++ {
		for i := range pods {
			p := &pods[i]
			n, ok, err := askPod(server, p.world, p.policies, p.addresses, ports, r, 40)
			verdicts, passed = verdicts+n, passed+ok
			if err != nil {
				t.Errorf("%v\n%s", err, texts(p.policies))
			}
		}
	}
	t.Logf("%d verdicts of a running Envoy on %d meshes, %d of them passed, seed %d", verdicts, meshes, passed, seed)
	if verdicts < want || passed < verdicts/50 {
		t.Errorf("%d verdicts, %d passed", verdicts, passed)
	}
}

// askPod asks about cells of the policies of a pod. It returns how many verdicts there were, and how many requests passed.
func askPod(server *envoy.Server, w *world, policies []*istio.Object, addresses [2]string, ports []uint32, r *rand.Rand, n int) (verdicts, passed int, err error) {
	for c, chain := range []plane.Chain{plane.HTTP, plane.TCP} {
		l, err := w.ours.Ladder(policies, chain)
		if err != nil {
			continue // not modelled, and said so
		}
		passes := l.Passes()
		cells, err := NewCells(passes)
		if err != nil {
			continue
		}
		type connection struct {
			caller envoy.Caller
			port   uint32
		}
		asked := map[connection][]envoy.HTTPRequest{}
		wanted := map[connection][]bool{}
		var order []connection
		for _, q := range cells.Requests(r, n) {
			port := ports[r.IntN(len(ports))]
			if v, tested := q[sem.Attr{Kind: sem.Port}]; tested {
				if i := slices.IndexFunc(ports, func(p uint32) bool { return fmt.Sprint(p) == v.Parts[0] }); i >= 0 {
					port = ports[i]
				} else {
					continue // nobody listens there
				}
			} else {
				q[sem.Attr{Kind: sem.Port}] = sem.Value{Parts: []string{fmt.Sprint(port)}}
			}
			real, ok := Concrete(q, chain == plane.HTTP)
			if !ok {
				continue
			}
			if _, tested := q[sem.Attr{Kind: sem.RemoteIP}]; tested && chain == plane.TCP {
				continue // without headers it is the peer's address
			}
			caller, request, ok := sendable(real)
			if !ok {
				continue
			}
			k := connection{caller, port}
			if _, known := asked[k]; !known {
				order = append(order, k)
			}
			asked[k] = append(asked[k], request)
			wanted[k] = append(wanted[k], passes.Holds(q))
		}
		for _, k := range order {
			var got []bool
			if chain == plane.HTTP {
				codes, err := server.HTTP(k.caller, addresses[c], k.port, asked[k])
				if err != nil {
					return verdicts, passed, fmt.Errorf("%v: %w", k, err)
				}
				for i, code := range codes {
					if code != 200 && code != 403 {
						return verdicts, passed, fmt.Errorf("%v %v: status %d", k, asked[k][i], code)
					}
					got = append(got, code == 200)
				}
			} else {
				ok, err := server.TCP(k.caller, addresses[c], k.port)
				if err != nil {
					return verdicts, passed, fmt.Errorf("%v: %w", k, err)
				}
				got = append(got, ok)
			}
			for i := range got {
				verdicts++
				if got[i] {
					passed++
				}
				if got[i] != wanted[k][i] {
					return verdicts, passed, fmt.Errorf("%v, %v, %+v: Envoy lets it pass: %t, ztc: %t", chain, k, asked[k][i], got[i], wanted[k][i])
				}
			}
		}
	}
	return verdicts, passed, nil
}
