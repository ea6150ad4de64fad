package compiler_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/zt-lang/ztc/lang"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/format"
	"github.com/zt-lang/ztc/lang/source"
	"github.com/zt-lang/ztc/stdlib"
)

// stdDefinitions returns the names of what a file of the standard library defines, and its source.
func stdDefinitions(t *testing.T, name string) ([]string, *source.File) {
	t.Helper()
	text, ok := stdlib.Source(name)
	if !ok {
		t.Fatalf("std/%s has no text", name)
	}
	f := source.New(name+".zt", text)
	tree, diags := lang.Parse(f)
	if len(diags) > 0 {
		t.Fatal(brief(diags))
	}
	var names []string
	for _, st := range tree.Stmts {
		id := ast.Ident{}
		switch d := st.(type) {
		case *ast.Group:
			id = d.Name
		case *ast.Set:
			id = d.Name
		case *ast.Policy:
			id = d.Name
		default:
			t.Errorf("std/%s holds %T: it may define groups, sets and policies, and import nothing", name, st)
			continue
		}
		names = append(names, id.Text)
		if paragraph := text[strings.LastIndex(text[:st.Pos().Start], "\n\n")+2:]; paragraph[0] != '#' {
			t.Errorf("std/%s: no comment above %q", name, id.Text)
		}
	}
	return names, f
}

// TestStdlib holds the standard library to the layout of `ztc fmt`, and each of its definitions to a golden std-*.txtar.
func TestStdlib(t *testing.T) {
	archives, err := filepath.Glob("../testdata/golden/std-*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	var used strings.Builder
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			if strings.HasSuffix(f.Name, ".zt") {
				used.WriteString(strings.NewReplacer("(", " ", ",", " ", ")", " ", "\n", " ").Replace(string(f.Data)))
			}
		}
	}
	for _, name := range stdlib.Names() {
		defs, f := stdDefinitions(t, name)
		if out, _ := format.Source(f); string(out) != f.Text {
			t.Errorf("std/%s is not formatted", name)
		}
		for _, d := range defs {
			if !strings.Contains(used.String(), " "+name+"."+d+" ") {
				t.Errorf("no golden std-*.txtar uses %s.%s", name, d)
			}
		}
	}
	for _, name := range []string{"", ".", "..", "nothing", "http.zt", "../stdlib/http", "/http"} {
		if _, ok := stdlib.Source(name); ok {
			t.Errorf("there is a std/%s", name)
		}
	}
}

const stdlibIntro = `# The standard library

Files of definitions that every ` + "`ztc`" + ` carries. This page is made of them; a definition means what its text says, as if it stood
in a file beside the program.

` + "```zt" + `
import "std/http"
import "std/istio" as gateways

deny all in shop
allow gateways.ingress -> shop/web http.read
` + "```" + `

What a message says of a definition here, it says at the line that uses it. An identity of this library is held against an inventory
that has workloads in its namespace; where an inventory says nothing of that namespace, it is taken on trust.
`

// TestStdlibDoc holds docs/stdlib.md to the standard library.
func TestStdlibDoc(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(stdlibIntro)
	for _, name := range stdlib.Names() {
		text, _ := stdlib.Source(name)
		b.WriteString("\n## std/" + name + "\n\n```zt\n" + text + "```\n")
	}
	const page = "../docs/stdlib.md"
	if *update {
		if err := os.WriteFile(page, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, b.Bytes()) {
		t.Error("docs/stdlib.md is not what the standard library says: run `go test ./compiler -update`")
	}
}
