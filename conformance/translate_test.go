package conformance

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	security "istio.io/api/security/v1beta1"
	"istio.io/istio/pkg/log"

	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
)

// full reports whether the long run is asked for.
func full() bool { return os.Getenv("CONFORMANCE_FULL") != "" }

// seeds are the seed of a run, and the one mesh of it that is asked for: CONFORMANCE_SEED=SEED or SEED/MESH.
func seeds(t *testing.T, usual uint64) (seed uint64, only int) {
	t.Helper()
	text := os.Getenv("CONFORMANCE_SEED")
	if text == "" {
		return usual, -1
	}
	first, second, one := strings.Cut(text, "/")
	seed, err := strconv.ParseUint(first, 10, 64)
	if only = -1; err == nil && one {
		only, err = strconv.Atoi(second)
	}
	if err != nil {
		t.Fatalf("CONFORMANCE_SEED=%s: %v", text, err)
	}
	return seed, only
}

// repeats says how one mesh of a run is asked about again.
func repeats(t *testing.T, seed uint64, mesh int) string {
	return fmt.Sprintf("CONFORMANCE_SEED=%d/%d -run %s", seed, mesh, t.Name())
}

// randomSetting is a mesh of a few random policies.
func randomSetting(g *Generator) *Setting {
	s := &Setting{TrustDomain: "cluster.local", Pod: plane.Pod{Namespace: "foo", Labels: map[string]string{"app": "x", "tier": "z"}}}
	for n := range 1 + g.IntN(4) {
		s.Policies = append(s.Policies, g.Policy(n))
	}
	switch g.IntN(4) {
	case 0:
		s.TrustDomain = "td1"
	case 1:
		s.TrustDomain, s.Aliases = "td1", []string{"old", "td2"}
	}
	if g.IntN(4) == 0 {
		s.Pod.Namespace, s.Pod.Labels = root, map[string]string{"app": "x"}
	}
	return s
}

// sidecars are the chains of a sidecar.
var sidecars = []plane.Chain{plane.HTTP, plane.TCP}

// focused is a mesh of one policy that asks for one kind of test alone.
func focused(g *Generator, of Tried, pools map[string]string) *Setting {
	var values []string
	for _, v := range g.Pools[pools[of.Field]] {
		if KindOf(of.Field, v) == of.Kind {
			values = append(values, v)
		}
	}
	g.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
	values = values[:1+g.IntN(min(2, len(values)))]
	td := []string{"cluster.local", "td1"}[g.IntN(2)]
	return &Setting{TrustDomain: td, Pod: plane.Pod{Namespace: "foo", Labels: map[string]string{"app": "x", "tier": "z"}}, Policies: []*istio.Object{{
		APIVersion: "security.istio.io/v1", Kind: istio.AuthorizationPolicy, Name: "p0", Namespace: "foo",
		Authorization: &security.AuthorizationPolicy{Action: security.AuthorizationPolicy_Action(g.IntN(3)), Rules: []*security.Rule{Alone(of.Field, of.Not, values...)}},
	}}}
}

// agree has the readings of a setting answer about requests of each cell of some chains. It returns how many were asked about, and the first
// one that the readings tell different things of. count, if there is one, is told of each request.
func agree(s *Setting, chains []plane.Chain, r *rand.Rand, each int, readings []Reading, count func(plane.Chain, sem.Request)) (asked int, differ *Disagreement, err error) {
	for _, c := range chains {
		l, err := s.Ladder(c)
		if err != nil {
			continue // not modelled, and said so
		}
		parts := append([]*sem.Expr{l.Deny, l.Allow, l.Audit}, slices.Collect(maps.Values(l.Custom))...)
		cells, err := NewCells(parts...)
		if err != nil {
			continue
		}
		cells.Edges(s.Policies)
		answers := make([]Answer, len(readings))
		for i, r := range readings {
			if answers[i], err = r.Read(s, c); err != nil {
				return asked, nil, fmt.Errorf("%s, %v: %w", r.Name, c, err)
			}
		}
		for _, q := range cells.Requests(r, each, c == plane.HTTP) {
			real, ok := Concrete(q, c == plane.HTTP)
			if !ok {
				continue
			}
			var first Verdict
			for i, answer := range answers {
				v, err := answer(&Asked{q, real})
				if err != nil {
					return asked, nil, fmt.Errorf("%s, %v: %w", readings[i].Name, c, err)
				}
				if i == 0 {
					first = v
				} else if v != first {
					return asked, &Disagreement{Setting: *s, Chain: c, Request: q, Readings: readings}, nil
				}
			}
			asked++
			if count != nil {
				count(c, q)
			}
		}
	}
	return asked, nil, nil
}

// TestTranslation holds the meaning of random policies over every field to what Istio's builder makes of them, and to what a
// naive reader of their YAML says.
func TestTranslation(t *testing.T) {
	seed, only := seeds(t, 1)
	want := 350_000
	if full() {
		want = 1_100_000
	}
	verdicts, meshes, tally := 0, 0, Tally{}
	for i := max(only, 0); verdicts < want && !t.Failed(); i++ {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		g := Everything(r)
		s, each := randomSetting(g), 150
		if i%8 > 0 { // one field after the other, and all ways to compare it
			kinds, pools := g.Kinds()
			s, each = focused(g, kinds[(i-i/8)%len(kinds)], pools), 140
		}
		n, d, err := agree(s, sidecars, r, each, Readings, tally.Watch(s))
		verdicts += n
		meshes++
		switch {
		case err != nil:
			t.Errorf("mesh %d: %v", i, err)
		case d != nil:
			d.Seed = repeats(t, seed, i)
			t.Errorf("%v", d.Minimise())
		}
		if only >= 0 {
			break
		}
	}
	sums := map[Outcome]int{}
	for _, of := range tally {
		for o, n := range of {
			sums[o] += n
		}
	}
	t.Logf("%d verdicts on %d meshes, seed %d; single values were %v", verdicts, meshes, seed, sums)
	if only < 0 { // each field, each way to compare it, and each way in which that comes out
		for _, s := range tally.Missing(Everything(nil), 10) {
			t.Error("too few requests: " + s)
		}
	}
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
