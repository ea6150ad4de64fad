package lint

import (
	"fmt"
	"slices"
	"testing"

	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
)

// TestBeside holds the scopes that are found to a look at all of them, and counts those of many selectors.
func TestBeside(t *testing.T) {
	pods := &ir.Rule{Target: &ir.Target{Kind: ir.OnPods}}
	shown := &ir.Rule{Target: &ir.Target{Kind: ir.OnWorkload, Workload: &ir.Workload{AllLabels: map[string]string{}}}}
	unseen := &ir.Rule{Target: &ir.Target{Kind: ir.OnWorkload, Workload: &ir.Workload{}}}
	l := &linter{meant: &intent.Program{}}
	for _, ns := range []string{"a", "b"} {
		for i, r := range []*ir.Rule{pods, shown, unseen} {
			for _, labels := range [][]ir.Label{nil, {{Key: "app", Value: "x"}}, {{Key: "app", Value: "y"}}, {{Key: "tier", Value: "x"}}, {{Key: "app", Value: "x"}, {Key: "tier", Value: "y"}}} {
				l.meant.Scopes = append(l.meant.Scopes, &intent.Scope{Namespace: ns, Labels: labels, Rules: []*ir.Rule{r}, Mesh: i == 0 && len(labels) == 2})
			}
		}
		l.meant.Scopes = append(l.meant.Scopes, &intent.Scope{Namespace: ns})
	}
	met := 0
	for _, s := range l.meant.Scopes {
		var want, got []*intent.Scope
		for _, o := range l.meant.Scopes {
			if o != s && len(o.Rules) > 0 && overlap(s, o) {
				want = append(want, o)
			}
		}
		for o := range l.beside(s) {
			if o == s || len(o.Rules) == 0 {
				t.Errorf("%v is beside %v", o, s)
			}
			if overlap(s, o) {
				got = append(got, o)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%+v: %d scopes, want %d", s, len(got), len(want))
		}
		met += len(want)
	}
	if met < 100 {
		t.Errorf("%d overlap: the test shows nothing", met)
	}

	many := &linter{meant: &intent.Program{}}
	for i := range 1000 {
		many.meant.Scopes = append(many.meant.Scopes, &intent.Scope{Namespace: "a", Labels: []ir.Label{{Key: "app", Value: fmt.Sprint(i)}}, Rules: []*ir.Rule{pods}})
	}
	looks := 0
	for _, s := range many.meant.Scopes {
		for range many.beside(s) {
			looks++
		}
	}
	if looks > 1000 {
		t.Errorf("%d looks at scopes of different values", looks)
	}
}
