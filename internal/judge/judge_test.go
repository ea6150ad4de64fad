package judge

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/zt-lang/ztc/internal/cli"
)

const root = "../.."

// open skips where the heavy judges are not wanted or not to be had; .ci/judge wants them.
func open(t *testing.T) *Judge {
	t.Helper()
	if os.Getenv("ZTC_JUDGE_TESTS") != "1" {
		t.Skip("a real Envoy judges only under ZTC_JUDGE_TESTS=1: see .ci/judge")
	}
	j, err := Open(t.Context(), filepath.Join(root, "..", "shared", "judge"))
	if errors.Is(err, ErrAbsent) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// ztcBuild is `ztc build PATH`.
func ztcBuild(t *testing.T, path string) []byte {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := cli.Main([]string{"build", "--now", "2026-06-01", path}, strings.NewReader(""), &stdout, &stderr, nil)
	if code != 0 {
		t.Fatalf("ztc build %s: exit code %d\n%s", path, code, &stderr)
	}
	return stdout.Bytes()
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (j *Judge) check(t *testing.T, scenario, policies []byte) {
	t.Helper()
	said, err := j.Ask(t.Context(), scenario, policies)
	if err != nil {
		t.Fatalf("%v\n%s--- policies\n%s", err, said, policies)
	}
	t.Log(strings.TrimSpace(said))
}

// TestExamples holds what the examples compile to, and the policies that they warn of, to their scenarios.
func TestExamples(t *testing.T) {
	j := open(t)
	for _, c := range []struct{ scenario, program, policies string }{
		{scenario: "ship/requests.json", program: "ship"},
		{scenario: "frontend/requests.json", program: "frontend/frontend.zt"},
		{scenario: "frontend/jwt.json", program: "frontend"},
		{scenario: "boutique/requests.json", program: "boutique"},
		{scenario: "mistakes/deny-empty-rule.json", policies: "mistakes/deny-empty-rule.yaml"},
		{scenario: "mistakes/default-account.json", policies: "mistakes/allow-frontend.yaml"},
	} {
		t.Run(c.scenario, func(t *testing.T) {
			examples := filepath.Join(root, "examples")
			var policies []byte
			if c.program != "" {
				policies = ztcBuild(t, filepath.Join(examples, c.program))
			} else {
				policies = read(t, filepath.Join(examples, c.policies))
			}
			j.check(t, read(t, filepath.Join(examples, c.scenario)), policies)
		})
	}
}

// TestGolden judges the expected YAML of every golden archive that has a judge.json, and with every provider refusing that of
// one that has a refused.json; that the compiler writes exactly this
// YAML is the golden test's business.
func TestGolden(t *testing.T) {
	j := open(t)
	archives, err := filepath.Glob(filepath.Join(root, "testdata", "golden", "*.txtar"))
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files := map[string][]byte{}
		for _, f := range a.Files {
			files[f.Name] = f.Data
		}
		name = strings.TrimSuffix(filepath.Base(name), ".txtar")
		if scenario, ok := files["judge.json"]; ok {
			t.Run(name, func(t *testing.T) { j.check(t, scenario, files["want.yaml"]) })
		}
		if scenario, ok := files["refused.json"]; ok {
			t.Run(name+"/refused", func(t *testing.T) { j.check(t, scenario, refusing(t, files["want.yaml"])) })
		}
	}
}

// refusing is policies as they are when every provider says no: Istio matches a CUSTOM policy as it does a DENY, and the
// judge knows no providers. As they are when every provider says yes it has them already, since it leaves CUSTOM out.
func refusing(t *testing.T, policies []byte) []byte {
	t.Helper()
	custom := regexp.MustCompile("(?m)^  action: CUSTOM\n  provider:\n    name: .*$")
	if !custom.Match(policies) {
		t.Fatal("no provider is asked")
	}
	return custom.ReplaceAll(policies, []byte("  action: DENY"))
}

// TestJudgeDiffers makes sure that the judge can say no.
func TestJudgeDiffers(t *testing.T) {
	j := open(t)
	const open = `{"workloads": [{"name": "a"}, {"name": "b"}], "requests": [{"id": "x", "from": "a", "to": "b", "expect": "deny"}]}`
	if said, err := j.Ask(t.Context(), []byte(open), nil); err == nil || !strings.Contains(said, "1 differ") {
		t.Errorf("an open mesh passes for a closed one: %v\n%s", err, said)
	}
}

// While one process asks another waits.
func TestAlone(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the judge is asked on Linux alone, where all of 127.0.0.0/8 is this machine")
	}
	release, err := alone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	soon, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := alone(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("two ask at once: %v", err)
	}
	time.AfterFunc(100*time.Millisecond, release)
	if release, err = alone(t.Context()); err != nil {
		t.Fatal(err)
	}
	release()
}
