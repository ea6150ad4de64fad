package intent_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
)

// rule is what an emitted rule tests.
type rule struct {
	callers []string
	ops     []ir.Operation
}

func principals(names ...string) []string {
	for i, n := range names {
		names[i] = "cluster.local/ns/default/sa/" + n
	}
	return names
}

// TestUnits wants equal normal forms of rules that mean the same however they are grouped, and none for what differs or has no
// such form.
func TestUnits(t *testing.T) {
	const head = "workload web\nworkload ops\nworkload api { port http 8080 }\ndeny all on api\n"
	get, getPost := ir.Operation{Methods: []string{"GET"}}, ir.Operation{Methods: []string{"GET", "POST"}, Paths: []string{"/a", "/b"}}
	at := ir.Operation{Ports: []int{8080}}
	for _, c := range []struct {
		name, program string
		emitted       []rule
		want          bool
	}{
		{"as written", "allow web -> api GET", []rule{{principals("web"), []ir.Operation{get}}}, true},
		{"grouped", "allow web -> api GET\nallow ops -> api GET", []rule{{principals("ops", "web"), []ir.Operation{get}}}, true},
		{"apart", "allow web, ops -> api GET, POST \"/a\", \"/b\"", []rule{
			{principals("web"), []ir.Operation{{Methods: []string{"POST"}, Paths: []string{"/b", "/a"}}, {Methods: []string{"GET"}, Paths: []string{"/a", "/b"}}}},
			{principals("ops"), []ir.Operation{getPost}}}, true},
		{"twice", "allow web -> api GET\nallow web -> api GET", []rule{{principals("web"), []ir.Operation{get}}}, true},
		{"no operation", "allow web -> api", []rule{{principals("web"), nil}}, true},
		{"a port of the target", "allow web -> api:8080", []rule{{principals("web"), []ir.Operation{at}}}, true},
		{"another caller", "allow web -> api GET", []rule{{principals("ops"), []ir.Operation{get}}}, false},
		{"a caller more", "allow web -> api GET", []rule{{principals("web", "ops"), []ir.Operation{get}}}, false},
		{"a caller less", "allow web, ops -> api GET", []rule{{principals("ops"), []ir.Operation{get}}}, false},
		{"anyone", "allow web -> api GET", []rule{{nil, []ir.Operation{get}}}, false},
		{"any operation", "allow web -> api GET", []rule{{principals("web"), nil}}, false},
		{"a port lost", "allow web -> api:8080", []rule{{principals("web"), nil}}, false},
		{"another scope's rule", "allow web -> api GET\ndeny all on ops\nallow web -> ops POST", []rule{{principals("web"), []ir.Operation{{Methods: []string{"POST"}}}}}, false},
		{"an empty value is no free part", "allow web -> api", []rule{{principals("web"), []ir.Operation{{Methods: []string{""}}}}}, false},
		{"HTTP and other connections in one rule", "allow web -> api GET\nallow web -> api:8080", []rule{{principals("web"), []ir.Operation{get, at}}}, false},
		{"and apart", "allow web -> api GET\nallow web -> api:8080", []rule{{principals("web"), []ir.Operation{get}}, {principals("web"), []ir.Operation{at}}}, true},
		{"something else beside", "allow web -> api GET\ndeny ops -> api", []rule{{principals("web"), []ir.Operation{get}}}, false},
		{"a dry run beside", "allow web -> api GET\ndry-run deny all on api", []rule{{principals("web"), []ir.Operation{get}}}, false},
		{"more than plain", "allow web from \"10.0.0.0/8\" -> api GET", []rule{{principals("web"), []ir.Operation{get}}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := intent.Of(program(t, head+c.program, true), "")
			u := m.Units()
			e := u.Emitted()
			for range 2 { // the second time with used memory
				e.Reset()
				for _, r := range c.emitted {
					e.Add(r.callers, r.ops)
				}
				if got := e.Equal(m.Find("default", []ir.Label{{Key: "app", Value: "api"}})); got != c.want {
					t.Errorf("equal: %v", got)
				}
			}
		})
	}
}

// TestUnitsAllow wants the ladder that is read from a normal form to be that of the rules.
func TestUnitsAllow(t *testing.T) {
	p := program(t, `workload web
workload ops
workload api { port http 8080; port raw 9000 tcp }
deny all in default
allow web -> api GET, POST "/a", "/b/*"
allow ops -> api
allow web -> api:9000
`, true)
	for _, c := range []intent.Chain{intent.HTTP, intent.TCP} {
		m, n := intent.Of(p, ""), intent.Of(p, "")
		n.Units()
		labels := []ir.Label{{Key: "app", Value: "api"}}
		a, b := ladder(t, m.Reader(), m.Find("default", labels), c, false), ladder(t, n.Reader(), n.Find("default", labels), c, false)
		if !n.Find("default", labels).Plain() {
			t.Fatal("there is no normal form")
		}
		space, err := sem.NewSpace(sem.Limits{}, nil, nil, a.Allow, b.Allow)
		if err != nil {
			t.Fatal(err)
		}
		x, errX := space.Set(a.Allow)
		y, errY := space.Set(b.Allow)
		if errX != nil || errY != nil {
			t.Fatal(errX, errY)
		}
		if d, _, err := space.Equal(x, y); err != nil || d != nil {
			t.Errorf("%v: %v %v", c, d, err)
		}
		if any, err := space.Any(x); err != nil || any == nil {
			t.Errorf("%v: nothing is allowed", c)
		}
	}
}

// large is a program of n workloads with ten plain rules each.
func large(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "workload w%d { port http 8080 }\n", i)
	}
	b.WriteString("deny all in default\n")
	for i := range n {
		for j := range 10 {
			fmt.Fprintf(&b, "allow w%d -> w%d GET \"/a%d\"\n", (i*7+j*13)%n, i, j)
		}
	}
	return b.String()
}

// BenchmarkUnits brings 100,000 plain rules into normal form, as they are written and as they are emitted, and compares.
func BenchmarkUnits(b *testing.B) {
	p := program(b, large(10_000), true)
	for b.Loop() {
		m := intent.Of(p, "")
		rules := make([][]*ir.Rule, len(m.Scopes))
		for i, s := range m.Scopes {
			rules[i] = s.Rules
		}
		u := m.Units()
		e := u.Emitted()
		for i, s := range m.Scopes {
			if len(rules[i]) == 0 {
				continue
			}
			e.Reset()
			for _, r := range rules[i] {
				e.Add([]string{r.Sources.Any[0].Value}, []ir.Operation{r.Entries[0].Op})
			}
			if !e.Equal(s) {
				b.Fatal("not equal")
			}
		}
	}
}

// BenchmarkLadders reads 100,000 plain rules as expressions, on both chains.
func BenchmarkLadders(b *testing.B) {
	p := program(b, large(10_000), true)
	for b.Loop() {
		m := intent.Of(p, "")
		r := m.Reader()
		for _, s := range m.Scopes {
			ladder(b, r, s, intent.HTTP, false)
			ladder(b, r, s, intent.TCP, false)
		}
	}
}
