package resolve

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// registered are the methods of the IANA HTTP Method Registry (RFC 9110 section 16.1).
var registered = func() map[string]bool {
	m := map[string]bool{}
	for _, s := range strings.Fields("ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT CONNECT COPY DELETE GET HEAD LABEL LINK LOCK MERGE " +
		"MKACTIVITY MKCALENDAR MKCOL MKREDIRECTREF MKWORKSPACE MOVE OPTIONS ORDERPATCH PATCH POST PRI PROPFIND PROPPATCH PUT QUERY REBIND " +
		"REPORT SEARCH TRACE UNBIND UNCHECKOUT UNLINK UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL") {
		m[s] = true
	}
	return m
}()

func (r *resolver) port(s *scope, n ast.Int) bool {
	if n.Value < 1 || n.Value > 65535 {
		r.report(s, diag.BadPort, &n, "port %s is not between 1 and 65535", s.span(&n).Text())
		return false
	}
	return true
}

// entries resolves the operations of a rule; a rule without one gets one that tests nothing.
func (r *resolver) entries(s *scope, a *ast.Ops, at ast.Node) ([]ir.Entry, bool) {
	if len(a.Entries) == 0 {
		return []ir.Entry{{Op: ir.Operation{Span: s.span(at)}}}, true
	}
	ok := true
	var out []ir.Entry
	for i := range a.Entries {
		e := &a.Entries[i]
		op, good := r.operation(s, &e.Op)
		cuts, fine := r.cuts(s, e.Cuts)
		when, well := r.cond(s, e.When)
		ok = ok && good && fine && well
		out = append(out, ir.Entry{Op: op, Cuts: cuts, When: when})
	}
	return out, ok
}

func (r *resolver) cuts(s *scope, list []ast.Op) ([]ir.Operation, bool) {
	ok := true
	var out []ir.Operation
	for i := range list {
		op, good := r.operation(s, &list[i])
		ok = ok && good
		out = append(out, op)
	}
	return out, ok
}

func (r *resolver) operation(s *scope, a *ast.Op) (ir.Operation, bool) {
	out := ir.Operation{Span: s.span(a)}
	ok := true
	for i := range a.Lists {
		list := &a.Lists[i]
		kind, good := r.listKind(s, list)
		if !good {
			ok = false
			continue
		}
		want := &out.Methods
		if kind == ast.Paths {
			want = &out.Paths
		}
		if *want != nil || kind == ast.Methods && out.Paths != nil {
			fault := "a second list of methods"
			if kind == ast.Paths {
				fault = "a second list of paths"
			} else if out.Methods == nil {
				fault = "methods after paths"
			}
			r.report(s, diag.WrongKind, list, "%s: an operation has methods, then paths, each once", fault)
			ok = false
			continue
		}
		*want, good = r.items(s, list.Items, kind)
		ok = ok && good
	}
	for i := range a.Hosts {
		list, good := r.host(s, &a.Hosts[i], a.HostExact)
		out.Hosts = append(out.Hosts, list...)
		ok = ok && good
	}
	for i := range a.GRPC {
		g := &a.GRPC[i]
		if !grpcName(g.Value) {
			d := r.report(s, diag.BadGRPC, g, "%q is not a gRPC name: \"package.Service/Method\", or \"package.Service/*\" for all its methods", g.Value)
			if bare := strings.TrimPrefix(g.Value, "/"); bare != g.Value && grpcName(bare) {
				d.Fix(s.span(g), quote(bare), "without the slash, which is added")
			} else if grpcName(g.Value + "/*") {
				d.Fix(s.span(g), quote(g.Value+"/*"), "all its methods").Advise("or name one: \"%s/Method\"", g.Value)
			}
			ok = false
		}
		out.Methods, out.Paths, out.GRPC = []string{"POST"}, append(out.Paths, "/"+g.Value), true
	}
	for i := range a.Ports {
		ok = r.port(s, a.Ports[i]) && ok
		out.Ports = append(out.Ports, a.Ports[i].Value)
	}
	if a.Proto != nil {
		out.Speaks = ir.HTTPTraffic
		if a.Proto.Text == "tcp" {
			out.Speaks = ir.TCPTraffic
			if out.HTTP() {
				r.report(s, diag.HTTPOnTCPPort, a, "`tcp` is every connection that is not HTTP, so it has no host")
				ok = false
			}
		}
	}
	return out, ok
}

func grpcName(v string) bool {
	service, method, ok := strings.Cut(v, "/")
	if !ok || service == "" || method == "" || strings.Contains(method, "/") {
		return false
	}
	ident := func(s string) bool {
		for i := 0; i < len(s); i++ {
			c := s[i]
			if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= '0' && c <= '9' && i > 0) {
				return false
			}
		}
		return s != ""
	}
	for _, p := range strings.Split(service, ".") {
		if !ident(p) {
			return false
		}
	}
	return method == "*" || ident(method)
}

// listKind says whether a list is of methods or of paths; names decide for a list of names alone.
func (r *resolver) listKind(s *scope, list *ast.ItemList) (ast.SetKind, bool) {
	for _, it := range list.Items {
		switch it.Kind {
		case ast.ItemMethod:
			return ast.Methods, true
		case ast.ItemPath:
			return ast.Paths, true
		}
	}
	return r.nameKind(s, &list.Items[0])
}

func (r *resolver) nameKind(s *scope, it *ast.Item) (ast.SetKind, bool) {
	d, arg := r.itemName(s, it)
	switch {
	case d != nil && d.set != nil:
		return d.set.Kind, true
	case d != nil:
		r.wrongKind(s, it, d, "an operation has methods, paths and sets of them")
	case arg != nil:
		switch arg.arg.Kind {
		case ast.ArgMethod:
			return ast.Methods, true
		case ast.ArgString:
			return ast.Paths, true
		case ast.ArgRef:
			inner := ast.Item{Range: arg.arg.Value.Range, Kind: ast.ItemName, Text: arg.arg.Value.Text}
			return r.nameKind(arg.scope, &inner)
		}
		r.report(s, diag.WrongKind, it, "parameter %q stands for the number %s here, and an operation has methods and paths", it.Text, arg.arg.Value.Text)
	}
	return 0, false
}

// itemName finds what a name in an operation stands for: a definition or an argument.
func (r *resolver) itemName(s *scope, it *ast.Item) (*definition, *bound) {
	id := ast.Ident{Range: it.Range, Text: it.Text}
	if alias, member, dotted := strings.Cut(it.Text, "."); dotted {
		return r.imported(s, id, alias, member), nil
	}
	if a, ok := s.argument(it.Text); ok {
		return nil, &a
	}
	if d := s.definitions(r)[it.Text]; d != nil {
		d.used = true
		return d, nil
	}
	if up := strings.ToUpper(it.Text); registered[up] {
		r.report(s, diag.LowerCaseMethod, it, "methods are written in capitals, and %q is not a set", it.Text).Respell(s.span(it), up, "write it in capitals")
		return nil, nil
	}
	if r.misread(it.Text) {
		return nil, nil
	}
	d := r.report(s, diag.UnknownName, it, "unknown set %q", it.Text)
	r.suggestDefinition(s, d, id, (*definition).isSet)
	return nil, nil
}

// items expands a list of one kind.
func (r *resolver) items(s *scope, list []ast.Item, kind ast.SetKind) ([]string, bool) {
	ok := true
	var out []string
	for i := range list {
		it := &list[i]
		switch it.Kind {
		case ast.ItemMethod:
			if kind != ast.Methods {
				r.report(s, diag.WrongKind, it, "method %s in a list of paths", it.Text)
				ok = false
			} else if !registered[it.Text] && !r.meth[it.Text] {
				d := r.report(s, diag.UnknownMethod, it, "%s is not a registered HTTP method", it.Text)
				if it.Text == "ANY" || it.Text == "ALL" {
					d.Advise("leave it out for every method: an operation without methods has all of them, and `{ http }` is every request")
				} else {
					r.suggestAt(s, d, it, it.Text, maps.Keys(registered), func(x string) string { return x })
				}
				d.Advise("declare it if it is meant: `methods custom = %s`", it.Text)
				ok = false
			}
			out = append(out, it.Text)
		case ast.ItemPath:
			if kind != ast.Paths {
				r.report(s, diag.WrongKind, it, "path %q in a list of methods", it.Text)
				ok = false
			} else {
				ok = r.path(s, it) && ok
			}
			out = append(out, it.Text)
		case ast.ItemName:
			more, good := r.expand(s, it, kind)
			ok = ok && good
			out = append(out, more...)
		}
	}
	return out, ok
}

// expand resolves a name in a list to the values of its set.
func (r *resolver) expand(s *scope, it *ast.Item, kind ast.SetKind) ([]string, bool) {
	d, arg := r.itemName(s, it)
	switch {
	case arg != nil:
		inner := ast.Item{Range: arg.arg.Value.Range, Text: arg.arg.Value.Text}
		switch arg.arg.Kind {
		case ast.ArgMethod:
			inner.Kind = ast.ItemMethod
		case ast.ArgString:
			inner.Kind = ast.ItemPath
		case ast.ArgRef:
			inner.Kind = ast.ItemName
		default:
			r.report(s, diag.WrongKind, it, "parameter %q stands for the number %s here", it.Text, inner.Text)
			return nil, false
		}
		n := len(r.diags)
		defer func() { r.inBody(n, s, it) }()
		return r.items(arg.scope, []ast.Item{inner}, kind)
	case d == nil:
		return nil, false
	case d.set == nil || d.set.Kind != kind:
		r.wrongKind(s, it, d, "this is a list of "+kind.String())
		return nil, false
	}
	if d.values != nil && r.statements <= maxStatements && r.bounded(s, it, d, len(d.values), len(d.values)) {
		return d.values, true
	}
	inner, ok := r.enter(s, d, it)
	if !ok {
		return nil, false
	}
	defer r.leave(d)
	n := len(r.diags)
	out, ok := r.items(inner, d.set.Items, kind)
	for i := range d.set.Items {
		if r.holdsHuge(inner, d, d.set.Items[i].Text) {
			return nil, false
		}
	}
	if ok = ok && r.bounded(s, it, d, len(out), len(out)); ok && (inner.via == nil || n == len(r.diags)) { // else every use is told
		d.values = slices.Clip(out)
	}
	return out, ok
}

// host resolves a host to Istio's patterns, lower case. A plain name covers its ports unless it is exact.
func (r *resolver) host(s *scope, a *ast.Str, exact bool) ([]string, bool) {
	v := strings.ToLower(a.Value)
	bare := v
	if rest, ok := strings.CutPrefix(v, "https://"); ok {
		bare = rest
	} else if rest, ok := strings.CutPrefix(v, "http://"); ok {
		bare = rest
	}
	if bare != v {
		name, _, _ := strings.Cut(bare, "/")
		r.report(s, diag.BadHost, a, "%q is a URL, and a host is compared without scheme and path", a.Value).Fix(s.span(a), strconv.Quote(name), "the host alone")
		return nil, false
	}
	if !r.pattern(s, a, v, "host") {
		return nil, false
	}
	lit := strings.Trim(v, "*")
	if strings.ContainsAny(lit, "/ \t@,\"\\") || !ascii(lit) {
		d := r.report(s, diag.BadHost, a, "%q is not a host name, so no request carries it", a.Value)
		if name, path, cut := strings.Cut(a.Value, "/"); cut && name != "" {
			d.Fix(s.span(a), strconv.Quote(name), "the host alone").Note("a path stands before it, as in `GET %q host %q`", "/"+path, name)
		}
		return nil, false
	}
	_, port, hasPort := strings.Cut(v, ":")
	if hasPort && !strings.HasPrefix(v, "[") && port != "*" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 || strings.Contains(port, ":") {
			r.report(s, diag.BadHost, a, "%q has %q where a port is expected", a.Value, port)
			return nil, false
		}
	}
	if !exact && strings.HasPrefix(v, "*") && v != "*" && !wildcards(v) && !hasPort {
		r.report(s, diag.HostSuffix, a, "host %q covers no port: a request for %q is another host", a.Value, "a"+lit+":8080").
			Note("Istio has no pattern for a suffix with any port, nor for a trailing dot").
			Advise("name the hosts one by one; or write `host exact` to say that the bare form is meant")
	}
	if exact || strings.Contains(v, "*") || hasPort && !(strings.HasPrefix(v, "[") && strings.HasSuffix(v, "]")) {
		return []string{v}, true
	}
	return []string{v, v + ":*"}, true
}
