package compiler_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// Two programs over one mesh never name the same object, whatever programs and workloads are called: the name of a program
// that could be confused is refused.
func TestProgramsShareNoNames(t *testing.T) {
	programs := []string{"", "a", "a-b", "b", "default", "default-default", "dry", "run", "a-dry", "a-run", "a-default", "allows", "x-denyhosts"}
	for _, w := range []string{"allow", "deny", "audit", "delegate", "mtls", "jwt", "dry-run"} {
		programs = append(programs, w, "a-"+w, w+"-a", "a-"+w+"-b", "a-dry-run-"+w, "default-"+w)
	}
	workloads := []string{"x", "allow-x", "a-allow-x", "b-allow-x", "deny-allow-x", "dry-run-allow-x", "run-allow-x", "default-deny", "deny", "jwt-x", "mtls-x", "all"}
	owner := map[string]string{}
	refused := 0
	for _, p := range programs {
		text := ""
		if p != "" {
			text = "mesh { program " + p + " }\n"
		}
		text += "deny all in mesh, other\nmtls strict in mesh, default\ndry-run deny default/from -> default/*\ndry-run deny all in default\n"
		for _, w := range workloads {
			w = "default/" + w
			text += fmt.Sprintf("allow default/from -> %[1]s port 80\ndeny default/from from \"192.0.2.1\" -> %[1]s\naudit anyone -> %[1]s\ndry-run allow default/from -> %[1]s\nmtls permissive on %[1]s\njwt \"https://i.example\" on %[1]s\n", w)
		}
		out, diags := compiler.Compile(context.Background(), compiler.Input{Files: []*source.File{source.New("p.zt", text)}})
		if diags.HasErrors() {
			refused++
			for _, d := range diags {
				if d.Severity == diag.Error && d.Code != diag.AmbiguousProgram {
					t.Fatalf("program %q: %s", p, brief(diags))
				}
			}
			continue
		}
		if len(out.Objects) < 60 {
			t.Fatalf("program %q has %d objects only", p, len(out.Objects))
		}
		for _, o := range out.Objects {
			id := fmt.Sprintf("%s %s/%s", o.Kind, o.Namespace, o.Name)
			if other, taken := owner[id]; taken && other != p {
				t.Errorf("%s is of the programs %q and %q", id, other, p)
			}
			owner[id] = p
		}
	}
	if refused == 0 || refused > len(programs)-10 {
		t.Errorf("%d of %d programs are refused", refused, len(programs))
	}
}
