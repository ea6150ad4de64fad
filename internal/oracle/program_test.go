package oracle_test

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/internal/oracle"
	"github.com/zt-lang/ztc/internal/programs"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// asking are what the tests of a program count.
type asking struct{ programs, requests, matched int }

// program holds the YAML of a program to what its statements say, request by request. It reports whether it compiles.
func (d dice) program(t *testing.T, n *asking, in compiler.Input, requests int) bool {
	t.Helper()
	ctx := context.Background()
	out, diags := compiler.Compile(ctx, in)
	if diags.HasErrors() {
		for _, x := range diags {
			if x.Code == diag.Internal {
				t.Errorf("%s\n%s", x.Message, texts(in))
			}
		}
		return false
	}
	n.programs++
	p, _ := compiler.Program(ctx, in)
	policies, err := oracle.Parse(string(out.YAML()))
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]oracle.Policy{}
	for _, x := range policies {
		of[x.Kind+"/"+x.Namespace+"/"+x.Name] = x
	}
	var objects []*istio.Object
	for i := range out.Objects {
		o, err := out.Objects[i].Decode()
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, o)
	}
	om := &oracle.Mesh{TrustDomain: p.Mesh.TrustDomain, Aliases: p.Mesh.Aliases, RootNamespace: p.Mesh.RootNamespace, MultipleProviders: p.Mesh.MultipleProviders, Providers: map[string]bool{}}
	for _, r := range p.Rules {
		if kind, known := p.Mesh.Providers[r.Provider]; r.Provider != "" {
			om.Providers[r.Provider] = !known || kind == ir.GRPCProvider // one that nothing is known of is there
		}
	}
	parts, strays, err := programs.Parts(p, in.Options.Now, objects)
	if err != nil || len(strays) > 0 {
		t.Fatalf("%v, of no scope: %v\n%s", err, strays, texts(in))
	}
	for _, part := range parts {
		if part.Dry {
			continue
		}
		var reach []oracle.Policy
		for _, o := range part.Objects {
			reach = append(reach, of[string(o.Kind)+"/"+o.Namespace+"/"+o.Name])
		}
		var all []*sem.Expr
		for _, x := range part.Sides() {
			all = append(all, x.Meant, x.Emitted)
		}
		atoms := atomsOf(t, part.Universe, all...)
		named := slices.SortedFunc(maps.Keys(atoms), byAttr)
		for range requests {
			r := sem.Request{{Kind: sem.Method}: {Parts: []string{"GET"}}, {Kind: sem.Host}: {Parts: []string{"h"}}, {Kind: sem.Path}: {Parts: []string{"/"}}}
			for _, a := range named {
				if list := atoms[a]; len(list) > 0 {
					r[a] = d.near(a, list[d.IntN(len(list))])
				}
			}
			if !part.Universe.Holds(r) {
				continue
			}
			real, why := d.realise(r)
			if why != "" {
				continue
			}
			v := om.Decide(oracle.Chain(part.Chain), unverified(reach), real)
			n.requests++
			if v.Allow || v.Deny {
				n.matched++
			}
			says := map[string]bool{"ALLOW": v.Allow, "DENY": v.Deny, "AUDIT": v.Audit}
			maps.Copy(says, v.Asked)
			for _, x := range part.Sides() {
				meant := x.Meant.Holds(r) && (x.Name != "ALLOW" || part.Meant.Closed)
				if meant != says[x.Name] {
					t.Fatalf("%s %v on %v, %s: the program says %v, the policies %v\n%s\n%s\n%s",
						part.Scope.Namespace, part.Scope.Labels, part.Chain, x.Name, meant, says[x.Name], show(real), texts(in), out.YAML())
				}
				delete(says, x.Name)
			}
			for name, is := range says {
				if is {
					t.Fatalf("%s is asked, and no statement says so: %s\n%s", name, show(real), texts(in))
				}
			}
		}
	}
	return true
}

// texts are the files of a program.
func texts(in compiler.Input) (out string) {
	for _, f := range in.Files {
		out += strings.TrimPrefix(f.Text, programs.Head)
	}
	return out
}

// near is a value, or now and then one that differs in little.
func (d dice) near(a sem.Attr, v sem.Value) sem.Value {
	if v.Absent || len(v.Parts) == 0 || !d.one(4) {
		return v
	}
	i := d.IntN(len(v.Parts))
	s := v.Parts[i]
	switch a.Kind {
	case sem.Peer:
		s += "z"
	case sem.Path:
		s += d.pick("z", "/", "/z", "/[")
	case sem.SNI, sem.Method, sem.Host, sem.Header, sem.Claim, sem.Token, sem.Metadata, sem.MetadataList:
		s = d.pick(s+"z", "z"+s, strings.ToUpper(s), strings.ToLower(s), strings.TrimSuffix(s, "z"))
	}
	v.Parts = slices.Clone(v.Parts)
	v.Parts[i] = s
	return v
}

// Whatever compiles, in YAML that istiod's own strings are made of, is what the statements say.
func TestPrograms(t *testing.T) {
	rounds, seed := times(400)
	var n asking
	for i := range rounds {
		d := newDice(seed<<32 + 3<<20 + uint64(i))
		d.program(t, &n, compiler.Input{Files: []*source.File{source.New("main.zt", programs.Program(d.Rand))}, FS: fstest.MapFS{}}, 60)
	}
	for _, s := range programs.Rare {
		d := newDice(seed)
		d.program(t, &n, compiler.Input{Files: []*source.File{source.New("main.zt", programs.Head+s+"\n")}, FS: fstest.MapFS{}}, 200)
	}
	t.Logf("%d of %d programs compile, %d requests, %d match", n.programs, rounds+len(programs.Rare), n.requests, n.matched)
	if n.programs < rounds/8 || n.matched < n.requests/40 {
		t.Error("the dice are loaded")
	}
}

// So are the goldens.
func TestGoldens(t *testing.T) {
	archives, err := filepath.Glob("../../testdata/golden/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var n asking
	d := newDice(1)
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files, all := programs.Archive(a.Files)
		d.program(t, &n, compiler.Input{Files: files, FS: all, Options: compiler.Options{Now: programs.Day}}, 15)
	}
	t.Logf("%d of %d programs compile, %d requests, %d match", n.programs, len(archives), n.requests, n.matched)
	if n.programs < len(archives)/2 {
		t.Error("few compile")
	}
}
