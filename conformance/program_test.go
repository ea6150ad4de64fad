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

// goldens are the programs of the archives that emit something.
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
		files, emits := map[string]string{}, false
		for _, f := range a.Files {
			files[f.Name] = string(f.Data)
			emits = emits || f.Name == "want.yaml" && len(f.Data) > 0
		}
		if emits {
			out = append(out, newProgram(strings.TrimSuffix(filepath.Base(name), ".txtar"), files))
		}
	}
	return out
}

// compile returns what a program means, and its objects.
func (p *program) compile(t *testing.T) (*ir.Program, []*istio.Object) {
	t.Helper()
	meant, diags := compiler.Program(context.Background(), p.in)
	if diags.HasErrors() {
		t.Fatalf("%s: %+v", p.name, diags)
	}
	out, diags := compiler.Compile(context.Background(), p.in)
	if diags.HasErrors() {
		t.Fatalf("%s: %+v", p.name, diags)
	}
	var objects []*istio.Object
	for i := range out.Objects {
		o, err := out.Objects[i].Decode()
		if err != nil {
			t.Fatalf("%s: %v", p.name, err)
		}
		objects = append(objects, o)
	}
	return meant, objects
}

// meshOf is a program's mesh, in Istio's hands and in ours. Its providers are there, of the kind that the program says.
func meshOf(p *ir.Program, objects []*istio.Object) *world {
	w := &world{
		theirs: istiod.Mesh{TrustDomain: p.Mesh.TrustDomain, RootNamespace: p.Mesh.RootNamespace, Policies: objects},
		ours:   plane.Mesh{TrustDomain: p.Mesh.TrustDomain, RootNamespace: p.Mesh.RootNamespace},
	}
	w.theirs.MultipleProviders, w.ours.MultipleProviders = p.Mesh.MultipleProviders, p.Mesh.MultipleProviders
	w.ours.Providers = p.Mesh.Providers
	return w
}
