package conformance

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"google.golang.org/protobuf/proto"
	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
	"github.com/zt-lang/ztc/internal/programs"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// said reads nothing of Istio: it is what the statements of a program say. Which policies reach a pod is no part of that.
func said(p *programs.Part) Reading {
	return Reading{"program", func(*Setting, plane.Chain) (Answer, error) {
		return func(a *Asked) (Verdict, error) {
			v := Verdict{Reaching: len(p.Objects), Closed: p.Meant.Closed}
			for _, x := range p.Sides() {
				q := a.Request
				switch x.Name {
				case "ALLOW":
					v.Allow = p.Meant.Closed && x.Meant.Holds(q)
				case "DENY":
					v.Deny = x.Meant.Holds(q)
				case "AUDIT":
					v.Audit = x.Meant.Holds(q)
				case provider:
					v.Custom = x.Meant.Holds(tokenless(q))
				}
			}
			return v, nil
		}, nil
	}}
}

// programTally counts what became of random programs.
type programTally struct{ compiled, parts, verdicts, matched int }

// hold compiles a program and holds Istio's reading of its YAML, and the naive one, to what its statements say. It returns the
// first request that they tell different things of. edit, if there is one, may change the policies of a chain before they are read.
func (n *programTally) hold(text string, seed [2]uint64, each int, edit func([]*istio.Object) []*istio.Object) (*Disagreement, error) {
	r := rand.New(rand.NewPCG(seed[0], seed[1]))
	in := compiler.Input{Files: []*source.File{source.New("main.zt", text)}, FS: fstest.MapFS{}}
	out, diags := compiler.Compile(context.Background(), in)
	if diags.HasErrors() {
		for _, d := range diags {
			if d.Code == diag.Internal {
				return nil, errors.New(d.Message)
			}
		}
		return nil, nil
	}
	n.compiled++
	program, _ := compiler.Program(context.Background(), in)
	var objects []*istio.Object
	for i := range out.Objects {
		x, err := out.Objects[i].Decode()
		if err != nil {
			return nil, err
		}
		objects = append(objects, x)
	}
	parts, strays, err := programs.Parts(program, in.Options.Now, objects)
	if err != nil || len(strays) > 0 {
		return nil, fmt.Errorf("%v, of no scope: %v", err, strays)
	}
	for i := range parts {
		p := &parts[i]
		if p.Dry {
			continue
		}
		s := &Setting{TrustDomain: program.Mesh.TrustDomain, Aliases: program.Mesh.Aliases, Policies: p.Objects, Pod: plane.Pod{Namespace: p.Scope.Namespace, Labels: map[string]string{}}}
		for _, l := range p.Scope.Labels {
			s.Pod.Labels[l.Key] = l.Value
		}
		if edit != nil {
			s.Policies = edit(s.Policies)
		}
		if d, err := n.part(s, p, r, each); d != nil || err != nil {
			return d, err
		}
	}
	return nil, nil
}

// part asks about requests of each cell that program or policies tell apart.
func (n *programTally) part(s *Setting, p *programs.Part, r *rand.Rand, each int) (*Disagreement, error) {
	n.parts++
	chain := map[intent.Chain]plane.Chain{intent.HTTP: plane.HTTP, intent.TCP: plane.TCP}[p.Chain]
	var list []*sem.Expr
	tested := map[sem.Attr]bool{}
	for _, x := range p.Sides() {
		list = append(list, x.Meant, x.Emitted)
		x.Meant.Attrs(tested)
		x.Emitted.Attrs(tested)
	}
	if len(tested) == 0 {
		each = 1 // one request is like another
	}
	cells, err := NewCells(list...)
	if err != nil {
		return nil, err
	}
	cells.Edges(s.Policies)
	readings := []Reading{said(p), Readings[0], Readings[2]}
	answers := make([]Answer, len(readings))
	for i, x := range readings {
		if answers[i], err = x.Read(s, chain); err != nil {
			return nil, err
		}
	}
	for _, q := range cells.Requests(r, each, chain == plane.HTTP) {
		real, ok := Concrete(q, chain == plane.HTTP)
		if !ok || !p.Universe.Holds(q) {
			continue
		}
		n.verdicts++
		var first Verdict
		for i, answer := range answers {
			v, err := answer(&Asked{q, real})
			if err != nil {
				return nil, err
			}
			if i > 0 && v != first {
				return &Disagreement{Setting: *s, Chain: chain, Request: q, Readings: readings}, nil
			}
			if i == 0 {
				if first = v; v.Allow || v.Deny || v.Audit || v.Custom {
					n.matched++
				}
			}
		}
	}
	return nil, nil
}

// fewer leaves out the statements of a program, of those that follow its head, that a disagreement stays without.
func fewer(text string, seed [2]uint64, each int, edit func([]*istio.Object) []*istio.Object) (string, *Disagreement) {
	var n programTally
	d, _ := n.hold(text, seed, each, edit)
	lines := strings.SplitAfter(strings.TrimPrefix(text, programs.Head), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		some := slices.Delete(slices.Clone(lines), i, i+1)
		if less, _ := n.hold(programs.Head+strings.Join(some, ""), seed, each, edit); less != nil {
			lines, d = some, less
		}
	}
	return strings.Join(lines, ""), d
}

// TestPrograms holds the YAML of random programs, as Istio's builder reads it, to what their statements say.
func TestPrograms(t *testing.T) {
	seed, only := seeds(t, 5)
	want := 120
	if full() {
		want = 4_000
	}
	var n programTally
	check := func(text, name string, by [2]uint64, each int) {
		d, err := n.hold(text, by, each, nil)
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
		if d != nil {
			text, d = fewer(text, by, each, nil)
			d.Seed = name
			t.Errorf("%v\nof\n%s", d, text)
		}
	}
	made := 0
	for i := max(only, 0); n.compiled < want && !t.Failed(); i++ {
		by := [2]uint64{seed, uint64(i)}
		made++
		check(programs.Program(rand.New(rand.NewPCG(by[0], by[1]))), repeats(t, seed, i), by, 60)
		if only >= 0 {
			return
		}
	}
	lost := 0
	for i, statement := range programs.Rare {
		text, by := programs.Head+statement+"\n", [2]uint64{seed, uint64(i)}
		check(text, fmt.Sprintf("rare statement %d", i), by, 200)
		var less programTally
		if d, _ := less.hold(text, by, 200, ruleless); d != nil {
			lost++
		}
	}
	t.Logf("%d of %d programs compile; %d verdicts on %d chains, %d of them of some rule, seed %d", n.compiled, made+len(programs.Rare), n.verdicts, n.parts, n.matched, seed)
	if n.matched < n.verdicts/10 {
		t.Errorf("few requests match a rule")
	}
	if lost < len(programs.Rare)/3 {
		t.Errorf("of %d programs, the loss of a rule was seen in %d", len(programs.Rare), lost)
	}
}

// ruleless takes the last rule out of every policy.
func ruleless(policies []*istio.Object) (out []*istio.Object) {
	for _, o := range policies {
		c := *o
		c.Authorization = proto.Clone(o.Authorization).(*security.AuthorizationPolicy)
		if n := len(c.Authorization.Rules); n > 0 {
			c.Authorization.Rules = c.Authorization.Rules[:n-1]
		}
		out = append(out, &c)
	}
	return out
}

// Of a program with a disagreement one statement is left.
func TestFewerStatements(t *testing.T) {
	const text = `allow ops -> plain GET "/b"
deny web -> plain "/i/{*}/d"
audit web -> api { tcp }
`
	left, d := fewer(programs.Head+text, [2]uint64{1, 1}, 200, ruleless)
	if d == nil || strings.Count(left, "\n") != 1 || !strings.Contains(text, left) {
		t.Errorf("%v is left, with %v", left, d)
	}
	if left, d := fewer(programs.Head+text, [2]uint64{1, 1}, 200, nil); d != nil || left != text {
		t.Errorf("without a fault %v is left, with %v", left, d)
	}
}
