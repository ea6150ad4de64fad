package resolve

import (
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// The checks here return "" or what is wrong, worded to follow the quoted value.

// dnsLabel checks a DNS-1123 label (RFC 1123): a namespace.
func dnsLabel(s string) string {
	if len(s) > 63 {
		return "is longer than 63 characters"
	}
	if !dnsChars(s, false) {
		return "is not a DNS label (lower-case letters, digits and -)"
	}
	return ""
}

// dnsName checks a namespace and a DNS-1123 subdomain in it: the name of an object.
func dnsName(ns, name string) string {
	if bad := dnsLabel(ns); bad != "" {
		return "has a namespace that " + bad
	}
	if len(name) > 253 {
		return "is longer than 253 characters"
	}
	if !dnsChars(name, true) {
		return "is not a Kubernetes name (lower-case letters, digits, - and .)"
	}
	return ""
}

func dnsChars(s string, dots bool) bool {
	if s == "" {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		alnum := c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
		edge := i == 0 || i == len(s)-1 || s[i-1] == '.' || s[i+1] == '.'
		if !alnum && (edge || c != '-' && !(dots && c == '.')) {
			return false
		}
	}
	return true
}

func nameChars(s string) bool {
	alnum := func(c byte) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
	}
	if s == "" || !alnum(s[0]) || !alnum(s[len(s)-1]) {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; !alnum(c) && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

func labelValue(s string) string {
	switch {
	case len(s) > 63:
		return "is longer than 63 characters"
	case s != "" && !nameChars(s):
		return "is not a label value (letters, digits, - _ and ., a letter or digit at both ends)"
	}
	return ""
}

func labelKey(s string) string {
	prefix, name, has := strings.Cut(s, "/")
	if !has {
		prefix, name = "", s
	}
	if len(name) > 63 || !nameChars(name) || has && (len(prefix) > 253 || !dnsChars(prefix, true)) {
		return "is not a label key"
	}
	return ""
}

// checkTrustDomain checks a trust domain; with wildcard, one * at an end is fine.
func checkTrustDomain(s string, wildcard bool) string {
	t := s
	if wildcard {
		if s == "*" {
			return ""
		}
		if strings.HasPrefix(s, "*") {
			t = strings.TrimLeft(s[1:], ".-")
		} else {
			t = strings.TrimRight(strings.TrimSuffix(s, "*"), ".-")
		}
	}
	switch {
	case strings.HasPrefix(s, "spiffe://"):
		return "is written without spiffe://"
	case strings.Contains(s, "/"):
		return "has a slash: only the domain is meant"
	case !dnsChars(t, true):
		return "is not a trust domain (lower-case letters, digits, - and .)"
	}
	return ""
}

// printable refuses what no value of a request can hold as an operator wrote it, and what a YAML reader cannot see.
func printable(s string) bool {
	for _, c := range s {
		if c < 0x20 || c == 0x7f || c == 0xfffd || c == 0x85 || c == 0x2028 || c == 0x2029 || c == 0xfeff {
			return false
		}
	}
	return true
}

// wildcards reports a star where Istio takes it literally: inside, or at both ends.
func wildcards(s string) bool {
	if s == "*" {
		return false
	}
	if strings.HasPrefix(s, "*") {
		s = s[1:]
	} else {
		s = strings.TrimSuffix(s, "*")
	}
	return strings.Contains(s, "*")
}

// pattern checks a string with Istio's grammar: `*` alone, at the start or at the end. Another star is an error that can be
// waived, so it comes out as it stands: Istio compares it.
func (r *resolver) pattern(s *scope, a ast.Node, v, what string) bool {
	switch {
	case v == "":
		r.report(s, diag.BadValue, a, "the %s is empty, and Istio refuses an empty value", what)
	case !printable(v):
		r.report(s, diag.BadValue, a, "the %s %q holds a character that no request carries", what, v)
	case wildcards(v):
		r.report(s, diag.LiteralWildcard, a, "the %s %q holds a * that Istio takes literally", what, v).
			Note("a wildcard is `*` alone, at the start or at the end of the string")
		return true
	default:
		return true
	}
	return false
}

func (r *resolver) principal(s *scope, id ast.Ident) bool {
	v := id.Text
	if rest, ok := strings.CutPrefix(v, "spiffe://"); ok {
		r.report(s, diag.SpiffePrefix, &id, "a principal is written without spiffe://: Istio adds it, and %q would never match", v).
			Fix(s.span(&id), quote(rest), "without it")
		return false
	}
	if wildcards(v) { // some versions of Istio make a regular expression of it
		r.report(s, diag.BadPrincipal, &id, "principal %q holds a * inside, and a wildcard is `*` alone, at the start or at the end", v)
		return false
	}
	if !r.pattern(s, &id, v, "principal") {
		return false
	}
	parts := strings.Split(v, "/")
	if own := r.p.Mesh.TrustDomain; parts[0] == "cluster.local" && own != "cluster.local" && !slices.Contains(r.p.Mesh.Aliases, "cluster.local") {
		r.report(s, diag.BadPrincipal, &id, "cluster.local stands for the mesh's own trust domain in Istio, which is %s here", own).
			Fix(s.span(&id), quote(own+strings.TrimPrefix(v, "cluster.local")), "name it")
		return false
	}
	if !principalShape(v) {
		d := r.report(s, diag.BadPrincipal, &id, "principal %q is not of the form trust-domain/ns/NAMESPACE/sa/ACCOUNT, so no caller has it", v)
		kubernetes := strings.Split(v, ":")
		switch {
		case dnsName("x", v) == "": // a bare name
			d.Advise("write an account of this mesh as `account %s`, without quotes", v)
		case len(parts) == 2 && dnsName(parts[0], parts[1]) == "":
			d.Advise("write an account of this mesh as `account %s`, without quotes", v).Note("its principal is %q", r.p.Mesh.Identity(parts[0], parts[1]))
		case len(parts) == 3 && !strings.Contains(parts[0], "*") && dnsName(parts[1], parts[2]) == "":
			d.Fix(s.span(&id), quote(parts[0]+"/ns/"+parts[1]+"/sa/"+parts[2]), "if these are a trust domain, a namespace and an account")
		case len(kubernetes) == 4 && kubernetes[0] == "system" && kubernetes[1] == "serviceaccount":
			d.Advise("this is the name that Kubernetes gives an account: write `account %s/%s`, without quotes", kubernetes[2], kubernetes[3])
		}
		return false
	}
	if len(parts) == 5 && parts[0] == r.p.Mesh.TrustDomain && !strings.Contains(v, "*") && !r.p.Convention && len(r.runs[parts[2]+"/"+parts[4]]) == 0 {
		d := r.report(s, diag.UnknownAccount, &id, "no workload runs as service account %s/%s", parts[2], parts[4])
		d.Severity = diag.Warning // it is spelt out, and may be of something that runs elsewhere
		if accounts := r.accountsIn(parts[2]); r.suggests(parts[4], accounts) {
			if best := Nearest(parts[4], accounts); best != "" {
				d.Fix(s.span(&id), quote(r.p.Mesh.Identity(parts[2], best)), "did you mean %q?", r.p.Mesh.Identity(parts[2], best))
			}
		}
	}
	return true
}

// principalShape reports whether a pattern can match a principal: trust-domain/ns/NAMESPACE/sa/ACCOUNT.
func principalShape(v string) bool {
	if v == "*" {
		return true
	}
	fixed := [...]string{1: "ns", 3: "sa", 4: ""}
	if tail, cut := strings.CutPrefix(v, "*"); cut {
		parts := strings.Split(tail, "/")
		for i, p := range parts {
			at := len(fixed) - len(parts) + i
			if at < 0 || i > 0 && p == "" || i > 0 && fixed[at] != "" && p != fixed[at] || i == 0 && fixed[at] != "" && !strings.HasSuffix(fixed[at], p) {
				return false
			}
		}
		return parts[len(parts)-1] != ""
	}
	head, open := strings.CutSuffix(v, "*")
	parts := strings.Split(head, "/")
	for i, p := range parts {
		last := open && i == len(parts)-1
		if i >= len(fixed) || !last && (p == "" || fixed[i] != "" && p != fixed[i]) || last && fixed[i] != "" && !strings.HasPrefix(fixed[i], p) {
			return false
		}
	}
	return open || len(parts) == len(fixed)
}

func (r *resolver) namespacePattern(s *scope, id ast.Ident) bool {
	v := id.Text
	if wildcards(v) {
		r.report(s, diag.BadNamespacePattern, &id, "namespace pattern %q holds a * inside, and a wildcard is `*` alone, at the start or at the end", v)
		return false
	}
	if !r.pattern(s, &id, v, "namespace") {
		return false
	}
	if v == "*" {
		d := r.report(s, diag.BadNamespacePattern, &id, "namespace %q is every caller with an mTLS identity, whatever its trust domain", v)
		d.Severity = diag.Warning
		d.Advise("write `authenticated`, or `trust-domain %q` for the callers of this mesh", r.p.Mesh.TrustDomain)
		return true
	}
	lit := strings.Trim(v, "*")
	switch others, why := alsoMatched(v); {
	case others != "":
		d := r.report(s, diag.BadNamespacePattern, &id, "Istio matches %q inside the whole identity, so it would mean %s: %s", v, others, why)
		if strings.HasPrefix(v, "*") {
			d.Advise("name the namespaces one by one")
		} else {
			rest := lit + "/*"
			if lit != v {
				rest = v
			}
			d.Advise("write the identity from its start, where Istio looks for it: `principal %q`", r.p.Mesh.TrustDomain+"/ns/"+rest)
		}
		return false
	case !dnsChars(strings.Trim(lit, "-"), false):
		r.report(s, diag.BadNamespacePattern, &id, "namespace pattern %q can match no namespace (lower-case letters, digits and -)", v)
		return false
	}
	return true
}

// alsoMatched says whom else Istio takes for callers of a namespace pattern, and why; nobody for most. It matches
// `.*/ns/PATTERN/.*` against the whole of TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT. So the pattern can lie on another part where
// "/ns/" stands before it: the trust domain or the namespace is `ns`, and the word behind is "ns" or "sa"; and a star in front
// reaches over slashes, as far as the last part that a slash follows, which is "sa".
func alsoMatched(v string) (others, why string) {
	lies := func(word string) bool {
		switch head, open := strings.CutSuffix(v, "*"); {
		case strings.HasPrefix(v, "*"):
			return strings.HasSuffix(word, v[1:])
		case open:
			return strings.HasPrefix(word, head)
		}
		return v == word
	}
	switch {
	case lies("sa") && strings.HasPrefix(v, "*"):
		return "everyone", "every identity holds \"/sa/\""
	case lies("sa"):
		return "callers in a namespace named ns as well", "their identities hold \"/ns/ns/sa/\""
	case lies("ns"):
		return "every caller of a trust domain named ns as well", "their identities begin with \"ns/ns/\""
	}
	return "", ""
}

// subject checks "issuer/subject", "issuer/*", "issuer/pre*" or "*". Istio splits at the last slash.
func (r *resolver) subject(s *scope, a *ast.Str) bool {
	v := a.Value
	if v == "*" {
		return true
	}
	bad := func(format string, args ...any) *diag.Diagnostic {
		return r.report(s, diag.BadSubject, a, "%q "+format, append([]any{v}, args...)...)
	}
	anySubject := func(issuer string) string { return strconv.Quote(issuer + "/*") }
	i := strings.LastIndexByte(v, '/')
	bare := i < 0 || strings.HasSuffix(v[:i], ":/") // all of it is issuer
	switch {
	case v == "" || !printable(v):
		bad("is empty or holds a character that no token carries")
	case v == "*/*":
		bad("asks for the subject \"*\", which no token has: Istio takes this star literally").Fix(s.span(a), `"*"`, "any verified token with a subject")
	case bare && strings.Contains(v, "*"), !bare && strings.Contains(v[:i], "*"):
		bad("has a wildcard where its issuer stands, and an issuer is compared to the letter").
			Advise("write each issuer in full: \"ISSUER/SUBJECT\", or \"ISSUER/*\" for any subject").
			Advise("or `as \"*\"` for every issuer that a `jwt` names, with `when claim[\"sub\"] == \"...\"` for a subject")
	case i == 0:
		bad("has no issuer before its slash").Advise("write \"ISSUER/SUBJECT\", or \"ISSUER/*\" for any subject")
	case bare && strings.Contains(v, ":"):
		bad("has no subject after its issuer").Fix(s.span(a), anySubject(v), "any subject of that issuer").Advise("or name one: \"%s/SUBJECT\"", v)
	case bare:
		bad("has no subject").Advise("write \"ISSUER/SUBJECT\", or \"ISSUER/*\" for any subject")
	case i == len(v)-1 && strings.HasSuffix(v[:i], "/"):
		bad("ends in a slash, and has no subject").Fix(s.span(a), anySubject(v[:i]), "any subject of the issuer %q", v[:i])
	case i == len(v)-1:
		bad("ends in a slash, and has no subject").Fix(s.span(a), anySubject(v[:i]), "any subject of the issuer %q", v[:i]).
			Fix(s.span(a), anySubject(v), "any subject of the issuer %q", v)
	case strings.Contains(strings.TrimSuffix(v[i+1:], "*"), "*"):
		bad("holds a * that Istio takes literally").Note("a wildcard is `*` alone, or at the end of the subject")
	default:
		return true
	}
	return false
}

func quote(s string) string { return `"` + s + `"` }
