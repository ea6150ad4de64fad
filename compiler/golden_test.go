package compiler_test

import (
	"bytes"
	"context"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

var update = flag.Bool("update", false, "rewrite the expected parts of the archives")

// input turns the files of an archive into a compilation: `.zt` files beside each other are the program (those that another
// one imports aside), everything else is what it can read.
func input(files []txtar.File) compiler.Input {
	in := compiler.Input{Options: compiler.Options{Now: "2026-06-01"}}
	m := fstest.MapFS{}
	imported := map[string]bool{}
	for _, f := range files {
		m[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o444}
		for _, line := range strings.Split(string(f.Data), "\n") {
			if rest, ok := strings.CutPrefix(line, `import "./`); ok {
				name, _, _ := strings.Cut(rest, `"`)
				imported[name] = true
			}
		}
	}
	for _, f := range files {
		if strings.HasSuffix(f.Name, ".zt") && !strings.Contains(f.Name, "/") && (!imported[f.Name] || f.Name == files[0].Name) {
			in.Files = append(in.Files, source.New(f.Name, string(f.Data)))
		}
	}
	in.FS = fs.FS(m)
	return in
}

// TestGolden compiles every archive of testdata/golden and compares what comes out with what the archive says: want.yaml and
// want.diagnostics.
func TestGolden(t *testing.T) {
	archives, err := filepath.Glob("../testdata/golden/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var given []txtar.File
			for _, f := range a.Files {
				if !strings.HasPrefix(f.Name, "want.") {
					given = append(given, f)
				}
			}
			out, diags := compiler.Compile(context.Background(), input(given))
			if diags.HasErrors() && len(out.Objects) > 0 {
				t.Fatal("objects together with an error")
			}
			got := append(given[:len(given):len(given)], txtar.File{Name: "want.yaml", Data: out.YAML()}, txtar.File{Name: "want.diagnostics", Data: []byte(brief(diags))})
			fresh := txtar.Format(&txtar.Archive{Comment: a.Comment, Files: got})
			if *update {
				if err := os.WriteFile(name, fresh, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if old := txtar.Format(a); !bytes.Equal(old, fresh) {
				t.Errorf("run `go test ./compiler -update` if this is meant\n--- got\n%s", fresh)
			}
		})
	}
}

// brief writes diagnostics one a line, with their notes and fixes.
func brief(list diag.List) string {
	var b strings.Builder
	for _, d := range list {
		b.WriteString(d.Span.String() + ": " + d.Severity.String() + "[" + string(d.Code) + "]: " + d.Message + "\n")
		for _, r := range d.Related {
			b.WriteString("    " + r.Span.String() + ": " + r.Message + "\n")
		}
		for _, n := range d.Notes {
			b.WriteString("    note: " + n + "\n")
		}
		for _, f := range d.Fixes {
			b.WriteString("    fix: " + f.Message)
			for _, e := range f.Edits {
				b.WriteString(" [" + e.Span.Text() + " -> " + e.New + "]")
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// TestCatalogue compiles the example of every code and wants exactly that code among errors and warnings of its kind, and
// compiles the mended example and wants nothing of it but notes. An edit that the example is offered mends it, too.
func TestCatalogue(t *testing.T) {
	seen := map[diag.Code]bool{}
	for _, info := range diag.All() {
		if seen[info.Code] {
			t.Errorf("%s twice", info.Code)
		}
		seen[info.Code] = true
		if info.Title == "" || info.Explanation == "" {
			t.Errorf("%s lacks a title or an explanation", info.Code)
		}
		if info.Internal {
			continue
		}
		t.Run(string(info.Code), func(t *testing.T) {
			found := false
			diags := compileExample(info.Example)
			for _, d := range diags {
				found = found || d.Code == info.Code
				if d.Code != info.Code && d.Severity == diag.Error {
					t.Errorf("the example also gives %s: %s", d.Code, d.Message)
				}
			}
			if !found {
				t.Errorf("the example gives %v", diags)
			}
			for _, d := range diags {
				for _, f := range d.Fixes {
					if len(f.Edits) == 0 {
						continue
					}
					for _, left := range compileFiles(edited(t, exampleFiles(info.Example), f.Edits)) {
						if left.Severity != diag.Note && (left.Code == d.Code || !slices.ContainsFunc(diags, func(d diag.Diagnostic) bool { return d.Code == left.Code })) {
							t.Errorf("%q gives %s: %s", f.Message, left.Code, left.Message)
						}
					}
				}
			}
			if info.Fixed == "" {
				return
			}
			for _, d := range compileExample(info.Fixed) {
				if d.Code == info.Code || d.Severity == diag.Error || d.Severity == diag.Warning {
					t.Errorf("the mended example gives %s: %s", d.Code, d.Message)
				}
			}
		})
	}
}

// edited returns files with edits made in them, each of which is in one of them.
func edited(t *testing.T, files []txtar.File, edits []diag.Edit) []txtar.File {
	t.Helper()
	files, edits = slices.Clone(files), slices.Clone(edits)
	slices.SortFunc(edits, func(a, b diag.Edit) int { return int(b.Span.Start - a.Span.Start) }) // so that those before keep their places
	for _, e := range edits {
		i := slices.IndexFunc(files, func(f txtar.File) bool { return f.Name == e.Span.File.Name })
		if i < 0 {
			t.Fatalf("an edit of %s", e.Span.File.Name)
		}
		old := files[i].Data
		files[i].Data = slices.Concat(old[:e.Span.Start], []byte(e.New), old[e.Span.End:])
	}
	return files
}

func exampleFiles(text string) []txtar.File {
	if a := txtar.Parse([]byte(text)); len(a.Files) > 0 {
		return a.Files
	}
	return []txtar.File{{Name: "main.zt", Data: []byte(text)}}
}

func compileExample(text string) diag.List { return compileFiles(exampleFiles(text)) }

func compileFiles(files []txtar.File) diag.List {
	_, diags := compiler.Compile(context.Background(), input(files))
	return diags
}
