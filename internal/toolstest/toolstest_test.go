package toolstest

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/zt-lang/ztc/internal/cli"
)

const root = "../.."

// tool runs a tool of tools/go.mod and returns its standard output.
func tool(t *testing.T, args ...string) []byte {
	t.Helper()
	if os.Getenv("ZTC_TOOLS_TESTS") != "1" {
		t.Skip("building kustomize and helm takes minutes: they run under ZTC_TOOLS_TESTS=1, see .ci/run")
	}
	cmd := exec.Command("go", append([]string{"tool", "-modfile=tools/go.mod"}, args...)...)
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return out
}

// fresh fails with a diff when what is committed is not what the program compiles to.
func fresh(t *testing.T, output string, program ...string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	args := []string{"build", "--now", "2026-06-01", "--check", "-o", filepath.Join(root, output)}
	for _, p := range program {
		args = append(args, filepath.Join(root, p))
	}
	if code := cli.Main(args, strings.NewReader(""), &stdout, &stderr, nil); code != 0 {
		t.Fatalf("%s is not fresh (%d): run `go generate ./internal/toolstest`\n%s%s", output, code, &stdout, &stderr)
	}
}

// policies decodes a YAML stream and keeps the objects of Istio, by kind and name.
func policies(t *testing.T, data []byte) map[string]any {
	t.Helper()
	found := map[string]any{}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc struct {
			APIVersion string `yaml:"apiVersion"`
			Kind       string
			Metadata   struct{ Name, Namespace string }
			Rest       map[string]any `yaml:",inline"`
		}
		if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
			return found
		} else if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(doc.APIVersion, "security.istio.io/") {
			found[doc.Kind+" "+doc.Metadata.Namespace+"/"+doc.Metadata.Name] = doc.Rest
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// same holds what a tool wrote to what ztc generated: n policies.
func same(t *testing.T, n int, generated, built []byte) {
	t.Helper()
	want := policies(t, generated)
	if len(want) != n {
		t.Fatalf("%d policies are generated, not %d", len(want), n)
	}
	if diff := cmp.Diff(want, policies(t, built)); diff != "" {
		t.Errorf("the tool changes the policies (-generated +built)\n%s", diff)
	}
}

func TestKustomize(t *testing.T) {
	fresh(t, "examples/kustomize/generated/", "examples/kustomize")
	same(t, 2, read(t, "examples/kustomize/generated/shop.yaml"), tool(t, "kustomize", "build", "examples/kustomize"))
}

// TestTeams has two programs in one mesh: kustomize refuses two objects of one name.
func TestTeams(t *testing.T) {
	fresh(t, "examples/teams/generated/teams/", "examples/teams/bank", "examples/teams/shop")
	fresh(t, "examples/teams/generated/platform/", "examples/teams/platform")
	files, err := filepath.Glob(filepath.Join(root, "examples/teams/generated/*/*.yaml"))
	if err != nil || len(files) != 7 {
		t.Fatal(files, err)
	}
	var generated []byte
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		generated = append(append(generated, "---\n"...), data...)
	}
	same(t, 7, generated, tool(t, "kustomize", "build", "examples/teams"))
}

// TestBoutique holds the example that people learn from to having no warning, and its picture to the program.
func TestBoutique(t *testing.T) {
	fresh(t, "examples/boutique/generated/", "examples/boutique")
	var out bytes.Buffer
	ztc := func(args ...string) {
		out.Reset()
		args = append(args, "--now", "2026-06-01", filepath.Join(root, "examples/boutique"))
		if code := cli.Main(args, strings.NewReader(""), &out, &out, nil); code != 0 {
			t.Fatalf("exit code %d\n%s", code, &out)
		}
	}
	if ztc("check", "--werror"); out.Len() > 0 {
		t.Errorf("check has something to say\n%s", &out)
	}
	ztc("graph", "--format", "svg")
	const picture = "examples/boutique/graph.svg"
	if *update {
		if err := os.WriteFile(filepath.Join(root, picture), out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(read(t, picture), out.Bytes()) {
		t.Errorf("%s is not fresh: run `go test ./internal/toolstest -update`", picture)
	}
}

// TestBoutiqueMistakes makes the mistakes that the README of the example promises to be caught.
func TestBoutiqueMistakes(t *testing.T) {
	for _, c := range []struct{ file, old, new, code string }{
		{"orders.zt", "deny all in orders\n", "", "ZT1301"},
		{"orders.zt", "-> cart:grpc", "-> carts:grpc", "ZT1001"},
		{"storefront.zt", "frontend:http", "frontend:80", "ZT1006"},
		{"orders.zt", "orders-db:tcp-postgres\n", "orders-db:tcp-postgres GET\n", "ZT1110"},
		{"common.zt", `boutique.example" on`, `boutique.example/" on`, "ZT1208"},
		{"orders.zt", "checkout:grpc when", "checkout when", "ZT1220"},
		{"storefront.zt", "mtls permissive", "# mtls permissive", "ZT1216"},
		{"k8s/orders.yaml", "serviceAccountName: shipping", "serviceAccountName: checkout", "ZT1203"},
		{"k8s/orders.yaml", "      serviceAccountName: checkout\n", "", "ZT1204"},
		{"k8s/payments.yaml", "istio-injection: enabled", "istio-injection: disabled", "ZT1701"},
		{"k8s/gateway.yaml", "mode: SIMPLE", "mode: PASSTHROUGH", "ZT1110"},
	} {
		t.Run(c.code+" "+c.file, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "boutique")
			if err := os.CopyFS(dir, os.DirFS(filepath.Join(root, "examples/boutique"))); err != nil {
				t.Fatal(err)
			}
			name := filepath.Join(dir, c.file)
			text := string(read(t, filepath.Join("examples/boutique", c.file)))
			broken := strings.ReplaceAll(text, c.old, c.new)
			if broken == text {
				t.Fatalf("%q is not in %s", c.old, c.file)
			}
			if err := os.WriteFile(name, []byte(broken), 0o644); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			code := cli.Main([]string{"check", "--werror", "--now", "2026-06-01", dir}, strings.NewReader(""), &out, &out, nil)
			if code != 1 || !strings.Contains(out.String(), "["+c.code+"]") {
				t.Errorf("exit code %d, and no %s in\n%s", code, c.code, &out)
			}
		})
	}
}

// TestHelm also has a value that looks like a template, which a generated file under templates/ would lose.
func TestHelm(t *testing.T) {
	fresh(t, "examples/helm/files/policies.yaml", "examples/helm")
	generated := read(t, "examples/helm/files/policies.yaml")
	if !bytes.Contains(generated, []byte("{{ .Values.tier }}")) {
		t.Errorf("the value that looks like a template is gone from\n%s", generated)
	}
	same(t, 2, generated, tool(t, "helm", "template", "shop", "examples/helm"))
}
