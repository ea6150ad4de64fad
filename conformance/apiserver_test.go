package conformance

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/zt-lang/ztc/conformance/apiserver"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/lang/source"
)

// manifest is an object as Kubernetes has it.
type manifest struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Namespace string            `json:"namespace"`
		Name      string            `json:"name"`
		Labels    map[string]string `json:"labels"`
	} `json:"metadata"`
	Spec map[string]any `json:"spec"`
}

// parse reads the policies of a stream.
func parse(t *testing.T, text string) (out []manifest) {
	t.Helper()
	for _, doc := range strings.Split(text, "\n---\n") {
		var m manifest
		if err := yaml.Unmarshal([]byte(doc), &m); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(m.APIVersion, "security.istio.io/") {
			out = append(out, m)
		}
	}
	return out
}

// items are the objects that kubectl prints: a list of them, or one.
func items(t *testing.T, text string) []manifest {
	t.Helper()
	var list struct{ Items []manifest }
	var one manifest
	if err := yaml.Unmarshal([]byte(text), &one); err != nil {
		t.Fatal(err)
	}
	if one.Kind != "List" {
		return []manifest{one}
	}
	if err := yaml.Unmarshal([]byte(text), &list); err != nil {
		t.Fatal(err)
	}
	return list.Items
}

// TestAPIServer applies all that is emitted to a real API server with Istio's CRDs, as a user would: what it has then is what was
// written, and kubectl sees nothing that would change.
func TestAPIServer(t *testing.T) {
	bin := os.Getenv("CONFORMANCE_APISERVER")
	if bin == "" {
		t.Skip("CONFORMANCE_APISERVER names no directory with kube-apiserver, etcd and kubectl: see .ci/long")
	}
	began := time.Now()
	server, err := apiserver.Start(bin, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	started := time.Since(began)
	kubectl := func(input string, args ...string) string {
		t.Helper()
		out, err := server.Kubectl(input, args...)
		if err != nil {
			t.Fatalf("kubectl %s: %v\n%s%s", strings.Join(args, " "), err, out, input)
		}
		return out
	}
	kubectl("", "apply", "-f", filepath.Join(moduleDir(t, "istio.io/api"), "kubernetes", "customresourcedefinitions.gen.yaml"))
	kubectl("", "wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")

	taken := theirs(t, server)
	texts := map[string]string{}
	namespaces := map[string]bool{}
	for _, x := range corpusOfOurs(t) {
		var policies []string
		for _, doc := range strings.Split(x.yaml, "\n---\n") {
			for _, m := range parse(t, doc) {
				policies = append(policies, doc)
				namespaces[m.Metadata.Namespace] = true
			}
		}
		if len(policies) > 0 {
			texts[x.name] = strings.Join(policies, "\n---\n")
		}
	}
	createNamespaces(t, server, namespaces)

	objects := 0
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		text := texts[name]
		want := parse(t, text)
		kubectl(text, "apply", "--validate=strict", "-f", "-")
		if out, err := server.Kubectl(text, "diff", "-f", "-"); err != nil || out != "" {
			t.Errorf("%s: kubectl diff: %v\n%s", name, err, out)
		}
		if have := items(t, kubectl(text, "get", "-o", "json", "-f", "-")); !reflect.DeepEqual(have, want) {
			t.Errorf("%s: the server has\n%v\nand not\n%v", name, have, want)
		}
		objects += len(want)
	}

	refused(t, server)
	t.Logf("%d objects of %d files are as they were written; %d policies by other authors are taken; ready after %v, all in %v",
		objects, len(texts), taken, started.Round(100*time.Millisecond), time.Since(began).Round(time.Second))
	if objects < 200 {
		t.Errorf("only %d objects", objects)
	}
}

// refused asks for what a server must refuse, and for a drift that kubectl must see.
func refused(t *testing.T, server *apiserver.Server) {
	policy := func(spec string) string {
		return "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: probe, namespace: default}\nspec: " + spec + "\n"
	}
	for _, spec := range []string{
		"{action: ALOW}",
		"{rules: [{from: [{source: {principal: [a]}}]}]}",
		"{selector: {matchLabels: {app: x}}, targetRefs: [{group: \"\", kind: Service, name: x}]}",
		"{rules: [null]}",
	} {
		var exit *apiserver.ExitError
		if out, err := server.Kubectl(policy(spec), "apply", "--validate=strict", "-f", "-"); !errors.As(err, &exit) {
			t.Errorf("%s is taken: %v %s", spec, err, out)
		}
	}
	if _, err := server.Kubectl(policy("{action: DENY, rules: [{}]}"), "apply", "-f", "-"); err != nil {
		t.Error(err)
	}
	var exit *apiserver.ExitError
	if out, err := server.Kubectl(policy("{rules: [{}]}"), "diff", "-f", "-"); !errors.As(err, &exit) || exit.Code != 1 || !strings.Contains(out, "DENY") {
		t.Errorf("kubectl sees no drift: %v\n%s", err, out)
	}
}

func createNamespaces(t *testing.T, server *apiserver.Server, names map[string]bool) {
	var b strings.Builder
	for _, ns := range slices.Sorted(maps.Keys(names)) {
		b.WriteString("---\napiVersion: v1\nkind: Namespace\nmetadata: {name: " + ns + "}\n")
	}
	if _, err := server.Kubectl(b.String(), "apply", "--server-side", "-f", "-"); err != nil {
		t.Fatal(err)
	}
}

// theirs asks about policies of other authors: the server takes those that Istio takes, and so does ztc. It returns how many.
func theirs(t *testing.T, server *apiserver.Server) int {
	dir := t.TempDir()
	policies, err := os.ReadDir("../../shared/corpus")
	if err != nil || len(policies) == 0 {
		t.Logf("the corpus of policies is not here: %v", err)
		return 0
	}
	n := 0
	namespaces := map[string]bool{}
	for _, p := range others(t) {
		docs, diags := istio.Read(source.New(p.Name, p.Text))
		if !p.Valid || len(diags) > 0 {
			continue
		}
		namespaces[docs[0].Object.Namespace] = true
		n++
		if err := os.WriteFile(filepath.Join(dir, strings.ReplaceAll(p.Name, "/", "_")+".yaml"), []byte(p.Text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	createNamespaces(t, server, namespaces)
	out, err := server.Kubectl("", "apply", "--dry-run=server", "--validate=strict", "-f", dir)
	if err != nil {
		t.Error(err)
	}
	if got := strings.Count(out, "(server dry run)"); got != n {
		t.Errorf("the server takes %d of %d policies", got, n)
	}
	return n
}
