package compiler

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
	"github.com/zt-lang/ztc/lang/source"
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
		m := fstest.MapFS{}
		imported := map[string]bool{}
		for _, f := range a.Files {
			m[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o444}
			for line := range strings.Lines(string(f.Data)) {
				if rest, ok := strings.CutPrefix(line, `import "./`); ok {
					imported[strings.SplitN(rest, `"`, 2)[0]] = true
				}
			}
		}
		in := Input{FS: fs.FS(m), Options: Options{Now: "2026-06-01"}}
		for _, f := range a.Files {
			if strings.HasSuffix(f.Name, ".zt") && !strings.Contains(f.Name, "/") && (!imported[f.Name] || f.Name == a.Files[0].Name) {
				in.Files = append(in.Files, source.New(f.Name, string(f.Data)))
			}
		}
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
	meant := intent.Of(p, now)
	mesh := plane.Mesh{TrustDomain: p.Mesh.TrustDomain, RootNamespace: p.Mesh.RootNamespace, Providers: p.Mesh.Providers, MultipleProviders: p.Mesh.MultipleProviders}
	emitted := map[bool]map[*intent.Scope][]*istio.Object{false: {}, true: {}}
	for i := range objects {
		o, err := objects[i].Decode()
		if err != nil {
			t.Fatal(err)
		}
		if o.Authorization == nil {
			continue
		}
		var labels []ir.Label
		for k, v := range o.Authorization.GetSelector().GetMatchLabels() {
			labels = append(labels, ir.Label{Key: k, Value: v})
		}
		slices.SortFunc(labels, func(a, b ir.Label) int { return strings.Compare(a.Key, b.Key) })
		s := meant.Find(o.Namespace, labels)
		if s == nil {
			differences = append(differences, o.Name+" has a scope that no statement has")
			continue
		}
		dry := plane.DryRun(o)
		o.Annotations = nil
		emitted[dry][s] = append(emitted[dry][s], o)
	}
	r := meant.Reader()
	for _, s := range meant.Scopes {
		for _, dry := range []bool{false, true} {
			for _, c := range []intent.Chain{intent.HTTP, intent.TCP} {
				is, err := mesh.Ladder(emitted[dry][s], plane.Chain(c))
				if err != nil {
					t.Fatal(err)
				}
				should, err := r.Ladder(s, c, dry)
				if err != nil {
					t.Fatal(err)
				}
				where := fmt.Sprintf("%s, dry run %v: %s", intent.Key(s.Namespace, s.Labels), dry, c)
				if is.Closed != should.Closed {
					differences = append(differences, fmt.Sprintf("%s: closed %v", where, is.Closed))
				}
				parts := [][2]*sem.Expr{{is.Allow, should.Allow}, {is.Deny, should.Deny}, {is.Audit, should.Audit}}
				for name := range is.Custom {
					parts = append(parts, [2]*sem.Expr{is.Custom[name], should.Custom[name]})
				}
				for name := range should.Custom {
					parts = append(parts, [2]*sem.Expr{is.Custom[name], should.Custom[name]})
				}
				for _, x := range parts {
					for i := range x {
						if x[i] == nil {
							x[i] = sem.False
						}
					}
					compared++
					if d := differ(t, meant.Universe(s, c), x[0], x[1]); d != nil {
						differences = append(differences, fmt.Sprintf("%s: emitted %v, meant %v: %v", where, x[0].Holds(d.Request), x[1].Holds(d.Request), d.Request))
					}
				}
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
