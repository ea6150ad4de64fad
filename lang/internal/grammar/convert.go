package grammar

import (
	"strconv"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"

	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/scan"
)

// convert turns a statement of the grammar into the syntax tree, and checks what LL(1) leaves open. The first error is
// reported and sets r.failed; the result then is not used.
func (r *reader) convert(g any) ast.Stmt {
	all := ast.Range{Start: r.toks[0].Start, End: r.toks[len(r.toks)-1].End}
	switch g := g.(type) {
	case *rule:
		return r.rule(all, g)
	case *mesh:
		return r.mesh(all, g)
	case *namespace:
		return r.namespace(all, g)
	case *workload:
		return r.workload(all, g)
	case *pods:
		s := &ast.Pods{Range: all, Name: ident(g.Name), Labels: r.labels(g.Labels)}
		if g.In != nil {
			in := r.scope(g.In)
			s.In = &in
		}
		return s
	case *inventory:
		return &ast.Inventory{Range: all, Paths: r.strs(g.Paths)}
	case *group:
		return &ast.Group{Range: all, Name: ident(g.Name), Members: each(g.Members, r.source)}
	case *set:
		return r.set(all, g)
	case *imports:
		return &ast.Import{Range: all, Path: r.str(g.Path), As: optional(g.As)}
	case *policy:
		return &ast.Policy{Range: all, Name: ident(g.Name), Params: idents(g.Params)}
	case *use:
		return &ast.Use{Range: all, Name: ident(g.Name), Args: each(g.Args, r.arg)}
	case *mtls:
		return r.mtls(all, g)
	case *jwt:
		return r.jwt(all, g)
	case *test:
		return &ast.Test{Range: all, Name: r.str(g.Name)}
	case *expect:
		return r.expect(all, g)
	case *prove:
		return r.prove(all, g)
	}
	panic("grammar: a statement without a conversion")
}

// each converts a list.
func each[G, A any](list []*G, one func(*G) A) []A {
	if len(list) == 0 {
		return nil
	}
	out := make([]A, len(list))
	for i, g := range list {
		out[i] = one(g)
	}
	return out
}

func (p place) rng() ast.Range {
	return ast.Range{Start: int32(p.Pos.Offset), End: int32(p.EndPos.Column)}
}

// has reports whether a field holds a token.
func has(t lexer.Token) bool { return t.Type != 0 }

func rng(t lexer.Token) ast.Range {
	return ast.Range{Start: int32(t.Pos.Offset), End: int32(t.Pos.Offset + len(t.Value))}
}

func ident(t lexer.Token) ast.Ident { return ast.Ident{Range: rng(t), Text: t.Value} }

func optional(t lexer.Token) *ast.Ident {
	if !has(t) {
		return nil
	}
	i := ident(t)
	return &i
}

func isComma(t lexer.Token) bool { return t.Type == tokType(scan.Comma) }

// idents are the members of a list of names and its commas.
func idents(list []lexer.Token) []ast.Ident {
	var out []ast.Ident
	for _, t := range list {
		if !isComma(t) {
			out = append(out, ident(t))
		}
	}
	return out
}

func (r *reader) str(t lexer.Token) ast.Str { return ast.Str{Range: rng(t), Value: r.unquote(t)} }

func (r *reader) strOrParam(t lexer.Token) ast.Text {
	if t.Type != tokType(scan.String) {
		return ast.Text{Range: rng(t), Value: t.Value, Param: true}
	}
	return ast.Text{Range: rng(t), Value: r.unquote(t)}
}

func (r *reader) optionalStr(t lexer.Token) *ast.Str {
	if !has(t) {
		return nil
	}
	s := r.str(t)
	return &s
}

func (r *reader) strs(list []lexer.Token) []ast.Str {
	out := make([]ast.Str, 0, len(list)/2+1)
	for _, t := range list {
		if !isComma(t) {
			out = append(out, r.str(t))
		}
	}
	return out
}

// unquote decodes a string token. What a reader cannot see has been reported already (package lang): then the statement
// fails without another word.
func (r *reader) unquote(t lexer.Token) string {
	v, e := scan.Unquote(t.Value)
	if e == nil {
		return v
	}
	if h, ok := scan.NextHidden(t.Value, 0); ok && h.Start == e.Start {
		r.failed = true
		return v
	}
	at := ast.Range{Start: int32(t.Pos.Offset + e.Start), End: int32(t.Pos.Offset + e.End)}
	if d := r.fail(diag.MalformedString, at, "%s", e.Message); d != nil && e.Fix != "" {
		d.Fix(r.span(at.Start, at.End), e.Fix, "write %s", e.Fix)
	}
	return v
}

// unquoted is a name that may be written as a string: a label key, a label value.
func (r *reader) unquoted(t lexer.Token) ast.Ident {
	i := ident(t)
	if t.Type == tokType(scan.String) {
		i.Text = r.unquote(t)
	}
	return i
}

// number reads digits; -1 when they do not fit 31 bits.
func number(t lexer.Token) ast.Int {
	n, err := strconv.ParseInt(t.Value, 10, 32)
	if err != nil {
		n = -1
	}
	return ast.Int{Range: rng(t), Value: int(n)}
}

func numbers(list []lexer.Token) []ast.Int {
	var out []ast.Int
	for _, t := range list {
		if !isComma(t) {
			out = append(out, number(t))
		}
	}
	return out
}

// fail reports the one error of the statement; nil when there was one before.
func (r *reader) fail(code diag.Code, at ast.Range, format string, args ...any) *diag.Diagnostic {
	if r.failed {
		return nil
	}
	r.failed = true
	return r.diags.Add(code, r.span(at.Start, at.End), format, args...)
}

// once reports a field that is written a second time.
func (r *reader) once(seen map[string]bool, field string, at ast.Range) {
	if seen[field] {
		if d := r.fail(diag.FieldTwice, at, "a second %q: the field is written once", field); d != nil {
			switch field {
			case "audiences", "claims", "labels", "split":
				d.Advise("join the two lists with a comma")
			default:
				d.Advise("delete one of the two")
			}
		}
	}
	seen[field] = true
}

func (r *reader) mesh(all ast.Range, g *mesh) ast.Stmt {
	s := &ast.Mesh{Range: all}
	seen := map[string]bool{}
	for _, f := range g.Fields {
		if has(f.Provider) {
			s.Providers = append(s.Providers, ast.Provider{Range: f.rng(), Name: r.str(f.Provider), Kind: ident(f.Speaks)})
			continue
		}
		r.once(seen, r.word(f.Pos.Line), f.rng())
		switch {
		case has(f.Program):
			s.Program = optional(f.Program)
		case has(f.TrustDomain):
			s.TrustDomain = r.optionalStr(f.TrustDomain)
		case f.Aliases != nil:
			for _, t := range f.Aliases {
				if !isComma(t) {
					s.Aliases = append(s.Aliases, r.str(t))
				}
			}
		case has(f.RootNamespace):
			s.RootNamespace = optional(f.RootNamespace)
		case has(f.Istio):
			s.Istio = r.optionalStr(f.Istio)
		case has(f.DataPlane):
			s.DataPlane = optional(f.DataPlane)
		case has(f.AppLabel):
			l := r.unquoted(f.AppLabel)
			s.AppLabel = &l
		case has(f.Multiple):
			s.Multiple = optional(f.Multiple)
		}
	}
	return s
}

func (r *reader) namespace(all ast.Range, g *namespace) ast.Stmt {
	s := &ast.Namespace{Range: all, Name: ident(g.Name), Block: has(g.Block)}
	seen := map[string]bool{}
	for _, f := range g.Fields {
		r.once(seen, r.word(f.Pos.Line), f.rng())
		if has(f.DataPlane) {
			s.DataPlane = optional(f.DataPlane)
		} else {
			s.Waypoint = optional(f.Waypoint)
		}
	}
	return s
}

func (r *reader) workload(all ast.Range, g *workload) ast.Stmt {
	s := &ast.Workload{Range: all, Name: ident(g.Name)}
	seen := map[string]bool{}
	for _, f := range g.Fields {
		if p := f.Port; p != nil {
			s.Ports = append(s.Ports, ast.Port{Range: f.rng(), Name: optional(p.Name), Number: number(p.Number), Protocol: optional(p.Protocol)})
			continue
		}
		r.once(seen, r.word(f.Pos.Line), f.rng())
		if has(f.Account) {
			s.Account = optional(f.Account)
		} else {
			s.Labels = r.labels(f.Labels)
		}
	}
	return s
}

func (r *reader) labels(list []*label) []ast.Label {
	return each(list, func(l *label) ast.Label {
		return ast.Label{Range: l.rng(), Key: r.unquoted(l.Key), Value: r.unquoted(l.Value)}
	})
}

func (r *reader) set(all ast.Range, g *set) ast.Stmt {
	s := &ast.Set{Range: all, Name: ident(g.Name), Items: r.items(g.Items).Items}
	if g.Kind.Value == "paths" {
		s.Kind = ast.Paths
	}
	for _, it := range s.Items {
		if it.Kind == ast.ItemMethod && s.Kind == ast.Paths {
			r.fail(diag.OperationOrder, it.Range, "%s is a method, and a set of paths holds strings and other sets", Quote(it.Text))
		}
		if it.Kind == ast.ItemPath && s.Kind == ast.Methods {
			r.fail(diag.OperationOrder, it.Range, "%s is a path, and a set of methods holds methods and other sets", Quote(r.text[it.Start:it.End]))
		}
	}
	return s
}

func (r *reader) arg(g *arg) ast.Arg {
	a := ast.Arg{Range: g.rng()}
	v := g.First
	if has(g.Second) {
		if g.First.Type != tokType(scan.Name) {
			r.fail(diag.UnexpectedToken, rng(g.First), "%s is not the name of a parameter", Quote(g.First.Value))
		}
		a.Param, v = optional(g.First), g.Second
	}
	a.Value = r.unquoted(v)
	switch v.Type {
	case tokType(scan.Upper):
		a.Kind = ast.ArgMethod
	case tokType(scan.Int):
		a.Kind = ast.ArgInt
	case tokType(scan.String):
		a.Kind = ast.ArgString
	}
	return a
}

func (r *reader) mtls(all ast.Range, g *mtls) ast.Stmt {
	s := &ast.MTLS{Range: all, Mode: ident(g.Mode), In: each(g.In, r.scope), On: each(g.On, r.target), Clauses: r.clauses(g.Clauses, "mtls")}
	if !has(g.Port) {
		return s
	}
	n := number(g.Port)
	s.Port = &n
	for _, t := range s.On {
		switch {
		case t.Port != nil:
			r.fail(diag.PartTwice, n.Range, "a second port: %s has one", Quote(r.text[t.Start:t.End]))
		case len(s.On) > 1:
			if d := r.fail(diag.PartTwice, n.Range, "%q after several targets: it is not said whose port it is", "port"); d != nil {
				d.Advise("write it on its own target: `%s:%s`", t.Name.Text, g.Port.Value)
			}
		}
	}
	return s
}

func (r *reader) jwt(all ast.Range, g *jwt) ast.Stmt {
	s := &ast.JWT{Range: all, Issuer: r.strOrParam(g.Issuer), In: each(g.In, r.scope), On: each(g.On, r.target)}
	seen := map[string]bool{}
	for _, f := range g.Fields {
		if !has(f.Read) && f.Set == nil {
			r.once(seen, r.word(f.Pos.Line), f.rng())
		}
		switch {
		case has(f.JWKS):
			s.JWKS = r.optionalStr(f.JWKS)
		case f.Audiences != nil:
			for _, t := range f.Audiences {
				if !isComma(t) {
					s.Audiences = append(s.Audiences, r.strOrParam(t))
				}
			}
		case f.Claims != nil:
			s.Claims = each(f.Claims, func(c *claimType) ast.ClaimType {
				t := ast.ClaimType{Range: c.rng(), List: c.Type.Value == "list"}
				if c.Name.Type == tokType(scan.String) {
					t.Keys = []string{r.unquote(c.Name)}
				} else {
					t.Keys = strings.Split(c.Name.Value, ".")
				}
				return t
			})
		case has(f.Read):
			s.Reads = append(s.Reads, ast.Read{Range: f.rng(), Kind: ident(f.Read), Name: r.str(f.From), Prefix: r.optionalStr(f.Prefix)})
		case has(f.Keep):
			s.Keep = true
		case f.Set != nil:
			s.Sets = append(s.Sets, ast.SetHeader{Range: f.rng(), Header: r.attr(f.Set), From: r.attr(f.To)})
		case f.Split != nil:
			s.Split = r.strs(f.Split)
		case has(f.Timeout):
			s.Timeout = optional(f.Timeout)
		}
	}
	return s
}

func (r *reader) expect(all ast.Range, g *expect) ast.Stmt {
	s := &ast.Expect{Range: all, Allow: g.Verdict.Value == "allow", Sources: r.sources(g.Sources), Targets: each(g.Targets, r.target)}
	switch {
	case g.Block != nil:
		o := r.op(g.Block)
		s.Op = &o
	case g.Op != nil:
		o := r.op(g.Op)
		r.needsBraces(&o, s.Targets)
		s.Op = &o
	}
	s.With = each(g.With, func(a *assign) ast.Assign {
		w := ast.Assign{Range: a.rng(), Attr: r.attr(a.Attr), List: a.List != nil}
		if w.List {
			w.Values = r.strs(a.List)
		} else {
			w.Values = []ast.Str{r.str(a.Value)}
		}
		return w
	})
	return s
}

func (r *reader) prove(all ast.Range, g *prove) ast.Stmt {
	s := &ast.Prove{Range: all, Mode: ident(g.Mode), Sources: r.sources(g.Sources), Targets: each(g.Targets, r.target)}
	s.Ops = r.ops(g.Ops, s.Targets)
	s.Cuts = r.cuts(g.Cuts, s.Ops.Entries)
	s.When = r.cond(g.When)
	return s
}
