package toolstest

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/internal/cli"
)

// TestExamplesAreTested holds every example that compiles to having tests and proofs that hold, and that leave out no statement
// and no rule.
func TestExamplesAreTested(t *testing.T) {
	for _, paths := range [][]string{
		{"ship"}, {"frontend"}, {"boutique"}, {"teams/bank", "teams/shop"}, {"teams/platform"}, {"gogenerate"}, {"kustomize"}, {"helm"},
	} {
		t.Run(strings.Join(paths, " "), func(t *testing.T) {
			args := []string{"test", "--format", "json", "--coverage", "--now", "2026-06-01"}
			for _, p := range paths {
				args = append(args, filepath.Join(root, "examples", p))
			}
			var stdout, stderr bytes.Buffer
			if code := cli.Main(args, strings.NewReader(""), &stdout, &stderr, nil); code != 0 {
				t.Fatalf("exit code %d\n%s", code, &stderr)
			}
			var got struct {
				Tests     []struct{ Kind string }
				Uncovered []json.RawMessage `json:"uncoveredStatements"`
				Rules     []json.RawMessage `json:"uncoveredRules"`
			}
			if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			kinds := map[string]int{}
			for _, x := range got.Tests {
				kinds[x.Kind]++
			}
			if kinds["test"] == 0 || kinds["prove"] == 0 {
				t.Errorf("%d tests and %d proofs", kinds["test"], kinds["prove"])
			}
			for _, x := range append(got.Uncovered, got.Rules...) {
				t.Errorf("no test speaks of %s", x)
			}
		})
	}
}
