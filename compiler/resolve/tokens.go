package resolve

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

func (r *resolver) mtls(s *scope, a *ast.MTLS) {
	until, _, ok := r.clauses(s, &a.Clauses)
	if a.Clauses.When != nil {
		r.report(s, diag.BadAttribute, a.Clauses.When, "`mtls` has no condition: it is decided before any request")
		ok = false
	}
	targets, good := r.scopeTargets(s, a.In, a.On)
	if !ok || !good {
		return
	}
	for _, t := range targets {
		if a.Port != nil {
			if !r.port(s, *a.Port) {
				return
			}
			t.Port = a.Port.Value
			if ir.ProxyPort(t.Port) {
				r.report(s, diag.PortUnguarded, a.Port, "port %d is the proxy's own and guarded by nothing, so this mtls asks nobody for a certificate", t.Port).
					Advise("guard it by other means, such as a NetworkPolicy")
				return
			}
			if !r.portExists(s, &t, t.Port, s.span(a.Port)) {
				return
			}
		}
		if t.Port != 0 && t.Labels() == nil {
			r.report(s, diag.BadSetting, a, "a port mode needs a workload or pods: Istio has none for %s", &t)
			return
		}
		if t.Labels() != nil && t.Namespace == r.p.Mesh.RootNamespace {
			r.report(s, diag.RootNamespace, a, "Istio ignores a PeerAuthentication with a selector in the root namespace %s", t.Namespace)
			return
		}
		r.p.MTLS = append(r.p.MTLS, &ir.MTLS{Mode: strings.ToUpper(a.Mode.Text), Target: t, Until: until, Span: s.span(a), Via: s.via})
	}
}

func (r *resolver) jwt(s *scope, a *ast.JWT) {
	targets, ok := r.scopeTargets(s, a.In, a.On)
	issuer, known := r.text(s, &a.Issuer, func(s *scope, n ast.Node, v string) bool {
		if v == "" || !printable(v) || strings.Contains(v, "*") {
			r.report(s, diag.BadToken, n, "issuer %q is empty, or holds a character that no token carries to the letter", v)
			return false
		}
		if a.JWKS == nil && !strings.HasPrefix(v, "https://") && !strings.HasPrefix(v, "http://") {
			r.report(s, diag.NoKeys, n, "issuer %q is no URL, so its keys cannot be discovered, and every token of it would be refused", v).
				Advise("say where the keys are: `jwks \"https://...\"`")
			return false
		}
		return true
	})
	ok = ok && known
	j := ir.JWT{Issuer: issuer, Keep: a.Keep, Claims: map[string]bool{}, Span: s.span(a), Via: s.via}
	bad := func(n ast.Node, format string, args ...any) {
		r.report(s, diag.BadToken, n, format, args...)
		ok = false
	}
	if a.JWKS != nil {
		j.JWKS = a.JWKS.Value
		if !strings.HasPrefix(j.JWKS, "https://") && !strings.HasPrefix(j.JWKS, "http://") && !strings.HasPrefix(strings.TrimSpace(j.JWKS), "{") {
			bad(a.JWKS, "jwks %q is neither a URL nor a JSON key set", j.JWKS)
		} else if strings.HasPrefix(j.JWKS, "http") {
			if fault := istio.JWKSURIFault(j.JWKS); fault != "" || !printable(j.JWKS) {
				bad(a.JWKS, "jwks %q %s", j.JWKS, cmp.Or(fault, "holds a character that no URL has"))
			}
		} else if fault := istio.JWKSFault(j.JWKS); fault != "" {
			bad(a.JWKS, "the key set of jwks %s", fault)
		} else if istio.JWKSSigns(j.JWKS) {
			r.report(s, diag.SecretKey, a.JWKS, "a key of jwks can sign tokens, and whoever reads the policy can read it").
				Advise("write the public key alone, and change the pair")
		}
	}
	value := func(s *scope, n ast.Node, v string) bool {
		if v == "" || !printable(v) {
			r.report(s, diag.BadToken, n, "an empty value, or one that no token carries")
			return false
		}
		return true
	}
	for i := range a.Audiences {
		v, good := r.text(s, &a.Audiences[i], value)
		ok = ok && good
		j.Audiences = append(j.Audiences, v)
	}
	for i := range a.Split {
		ok = value(s, &a.Split[i], a.Split[i].Value) && ok
		j.Split = append(j.Split, a.Split[i].Value)
	}
	if len(j.Split) > istio.MaxSpaceClaims {
		bad(a, "%d claims to split are more than the %d that Istio takes", len(j.Split), istio.MaxSpaceClaims)
	}
	claims(a, &j, func(code diag.Code, n ast.Node, format string, args ...any) *diag.Diagnostic {
		ok = false
		return r.report(s, code, n, format, args...)
	})
	read := map[string]bool{}
	for i := range a.Reads {
		x := &a.Reads[i]
		place := x.Kind.Text + " " + x.Name.Value
		if x.Kind.Text == "header" {
			place = strings.ToLower(place)
		}
		if read[place] {
			bad(x, "%s %q is read already", x.Kind.Text, x.Name.Value)
		}
		read[place] = true
		if x.Name.Value == "" || !token(x.Name.Value) {
			bad(&x.Name, "%q cannot be the name of a %s", x.Name.Value, x.Kind.Text)
		}
		if x.Prefix != nil && x.Kind.Text != "header" {
			bad(x.Prefix, "only a header has a prefix")
		}
		switch x.Kind.Text {
		case "header":
			h := ir.JWTHeader{Name: x.Name.Value}
			if x.Prefix != nil {
				h.Prefix = x.Prefix.Value
				if !printable(h.Prefix) {
					bad(x.Prefix, "prefix %q holds a character that no header has", h.Prefix)
				}
			} else if strings.EqualFold(h.Name, "authorization") {
				at := s.span(&x.Name)
				at.Start = at.End
				r.report(s, diag.BearerPrefix, x, "the whole of header %q is taken for the token, and clients write \"Bearer \" before it", h.Name).
					Fix(at, ` prefix "Bearer "`, "read what follows")
			}
			j.Headers = append(j.Headers, h)
		case "cookie":
			j.Cookies = append(j.Cookies, x.Name.Value)
		case "query":
			j.Queries = append(j.Queries, x.Name.Value)
		}
	}
	for i := range a.Sets {
		r.setHeader(s, &a.Sets[i], &j, bad)
	}
	if a.Timeout != nil {
		j.Timeout = duration(a.Timeout.Text)
		if j.Timeout <= 0 {
			bad(a.Timeout, "%q is not a duration such as 5s or 500ms", a.Timeout.Text)
		}
	}
	if !ok {
		r.p.Incomplete = true
		return
	}
	for _, t := range targets {
		if t.Port != 0 {
			r.report(s, diag.BadSetting, a, "tokens are accepted by a workload as a whole, not on one port")
			return
		}
		x := j
		x.Target = t
		r.p.JWT = append(r.p.JWT, &x)
	}
}

// claims reads the types of claims. What is split is a list, and `scope` and `permission` always are.
func claims(a *ast.JWT, j *ir.JWT, report func(diag.Code, ast.Node, string, ...any) *diag.Diagnostic) {
	key := func(keys []string) string { return "[" + strings.Join(keys, "][") + "]" }
	split := map[string]bool{"[scope]": true, "[permission]": true}
	for _, name := range j.Split {
		split["["+name+"]"] = true
		j.Claims["["+name+"]"] = true
	}
	written := map[string]*ast.ClaimType{}
	for i := range a.Claims {
		c := &a.Claims[i]
		k, text := key(c.Keys), strings.Join(c.Keys, ".")
		switch {
		case slices.ContainsFunc(c.Keys, func(k string) bool { return k == "" || !printable(k) || strings.ContainsAny(k, "[]") }):
			report(diag.BadToken, c, "%q is not the name of a claim", text)
		case written[k] != nil:
			report(diag.BadToken, c, "the type of claim %q is written twice", text)
		case split[k] && !c.List:
			report(diag.BadToken, c, "claim %q is split into a list, so it is no string", text)
		case ir.IsTime(k):
			report(diag.NotAString, c, "claim %q is a number, and neither a string nor a list: a proxy refuses a token in which it is anything else", text).
				Advise("delete it: no rule can test it")
		}
		written[k] = c
		j.Claims[k] = c.List
	}
	for i := range a.Claims {
		c := &a.Claims[i]
		for n := 1; n < len(c.Keys); n++ {
			if outer := key(c.Keys[:n]); written[outer] != nil || split[outer] {
				report(diag.BadToken, c, "claim %q is a list or a string, and nothing is inside of it", strings.Join(c.Keys[:n], "."))
				break
			}
		}
	}
}

func (r *resolver) setHeader(s *scope, a *ast.SetHeader, j *ir.JWT, bad func(ast.Node, string, ...any)) {
	if a.Header.Name.Text != "header" || len(a.Header.Keys) != 1 {
		bad(&a.Header, "`set` sets a header: set header[\"x\"] = claim[\"c\"], or = payload")
		return
	}
	name := a.Header.Keys[0].Value
	if strings.EqualFold(j.Payload, name) || slices.ContainsFunc(j.Sets, func(x ir.JWTSet) bool { return strings.EqualFold(x.Header, name) }) {
		bad(&a.Header, "header %q is set already", name)
		return
	}
	for i := 0; i < len(name); i++ {
		if c := name[i]; !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			bad(&a.Header, "%q is not a header name that Istio sets (letters, digits, - and _)", name)
			return
		}
	}
	switch {
	case a.From.Name.Text == "payload" && len(a.From.Keys) == 0 && j.Payload != "":
		bad(&a.From, "the payload goes to header %q already, and Istio sets one", j.Payload)
	case a.From.Name.Text == "payload" && len(a.From.Keys) == 0:
		j.Payload = name
	case a.From.Name.Text == "claim" && len(a.From.Keys) > 0:
		var keys []string
		for _, k := range a.From.Keys {
			if k.Value == "" || !printable(k.Value) {
				bad(&a.From, "%q is not the name of a claim", k.Value)
				return
			}
			if strings.Contains(k.Value, ".") {
				bad(&a.From, "claim %q has a dot: Envoy would look for a claim inside another one, and set nothing", k.Value)
				return
			}
			keys = append(keys, k.Value)
		}
		j.Sets = append(j.Sets, ir.JWTSet{Header: name, Claim: strings.Join(keys, ".")})
	default:
		bad(&a.From, "a header is set from claim[\"c\"] or from payload")
	}
}

// duration reads 5s, 500ms or 2m as milliseconds; 0 for anything else.
func duration(s string) int64 {
	for _, u := range []struct {
		suffix string
		ms     int64
	}{{"ms", 1}, {"s", 1000}, {"m", 60_000}} {
		if num, ok := strings.CutSuffix(s, u.suffix); ok {
			n, err := strconv.ParseUint(num, 10, 24)
			if err != nil {
				return 0
			}
			return int64(n) * u.ms
		}
	}
	return 0
}
