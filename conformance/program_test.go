package conformance

import (
	"context"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/conformance/istiod"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
	"github.com/zt-lang/ztc/lang/source"
)

// program is one in `.zt`, with all that it reads.
type program struct {
	name string
	in   compiler.Input
}

var imports = regexp.MustCompile(`(?m)^import "\./([^"]*)"`)

// newProgram is that of a directory: its `.zt` files that no other one imports.
func newProgram(name string, files map[string]string) program {
	imported := map[string]bool{}
	tree := fstest.MapFS{}
	for at, text := range files {
		tree[at] = &fstest.MapFile{Data: []byte(text), Mode: 0o444}
		for _, m := range imports.FindAllStringSubmatch(text, -1) {
			imported[m[1]] = true
		}
	}
	p := program{name, compiler.Input{FS: tree, Options: compiler.Options{Now: "2026-06-01"}}}
	for _, at := range slices.Sorted(maps.Keys(files)) {
		if path.Ext(at) == ".zt" && path.Dir(at) == "." && !imported[at] {
			p.in.Files = append(p.in.Files, source.New(at, files[at]))
		}
	}
	return p
}

// goldens are the programs of the archives.
func goldens(t *testing.T) (out []program) {
	t.Helper()
	archives, err := filepath.Glob("../testdata/golden/*.txtar")
	if err != nil || len(archives) < 100 {
		t.Fatalf("%d goldens: %v", len(archives), err)
	}
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files := map[string]string{}
		for _, f := range a.Files {
			files[f.Name] = string(f.Data)
		}
		out = append(out, newProgram(strings.TrimSuffix(filepath.Base(name), ".txtar"), files))
	}
	return out
}

// compiles reports whether a program has no error, that its tests and proofs do not hold aside, and returns what it means and its objects.
func (p *program) compiles(t *testing.T) (meant *ir.Program, objects []*istio.Object, ok bool) {
	t.Helper()
	in := p.in
	in.Only = func(string) bool { return false }
	meant, diags := compiler.Program(context.Background(), in)
	if diags.HasErrors() {
		return nil, nil, false
	}
	out, diags := compiler.Compile(context.Background(), in)
	if diags.HasErrors() {
		return nil, nil, false
	}
	for i := range out.Objects {
		o, err := out.Objects[i].Decode()
		if err != nil {
			t.Fatalf("%s: %v", p.name, err)
		}
		objects = append(objects, o)
	}
	return meant, objects, true
}

// compile is that of a program that has none.
func (p *program) compile(t *testing.T) (*ir.Program, []*istio.Object) {
	t.Helper()
	meant, objects, ok := p.compiles(t)
	if !ok {
		t.Fatalf("%s has an error", p.name)
	}
	return meant, objects
}

// meshOf is a program's mesh, in Istio's hands and in ours. Its providers are there, of the kind that the program says.
func meshOf(p *ir.Program, objects []*istio.Object) *world {
	w := &world{
		theirs: istiod.Mesh{TrustDomain: p.Mesh.TrustDomain, Aliases: p.Mesh.Aliases, RootNamespace: p.Mesh.RootNamespace, Policies: objects},
		ours:   plane.Mesh{TrustDomain: p.Mesh.TrustDomain, Aliases: p.Mesh.Aliases, RootNamespace: p.Mesh.RootNamespace},
	}
	w.theirs.MultipleProviders, w.ours.MultipleProviders = p.Mesh.MultipleProviders, p.Mesh.MultipleProviders
	w.ours.Providers = p.Mesh.Providers
	return w
}
