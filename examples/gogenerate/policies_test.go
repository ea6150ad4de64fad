package policies

import (
	"bytes"
	"os/exec"
	"testing"
)

// TestFresh fails with a diff when policies.yaml is not what policies.zt compiles to.
func TestFresh(t *testing.T) {
	out, err := exec.Command("go", "run", "../../cmd/ztc", "build", "--check", "-o", "policies.yaml", "policies.zt").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: run `go generate`\n%s", err, out)
	}
	if !bytes.Contains(YAML, []byte("name: allow-cart")) {
		t.Errorf("no policy of cart in\n%s", YAML)
	}
}
