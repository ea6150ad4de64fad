package compiler

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/internal/programs"
)

// TestMeaning holds what every archive of testdata/golden emits, read back from its YAML, to what its program means, over all
// requests: scope by scope, chain by chain, part by part.
func TestMeaning(t *testing.T) {
	archives, err := filepath.Glob("../testdata/golden/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files, all := programs.Archive(a.Files)
		in := Input{Files: files, FS: all, Options: Options{Now: programs.Day}}
		l := &loader{in: in, whole: true, keep: true}
		out, diags := compile(context.Background(), l)
		if diags.HasErrors() {
			continue
		}
		differences, n := unmeant(t, l.meant, in.Options.Now, out.Objects)
		compared += n
		for _, d := range differences {
			t.Errorf("%s: %s", filepath.Base(name), d)
		}
		if n > 0 && len(out.Objects) > 0 { // and what is lost is seen
			i := slices.IndexFunc(out.Objects, func(o Object) bool { return o.Kind == istio.AuthorizationPolicy })
			if lost, _ := unmeant(t, l.meant, in.Options.Now, slices.Delete(slices.Clone(out.Objects), i, i+1)); len(lost) == 0 {
				t.Errorf("%s: without %s nothing differs", filepath.Base(name), out.Objects[i].Name)
			}
		}
	}
	if compared < 500 {
		t.Errorf("only %d parts were compared", compared)
	}
}

// unmeant lists what objects mean that a program does not, and the other way round.
func unmeant(t *testing.T, p *ir.Program, now string, objects []Object) (differences []string, compared int) {
	var decoded []*istio.Object
	for i := range objects {
		o, err := objects[i].Decode()
		if err != nil {
			t.Fatal(err)
		}
		decoded = append(decoded, o)
	}
	parts, strays, err := programs.Parts(p, now, decoded)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range strays {
		differences = append(differences, o.Name+" has a scope that no statement has")
	}
	for _, x := range parts {
		where := fmt.Sprintf("%s, dry run %v: %s", intent.Key(x.Scope.Namespace, x.Scope.Labels), x.Dry, x.Chain)
		if x.Emitted.Closed != x.Meant.Closed {
			differences = append(differences, fmt.Sprintf("%s: closed %v", where, x.Emitted.Closed))
		}
		for _, s := range x.Sides() {
			compared++
			if d := differ(t, x.Universe, s.Emitted, s.Meant); d != nil {
				differences = append(differences, fmt.Sprintf("%s, %s: emitted %v, meant %v: %v", where, s.Name, s.Emitted.Holds(d.Request), s.Meant.Holds(d.Request), d.Request))
			}
		}
	}
	return differences, compared
}

func differ(t *testing.T, universe, a, b *sem.Expr) *sem.Difference {
	s, err := sem.NewSpace(sem.Limits{}, universe, nil, a, b)
	if err != nil {
		t.Fatal(err)
	}
	x, err := s.Set(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := s.Set(b)
	if err != nil {
		t.Fatal(err)
	}
	d, _, err := s.Equal(x, y)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
