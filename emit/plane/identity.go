package plane

import (
	"strings"

	"github.com/zt-lang/ztc/compiler/sem"
)

// Istio tests the identity of a caller as one string, spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT. Here each test becomes
// tests of the three parts.

const scheme = "spiffe://"

var (
	peer    = sem.Attr{Kind: sem.Peer}
	anybody = is(peer) // with any identity
)

// principal matches the whole identity.
func principal(v string) (*sem.Expr, error) {
	g := make(glob, 0, len(v)+1)
	switch {
	case v == "*":
		return anybody, nil
	case strings.HasPrefix(v, "*"):
		g = append(g, star).text(v[1:])
	case strings.HasSuffix(v, "*"):
		g = append(g.text(v[:len(v)-1]), star)
	default:
		return exactPrincipal(v), nil
	}
	return whole(g, "")
}

func exactPrincipal(v string) *sem.Expr {
	p := strings.Split(v, "/")
	if len(p) != 5 || p[1] != "ns" || p[3] != "sa" {
		return nobody
	}
	return is(peer, exact(p[0]), exact(p[2]), exact(p[4]))
}

var nobody = is(peer, sem.Pattern{Op: sem.Never})

func exact(s string) sem.Pattern { return sem.Pattern{Op: sem.Exact, Text: s} }

// namespace matches `.*/ns/V/.*`, where each `*` in V is any text.
func namespace(v string) (*sem.Expr, error) {
	if !strings.ContainsAny(v, "*/") && v != "ns" && v != "sa" { // words of the identity itself
		return is(peer, sem.Pattern{}, exact(v)), nil
	}
	g := append(make(glob, 0, len(v)+7), star).text("/ns/")
	for i := range len(v) {
		switch {
		case v[i] != '*':
			g = append(g, int16(v[i]))
		case g[len(g)-1] != star: // several in a row are as one
			g = append(g, star)
		}
	}
	return whole(append(g.text("/"), star), scheme)
}

// account matches `spiffe://.+/ns/NAMESPACE/(.+/|)sa/ACCOUNT(/.+)?`; without a namespace it is that of the policy.
func (t *translator) account(v string) (*sem.Expr, error) {
	ns, account, ok := strings.Cut(v, "/")
	if !ok {
		ns, account = t.rule.Policy.Namespace, v
	}
	if strings.Contains(account, "/") {
		return nobody, nil
	}
	return is(peer, sem.Pattern{}, exact(ns), exact(account)), nil
}

// trustDomain matches `spiffe://V/.*`, where a `*` in V is text without slashes.
func trustDomain(v string) (*sem.Expr, error) {
	if v == "*" {
		return anybody, nil
	}
	var g glob
	before, after, wild := strings.Cut(v, "*")
	g = g.text(before)
	if wild {
		g = append(g, segment).text(after)
	}
	return whole(append(g.text("/"), star), "")
}

// principals spells principals out for the trust domains of the mesh, as istiod does (pilot/pkg/security/trustdomain): one
// of the mesh stands for each, and cluster.local for them.
func (m *Mesh) principals(list []string) []string {
	var out []string
	for i, v := range list {
		td, rest, _ := strings.Cut(v, "/")
		if strings.Count(rest, "/") != 3 || td == "*" || td != "cluster.local" && !m.own(td) {
			if out != nil {
				out = append(out, v)
			}
			continue
		}
		if len(m.Aliases) == 0 && td == m.TrustDomain {
			if out != nil {
				out = append(out, v)
			}
			continue // the usual case
		}
		if out == nil {
			out = append(make([]string, 0, len(list)+len(m.Aliases)), list[:i]...)
		}
		for k := -1; k < len(m.Aliases); k++ {
			to := m.TrustDomain
			if k >= 0 {
				to = m.Aliases[k]
			}
			if ends(to, td) {
				out = append(out, v)
			} else {
				out = append(out, to+"/"+rest)
			}
		}
	}
	if out == nil {
		return list
	}
	return out
}

// own reports whether a trust domain of a policy is one of the mesh; wildcards count on both sides.
func (m *Mesh) own(td string) bool {
	one := func(s string) bool {
		return td == s || s == "*" || begins(td, s) || begins(s, td) || ends(td, s) || ends(s, td)
	}
	if one(m.TrustDomain) {
		return true
	}
	for _, a := range m.Aliases {
		if one(a) {
			return true
		}
	}
	return false
}

func begins(s, pattern string) bool {
	p, ok := strings.CutSuffix(pattern, "*")
	return ok && strings.HasPrefix(s, p)
}

func ends(s, pattern string) bool {
	p, ok := strings.CutPrefix(pattern, "*")
	return ok && strings.HasSuffix(s, p)
}

// trustDomains lets one trust domain of the mesh stand for each.
func (m *Mesh) trustDomains(list []string) []string {
	if len(m.Aliases) == 0 {
		return list
	}
	var out []string
	for _, v := range list {
		mine := v == m.TrustDomain
		for _, a := range m.Aliases {
			mine = mine || v == a
		}
		if mine {
			out = append(append(out, m.TrustDomain), m.Aliases...)
		} else {
			out = append(out, v)
		}
	}
	return out
}
