package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

const statsProgram = "workload web\nworkload api { port http 8080 }\ndeny all in default\nallow web -> api GET, POST \"/a\", \"/b\"\ndeny web -> api POST\n"

// What --stats tells of a build: every stage once and in order, and numbers that are those of the output.
func TestStatsJSON(t *testing.T) {
	code, stdout, stderr := run(statsProgram, "build", "--stats=json", "-")
	if code != 0 {
		t.Fatal(stderr)
	}
	var got struct {
		Stages []struct {
			Name    string
			Seconds float64
			Counts  map[string]int
		}
		Seconds float64
		Output  *size
	}
	d := json.NewDecoder(strings.NewReader(stderr))
	d.DisallowUnknownFields()
	if err := d.Decode(&got); err != nil || strings.Count(stderr, "\n") != 1 {
		t.Fatalf("%v in\n%s", err, stderr)
	}
	want := []struct {
		name, what string
		n          int
	}{
		{"read", "files", 1}, {"parse", "bytes", len(statsProgram)}, {"resolve", "statements", 5}, {"check", "workloads", 2},
		{"lower", "rules", 2}, {"emit", "objects", 3}, {"write", "", 0},
	}
	sum := 0.0
	for i, st := range got.Stages {
		if i >= len(want) || st.Name != want[i].name || st.Counts[want[i].what] != want[i].n {
			t.Errorf("stage %d is %+v", i, st)
		}
		if st.Seconds < 0 {
			t.Errorf("stage %s took %g s", st.Name, st.Seconds)
		}
		sum += st.Seconds
	}
	if len(got.Stages) != len(want) || sum <= 0 || sum > got.Seconds {
		t.Errorf("%d stages that took %g s of %g s", len(got.Stages), sum, got.Seconds)
	}
	objects := strings.Count(stdout, "kind: AuthorizationPolicy\n")
	size := size{Policies: objects, Rules: 2, Values: 7, Bytes: len(stdout) - (objects-1)*len("---\n")}
	if got.Output == nil || *got.Output != size {
		t.Errorf("the output is said to be %+v, and is %+v", got.Output, size)
	}
}

func TestStatsText(t *testing.T) {
	for _, c := range []struct {
		name, program string
		args          []string
		code          int
		has, not      string
	}{
		{"alone", statsProgram, nil, 0, "3 policies, 2 rules, 7 values", ""},
		{"with a check", statsProgram, []string{"--check", "-o", "none.yaml"}, 1, "\nwrite ", ""},
		{"an error", "allow web -> api\n", nil, 1, "\nlower ", " policies"},
		{"nothing to compile", "\xff", nil, 1, "\ntotal ", " policies"},
		{"no such file", "", []string{"none.zt"}, 2, "read ", "parse"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			args := append([]string{"build", "--stats"}, c.args...)
			if c.program != "" {
				args = append(args, "-")
			}
			code, stdout, stderr := run(c.program, args...)
			i := strings.Index(stderr, "read  ")
			if code != c.code || i < 0 || !strings.Contains(stderr[i:], c.has) || c.not != "" && strings.Contains(stderr[i:], c.not) {
				t.Errorf("exit code %d, and it says\n%s", code, stderr)
			}
			if strings.Contains(stdout, "total") {
				t.Errorf("statistics on standard output\n%s", stdout)
			}
		})
	}
	if code, _, stderr := run(statsProgram, "build", "--stats=xml", "-"); code != 2 || !strings.Contains(stderr, `--stats="xml" is neither text nor json`) {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	if code, _, stderr := run(statsProgram, "build", "-"); code != 0 || strings.Contains(stderr, "total") {
		t.Errorf("nobody asked\n%s", stderr)
	}
}

// What a program imports is read and counted with it, once.
func TestStatsImports(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"a.zt":      "import \"./common.zt\"\nimport \"std/http\"\ndeny all in default\nallow common.edge -> api http.read\n",
		"b.zt":      "import \"./common.zt\"\nallow common.edge -> db\n",
		"common.zt": "group edge = default/web, default/bff\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	code, _, stderr := run("", "build", "--stats", "a.zt", "b.zt")
	if code != 0 || !strings.Contains(stderr, " ms   4 files, ") || strings.Contains(stderr, " 6 statements") {
		t.Errorf("exit code %d, and it says\n%s", code, stderr)
	}
}

// A stage that comes twice is one line: a program may be compiled again for the places of its diagnostics.
func TestStageTwice(t *testing.T) {
	s := newStats()
	for range 2 {
		s.begin("parse")
		s.begin("lower")
	}
	s.end()
	if got := s.text(0); strings.Count(got, "parse") != 1 || strings.Count(got, "\n") != 3 {
		t.Errorf("got\n%s", got)
	}
	var b bytes.Buffer
	if err := s.json(&b, 0); err != nil || !strings.Contains(b.String(), `"output":null`) {
		t.Errorf("%v in %s", err, &b)
	}
}
