package oracle_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"

	security "istio.io/api/security/v1beta1"
	"sigs.k8s.io/yaml"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
	"github.com/zt-lang/ztc/internal/oracle"
	"github.com/zt-lang/ztc/lang/source"
)

// times is how often a random test is run: n times the ZTC_ORACLE of the environment, which also moves the seeds.
func times(n int) (rounds int, seed uint64) {
	if more, err := strconv.Atoi(os.Getenv("ZTC_ORACLE")); err == nil && more > 0 {
		return n * more, uint64(more)
	}
	return n, 1
}

// meshes are one mesh for each way in which it matters, to either side.
func meshes(d dice) (*oracle.Mesh, *plane.Mesh) {
	o := &oracle.Mesh{TrustDomain: d.pick("td", "td", "cluster.local", "x2"), RootNamespace: "istio-system", MultipleProviders: d.one(2), Providers: map[string]bool{"grpc": true, "http": false}}
	for d.one(2) {
		o.Aliases = append(o.Aliases, d.pick("td2", "old", "x2"))
	}
	return o, &plane.Mesh{
		TrustDomain: o.TrustDomain, Aliases: o.Aliases, RootNamespace: o.RootNamespace, MultipleProviders: o.MultipleProviders,
		Providers: map[string]ir.ProviderKind{"grpc": ir.GRPCProvider, "http": ir.HTTPProvider}, AllProviders: true,
	}
}

var chains = []struct {
	oracle oracle.Chain
	plane  plane.Chain
}{{oracle.HTTP, plane.HTTP}, {oracle.TCP, plane.TCP}, {oracle.ZTunnel, plane.ZTunnel}}

// read reads a stream for either side. What the strict reader refuses is decoded as an API server without a webhook would.
func read(t *testing.T, text string, strict bool) ([]oracle.Policy, []*istio.Object) {
	t.Helper()
	policies, err := oracle.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	docs, diags := istio.Read(source.New("policies.yaml", text))
	if strict && (len(diags) > 0 || len(docs) != len(policies)) {
		t.Fatalf("%v\n%s", diags, text)
	}
	var objects []*istio.Object
	if len(diags) == 0 {
		for _, d := range docs {
			objects = append(objects, d.Object)
		}
		return policies, objects
	}
	for _, p := range policies {
		o := &istio.Object{Kind: istio.Kind(p.Kind), Namespace: p.Namespace, Name: p.Name, Annotations: p.Annotations, Authorization: &security.AuthorizationPolicy{}}
		text, err := json.Marshal(p.Spec)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.Authorization.UnmarshalJSON(text); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		objects = append(objects, o)
	}
	return policies, objects
}

func (d dice) policies(odd bool) (out []map[string]any) {
	for i := range 1 + d.IntN(4) {
		out = append(out, d.policy(i, odd))
	}
	return out
}

// atoms are the values that stand for all others, for what a ladder can tell apart.
func atomsOf(t *testing.T, universe *sem.Expr, exprs ...*sem.Expr) map[sem.Attr][]sem.Value {
	t.Helper()
	space, err := sem.NewSpace(sem.Limits{}, universe, nil, exprs...)
	if err != nil {
		t.Fatal(err)
	}
	out := map[sem.Attr][]sem.Value{}
	for a := range attrsOf(exprs...) {
		out[a] = space.Values(a)
	}
	return out
}

func attrsOf(exprs ...*sem.Expr) map[sem.Attr]bool {
	out := map[sem.Attr]bool{}
	for _, x := range exprs {
		x.Attrs(out)
	}
	return out
}

// disagreement tells what the oracle and a ladder say differently of a request; "" for nothing.
func disagreement(v *oracle.Verdict, l *sem.Ladder, r sem.Request) string {
	for _, x := range []struct {
		part      string
		want, got bool
	}{
		{"verdict", v.Allowed, l.Passes().Holds(r)},
		{"DENY", v.Deny, l.Deny.Holds(r)},
		{"ALLOW", v.Allow, l.Allow.Holds(r)},
		{"AUDIT", v.Audit, l.Audit.Holds(r)},
		{"an ALLOW policy", v.Closed, l.Closed},
	} {
		if x.want != x.got {
			return fmt.Sprintf("%s: %v by the oracle (%s %s), %v by the plane", x.part, x.want, v.Step, v.Rule, x.got)
		}
	}
	for _, p := range []string{"grpc", "http", "none"} {
		x := l.Custom[p]
		if got := x != nil && x.Holds(r); got != v.Asked[p] {
			return fmt.Sprintf("asking %s: %v by the oracle, %v by the plane", p, v.Asked[p], got)
		}
	}
	return ""
}

// What policies mean in emit/plane is what Istio's own strings and regular expressions make of each request.
func TestPlane(t *testing.T) {
	rounds, seed := times(250)
	requests, passed, notModelled := 0, 0, 0
	steps := map[string]int{}
	for i := range rounds {
		d := newDice(seed<<32 + uint64(i))
		om, pm := meshes(d)
		odd := i%5 == 4
		text := stream(d.policies(odd)...)
		policies, objects := read(t, text, !odd)
		for _, c := range chains {
			l, err := pm.Ladder(objects, c.plane)
			var not *plane.NotModelledError
			if errors.As(err, &not) {
				notModelled++
				continue
			} else if err != nil {
				t.Fatal(err)
			}
			passes := l.Passes()
			atoms := atomsOf(t, nil, passes, l.Deny, l.Allow, l.Audit)
			alike := same(passes, l.Deny, l.Allow)
			assumed := sem.Assume(l.Deny)(l.Allow)
			for range 40 {
				r := d.request(atoms)
				or, why := d.realise(r)
				if why != "" {
					t.Fatal(why)
				}
				for _, x := range alike {
					if x[0].Holds(r) != x[1].Holds(r) {
						t.Fatalf("round %d on %v: expressions are the same, and differ for %s\n%s", i, c.plane, show(or), text)
					}
				}
				if l.Deny.Holds(r) && assumed.Holds(r) != l.Allow.Holds(r) {
					t.Fatalf("round %d on %v: where DENY holds, ALLOW is not what it is taken for: %s\n%s", i, c.plane, show(or), text)
				}
				known := sem.Request{}
				for a, v := range r {
					if d.one(2) {
						known[a] = v
					}
				}
				if sem.Given(known)(passes).Holds(r) != passes.Holds(r) {
					t.Fatalf("round %d on %v: what is left differs for %s\n%s", i, c.plane, show(or), text)
				}
				v := om.Decide(c.oracle, unverified(policies), or)
				requests++
				steps[v.Step]++
				if v.Allowed {
					passed++
				}
				if bad := disagreement(&v, &l, r); bad != "" {
					t.Fatalf("round %d on %v: %s\nmesh %+v\nrequest %s\n%s", i, c.plane, bad, *om, show(or), text)
				}
			}
		}
	}
	t.Logf("%d requests, %d pass, decided by %v; %d ladders are not modelled", requests, passed, steps, notModelled)
	if passed < requests/10 || passed > requests*9/10 || notModelled*20 > 3*rounds || steps["custom"] < requests/100 || steps["deny"] < requests/20 {
		t.Error("the dice are loaded")
	}
}

// same are pairs of expressions that sem takes for the same.
func same(a, b, c *sem.Expr) (out [][2]*sem.Expr) {
	for _, x := range [][2]*sem.Expr{
		{a, sem.Not(a)}, {a, b}, {b, c}, {sem.And(b, c), sem.Or(b, c)}, {sem.Not(sem.And(b, c)), sem.And(sem.Not(b), sem.Not(c))},
		{sem.Not(sem.And(b, c)), sem.Or(sem.Not(c), sem.Not(b))}, {sem.Or(b, sem.And(b, c)), sem.Or(b, c)},
	} {
		if sem.Same(x[0], x[1]) {
			out = append(out, x)
		}
	}
	return out
}

// unverified adds who verifies every token.
func unverified(policies []oracle.Policy) []oracle.Policy {
	all, err := oracle.Parse("kind: RequestAuthentication\nmetadata: {name: all, namespace: shop}\nspec: {jwtRules: [{jwksUri: https://x}]}\n")
	if err != nil {
		panic(err)
	}
	return append(policies[:len(policies):len(policies)], all...)
}

func show(r *oracle.Request) string {
	text, _ := yaml.Marshal(r)
	return string(text)
}
