package lint

import (
	"testing"

	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/source"
)

// TestPlaced finds rules by a place inside of their statement or of their callers, as a look at each of them does.
func TestPlaced(t *testing.T) {
	f, g := source.New("a.zt", ""), source.New("b.zt", "")
	span := func(f *source.File, from, to int32) source.Span { return source.Span{File: f, Start: from, End: to} }
	rule := func(at, callers source.Span) *ir.Rule {
		return &ir.Rule{Action: ast.Deny, Sources: &ir.Sources{Span: callers}, More: ir.NoMore, Span: at}
	}
	rules := []*ir.Rule{
		rule(span(f, 0, 20), span(f, 5, 8)), rule(span(f, 0, 20), span(f, 5, 8)), // one statement on two targets
		rule(span(f, 21, 40), span(f, 26, 30)),
		rule(span(g, 3, 20), span(f, 50, 60)), rule(span(g, 3, 20), span(f, 70, 80)), // of a policy that is used twice
		rule(span(g, 30, 31), span(g, 30, 31)),
	}
	l := &linter{meant: &intent.Program{Scopes: []*intent.Scope{{Rules: rules[:3]}, {Rules: rules[3:]}}}}
	holds := func(s, in source.Span) bool { return s.File == in.File && s.Start <= in.Start && in.End <= s.End }
	p, all := l.placed(), 0
	for _, file := range []*source.File{f, g} {
		for from := int32(0); from < 90; from++ {
			for to := from; to < 91; to++ {
				in := span(file, from, to)
				var want []*ir.Rule
				for _, r := range rules {
					if holds(r.Span, in) || holds(r.Sources.Span, in) {
						want = append(want, r)
					}
				}
				got := p.around(in)
				for i := range got {
					if len(got) != len(want) || got[i].rule != want[i] {
						t.Fatalf("%d-%d: %d rules, want %d", from, to, len(got), len(want))
					}
				}
				if len(got) != len(want) {
					t.Fatalf("%d-%d: %d rules, want %d", from, to, len(got), len(want))
				}
				all += len(got)
			}
		}
	}
	if all < 500 {
		t.Errorf("%d are found: the test shows nothing", all)
	}
}
