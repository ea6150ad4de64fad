package compiler

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/compiler/check"
	"github.com/zt-lang/ztc/compiler/lower"
	"github.com/zt-lang/ztc/compiler/resolve"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/yaml"
	"github.com/zt-lang/ztc/lang/source"
)

// TestBudgets holds each stage to a number of allocations for a statement of a mesh of plain allows, where ten speak of each
// workload: time is the machine's, allocations are ours.
func TestBudgets(t *testing.T) {
	const n = 5000
	var b strings.Builder
	for ns := range 10 {
		fmt.Fprintf(&b, "deny all in ns-%d\n", ns)
	}
	for i := range n {
		caller := (i + i/500*101) % 1000 // another one in each of the ten
		fmt.Fprintf(&b, "allow ns-%d/svc-%d -> ns-%d/svc-%d %s\n", caller%10, caller, i%500/100, i%100,
			[]string{`GET "/a"`, `GET,POST "/b/*","/c"`, `POST`, fmt.Sprintf(`GET "/d/%d"`, i%500)}[i%4])
	}
	in := Input{Files: []*source.File{source.New("mesh.zt", b.String())}}
	given := (&loader{in: in}).program()
	program, diags := resolve.Program(given)
	plan, more := lower.Program(program, "")
	if diags.HasErrors() || more.HasErrors() || plan.Len() < 400 {
		t.Fatalf("%d objects, %v %v", plan.Len(), diags, more)
	}
	var objects []*istio.Object
	build := func() {
		objects = objects[:0]
		builder := plan.Builder()
		for i := range plan.Len() {
			objects = append(objects, builder.Build(i)...)
			builder.Keep()
		}
	}
	for _, stage := range []struct {
		name   string
		budget float64 // allocations for a statement
		run    func()
	}{
		{"parse", 0.1, func() { (&loader{in: in}).program() }},
		{"resolve", 2, func() { resolve.Program(given) }},
		{"check", 0.2, func() { check.Program(program) }},
		{"lower", 1, func() { lower.Program(program, "") }},
		{"group", 1.5, build},
		{"emit", 2, func() {
			var text []byte
			var again yaml.Checker
			for _, o := range objects {
				text = yaml.Append(text[:0], o)
				if bad := istio.Validate(o); bad != nil || again.Check(text, o) != nil {
					t.Fatal(bad)
				}
			}
		}},
		{"all", 6.5, func() { Compile(context.Background(), in) }},
	} {
		if got := testing.AllocsPerRun(2, stage.run) / n; got > stage.budget {
			t.Errorf("%s: %.2f allocations a statement, budget %.2f", stage.name, got, stage.budget)
		} else {
			t.Logf("%s: %.2f allocations a statement, budget %.2f", stage.name, got, stage.budget)
		}
	}
}
