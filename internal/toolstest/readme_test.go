package toolstest

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/zt-lang/ztc/internal/cli"
)

var update = flag.Bool("update", false, "rewrite the output in the READMEs")

// TestReadme runs every `$ ztc ...` and `$ cat FILE` of a console block in the READMEs, in the directory of the README, and holds
// the block to what the command writes. A mermaid block is held to the command in the comment above it.
func TestReadme(t *testing.T) {
	readmes, err := filepath.Glob(filepath.Join(root, "examples", "*", "README.md"))
	if err != nil || len(readmes) == 0 {
		t.Fatal("no READMEs", err)
	}
	readmes = append(readmes, filepath.Join(root, "README.md"))
	for _, name := range readmes {
		name, err := filepath.Abs(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(filepath.Dir(name)), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			t.Chdir(filepath.Dir(name))
			got := rerun(string(data))
			if *update {
				if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := diff.Diff("README", data, "what runs", []byte(got)); d != nil {
				t.Errorf("run `go test ./internal/toolstest -update` if this is meant\n%s", d)
			}
		})
	}
}

// rerun replaces the output below each command of a console block, and the mermaid blocks that a command made.
func rerun(text string) string {
	var b strings.Builder
	block, ours, drawing := "", false, ""
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		switch {
		case block == "" && strings.HasPrefix(line, "```"):
			block, ours = strings.TrimPrefix(trimmed, "```"), false
			b.WriteString(line)
			if block == "mermaid" && drawing != "" {
				out, _ := run(drawing)
				b.WriteString(out)
				ours = true
			}
		case block != "" && trimmed == "```":
			block, ours = "", false
			b.WriteString(line)
		case block == "console" && strings.HasPrefix(trimmed, "$ "):
			b.WriteString(line)
			var out string
			out, ours = run(trimmed[len("$ "):])
			b.WriteString(out)
		case !ours:
			b.WriteString(line)
		}
		drawing = strings.TrimSuffix(strings.TrimPrefix(trimmed, "<!-- $ "), " -->")
		if len(drawing)+len("<!-- $  -->") != len(trimmed) {
			drawing = ""
		}
	}
	return b.String()
}

// run answers a command that needs no shell: ztc, and cat of one file.
func run(command string) (out string, ok bool) {
	args := strings.Fields(command)
	if len(args) < 2 || strings.ContainsAny(command, "|<>'\"") {
		return "", false
	}
	switch {
	case args[0] == "ztc":
		var out bytes.Buffer
		cli.Main(args[1:], strings.NewReader(""), &out, &out, nil)
		return out.String(), true
	case args[0] == "cat" && len(args) == 2:
		data, err := os.ReadFile(args[1])
		if err != nil {
			return err.Error() + "\n", true
		}
		return string(data), true
	}
	return "", false
}
