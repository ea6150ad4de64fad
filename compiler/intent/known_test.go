package intent

import (
	"testing"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/lang/ast"
)

// TestKnown: what a rule covers as far as a connection can tell is found once for the targets of a statement, and once for each port.
func TestKnown(t *testing.T) {
	entries := []ir.Entry{{Op: ir.Operation{Methods: []string{"GET"}}}}
	sources, more := &ir.Sources{Any: []ir.Source{{Kind: ir.Anyone}}}, &ir.More{}
	rule := func(port int) *ir.Rule {
		return &ir.Rule{Action: ast.Deny, Sources: sources, Entries: entries, More: more, Target: &ir.Target{Port: port}}
	}
	r := (&Program{p: &ir.Program{}}).Reader()
	some := func(x *ir.Rule) *sem.Expr {
		set, err := r.some(x)
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	one, other := some(rule(80)), some(rule(80))
	if len(r.known) != 1 || one != other {
		t.Errorf("%d statements are known of one, on one port", len(r.known))
	}
	if some(rule(81)) == one || len(r.known) != 2 {
		t.Error("another port is taken for the same")
	}
	for range 2 * maxParts {
		more = &ir.More{}
		some(rule(80))
	}
	if len(r.known) > maxParts {
		t.Errorf("%d are remembered", len(r.known))
	}
}
