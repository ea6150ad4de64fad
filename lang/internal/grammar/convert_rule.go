package grammar

import (
	"cmp"
	"slices"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"

	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/scan"
)

func (r *reader) rule(all ast.Range, g *rule) ast.Stmt {
	s := &ast.Rule{Range: all, DryRun: has(g.DryRun)}
	switch g.Action.Value {
	case "deny":
		s.Action = ast.Deny
	case "audit":
		s.Action = ast.Audit
	}
	if has(g.Delegate) {
		s.Action = ast.Delegate
		s.Provider = r.optionalStr(g.Provider)
	}
	holder := ""
	if b := g.Baseline; b != nil {
		s.Baseline = &ast.Baseline{Range: b.rng(), In: each(b.In, r.scope), On: each(b.On, r.target)}
		holder = "a baseline"
	} else {
		s.Sources = r.sources(g.Sources)
		s.Targets = each(g.Targets, r.target)
		s.Ops = r.ops(g.Ops, s.Targets)
		s.Cuts = r.cuts(g.Cuts, s.Ops.Entries)
	}
	s.Clauses = r.clauses(g.Clauses, holder)
	return s
}

// clauses converts the ends of a statement. holder names the statement where it can have no condition.
func (r *reader) clauses(list []*clause, holder string) (c ast.Clauses) {
	for _, g := range list {
		word := r.word(g.Pos.Line)
		twice := false
		switch {
		case g.When != nil:
			if holder != "" {
				if d := r.fail(diag.ClauseMisplaced, g.rng(), "%q after %s: it holds for every connection and has no condition", "when", holder); d != nil {
					d.Advise("delete the condition, or write a rule: `deny anyone -> shop/* when ...`")
				}
			}
			twice = c.When != nil
			c.When = r.cond(g.When)
		case has(g.Until):
			twice = c.Until != nil
			c.Until = optional(g.Until)
		default:
			twice = c.Because != nil
			c.Because = r.optionalStr(g.Because)
			if strings.TrimSpace(c.Because.Value) == "" {
				r.diags.Add(diag.EmptyReason, r.span(c.Because.Start, c.Because.End), "a reason that says nothing").
					Advise("say why the statement is there, or delete `because`")
			}
		}
		if twice {
			if d := r.fail(diag.ClauseMisplaced, g.rng(), "a second %q: each clause is written once", word); d != nil && word == "when" {
				d.Advise("join the two conditions with `and`")
			}
		}
	}
	return c
}

func (r *reader) sources(g *sources) ast.Sources {
	s := ast.Sources{Range: g.rng(), Paren: g.Paren != nil}
	list := g.List
	if s.Paren {
		list = g.Paren
	}
	s.List = each(list, r.source)
	if g.As != nil {
		s.As = r.strs(g.As)
	}
	s.From = each(g.From, r.from)
	for i := range s.From {
		for j := range i {
			if s.From[i].Client == s.From[j].Client {
				if d := r.fail(diag.PartTwice, s.From[i].Range, "a second %q: each narrowing is written once", fromWord(s.From[i])); d != nil {
					d.Advise("join the addresses with a comma")
				}
			}
		}
	}
	s.Except = each(g.Except, r.out)
	if len(s.List) > 1 && !s.Paren && (s.As != nil || s.From != nil || s.Except != nil) {
		first, last := s.List[0], s.List[len(s.List)-1]
		word := r.word(r.after(last.End))
		if d := r.fail(diag.NarrowedList, ast.Range{Start: first.Start, End: last.End}, "%q after a list without parentheses: it is not said whether it narrows all or only %s", word, Quote(r.text[last.Start:last.End])); d != nil {
			d.Fixes = append(d.Fixes, diag.Fix{Message: "put the list in parentheses: it narrows all", Edits: []diag.Edit{
				{Span: r.span(first.Start, first.Start), New: "("}, {Span: r.span(last.End, last.End), New: ")"},
			}})
		}
	}
	return s
}

func fromWord(f ast.From) string {
	if f.Client {
		return "from client"
	}
	return "from"
}

// after returns the index of the first token at or after an offset.
func (r *reader) after(off int32) int {
	for i, t := range r.toks {
		if t.Start >= off {
			return i
		}
	}
	return len(r.toks)
}

func (r *reader) from(g *from) ast.From {
	return ast.From{Range: g.rng(), Client: has(g.Client), Nets: r.strs(g.Nets)}
}

func (r *reader) out(g *out) ast.Out {
	o := ast.Out{Range: g.rng()}
	switch {
	case has(g.As):
		o.As = r.optionalStr(g.As)
	case has(g.From):
		o.From = &ast.From{Range: g.rng(), Client: has(g.Client), Nets: []ast.Str{r.str(g.Net)}}
	default:
		s := r.source(g.Source)
		o.Source = &s
	}
	return o
}

func (r *reader) source(g *source) ast.Source {
	s := ast.Source{Range: g.rng()}
	switch {
	case has(g.Class):
		s.Kind = map[string]ast.SourceKind{
			"anyone": ast.SourceAnyone, "authenticated": ast.SourceAuthenticated, "plaintext": ast.SourcePlaintext,
		}[g.Class.Value]
	case has(g.Account):
		s.Kind, s.Name = ast.SourceAccount, ident(g.Account)
	case has(g.Word):
		s.Kind = map[string]ast.SourceKind{
			"principal": ast.SourcePrincipal, "trust-domain": ast.SourceTrustDomain, "namespace": ast.SourceNamespace,
		}[g.Word.Value]
		s.Name = r.unquoted(g.Text)
	default:
		s.Name = ident(g.Name)
	}
	return s
}

func (r *reader) target(g *target) ast.Target {
	t := ast.Target{Range: g.rng(), Port: optional(g.Port)}
	switch {
	case has(g.Mesh):
		t.Kind, t.Name = ast.TargetMesh, ident(g.Mesh)
	case has(g.Kind):
		t.Kind = map[string]ast.TargetKind{
			"gateway": ast.TargetGateway, "service": ast.TargetService, "service-entry": ast.TargetServiceEntry,
		}[g.Kind.Value]
		t.Name = ident(g.Object)
	case has(g.Class):
		t.Kind, t.Name = ast.TargetGatewayClass, ident(g.Class)
	default:
		t.Name = ident(g.Name)
	}
	return t
}

func (r *reader) scope(g *scope) ast.Scope {
	s := ast.Scope{Range: g.rng(), Mesh: has(g.Mesh)}
	if s.Mesh {
		return s
	}
	s.Name = strings.TrimSuffix(g.Name.Value, "/*")
	if g.Name.Type == tokType(scan.Ref) && s.Name == g.Name.Value {
		if d := r.fail(diag.UnexpectedToken, s.Range, "%s is a workload, and after %q stands a namespace", Quote(s.Name), "in"); d != nil {
			d.Advise("write `on %s` for the workload", s.Name)
		}
	}
	return s
}

func (r *reader) ops(g *ops, targets []ast.Target) (o ast.Ops) {
	if g == nil {
		return o
	}
	o.Range = g.rng()
	if g.Op != nil {
		op := r.op(g.Op)
		r.needsBraces(&op, targets)
		o.Entries = []ast.Entry{{Range: op.Range, Op: op}}
		return o
	}
	o.Block = true
	o.Entries = each(g.Block, func(e *entry) ast.Entry {
		x := ast.Entry{Range: e.rng(), Op: r.op(e.Op), When: r.cond(e.When)}
		x.Cuts = r.cuts(e.Cuts, []ast.Entry{x})
		return x
	})
	return o
}

// needsBraces refuses http and tcp outside braces: `b http` is too near to `b:http`.
func (r *reader) needsBraces(o *ast.Op, targets []ast.Target) {
	if o.Proto == nil {
		return
	}
	p := *o.Proto
	d := r.withoutBraces(p)
	if d == nil {
		return
	}
	if d.Fix(r.span(p.Start, p.End), "{ "+p.Text+" }", "put it in braces: every request or connection of that kind"); len(targets) == 1 && targets[0].Port == nil && takesPortName(&targets[0]) {
		d.Advise("or write the port on its target: `%s:%s`", r.text[targets[0].Start:targets[0].End], p.Text)
	}
}

func (r *reader) withoutBraces(p ast.Ident) *diag.Diagnostic {
	return r.fail(diag.NeedsBraces, p.Range, "%q outside braces could be a port or every %s request or connection", p.Text, p.Text)
}

// takesPortName reports whether the name of a port may stand after a target: that of one workload.
func takesPortName(t *ast.Target) bool {
	return t.Kind == ast.TargetRef && !strings.HasSuffix(t.Name.Text, "/*")
}

// cuts reads exceptions from operations. There are no braces in them, and what is left without one of the two kinds is the other.
func (r *reader) cuts(list []*op, from []ast.Entry) []ast.Op {
	return each(list, func(g *op) ast.Op {
		o := r.op(g)
		if o.Proto == nil {
			return o
		}
		if d := r.withoutBraces(*o.Proto); d != nil {
			d.Advise("%s", withoutKind(o.Proto.Text, from))
		}
		return o
	})
}

// withoutKind says what to write in place of an exception of all that is of one kind, `http` or `tcp`.
func withoutKind(kind string, from []ast.Entry) string {
	left := map[string]string{"http": "tcp", "tcp": "http"}[kind]
	only := "" // the kind that all of the operations are of
	for i := range from {
		o := &from[i].Op
		is := ""
		switch {
		case o.Proto != nil:
			is = o.Proto.Text
		case o.Lists != nil || o.Hosts != nil || o.GRPC != nil:
			is = "http"
		}
		if i > 0 && is != only {
			is = ""
		}
		if only = is; is == "" {
			break
		}
	}
	switch only {
	case left:
		return "delete the exception: what stands before it is " + left + " alone"
	case kind:
		return "delete the operation with its exception: it is " + kind + " alone, so nothing would be left"
	}
	return "write `{ " + left + " }` as the operation in place of the exception, or name the port: `except port 5432`"
}

// op converts one operation: methods, then paths, hosts, ports, each once; gRPC methods, http and tcp without methods and paths.
func (r *reader) op(g *op) ast.Op {
	o := ast.Op{Range: g.rng()}
	var kinds []string // of the lists so far: "method", "path" or "" where only sets say
	for _, p := range g.Parts {
		at := p.rng()
		switch {
		case p.Hosts != nil:
			if o.Hosts != nil {
				r.twice(at, "host")
			}
			o.Hosts, o.HostExact = r.strs(p.Hosts), has(p.Exact)
		case p.GRPC != nil:
			if o.GRPC != nil {
				r.twice(at, "grpc")
			}
			o.GRPC = r.strs(p.GRPC)
		case p.Ports != nil:
			if o.Ports != nil {
				r.twice(at, "port")
			}
			o.Ports = numbers(p.Ports)
		case has(p.Proto):
			if o.Proto != nil {
				r.fail(diag.PartTwice, at, "%q after %q: one operation is of one kind", p.Proto.Value, o.Proto.Text)
			}
			o.Proto = optional(p.Proto)
		default:
			l := r.items(p.Items)
			kind := listKind(l)
			switch {
			case len(kinds) == 2, len(kinds) == 1 && kinds[0] == "path" && kind == "path", len(kinds) == 1 && kinds[0] == "method" && kind == "method":
				r.twice(at, cmp.Or(kind, kinds[0], "method or path"))
			case len(kinds) == 1 && (kinds[0] == "path" || kind == "method"):
				if d := r.fail(diag.OperationOrder, at, "%s after %s: methods come first", Quote(l.first(r)), Quote(r.word(p.Pos.Line-1))); d != nil {
					d.Note("an operation is methods, then paths, hosts and ports; several operations stand in braces: { GET \"/a\"; POST \"/b\" }")
				}
			}
			kinds = append(kinds, kind)
			o.Lists = append(o.Lists, l.ItemList)
		}
	}
	word := ""
	switch {
	case o.GRPC != nil:
		word = "grpc"
	case o.Proto != nil:
		word = o.Proto.Text
	}
	if word != "" && (len(o.Lists) > 0 || o.GRPC != nil && o.Proto != nil) {
		r.fail(diag.OperationOrder, o.Range, "%q with methods, paths or another kind: it stands without them", word)
	}
	return o
}

func (r *reader) twice(at ast.Range, what string) {
	if d := r.fail(diag.PartTwice, at, "a second list of %ss in one operation", what); d != nil {
		d.Advise("join the two lists with a comma, or write several operations in braces: { GET \"/a\"; POST \"/b\" }")
	}
}

type itemList struct{ ast.ItemList }

func (l itemList) first(r *reader) string { return r.text[l.Items[0].Start:l.Items[0].End] }

// listKind says what the items of a list are; "" where all are names of sets.
func listKind(l itemList) string {
	for _, it := range l.Items {
		switch it.Kind {
		case ast.ItemMethod:
			return "method"
		case ast.ItemPath:
			return "path"
		}
	}
	return ""
}

// items converts one list of methods or paths.
func (r *reader) items(list []lexer.Token) itemList {
	l := itemList{ast.ItemList{
		Range: ast.Range{Start: rng(list[0]).Start, End: rng(list[len(list)-1]).End}, Items: make([]ast.Item, 0, len(list)/2+1),
	}}
	hasMethod, hasPath := false, false
	for i, t := range list {
		if isComma(t) {
			continue
		}
		it := ast.Item{Range: rng(t), Kind: ast.ItemName, Text: t.Value}
		switch t.Type {
		case tokType(scan.Upper):
			it.Kind, hasMethod = ast.ItemMethod, true
		case tokType(scan.String):
			it.Kind, it.Text = ast.ItemPath, r.unquote(t)
			if isMethod(it.Text) {
				hasMethod = true
				if d := r.fail(diag.QuotedMethod, it.Range, "%s is a method in quotes: a string is a path", t.Value); d != nil {
					d.Respell(r.span(it.Start, it.End), it.Text, "drop the quotes")
				}
			} else {
				hasPath = true
			}
		}
		if hasMethod && hasPath {
			if d := r.fail(diag.OperationOrder, it.Range, "a comma between %s and %s: it joins methods with methods and paths with paths", Quote(list[i-2].Value), Quote(t.Value)); d != nil {
				c := rng(list[i-1])
				open, in := r.openBracket(t.Pos.Line)
				up := strings.ToUpper(it.Text)
				switch {
				case it.Kind == ast.ItemPath && slices.Contains(methods, up):
					d.Fix(r.span(it.Start, it.End), up, "write the method %s without quotes", up)
				case it.Kind == ast.ItemPath && !strings.HasPrefix(it.Text, "/") && !strings.HasPrefix(it.Text, "*"): // what it is to be is open
					d.Fix(r.span(c.Start, c.End), "", "delete the comma")
				case it.Kind == ast.ItemPath:
					d.Respell(r.span(c.Start, c.End), "", "delete the comma")
				case in && r.kind(open) == scan.LBrace:
					d.Fix(r.span(c.Start, c.End), ";", "begin another operation with a semicolon, or on its own line")
				default:
					d.Advise("write several operations in braces: `{ GET \"/a\"; POST \"/b\" }`")
				}
			}
		}
		l.Items = append(l.Items, it)
	}
	return l
}

// isMethod reports whether a text is spelt like an HTTP method.
func isMethod(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < 'A' || c > 'Z') && c != '-' {
			return false
		}
	}
	return len(s) > 2
}

func (r *reader) cond(g *cond) ast.Cond {
	if g == nil {
		return nil
	}
	first := r.unary(g.First)
	switch {
	case g.And != nil:
		return &ast.And{Range: g.rng(), List: append([]ast.Cond{first}, each(g.And, r.unary)...)}
	case g.Or != nil:
		return &ast.Or{Range: g.rng(), List: append([]ast.Cond{first}, each(g.Or, r.unary)...)}
	}
	return first
}

func (r *reader) unary(g *unary) ast.Cond {
	switch {
	case g.Not != nil:
		return &ast.Not{Range: g.rng(), X: r.cond(g.Not)}
	case g.Sub != nil:
		return r.cond(g.Sub)
	}
	p := &ast.Pred{Range: g.rng(), Attr: r.attr(g.Pred.Attr)}
	switch d := g.Pred; {
	case has(d.Op):
		p.Values = []ast.Str{r.str(d.Value)}
		if d.Op.Value == "!=" {
			p.Op = ast.NotEqual
		}
	case d.In != nil:
		p.Op, p.Values = ast.In, r.strs(d.In)
	case d.NotIn != nil:
		p.Op, p.Values = ast.NotIn, r.strs(d.NotIn)
	case d.Is.Value == "present":
		p.Op = ast.Present
	default:
		p.Op = ast.Absent
	}
	return p
}

func (r *reader) attr(g *attr) ast.Attr {
	return ast.Attr{Range: g.rng(), Name: ident(g.Name), Keys: each(g.Keys, func(k *key) ast.Str { return r.str(k.Text) })}
}
