package resolve

import (
	"iter"
	"net/netip"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// sources resolves the source side of a statement; nil when it holds an error. strict asks, as an allow does, that an
// exclusion never widens on a missing attribute.
func (r *resolver) sources(s *scope, a *ast.Sources, strict bool) *ir.Sources {
	out := slab(&r.callers)
	out.Span = s.span(a)
	ok := true
	for i := range a.List {
		list, good := r.source(s, &a.List[i])
		out.Any = append(out.Any, list...)
		ok = ok && good
	}
	for i := range a.As {
		ok = r.subject(s, &a.As[i]) && ok
		out.As = append(out.As, ir.Text{Value: a.As[i].Value, Span: s.span(&a.As[i])})
	}
	for i := range a.From {
		n, good := r.net(s, &a.From[i])
		ok = ok && good
		if slices.ContainsFunc(out.From, func(o ir.Net) bool { return o.Client == n.Client }) {
			r.report(s, diag.BadCIDR, &a.From[i], "a second list of addresses of one kind")
			ok = false
		}
		out.From = append(out.From, n)
	}
	for i := range a.Except {
		x := &a.Except[i]
		switch {
		case x.As != nil:
			ok = r.subject(s, x.As) && ok
			out.NotAs = append(out.NotAs, ir.Text{Value: x.As.Value, Span: s.span(x.As)})
		case x.From != nil:
			n, good := r.net(s, x.From)
			ok = ok && good
			out.NotNet = append(out.NotNet, n)
		case x.Source != nil:
			list, good := r.source(s, x.Source)
			ok = ok && good
			out.Except = append(out.Except, list...)
			out.Exceptions = append(out.Exceptions, ir.Exception{Span: s.span(x.Source), Idle: good && idle(out.Any, list)})
		}
	}
	if ok && strict {
		ok = r.saysWhoIsLeft(s, a, out)
	}
	if !ok {
		return nil
	}
	return out
}

// idle reports whether none of the sources that are excluded may be one of those that are named. Long lists are not searched.
func idle(named, excluded []ir.Source) bool {
	return len(named)*len(excluded) <= 10_000 && !slices.ContainsFunc(excluded, func(x ir.Source) bool { return slices.ContainsFunc(named, x.Meets) })
}

// saysWhoIsLeft refuses an allow whose exclusion lets callers without the attribute through unsaid.
func (r *resolver) saysWhoIsLeft(s *scope, a *ast.Sources, out *ir.Sources) bool {
	anyone := slices.IndexFunc(out.Any, func(x ir.Source) bool { return x.Kind == ir.Anyone })
	if anyone >= 0 && slices.ContainsFunc(out.Except, func(x ir.Source) bool { return x.Kind != ir.Plaintext && x.Kind != ir.Authenticated }) {
		d := r.report(s, diag.AnyoneExcept, a, "`anyone except` in an allow lets callers without an identity through, who may be the excluded one")
		if i := slices.IndexFunc(a.List, func(x ast.Source) bool { return x.Kind == ast.SourceAnyone }); i >= 0 && len(a.List) == 1 {
			at := s.span(&a.List[i])
			d.Fix(at, "authenticated", "only callers with an mTLS identity")
			both := "(authenticated, plaintext)"
			if a.Paren {
				both = "authenticated, plaintext"
			}
			d.Fix(at, both, "callers without an identity as well")
		} else {
			d.Advise("write `authenticated` for callers with an mTLS identity, or `authenticated, plaintext` for both")
		}
		return false
	}
	everyToken := slices.ContainsFunc(out.NotAs, func(x ir.Text) bool { return x.Value == "*" }) // who is left has none
	if len(out.NotAs) > 0 && len(out.As) == 0 && !everyToken {
		d := r.report(s, diag.TokenExcept, a, "`except as` in an allow lets callers without a token through, who may be the excluded one")
		d.Advise("say whose tokens are meant: `as \"*\" except as ...` for every verified token")
		return false
	}
	return true
}

// source resolves one source to its alternatives.
func (r *resolver) source(s *scope, a *ast.Source) ([]ir.Source, bool) {
	at := s.span(a)
	one := func(k ir.SourceKind, v string) ([]ir.Source, bool) {
		return []ir.Source{{Kind: k, Value: v, Span: at}}, true
	}
	switch a.Kind {
	case ast.SourceAnyone:
		return one(ir.Anyone, "")
	case ast.SourceAuthenticated:
		return one(ir.Authenticated, "")
	case ast.SourcePlaintext:
		return one(ir.Plaintext, "")
	case ast.SourceAccount:
		v, ok := r.account(s, a.Name)
		if !ok {
			return nil, false
		}
		return r.everywhere(ir.Source{Kind: ir.Principal, Verbatim: true, Value: v, Span: at}), true
	case ast.SourcePrincipal:
		if !r.principal(s, a.Name) {
			return nil, false
		}
		return r.everywhere(ir.Source{Kind: ir.Principal, Verbatim: true, Value: a.Name.Text, Span: at}), true
	case ast.SourceTrustDomain:
		if bad := checkTrustDomain(a.Name.Text, true); bad != "" {
			d := r.report(s, diag.BadTrustDomain, &a.Name, "trust domain %q %s", a.Name.Text, bad)
			if bare := strings.TrimPrefix(a.Name.Text, "spiffe://"); bare != a.Name.Text && checkTrustDomain(bare, true) == "" {
				d.Fix(s.span(&a.Name), quote(bare), "without it")
			}
			return nil, false
		}
		if a.Name.Text == "*" {
			return one(ir.Authenticated, "")
		}
		return one(ir.TrustDomain, a.Name.Text)
	case ast.SourceNamespace:
		if !r.namespacePattern(s, a.Name) {
			return nil, false
		}
		return one(ir.Namespace, a.Name.Text)
	}
	return r.sourceRef(s, a.Name, a)
}

// everywhere adds to a principal of one of the mesh's trust domains those that are the same in the others. Istio takes any for
// all, where the trust domain is followed by namespace and account (pilot/pkg/security/trustdomain).
func (r *resolver) everywhere(x ir.Source) []ir.Source {
	out := []ir.Source{x}
	if len(r.p.Mesh.Aliases) == 0 {
		return out
	}
	domains := append([]string{r.p.Mesh.TrustDomain}, r.p.Mesh.Aliases...)
	own, rest, _ := strings.Cut(x.Value, "/")
	if strings.Count(rest, "/") != 3 || !slices.Contains(domains, own) {
		return out
	}
	for _, td := range domains {
		if td != own {
			y := x
			y.Value, y.Alias = td+"/"+rest, true
			out = append(out, y)
		}
	}
	return out
}

func (r *resolver) sourceRef(s *scope, id ast.Ident, at ast.Node) ([]ir.Source, bool) {
	e := r.lookup(s, id)
	switch {
	case e.workload != nil:
		w := e.workload
		if w.Shared != nil {
			r.report(s, diag.SharedAccount, at, "%s runs as service account %s/%s, and so does %s: an identity cannot tell them apart", w.Ref(), w.Namespace, w.Account, w.Shared.Ref()).
				Relate(w.Shared.Span, "the other one").
				Fix(s.span(at), "account "+w.Namespace+"/"+w.Account, "if everyone on that account is meant").
				Advise("or give %s a service account of its own", w.Ref())
			r.defaultAccount(w)
			return nil, false
		}
		r.defaultAccount(w)
		return r.everywhere(ir.Source{Kind: ir.Principal, Value: r.p.Mesh.Identity(w.Namespace, w.Account), Span: s.span(at)}), true
	case e.namespace != "":
		return r.everywhere(ir.Source{Kind: ir.Principal, Value: r.p.Mesh.Identity(e.namespace, "*"), Span: s.span(at)}), true
	case e.pods != nil:
		r.report(s, diag.WrongKind, at, "pods %q have no identity of their own, so they cannot be a source", e.pods.Name).
			Note("pods are picked by labels, and a proxy sees only the caller's service account").
			Advise("name the workloads, or `account ns/name`")
	case e.arg != nil:
		if e.arg.arg.Kind != ast.ArgRef {
			r.report(s, diag.WrongKind, at, "parameter %q stands for %s here, and a source is a workload, a group or ns/*", id.Text, e.arg.arg.Value.Text).
				Relate(e.arg.scope.span(&e.arg.arg), "the argument")
			return nil, false
		}
		n := len(r.diags)
		defer func() { r.inBody(n, s, at) }()
		return r.sourceRef(e.arg.scope, e.arg.arg.Value, &e.arg.arg.Value)
	case e.def != nil && e.def.group != nil:
		list, ok := r.members(s, e.def, at)
		if e.def.scope.unit.Std && !s.unit.Std { // nobody can change what stands there: what is said of it is about its use
			list = slices.Clone(list)
			for i := range list {
				list[i].Span = s.span(at)
			}
		}
		return list, ok
	case e.def != nil:
		r.wrongKind(s, at, e.def, "a source is a workload, a group or ns/*")
	}
	return nil, false
}

func (r *resolver) wrongKind(s *scope, at ast.Node, d *definition, want string) {
	r.report(s, diag.WrongKind, at, "%q is a %s, and %s", d.name.Text, d.kind(), want).Relate(d.scope.span(&d.name), "defined here")
}

// members expands a group, where it was written.
func (r *resolver) members(s *scope, d *definition, at ast.Node) ([]ir.Source, bool) {
	if d.callers != nil && r.statements <= maxStatements && r.bounded(s, at, d, len(d.callers), len(d.callers)) {
		return d.callers, true
	}
	inner, ok := r.enter(s, d, at)
	if !ok {
		return nil, false
	}
	defer r.leave(d)
	var out []ir.Source
	n := len(r.diags)
	for i := range d.group.Members {
		m := &d.group.Members[i]
		list, good := r.source(inner, m)
		out = append(out, list...)
		ok = ok && good
		if !r.bounded(s, at, d, len(out), len(list)) {
			return nil, false
		}
		if r.holdsHuge(inner, d, m.Name.Text) {
			return nil, false
		}
	}
	if ok && (inner.via == nil || n == len(r.diags)) { // else every use is told
		d.callers = slices.Clip(out)
	}
	return out, ok
}

// defaultAccount warns, once a workload, of an identity that every careless pod of the namespace shares.
func (r *resolver) defaultAccount(w *ir.Workload) {
	if w.Account != "default" || !w.DefaultAccount || r.warn[w] {
		return
	}
	r.warn[w] = true
	r.diags.Add(diag.DefaultAccount, w.Span, "%s names no service account, so it runs as %s/default", w.Ref(), w.Namespace).
		Note("every pod of the namespace that names none runs as the same identity, and a policy for the account %q never matches", w.Name).
		Advise("set serviceAccountName in its pod template")
}

// account resolves `account ns/name`.
func (r *resolver) account(s *scope, id ast.Ident) (string, bool) {
	ns, name := s.splitRef(id.Text)
	if s.unit.Library && !strings.Contains(id.Text, "/") {
		r.report(s, diag.UnknownName, &id, "an imported file belongs to no namespace, so account %q has none", id.Text).
			Advise("write it with its namespace: account %s/%s", ns, name)
		return "", false
	}
	if name == "*" {
		r.report(s, diag.BadName, &id, "an account has one name").Fix(s.span(&id), ns+"/*", "every account of a namespace is written without `account`")
		return "", false
	}
	if bad := dnsName(ns, name); bad != "" {
		r.report(s, diag.BadName, &id, "account %q %s", id.Text, bad)
		return "", false
	}
	if r.p.Convention {
		return r.p.Mesh.Identity(ns, name), true
	}
	if s.unit.Std && len(r.names[ns]) == 0 { // an inventory of the applications alone need not hold Istio
		return r.p.Mesh.Identity(ns, name), true
	}
	runs := func(ns string) bool { return len(r.runs[ns+"/"+name]) > 0 }
	if n := len(r.diags); r.namespace(s, &id, ns) == "" {
		if n < len(r.diags) {
			r.inNamespaces(s, &r.diags[n], id, name, runs)
		}
		return "", false
	}
	if !runs(ns) {
		d := r.report(s, diag.UnknownAccount, &id, "no workload runs as service account %s/%s", ns, name)
		r.inNamespaces(s, d, id, name, runs)
		if len(d.Fixes) == 0 {
			r.suggest(s, d, id, name, r.accountsIn(ns), func(x string) string { return ns + "/" + x })
		}
		if w := r.names[ns][name]; w != nil {
			d.Note("workload %s runs as %s/%s", w.Ref(), ns, w.Account)
			if !w.DefaultAccount {
				d.Fix(s.span(&id), ns+"/"+w.Account, "the account that the workload runs as")
			}
		}
		if s.unit.Std {
			d.Note("what was installed otherwise has another identity").Advise("write it as it is: `account NAMESPACE/NAME`")
		}
		if r.p.Inventoried {
			return "", false
		}
		d.Severity = diag.Warning // declarations need not be complete
	}
	return r.p.Mesh.Identity(ns, name), true
}

// accountsIn lists, in no order, the accounts of a namespace that workloads run as.
func (r *resolver) accountsIn(ns string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for k := range r.runs {
			if account, here := strings.CutPrefix(k, ns+"/"); here && !yield(account) {
				return
			}
		}
	}
}

func (r *resolver) net(s *scope, f *ast.From) (ir.Net, bool) {
	n := ir.Net{Client: f.Client}
	ok := true
	for i := range f.Nets {
		v, good := r.cidr(s, &f.Nets[i])
		ok = ok && good
		n.Blocks = append(n.Blocks, ir.Text{Value: v, Span: s.span(&f.Nets[i])})
	}
	return n, ok
}

// cidr returns an address block in canonical form: host bits cleared, a single address bare.
func (r *resolver) cidr(s *scope, a *ast.Str) (string, bool) {
	if ip, err := netip.ParseAddr(a.Value); err == nil && ip.Zone() == "" {
		return ip.Unmap().String(), true
	}
	p, err := netip.ParsePrefix(a.Value)
	if err != nil {
		r.report(s, diag.BadCIDR, a, "%q is not an IP address or a CIDR block", a.Value).Advise("write it as in \"10.0.0.0/8\" or \"2001:db8::1\"")
		return "", false
	}
	if m := p.Masked(); m != p {
		r.report(s, diag.BadCIDR, a, "%q has bits set after its prefix length, so it is not the block it looks like", a.Value).
			Fix(s.span(a), `"`+m.String()+`"`, "the block that Envoy would match").
			Fix(s.span(a), `"`+p.Addr().String()+`"`, "the one address")
		return "", false
	}
	if p.IsSingleIP() {
		return p.Addr().Unmap().String(), true
	}
	return p.String(), true
}
