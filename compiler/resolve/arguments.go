package resolve

import (
	"maps"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// bound is an argument with the scope it was written in.
type bound struct {
	arg   ast.Arg
	scope *scope
}

// argument finds what a parameter stands for, through the policies that pass it on.
func (s *scope) argument(name string) (bound, bool) {
	a, ok := s.params[name]
	for ok && a.arg.Kind == ast.ArgRef {
		outer, more := a.scope.params[a.arg.Value.Text]
		if !more {
			break
		}
		a = outer
	}
	return a, ok
}

// inBody adds the place in a body where a parameter stands to what was said of its argument since n.
func (r *resolver) inBody(n int, s *scope, at ast.Node) {
	for i := range r.diags[n:] {
		r.diags[n+i].Relate(s.span(at), "where the parameter stands")
	}
}

// arguments gives each parameter of a policy its argument; false when they do not fit, which was reported.
func (r *resolver) arguments(s *scope, a *ast.Use, d *definition) (map[string]bound, bool) {
	params := make(map[string]bound, len(a.Args))
	ok := true
	next := 0
	for i := range a.Args {
		arg := a.Args[i]
		name := ""
		switch {
		case arg.Param != nil:
			name = arg.Param.Text
			if d.sig.params[name] == nil {
				x := r.report(s, diag.BadArguments, arg.Param, "policy %q has no parameter %q", d.name.Text, name).Relate(d.scope.span(&d.name), "defined here")
				r.suggest(s, x, *arg.Param, name, maps.Keys(d.sig.params), func(n string) string { return n })
				ok = false
				continue
			}
		case next < len(d.policy.Params):
			name = d.policy.Params[next].Text
			next++
		default:
			r.report(s, diag.BadArguments, &arg, "policy %q has %s, and this is one more", d.name.Text, d.parameters()).Relate(d.scope.span(&d.name), "defined here")
			ok = false
			continue
		}
		if _, twice := params[name]; twice {
			r.report(s, diag.BadArguments, &arg, "parameter %q is given twice", name)
			ok = false
		}
		params[name] = bound{arg, s}
		ok = r.fits(s, &arg, d, name) && ok
	}
	var missing []ast.Ident
	for _, p := range d.policy.Params {
		if _, have := params[p.Text]; !have {
			missing = append(missing, p)
		}
	}
	if len(missing) > 0 && ok {
		what, is := "parameter", "is"
		if len(missing) > 1 {
			what, is = "parameters", "are"
		}
		x := r.report(s, diag.BadArguments, a, "%s %s of policy %q %s not given", what, quoted(missing), d.name.Text, is)
		for i := range missing {
			x.Relate(d.scope.span(&missing[i]), "declared here")
		}
		ok = false
	}
	return params, ok
}

// parameters says how many parameters a policy has, and which.
func (d *definition) parameters() string {
	n := count(len(d.policy.Params), "parameter")
	if len(d.policy.Params) == 0 {
		return n
	}
	return n + " (" + quoted(d.policy.Params) + ")"
}

// quoted lists names in quotes.
func quoted(names []ast.Ident) string {
	var out []string
	for _, n := range names {
		out = append(out, strconv.Quote(n.Text))
	}
	return some(out)
}

// fits checks that an argument can be what the body takes the parameter for.
func (r *resolver) fits(s *scope, arg *ast.Arg, d *definition, name string) bool {
	p := d.sig.params[name]
	have, is := r.typeOf(s, arg)
	if p.types&have != 0 {
		return true
	}
	if have == 0 { // said already
		return false
	}
	bare := arg.Kind == ast.ArgRef && have == aWorkload|aPort
	if bare && p.types == aString {
		is = strconv.Quote(arg.Value.Text) + " stands without quotes"
	}
	x := r.report(s, diag.ArgumentType, &arg.Value, "parameter %q of policy %q stands for %s, and %s", name, d.name.Text, p.types, is)
	if p.first.File != nil {
		x.Relate(p.first, "where the parameter stands")
	}
	if m := strings.ToUpper(arg.Value.Text); arg.Kind == ast.ArgRef && p.types&aMethod != 0 && registered[m] {
		x.Respell(s.span(&arg.Value), m, "write it in capitals")
	} else if arg.Kind == ast.ArgString && p.types == aMethod && registered[arg.Value.Text] {
		x.Respell(s.span(&arg.Value), arg.Value.Text, "write it without quotes")
	} else if bare && p.types == aString {
		x.Fix(s.span(&arg.Value), strconv.Quote(arg.Value.Text), "put it in quotes")
	} else if bare {
		r.suggestSet(s, x, arg.Value, p.types)
	}
	return false
}

// typeOf returns what an argument can be, and says it; 0 for a name that is unknown, which it reports.
func (r *resolver) typeOf(s *scope, arg *ast.Arg) (types, string) {
	text := arg.Value.Text
	is := func(t types, what string) (types, string) { return t, strconv.Quote(text) + " is a " + what }
	switch arg.Kind {
	case ast.ArgMethod:
		return is(aMethod, "method")
	case ast.ArgString:
		return is(aPath|aString, "string")
	case ast.ArgInt:
		return is(aPort, "number")
	}
	if strings.Contains(text, "/") {
		return is(aWorkload, "workload or a namespace")
	}
	var d *definition
	if alias, member, dotted := strings.Cut(text, "."); dotted {
		if d = r.imported(s, arg.Value, alias, member); d == nil {
			return 0, ""
		}
	} else if _, passed := s.params[text]; passed {
		return anything, "" // held to the body that it is passed on by
	} else if d = s.definitions(r)[text]; d == nil {
		return aWorkload | aPort, "no set is named " + strconv.Quote(text)
	}
	if d.policy != nil {
		r.report(s, diag.ArgumentType, &arg.Value, "%q is a policy, and a policy is never an argument", text).Relate(d.scope.span(&d.name), "defined here")
		return 0, ""
	}
	d.used = true
	return is(d.types(), d.kind())
}

// suggestSet offers the set of the nearest name.
func (r *resolver) suggestSet(s *scope, x *diag.Diagnostic, id ast.Ident, want types) {
	sets := func(yield func(string) bool) {
		for n, d := range s.definitions(r) {
			if d.types()&want != 0 && !yield(n) {
				return
			}
		}
	}
	r.suggest(s, x, id, id.Text, sets, func(n string) string { return n })
}

// text returns a string, or the argument that a parameter stands for, and where it was written. check reports its faults there.
func (r *resolver) text(s *scope, t *ast.Text, check func(s *scope, n ast.Node, v string) bool) (string, bool) {
	if !t.Param {
		return t.Value, check(s, t, t.Value)
	}
	a, ok := s.argument(t.Value)
	if !ok {
		r.report(s, diag.UnknownName, t, "%q is no parameter here, and a string stands in quotes", t.Value)
		return "", false
	}
	n := len(r.diags)
	defer func() { r.inBody(n, s, t) }()
	if a.arg.Kind != ast.ArgString {
		r.report(a.scope, diag.ArgumentType, &a.arg.Value, "parameter %q stands for a string, and %q is none", t.Value, a.arg.Value.Text)
		return "", false
	}
	return a.arg.Value.Text, check(a.scope, &a.arg.Value, a.arg.Value.Text)
}
