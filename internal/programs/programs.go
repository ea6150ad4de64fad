// Package programs sets what the objects of a program mean beside what its statements say, for tests: scope by scope and chain by
// chain. It makes random programs for that, too.
package programs

import (
	"maps"
	"slices"
	"strings"
	"testing/fstest"

	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
	"github.com/zt-lang/ztc/lang/source"
)

// Part is one chain of one scope of a program.
type Part struct {
	Scope          *intent.Scope
	Chain          intent.Chain
	Dry            bool            // of what is on dry run, and not of what is in force
	Objects        []*istio.Object // AuthorizationPolicies of the scope
	Meant, Emitted sem.Ladder
	Universe       *sem.Expr // the requests that come
}

// Side is one component of a part, as the program and as its objects have it.
type Side struct {
	Name           string
	Meant, Emitted *sem.Expr
}

// Parts takes a program and its objects apart. strays are the objects of a scope that no statement has. now is the day.
func Parts(p *ir.Program, now string, objects []*istio.Object) (parts []Part, strays []*istio.Object, err error) {
	meant := intent.Of(p, now)
	mesh := plane.Mesh{TrustDomain: p.Mesh.TrustDomain, Aliases: p.Mesh.Aliases, RootNamespace: p.Mesh.RootNamespace, Providers: p.Mesh.Providers, MultipleProviders: p.Mesh.MultipleProviders}
	emitted := map[bool]map[*intent.Scope][]*istio.Object{false: {}, true: {}}
	for _, o := range objects {
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
			strays = append(strays, o)
			continue
		}
		dry := plane.DryRun(o)
		emitted[dry][s] = append(emitted[dry][s], o)
	}
	r := meant.Reader()
	for _, s := range meant.Scopes {
		for _, dry := range []bool{false, true} {
			inForce := slices.Clone(emitted[dry][s])
			for i, o := range inForce {
				c := *o
				c.Annotations = nil
				inForce[i] = &c
			}
			for _, c := range []intent.Chain{intent.HTTP, intent.TCP} {
				x := Part{Scope: s, Chain: c, Dry: dry, Objects: emitted[dry][s], Universe: meant.Universe(s, c)}
				if x.Meant, err = r.Ladder(s, c, dry); err != nil {
					return nil, nil, err
				}
				if x.Emitted, err = mesh.Ladder(inForce, plane.Chain(c)); err != nil {
					return nil, nil, err
				}
				parts = append(parts, x)
			}
		}
	}
	return parts, strays, nil
}

// Sides are the components of a part: ALLOW, DENY, AUDIT, and each authorizer by its name.
func (p *Part) Sides() []Side {
	out := []Side{{"ALLOW", p.Meant.Allow, p.Emitted.Allow}, {"DENY", p.Meant.Deny, p.Emitted.Deny}, {"AUDIT", p.Meant.Audit, p.Emitted.Audit}}
	names := maps.Clone(p.Emitted.Custom)
	if names == nil {
		names = map[string]*sem.Expr{}
	}
	maps.Copy(names, p.Meant.Custom)
	or := func(x *sem.Expr) *sem.Expr {
		if x == nil {
			return sem.False
		}
		return x
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		out = append(out, Side{name, or(p.Meant.Custom[name]), or(p.Emitted.Custom[name])})
	}
	return out
}

// Day is the day of the programs of archives.
const Day = "2026-06-01"

// file is a file of an archive, as every reader of archives has it.
type file = struct {
	Name string
	Data []byte
}

// Archive is the program of a golden archive: its files, those aside that others import, and all of them.
func Archive[F ~file](list []F) (files []*source.File, all fstest.MapFS) {
	all = fstest.MapFS{}
	imported := map[string]bool{}
	for _, x := range list {
		f := file(x)
		all[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o444}
		for line := range strings.Lines(string(f.Data)) {
			if rest, ok := strings.CutPrefix(line, `import "./`); ok {
				name, _, _ := strings.Cut(rest, `"`)
				imported[name] = true
			}
		}
	}
	for i, x := range list {
		f := file(x)
		if strings.HasSuffix(f.Name, ".zt") && !strings.Contains(f.Name, "/") && (!imported[f.Name] || i == 0) {
			files = append(files, source.New(f.Name, string(f.Data)))
		}
	}
	return files, all
}
