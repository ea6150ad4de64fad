package compiler_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/zt-lang/ztc/"

// layers is the table of docs/architecture.md: an import only ever goes to the same layer or down.
var layers = map[string]int{
	"cmd/ztc": 5, "internal/cli": 4,
	"emit/istio": 1, "emit/rawpath": 1, "internal/manifest": 1, "internal/heap": 4, "emit/yaml": 3, "internal/inventory": 3, "internal/graph": 3, "compiler": 3,
	"compiler/resolve": 2, "compiler/check": 2, "compiler/lower": 2, "lang": 2, "lang/format": 2,
	"compiler/ir": 1, "compiler/sem": 1, "compiler/known": 1, "compiler/intent": 2, "compiler/lint": 2, "compiler/proof": 2, "emit/plane": 2, "lang/ast": 1, "lang/scan": 1, "lang/internal/grammar": 1, "stdlib": 1,
	"lang/source": 0, "lang/diag": 0,
}

// system are the packages that only the command layer may use.
var system = []string{"os", "os/exec", "net", "net/http", "path/filepath", "time", "syscall"}

func TestLayers(t *testing.T) {
	seen := 0
	err := filepath.WalkDir("..", func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && (strings.HasPrefix(e.Name(), ".") && len(e.Name()) > 2 || e.Name() == "testdata" || e.Name() == "examples" || e.Name() == "tools" || e.Name() == "conformance") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		dir := filepath.ToSlash(filepath.Dir(strings.TrimPrefix(filepath.ToSlash(p), "../")))
		layer, known := layers[dir]
		if !known {
			if strings.HasPrefix(dir, "internal/") {
				return nil // helpers of tests
			}
			t.Errorf("%s: package %s is not in the layer table", p, dir)
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		seen++
		for _, imp := range f.Imports {
			name, _ := strconv.Unquote(imp.Path.Value)
			if own, ok := strings.CutPrefix(name, module); ok && layers[own] > layer {
				t.Errorf("%s (layer %d) imports %s (layer %d)", p, layer, own, layers[own])
			}
			for _, s := range system {
				if name == s && layer < 4 {
					t.Errorf("%s (layer %d) imports %q", p, layer, name)
				}
			}
			if strings.HasPrefix(name, "github.com/alecthomas/participle") && dir != "lang/internal/grammar" {
				t.Errorf("%s imports participle", p)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 20 {
		t.Fatalf("only %d files seen", seen)
	}
}
