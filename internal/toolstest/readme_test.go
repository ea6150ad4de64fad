package toolstest

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/zt-lang/ztc/internal/cli"
)

var update = flag.Bool("update", false, "rewrite the output in the READMEs")

// TestReadme runs every `$ ztc ...` and `$ cat FILE` of a console block in the READMEs, in the directory of the README, and in the
// pages of docs, in the root, and holds the block to what the command writes.
func TestReadme(t *testing.T) {
	readmes, err := filepath.Glob(filepath.Join(root, "examples", "*", "README.md"))
	if err != nil || len(readmes) == 0 {
		t.Fatal("no READMEs", err)
	}
	docs := filepath.Join(root, "docs")
	pages, err := filepath.Glob(filepath.Join(docs, "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatal("no pages", err)
	}
	readmes = slices.Concat(readmes, pages, []string{filepath.Join(root, "README.md")})
	for _, name := range readmes {
		dir := filepath.Dir(name)
		test := filepath.Base(dir)
		if dir == docs {
			dir, test = root, "docs/"+filepath.Base(name)
		}
		name, err := filepath.Abs(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(test, func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			t.Chdir(dir)
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

// rerun replaces the output below each command of a console block that run knows.
func rerun(text string) string {
	const open, end = "```console\n", "```\n"
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, open)
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		block, after, ok := strings.Cut(rest, end)
		if !ok {
			b.WriteString(open + rest)
			return b.String()
		}
		b.WriteString(open)
		ours := false
		for line := range strings.Lines(block) {
			command, isCommand := strings.CutPrefix(strings.TrimSpace(line), "$ ")
			switch {
			case isCommand:
				b.WriteString(line)
				var out string
				out, ours = run(command)
				b.WriteString(out)
			case !ours:
				b.WriteString(line)
			}
		}
		b.WriteString(end)
		text = after
	}
}

// run answers a command that needs no shell: ztc, and cat of one file.
func run(command string) (out string, ok bool) {
	args, ok := words(command)
	if !ok || len(args) < 2 {
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

// words splits a command as a shell would, if it has nothing but words and words in single quotes.
func words(command string) (out []string, ok bool) {
	for i, part := range strings.Split(command, "'") {
		switch {
		case i%2 == 1:
			out = append(out, part)
		case strings.ContainsAny(part, "|<>\""):
			return nil, false
		default:
			out = append(out, strings.Fields(part)...)
		}
	}
	return out, strings.Count(command, "'")%2 == 0
}
