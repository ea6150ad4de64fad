package oracle

import (
	"errors"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// test is a matcher of Envoy's, made of one value.
type test func(r *Request) bool

// generator makes a matcher; an error says that the chain cannot have it.
type generator func(value string) (test, error)

var errHTTPOnly = errors.New("HTTP only")

// matches reports whether a rule of a policy matches a request on a chain.
func (m *Mesh) matches(c Chain, p *Policy, rule fields, r *Request) bool {
	if c == ZTunnel {
		return ztunnel(p, rule, r)
	}
	g := generators{mesh: m, policy: p, tcp: c == TCP}
	ok := g.rule(rule, r)
	return ok && !g.gone
}

// Matches reports whether a rule of an AuthorizationPolicy matches a request whose token, if it has one, is verified.
func (m *Mesh) Matches(c Chain, p *Policy, rule int, r *Request) bool {
	return m.matches(c, p, p.rules()[rule], r)
}

// generators follow pilot/pkg/security/authz/model.
type generators struct {
	mesh   *Mesh
	policy *Policy
	tcp    bool
	gone   bool // nothing is generated from the rule
}

// rule follows 2.1.
func (g *generators) rule(rule fields, r *Request) bool {
	// An unknown key skips the rule of whatever action, an error one of an ALLOW: all of it is generated, before it is tried.
	when := true
	for _, w := range rule.list("when") {
		key := w.text("key")
		gen := g.key(key)
		if gen == nil {
			g.gone = true
			return false
		}
		when = g.field(g.expand(key, gen), w.texts("values"), w.texts("notValues"), r) && when
	}
	from := len(rule.list("from")) == 0
	for _, f := range rule.list("from") {
		s := f.object("source")
		all := true
		for _, x := range []struct {
			name string
			gen  generator
		}{
			{"principals", g.expand("source.principal", g.principal)},
			{"namespaces", g.namespace},
			{"serviceAccounts", g.serviceAccount},
			{"trustDomains", g.expand("source.trustDomain", g.trustDomain)},
			{"requestPrincipals", g.http(requestPrincipal)},
			{"ipBlocks", cidr(func(r *Request) string { return r.SourceIP })},
			{"remoteIpBlocks", cidr(func(r *Request) string { return r.RemoteIP })},
		} {
			all = g.field(x.gen, s.texts(x.name), s.texts("not"+strings.ToUpper(x.name[:1])+x.name[1:]), r) && all
		}
		from = from || all
	}
	to := len(rule.list("to")) == 0
	for _, f := range rule.list("to") {
		o := f.object("operation")
		all := true
		for _, x := range []struct {
			name string
			gen  generator
		}{
			{"hosts", g.http(host)},
			{"methods", g.http(header(":method"))},
			{"paths", g.http(path)},
			{"ports", port},
		} {
			all = g.field(x.gen, o.texts(x.name), o.texts("not"+strings.ToUpper(x.name[:1])+x.name[1:]), r) && all
		}
		to = to || all
	}
	return when && from && to
}

// field is (no values, or one of them) and none of the others; what cannot be generated is left out, and an ALLOW with it.
func (g *generators) field(gen generator, values, not []string, r *Request) bool {
	any := func(list []string) (had, matched bool) {
		for _, v := range list {
			t, err := gen(v)
			if err != nil {
				g.gone = g.gone || g.policy.action() == "ALLOW"
				continue
			}
			had = true
			matched = matched || t(r)
		}
		return had, matched
	}
	had, matched := any(values)
	_, excluded := any(not)
	return (!had || matched) && !excluded
}

// key is the generator of a key of `when`; nil for one that istiod does not know.
func (g *generators) key(key string) generator {
	switch key {
	case "source.principal":
		return g.principal
	case "source.namespace":
		return g.namespace
	case "source.serviceAccount":
		return g.serviceAccount
	case "source.trustDomain":
		return g.trustDomain
	case "source.ip":
		return cidr(func(r *Request) string { return r.SourceIP })
	case "remote.ip":
		return cidr(func(r *Request) string { return r.RemoteIP })
	case "destination.ip":
		return cidr(func(r *Request) string { return r.DestIP })
	case "destination.port":
		return port
	case "connection.sni":
		return func(v string) (test, error) {
			s := stringMatcher(v, "")
			return func(r *Request) bool { return s(r.SNI) }, nil
		}
	case "request.auth.principal":
		return g.http(requestPrincipal)
	case "request.auth.audiences":
		return g.http(claims([]string{"aud"}))
	case "request.auth.presenter":
		return g.http(claims([]string{"azp"}))
	}
	if rest, ok := strings.CutPrefix(key, "request.headers"); ok {
		if !strings.HasPrefix(rest, "[") || !strings.HasSuffix(rest, "]") {
			return malformed
		}
		return g.http(header(strings.ToLower(rest[1 : len(rest)-1])))
	}
	if rest, ok := strings.CutPrefix(key, "request.auth.claims"); ok {
		if !strings.HasPrefix(rest, "[") || !strings.HasSuffix(rest, "]") {
			return malformed
		}
		if regexp.MustCompile(`^(\[[^][]*\])+$`).MatchString(rest) {
			return g.http(claims(strings.Split(rest[1:len(rest)-1], "][")))
		}
		return g.http(claims([]string{rest[1 : len(rest)-1]}))
	}
	if strings.HasPrefix(key, "experimental.envoy.filters.") {
		filter, name, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(key, "experimental."), "]"), "[")
		if !ok {
			return malformed
		}
		return metadata(filter, name)
	}
	return nil
}

func malformed(string) (test, error) { return nil, errors.New("malformed key") }

// http keeps a generator from TCP chains.
func (g *generators) http(gen generator) generator {
	if g.tcp {
		return func(string) (test, error) { return nil, errHTTPOnly }
	}
	return gen
}

// expand lets trust domains stand for others of the mesh.
func (g *generators) expand(key string, gen generator) generator {
	var spell func(string) []string
	switch key {
	case "source.principal":
		spell = g.mesh.spellPrincipal
	case "source.trustDomain":
		spell = g.mesh.spellTrustDomain
	default:
		return gen
	}
	return func(v string) (test, error) {
		return func(r *Request) bool {
			return slices.ContainsFunc(spell(v), func(v string) bool {
				t, err := gen(v)
				return err == nil && t(r)
			})
		}, nil
	}
}

func (m *Mesh) bundle() []string { return append([]string{m.TrustDomain}, m.Aliases...) }

// spellPrincipal follows ReplaceTrustDomainAliases.
func (m *Mesh) spellPrincipal(v string) (out []string) {
	parts := strings.Split(v, "/")
	if len(parts) != 5 || parts[0] == "*" {
		return []string{v}
	}
	prefix := func(s, of string) bool { return strings.HasSuffix(of, "*") && strings.HasPrefix(s, of[:len(of)-1]) }
	suffix := func(s, of string) bool { return strings.HasPrefix(of, "*") && strings.HasSuffix(s, of[1:]) }
	td := parts[0]
	if td != "cluster.local" && !slices.ContainsFunc(m.bundle(), func(s string) bool {
		return td == s || s == "*" || prefix(td, s) || prefix(s, td) || suffix(td, s) || suffix(s, td)
	}) {
		return []string{v}
	}
	for _, s := range m.bundle() {
		if suffix(s, td) {
			out = append(out, v)
		} else {
			out = append(out, strings.Join(append([]string{s}, parts[1:]...), "/"))
		}
	}
	return out
}

// spellTrustDomain follows ExpandTrustDomainAliases.
func (m *Mesh) spellTrustDomain(v string) []string {
	if slices.Contains(m.bundle(), v) {
		return m.bundle()
	}
	return []string{v}
}

// authenticated tries a matcher on the identity of the caller.
func authenticated(s func(string) bool) (test, error) {
	return func(r *Request) bool { return r.Peer != "" && s("spiffe://"+r.Peer) }, nil
}

func (g *generators) principal(v string) (test, error) {
	return authenticated(stringMatcher(v, "spiffe://"))
}

func (g *generators) namespace(v string) (test, error) {
	parts := strings.Split(v, "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return authenticated(regex(".*/ns/" + strings.Join(parts, ".*") + "/.*"))
}

func (g *generators) serviceAccount(v string) (test, error) {
	ns, account, ok := strings.Cut(v, "/")
	if !ok {
		ns, account = g.policy.Namespace, v
	}
	return authenticated(regex("spiffe://.+/ns/" + regexp.QuoteMeta(ns) + "/(.+/|)sa/" + regexp.QuoteMeta(account) + "(/.+)?"))
}

func (g *generators) trustDomain(v string) (test, error) {
	before, after, wild := strings.Cut(v, "*")
	switch {
	case v == "*":
		return authenticated(func(s string) bool { return strings.HasPrefix(s, "spiffe://") })
	case !wild:
		return authenticated(func(s string) bool { return strings.HasPrefix(s, "spiffe://"+v+"/") })
	}
	return authenticated(regex("spiffe://" + regexp.QuoteMeta(before) + "[^/]*" + regexp.QuoteMeta(after) + "/.*"))
}

// stringMatcher follows StringMatcherWithPrefix.
func stringMatcher(v, prefix string) func(string) bool {
	switch {
	case v == "*":
		return regex(".+")
	case strings.HasPrefix(v, "*") && prefix == "":
		return func(s string) bool { return strings.HasSuffix(s, v[1:]) }
	case strings.HasPrefix(v, "*"):
		return regex(prefix + ".*" + regexp.QuoteMeta(v[1:]))
	case strings.HasSuffix(v, "*"):
		return func(s string) bool { return strings.HasPrefix(s, prefix+v[:len(v)-1]) }
	}
	return func(s string) bool { return s == prefix+v }
}

var compiled sync.Map

// regex matches whole strings by an expression of RE2, which is what Go has, too.
func regex(expr string) func(string) bool {
	re, ok := compiled.Load(expr)
	if !ok {
		re, _ = compiled.LoadOrStore(expr, regexp.MustCompile(`\A(?:`+expr+`)\z`))
	}
	return re.(*regexp.Regexp).MatchString
}

func cidr(of func(*Request) string) generator {
	return func(v string) (test, error) {
		block, err := netip.ParsePrefix(v)
		if !strings.Contains(v, "/") {
			var a netip.Addr
			a, err = netip.ParseAddr(v)
			block = netip.PrefixFrom(a, a.BitLen())
		}
		if err != nil {
			return nil, err
		}
		return func(r *Request) bool { return block.Contains(netip.MustParseAddr(of(r))) }, nil
	}
}

func port(v string) (test, error) {
	n, err := strconv.ParseUint(v, 10, 32)
	if err != nil || n > 65535 {
		return nil, errors.New("no port")
	}
	return func(r *Request) bool { return r.Port == int(n) }, nil
}

// header follows HeaderMatcher: each line of a header is tried by itself.
func header(name string) generator { return headerMatcher(name, func(s string) string { return s }) }

// host follows HostMatcher, which ignores case.
var host = headerMatcher(":authority", func(s string) string {
	return strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		return c
	}, s)
})

func headerMatcher(name string, fold func(string) string) generator {
	if name == "host" {
		name = ":authority"
	}
	return func(v string) (test, error) {
		want := fold(v)
		one := func(s string) bool {
			switch s = fold(s); {
			case v == "*":
				return true
			case strings.HasPrefix(v, "*"):
				return strings.HasSuffix(s, want[1:])
			case strings.HasSuffix(v, "*"):
				return strings.HasPrefix(s, want[:len(want)-1])
			}
			return s == want
		}
		return func(r *Request) bool { return slices.ContainsFunc(r.Headers[name], one) }, nil
	}
}

// path follows 2.6 and 2.7.
func path(v string) (test, error) {
	s := stringMatcher(v, "")
	if strings.Contains(v, "{*}") || strings.Contains(v, "{**}") {
		const class = `a-zA-Z0-9\-._~%!$&'()+,;:@=`
		expr := regexp.QuoteMeta(v)
		expr = strings.ReplaceAll(expr, `\{\*\}`, `[`+class+`]+`)
		expr = strings.ReplaceAll(expr, `\{\*\*\}`, `[`+class+`/]*`)
		s = regex(expr)
	}
	return func(r *Request) bool { return r.Path != nil && s(*r.Path) }, nil
}

// requestPrincipal follows 2.5.
func requestPrincipal(v string) (test, error) {
	i := strings.LastIndexByte(v, '/')
	iss, sub := v, ""
	if i >= 0 {
		iss, sub = v[:i], v[i+1:]
	}
	exact := func(s string) func(string) bool { return func(x string) bool { return x == s } }
	suffix := func(s string) func(string) bool { return func(x string) bool { return strings.HasSuffix(x, s) } }
	prefix := func(s string) func(string) bool { return func(x string) bool { return strings.HasPrefix(x, s) } }
	some := regex(".+")
	matchIss, matchSub := exact(iss), exact(sub)
	switch {
	case v == "*":
		matchIss, matchSub = some, some
	case strings.HasPrefix(v, "*") && i >= 0:
		matchIss = suffix(iss[1:])
		if iss == "*" {
			matchIss = some
		}
	case strings.HasPrefix(v, "*"):
		matchIss, matchSub = some, suffix(v[1:])
	case strings.HasSuffix(v, "*") && i >= 0:
		matchSub = prefix(sub[:len(sub)-1])
		if sub == "*" {
			matchSub = some
		}
	case strings.HasSuffix(v, "*"):
		matchIss, matchSub = prefix(v[:len(v)-1]), some
	}
	return func(r *Request) bool {
		iss, ok := r.Claims["iss"].(string)
		sub, ok2 := r.Claims["sub"].(string)
		return ok && ok2 && matchIss(iss) && matchSub(sub)
	}, nil
}

// claims follows 2.8: a string, or an element of a list that is one.
func claims(keys []string) generator {
	return func(v string) (test, error) {
		s := stringMatcher(v, "")
		return func(r *Request) bool {
			var at any = r.Claims
			for _, k := range keys {
				o, ok := at.(map[string]any)
				if !ok {
					return false
				}
				at = o[k]
			}
			return text(at, s) || inList(at, s)
		}, nil
	}
}

func text(v any, s func(string) bool) bool {
	t, ok := v.(string)
	return ok && s(t)
}

func inList(v any, s func(string) bool) bool {
	list, _ := v.([]any)
	return slices.ContainsFunc(list, func(v any) bool { return text(v, s) })
}

// metadata follows experimental.envoy.filters: a value in brackets is looked for in a list.
func metadata(filter, key string) generator {
	return func(v string) (test, error) {
		if strings.HasPrefix(v, "[") && strings.HasSuffix(v, "]") {
			s := stringMatcher(strings.Trim(v, "[]"), "")
			return func(r *Request) bool { return inList(r.Meta[filter][key], s) }, nil
		}
		s := stringMatcher(v, "")
		return func(r *Request) bool { return text(r.Meta[filter][key], s) }, nil
	}
}
