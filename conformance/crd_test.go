package conformance

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"istio.io/istio/pkg/config/crd"
)

// moduleDir is where the sources of a module are.
func moduleDir(t *testing.T, module string) string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(dir))
}

// schemaOf has the schema and the CEL rules of Istio's CRDs.
func schemaOf(t *testing.T) *crd.Validator {
	t.Helper()
	v, err := crd.NewValidatorFromFiles(filepath.Join(moduleDir(t, "istio.io/api"), "kubernetes", "customresourcedefinitions.gen.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestCRD holds all that is emitted to the schema and the CEL rules of Istio's CRDs, as an API server applies them.
func TestCRD(t *testing.T) {
	v := schemaOf(t)
	// It refuses what has to be refused.
	for _, bad := range []string{
		"spec: {action: ALOW}",
		"spec: {selector: {matchLabels: {app: x}}, targetRefs: [{group: \"\", kind: Service, name: x}]}",
		"spec: {rules: [{from: [{source: {serviceAccounts: [a], principals: [b]}}]}]}",
	} {
		if v.ValidateCustomResourceYAML("apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: x, namespace: y}\n"+bad+"\n", nil) == nil {
			t.Errorf("%s is taken", bad)
		}
	}
	texts := 0
	for _, x := range corpusOfOurs(t) {
		for i, doc := range strings.Split(x.yaml, "\n---\n") {
			if !strings.Contains(doc, "security.istio.io") {
				continue
			}
			texts++
			if err := v.ValidateCustomResourceYAML(doc, nil); err != nil {
				t.Errorf("%s, document %d: %v", x.name, i, err)
			}
		}
	}
	t.Logf("%d documents", texts)
	if texts < 200 {
		t.Errorf("only %d documents", texts)
	}
}
