package conformance

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	rbacpb "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	workloadapi "istio.io/istio/pkg/workloadapi/security"

	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/conformance/istiod"
	"github.com/zt-lang/ztc/conformance/rbac"
	"github.com/zt-lang/ztc/conformance/ztunnel"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
	"github.com/zt-lang/ztc/emit/yaml"
	"github.com/zt-lang/ztc/internal/oracle"
)

// root is the namespace whose policies are those of the mesh.
const root = "istio-system"

// provider is the one external authorizer that verdicts speak of.
const provider = "opa"

// Setting is where requests arrive: the policies of a mesh, and one of its pods.
type Setting struct {
	TrustDomain string
	Aliases     []string // of the trust domain
	Policies    []*istio.Object
	Pod         plane.Pod
}

// Verdict is what becomes of a request, part by part, by the policies that reach the pod.
type Verdict struct {
	Reaching                           int // policies
	Custom, Deny, Allow, Audit, Closed bool
}

// Passes reports whether a request passes, if the authorizer consents.
func (v Verdict) Passes() bool { return !v.Deny && (v.Allow || !v.Closed) }

func (v Verdict) String() string {
	return fmt.Sprintf("%d policies, custom %t, deny %t, allow %t, audit %t, closed %t: passes %t", v.Reaching, v.Custom, v.Deny, v.Allow, v.Audit, v.Closed, v.Passes())
}

// Asked is a request: to the algebra, and as Envoy sees it.
type Asked struct {
	Request sem.Request
	Real    *rbac.Request
}

// Answer says what becomes of a request.
type Answer func(*Asked) (Verdict, error)

// Reading is one way to find out what policies do. Read makes ready for the requests of a chain; an error says that it cannot
// tell.
type Reading struct {
	Name string
	Read func(*Setting, plane.Chain) (Answer, error)
}

// Readings are those that need no running server. They share no code but that of the request.
var Readings = []Reading{{"Istio", readIstio}, {"ztc", readPlane}, {"oracle", readOracle}}

// readIstio has Istio's builder make the rules, and evaluates them as Envoy does.
func readIstio(s *Setting, c plane.Chain) (Answer, error) {
	m := istiod.Mesh{TrustDomain: s.TrustDomain, Aliases: s.Aliases, RootNamespace: root, Policies: s.Policies}
	if c == plane.ZTunnel {
		told, err := m.ZTunnel(s.Pod.Namespace, s.Pod.Labels)
		if err != nil {
			return nil, err
		}
		return readTold(told), nil
	}
	chosen := m.Reaching(s.Pod.Namespace, s.Pod.Labels)
	build := m.HTTP
	if c == plane.TCP {
		build = m.TCP
	}
	f, err := build(s.Pod.Namespace, s.Pod.Labels)
	if err != nil {
		return nil, err
	}
	var e rbac.Evaluator
	return func(a *Asked) (v Verdict, err error) {
		v.Reaching = len(chosen.Allow) + len(chosen.Deny) + len(chosen.Audit) + len(chosen.Custom)
		v.Closed = f.Allow != nil
		before := *a.Real // the token is verified after an authorizer is asked
		before.Metadata = map[string]map[string]any{}
		for filter, of := range a.Real.Metadata {
			if filter != jwtFilter {
				before.Metadata[filter] = of
			}
		}
		for _, x := range []struct {
			rules *rbacpb.RBAC
			of    *rbac.Request
			into  *bool
		}{{f.Custom[provider], &before, &v.Custom}, {f.Deny, a.Real, &v.Deny}, {f.Allow, a.Real, &v.Allow}, {f.Audit, a.Real, &v.Audit}} {
			if *x.into, err = e.Matches(x.rules, x.of); err != nil {
				return v, err
			}
		}
		return v, nil
	}, nil
}

// readTold evaluates what ztunnel is told as it does.
func readTold(told []*workloadapi.Authorization) Answer {
	return func(a *Asked) (Verdict, error) {
		v := Verdict{Reaching: len(told)}
		c := ztunnel.Connection{Source: a.Real.Source, Destination: netip.AddrPortFrom(a.Real.Dest, uint16(a.Real.Port))}
		if p := strings.Split(strings.TrimPrefix(a.Real.Peer, "spiffe://"), "/"); len(p) == 5 {
			c.Identity = &ztunnel.Identity{TrustDomain: p[0], Namespace: p[2], Account: p[4]}
		}
		v.Deny, v.Closed, v.Allow = ztunnel.Verdict(told, &c)
		return v, nil
	}
}

// reaching are the policies of a setting that ztc says to reach the pod, and the mesh as ztc has it.
func (s *Setting) reaching(c plane.Chain) (*plane.Mesh, []*istio.Object) {
	m := &plane.Mesh{TrustDomain: s.TrustDomain, Aliases: s.Aliases, RootNamespace: root, MultipleProviders: true}
	reaches := m.Reaches
	if c == plane.ZTunnel {
		reaches = m.ReachesZTunnel
	}
	var out []*istio.Object
	for _, o := range s.Policies {
		if reaches(o, &s.Pod) {
			out = append(out, o)
		}
	}
	return m, out
}

// Ladder is what ztc says of the policies.
func (s *Setting) Ladder(c plane.Chain) (sem.Ladder, error) {
	m, policies := s.reaching(c)
	return m.Ladder(policies, c)
}

// readPlane asks ztc.
func readPlane(s *Setting, c plane.Chain) (Answer, error) {
	l, err := s.Ladder(c)
	if err != nil {
		return nil, err
	}
	_, policies := s.reaching(c)
	custom := l.Custom[provider]
	return func(a *Asked) (Verdict, error) {
		q := a.Request
		return Verdict{
			Reaching: len(policies),
			Custom:   custom != nil && custom.Holds(tokenless(q)),
			Deny:     l.Deny.Holds(q), Allow: l.Allow.Holds(q), Audit: l.Audit.Holds(q), Closed: l.Closed,
		}, nil
	}, nil
}

// tokenless is a request before its token is verified.
func tokenless(q sem.Request) sem.Request {
	out := sem.Request{}
	for a, v := range q {
		if a.Kind != sem.Token && a.Kind != sem.Claim {
			out[a] = v
		}
	}
	return out
}

// verifier is a RequestAuthentication of the mesh that takes every token.
const verifier = "kind: RequestAuthentication\nmetadata: {name: all, namespace: " + root + "}\nspec: {jwtRules: [{jwksUri: https://x.example}]}\n"

// readOracle has the naive interpreter read the YAML of the policies.
func readOracle(s *Setting, c plane.Chain) (Answer, error) {
	m := &oracle.Mesh{TrustDomain: s.TrustDomain, Aliases: s.Aliases, RootNamespace: root, MultipleProviders: true, Providers: map[string]bool{provider: true, "oauth": false}}
	policies, err := oracle.Parse(s.YAML() + "---\n" + verifier)
	if err != nil {
		return nil, err
	}
	pod := &oracle.Pod{Namespace: s.Pod.Namespace, Labels: s.Pod.Labels}
	reaches := m.Reaches
	if c == plane.ZTunnel {
		reaches = m.ReachesZTunnel
	}
	policies = slices.DeleteFunc(policies, func(p oracle.Policy) bool { return !reaches(&p, pod) })
	chain := map[plane.Chain]oracle.Chain{plane.HTTP: oracle.HTTP, plane.TCP: oracle.TCP, plane.ZTunnel: oracle.ZTunnel}[c]
	reaching := 0 // without the verifier
	for _, p := range policies {
		if p.Kind == string(istio.AuthorizationPolicy) {
			reaching++
		}
	}
	return func(a *Asked) (Verdict, error) {
		v := m.Decide(chain, policies, naive(a.Real))
		return Verdict{Reaching: reaching, Custom: v.Asked[provider], Deny: v.Deny, Allow: v.Allow, Audit: v.Audit, Closed: v.Closed}, nil
	}, nil
}

// naive is a request as the interpreter takes it.
func naive(r *rbac.Request) *oracle.Request {
	q := &oracle.Request{
		Peer: strings.TrimPrefix(r.Peer, "spiffe://"), SourceIP: r.Source.String(), RemoteIP: r.Remote.String(), DestIP: r.Dest.String(),
		Port: int(r.Port), SNI: r.SNI, Headers: r.Headers, Meta: r.Metadata, Says: map[string]bool{provider: true},
	}
	if r.HTTP {
		q.Path = &r.Path
	}
	q.Claims, _ = r.Metadata[jwtFilter]["payload"].(map[string]any)
	return q
}

// YAML is the policies as they are written.
func (s *Setting) YAML() string {
	var b []byte
	for _, o := range s.Policies {
		b = yaml.Append(append(b, "---\n"...), o)
	}
	return string(b)
}
