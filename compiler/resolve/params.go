package resolve

import (
	"maps"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// types are what a parameter may stand for: what every place in the body where it stands can take.
type types uint8

const (
	aWorkload types = 1 << iota // a workload, pods, a group, ns/*
	aMethod                     // a method or a set of them
	aPath                       // a path or a set of them
	aPort                       // a number, or the name of a port
	aString                     // an issuer, an audience

	anything = aWorkload | aMethod | aPath | aPort | aString
)

func (t types) String() string {
	switch t {
	case aWorkload:
		return "a workload, a group or ns/*"
	case aMethod:
		return "methods"
	case aPath:
		return "paths"
	case aMethod | aPath:
		return "methods or paths"
	case aPort:
		return "a port"
	case aString:
		return "a string"
	}
	return "anything"
}

// parameter is a parameter of a policy, with what its body makes of it.
type parameter struct {
	types
	first source.Span // where it stands first, no file when it stands nowhere
}

// signature is what the body of a policy says of its parameters.
type signature struct {
	params map[string]*parameter
	size   int  // statements that it expands to, up to maxStatements
	open   bool // being read: a policy that uses itself comes back here
	bad    bool // the body contradicts itself, which was reported: its uses mean nothing
}

// policies learns what the parameters of all policies stand for, used or not, so that an error in a body is found where it
// was written.
func (r *resolver) policies() {
	for _, t := range r.tables {
		for _, name := range slices.Sorted(maps.Keys(t)) {
			if d := t[name]; d.policy != nil && d.sig == nil {
				r.signature(d, 0)
			}
		}
	}
}

// signature reads the body of a policy, and before that the bodies of those that it uses.
func (r *resolver) signature(d *definition, depth int) {
	d.sig = &signature{params: map[string]*parameter{}, open: true}
	for _, p := range d.policy.Params {
		r.parameter(d, p)
	}
	b := body{r: r, d: d, s: &d.scope, depth: depth}
	whole := true
	for _, st := range d.policy.Body {
		_, bad := st.(*ast.Bad)
		whole = whole && !bad
		b.statement(st)
		d.sig.size = min(d.sig.size+1, maxStatements)
	}
	for _, p := range d.policy.Params {
		if x := d.sig.params[p.Text]; whole && !d.sig.bad && x.first.File == nil && !d.scope.unit.Library {
			r.report(&d.scope, diag.UnusedParameter, &p, "parameter %q of policy %q stands nowhere in its body", p.Text, d.name.Text).
				Advise("delete it, and its argument in each `use`")
		}
	}
	d.sig.open = false
}

// parameter declares a parameter: a name that nothing else has where the policy stands.
func (r *resolver) parameter(d *definition, p ast.Ident) {
	s := &d.scope
	clash := func(what string, at source.Span) {
		r.report(s, diag.NameClash, &p, "parameter %q has the name of %s", p.Text, what).Relate(at, "here").Advise("rename the parameter")
	}
	r.ownName(s, p, "parameter")
	if _, twice := d.sig.params[p.Text]; twice {
		r.report(s, diag.NameClash, &p, "a second parameter %q", p.Text)
		d.sig.bad = true
		return
	}
	d.sig.params[p.Text] = &parameter{types: anything}
	if o := s.definitions(r)[p.Text]; o != nil {
		clash("a "+o.kind(), o.scope.span(&o.name))
		d.sig.bad = true
	} else if s.unit.Library { // knows no workloads by their bare names
		return
	} else if w := r.names[s.ns][p.Text]; w != nil {
		clash("workload "+w.Ref(), w.Span)
		d.sig.bad = true
	} else if o := r.pods[s.ns][p.Text]; o != nil {
		clash("pods", o.Span)
		d.sig.bad = true
	}
}

// body reads what the body of one policy makes of its parameters.
type body struct {
	r *resolver
	d *definition
	s *scope

	depth int // of policies that are being read because of one another
}

// find returns the definition that a name of the body stands for, nil for none, and says nothing.
func (b *body) find(name string) *definition {
	if alias, member, dotted := strings.Cut(name, "."); dotted {
		return b.r.libs[b.s.unit.Imports[alias]][member]
	}
	if b.d.sig.params[name] != nil {
		return nil
	}
	return b.s.definitions(b.r)[name]
}

// stands says that a name stands where t is wanted.
func (b *body) stands(n ast.Node, name string, t types) {
	p := b.d.sig.params[name]
	if p == nil {
		if d := b.find(name); d != nil {
			d.used = true // though only by a policy that may not be used
		}
		return
	}
	at := b.s.span(n)
	if p.types&t == 0 {
		b.r.report(b.s, diag.ParameterTypes, n, "parameter %q stands for %s here, and for %s elsewhere in this policy", name, t, p.types).
			Relate(p.first, "here for %s", p.types).Advise("make it two parameters")
		b.d.sig.bad = true
		return
	}
	if p.first.File == nil || p.types&t != p.types {
		p.first = at
	}
	p.types &= t
}

// plain refuses a parameter where a name is taken to the letter.
func (b *body) plain(n ast.Node, name, what, advice string, args ...any) {
	if p := b.d.sig.params[name]; p != nil {
		b.r.report(b.s, diag.ParameterNotHere, n, "%q is the name of %s here, and never the parameter of that name", name, what).Advise(advice, args...)
		b.d.sig.bad = true
		if p.first.File == nil {
			p.first = b.s.span(n)
		}
	}
}

func (b *body) statement(st ast.Stmt) {
	switch st := st.(type) {
	case *ast.Use:
		b.use(st)
	case *ast.MTLS:
		b.scopes(st.In)
		b.targets(st.On)
	case *ast.JWT:
		b.scopes(st.In)
		b.targets(st.On)
		b.text(&st.Issuer)
		for i := range st.Audiences {
			b.text(&st.Audiences[i])
		}
	case *ast.Rule:
		if st.Baseline != nil {
			b.scopes(st.Baseline.In)
			b.targets(st.Baseline.On)
			return
		}
		b.sources(&st.Sources)
		b.targets(st.Targets)
		for i := range st.Ops.Entries {
			e := &st.Ops.Entries[i]
			b.op(&e.Op)
			for j := range e.Cuts {
				b.op(&e.Cuts[j])
			}
		}
		for i := range st.Cuts {
			b.op(&st.Cuts[i])
		}
	}
}

func (b *body) text(t *ast.Text) {
	if t.Param {
		b.stands(t, t.Value, aString)
	}
}

func (b *body) scopes(list []ast.Scope) {
	for i := range list {
		if x := &list[i]; !x.Mesh {
			b.plain(x, x.Name, "a namespace", "write `on %s`, which takes ns/* as well", x.Name)
		}
	}
}

func (b *body) sources(a *ast.Sources) {
	one := func(x *ast.Source) {
		switch x.Kind {
		case ast.SourceRef:
			b.stands(&x.Name, x.Name.Text, aWorkload)
		case ast.SourceAccount:
			b.plain(&x.Name, x.Name.Text, "an account", "write `%s` for what the argument stands for", x.Name.Text)
		}
	}
	for i := range a.List {
		one(&a.List[i])
	}
	for i := range a.Except {
		if x := a.Except[i].Source; x != nil {
			one(x)
		}
	}
}

func (b *body) targets(list []ast.Target) {
	for i := range list {
		t := &list[i]
		if t.Kind == ast.TargetRef {
			b.stands(&t.Name, t.Name.Text, aWorkload)
		}
		if t.Port != nil && b.d.sig.params[t.Port.Text] != nil {
			b.stands(t.Port, t.Port.Text, aPort)
		}
	}
}

// op: lists of methods come before lists of paths; a list is of the kind of its first member that says so.
func (b *body) op(o *ast.Op) {
	for i := range o.Lists {
		t := aMethod | aPath
		if len(o.Lists) == 2 {
			t = [...]types{aMethod, aPath}[i]
		}
		for _, it := range o.Lists[i].Items {
			switch it.Kind {
			case ast.ItemMethod:
				t &= aMethod
			case ast.ItemPath:
				t &= aPath
			default:
				if d := b.find(it.Text); d != nil {
					t &= d.types()
				}
			}
		}
		if t == 0 {
			return // a mixed list, which is an error of its own where it is used
		}
		for j := range o.Lists[i].Items {
			if it := &o.Lists[i].Items[j]; it.Kind == ast.ItemName {
				b.stands(it, it.Text, t)
			}
		}
	}
}

// use passes parameters on: they stand for what the inner policy makes of them.
func (b *body) use(a *ast.Use) {
	inner := b.find(a.Name.Text)
	var params []ast.Ident
	var sig *signature
	if inner != nil && inner.policy != nil {
		inner.used = true
		if inner.sig == nil && b.depth < maxUses { // beyond, its use is an error
			b.r.signature(inner, b.depth+1)
		}
		if sig = inner.sig; sig != nil {
			params = inner.policy.Params
			b.d.sig.size = min(b.d.sig.size+sig.size, maxStatements)
		}
		if sig != nil && sig.open {
			b.r.report(b.s, diag.Recursion, a, "policy %q uses itself", inner.name.Text).Relate(inner.scope.span(&inner.name), "defined here")
			b.d.sig.bad = true
		}
	}
	next := 0
	for i := range a.Args {
		arg := &a.Args[i]
		name := ""
		if arg.Param != nil {
			name = arg.Param.Text
		} else if next < len(params) {
			name = params[next].Text
			next++
		}
		t := anything
		if sig != nil && sig.params[name] != nil {
			t = sig.params[name].types
		}
		if arg.Kind == ast.ArgRef {
			b.stands(&arg.Value, arg.Value.Text, t)
		}
	}
}

// types are what a definition can stand for.
func (d *definition) types() types {
	switch {
	case d.group != nil:
		return aWorkload
	case d.policy != nil:
		return 0
	case d.set.Kind == ast.Methods:
		return aMethod
	}
	return aPath
}
