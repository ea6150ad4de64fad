package conformance

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	rbacpb "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	"google.golang.org/protobuf/encoding/prototext"
	"istio.io/istio/pkg/log"

	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/conformance/istiod"
	"github.com/zt-lang/ztc/conformance/rbac"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
)

// full reports whether the long run is asked for.
func full() bool { return os.Getenv("CONFORMANCE_FULL") != "" }

// world is a mesh in Istio's hands and in ours.
type world struct {
	theirs istiod.Mesh
	ours   plane.Mesh
}

func newWorld(policies []*istio.Object, td string, aliases ...string) *world {
	return &world{
		theirs: istiod.Mesh{TrustDomain: td, Aliases: aliases, RootNamespace: "istio-system", Policies: policies},
		ours:   plane.Mesh{TrustDomain: td, Aliases: aliases, RootNamespace: "istio-system", MultipleProviders: true},
	}
}

// verdict is what one side says of a request, part by part.
type verdict struct{ custom, deny, allow, audit, closed bool }

func (v verdict) String() string {
	return fmt.Sprintf("custom %t, deny %t, allow %t, audit %t, closed %t", v.custom, v.deny, v.allow, v.audit, v.closed)
}

func theirs(e *rbac.Evaluator, f *istiod.Filters, r *rbac.Request) (v verdict, err error) {
	for _, x := range []struct {
		rules *rbacpb.RBAC
		into  *bool
	}{{f.Custom["opa"], &v.custom}, {f.Deny, &v.deny}, {f.Allow, &v.allow}, {f.Audit, &v.audit}} {
		if *x.into, err = e.Matches(x.rules, r); err != nil {
			return v, err
		}
	}
	v.closed = f.Allow != nil
	return v, nil
}

func ours(l *sem.Ladder, q sem.Request) verdict {
	custom := l.Custom["opa"]
	return verdict{custom != nil && custom.Holds(q), l.Deny.Holds(q), l.Allow.Holds(q), l.Audit.Holds(q), l.Closed}
}

// agree holds what both sides say of the cells of some policies against each other, and returns how many verdicts there were.
func agree(t *testing.T, w *world, pod plane.Pod, r *rand.Rand, each int) (verdicts int) {
	t.Helper()
	var reaching []*istio.Object
	for _, o := range w.theirs.Policies {
		if w.ours.Reaches(o, &pod) {
			reaching = append(reaching, o)
		}
	}
	chosen := w.theirs.Reaching(pod.Namespace, pod.Labels)
	if n := len(chosen.Allow) + len(chosen.Deny) + len(chosen.Audit) + len(chosen.Custom); n != len(reaching) {
		t.Errorf("%d policies reach the pod, and Istio says %d", len(reaching), n)
		return 0
	}
	for _, c := range []struct {
		chain plane.Chain
		build func(string, map[string]string) (*istiod.Filters, error)
	}{{plane.HTTP, w.theirs.HTTP}, {plane.TCP, w.theirs.TCP}} {
		f, err := c.build(pod.Namespace, pod.Labels)
		if err != nil {
			t.Error(err)
			continue
		}
		l, err := w.ours.Ladder(reaching, c.chain)
		if err != nil {
			continue // not modelled, and said so
		}
		list := []*sem.Expr{l.Deny, l.Allow, l.Audit}
		for _, x := range l.Custom {
			list = append(list, x)
		}
		cells, err := NewCells(list...)
		if err != nil {
			continue
		}
		var e rbac.Evaluator
		for _, q := range cells.Requests(r, each) {
			real, ok := Concrete(q, c.chain == plane.HTTP)
			if !ok {
				continue
			}
			want, err := theirs(&e, f, real)
			if err != nil {
				t.Errorf("%v: %v", c.chain, err)
				break
			}
			verdicts++
			if got := ours(&l, q); got != want {
				t.Errorf("%v, %v:\n  Istio: %v\n  ztc:   %v\n%s", c.chain, q, want, got, texts(reaching))
				break
			}
		}
	}
	return verdicts
}

func texts(list []*istio.Object) (out string) {
	for _, o := range list {
		out += fmt.Sprintf("%s/%s %v: %s\n", o.Namespace, o.Name, o.Annotations, prototext.MarshalOptions{Multiline: false}.Format(o.Authorization))
	}
	return out
}

// TestTranslation holds the meaning of random policies over every field to what Istio's builder makes of them.
func TestTranslation(t *testing.T) {
	const seed = 1
	r := rand.New(rand.NewPCG(seed, 1))
	g := Everything(r)
	want := 60_000
	if full() {
		want = 1_100_000
	}
	verdicts, meshes := 0, 0
	for verdicts < want && !t.Failed() {
		var policies []*istio.Object
		for n := range 1 + r.IntN(4) {
			policies = append(policies, g.Policy(n))
		}
		td, aliases := "cluster.local", []string(nil)
		switch r.IntN(4) {
		case 0:
			td = "td1"
		case 1:
			td, aliases = "td1", []string{"old", "td2"}
		}
		w := newWorld(policies, td, aliases...)
		pod := plane.Pod{Namespace: "foo", Labels: map[string]string{"app": "x", "tier": "z"}}
		if r.IntN(4) == 0 {
			pod.Namespace, pod.Labels = "istio-system", map[string]string{"app": "x"}
		}
		verdicts += agree(t, w, pod, r, 150)
		meshes++
	}
	t.Logf("%d verdicts on %d meshes, seed %d", verdicts, meshes, seed)
}

// TestMain keeps istiod's log of what it skips to itself.
func TestMain(m *testing.M) {
	o := log.DefaultOptions()
	o.OutputPaths = []string{os.DevNull}
	o.ErrorOutputPaths = []string{os.DevNull}
	if err := log.Configure(o); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
