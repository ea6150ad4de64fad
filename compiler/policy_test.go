package compiler_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// ofTheBody are the diagnostics that a body of a policy has without any `use`, and those of a workload at its first mention.
var ofTheBody = []diag.Code{diag.ParameterTypes, diag.ParameterNotHere, diag.Recursion, diag.LeftOpen}

// TestUseIsNamed holds every diagnostic at a statement of a policy, from whatever stage, to the rule that it points at the
// `use` as well. It goes through all goldens.
func TestUseIsNamed(t *testing.T) {
	archives, err := filepath.Glob("../testdata/golden/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[diag.Code]bool{}
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, diags := compiler.Compile(context.Background(), input(slices.DeleteFunc(a.Files, func(f txtar.File) bool { return strings.HasPrefix(f.Name, "want.") })))
		for _, d := range diags {
			if d.Severity == diag.Note || strings.HasPrefix(string(d.Code), "ZT00") || slices.Contains(ofTheBody, d.Code) || !inPolicy(d.Span) {
				continue
			}
			seen[d.Code] = true
			if !slices.ContainsFunc(d.Related, func(r diag.Related) bool { return r.Message == ir.UsedHere }) {
				t.Errorf("%s: %s: %s stands in a policy and names no use of it: %s", filepath.Base(name), d.Span, d.Code, d.Message)
			}
		}
	}
	if len(seen) < 10 {
		t.Errorf("only %d codes were seen in policies", len(seen))
	}
}

// inPolicy reports whether a place is in the body of a policy.
func inPolicy(s source.Span) bool {
	if s.File == nil || !strings.HasSuffix(s.File.Name, ".zt") {
		return false
	}
	tree, _ := lang.Parse(s.File)
	for _, st := range tree.Stmts {
		if p, ok := st.(*ast.Policy); ok {
			for _, b := range p.Body {
				if r := b.Pos(); r.Start <= s.Start && s.End <= r.End {
					return true
				}
			}
		}
	}
	return false
}
