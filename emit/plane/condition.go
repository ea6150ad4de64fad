package plane

import (
	"strings"

	"github.com/zt-lang/ztc/compiler/sem"
)

// The keys of conditions that other code asks for.
const (
	keyPrincipal   = "source.principal"
	keyNamespace   = "source.namespace"
	keyTrustDomain = "source.trustDomain"
	keySourceIP    = "source.ip"
	keyDestIP      = "destination.ip"
	keyDestPort    = "destination.port"
)

// condition finds what the values of a condition match; known is false for keys that make istiod skip the whole rule.
func (t *translator) condition(key string) (m matching, known bool) {
	switch key {
	case keyPrincipal:
		return principal, true
	case keyNamespace:
		return namespace, true
	case "source.serviceAccount":
		return t.account, true
	case keyTrustDomain:
		return trustDomain, true
	case keySourceIP:
		return block(sem.SourceIP), true
	case "remote.ip":
		return block(sem.RemoteIP), true
	case keyDestIP:
		return block(sem.DestIP), true
	case keyDestPort:
		return port, true
	case "connection.sni":
		return values(sem.Attr{Kind: sem.SNI}, sem.NonEmpty, false), true
	case "request.auth.principal":
		return t.http(requestPrincipal), true
	case "request.auth.audiences":
		return t.http(claim("aud")), true
	case "request.auth.presenter":
		return t.http(claim("azp")), true
	}
	if rest, ok := strings.CutPrefix(key, "request.headers"); ok {
		name, ok := inBrackets(rest)
		if !ok {
			return lost, true
		}
		return t.http(header(name)), true
	}
	if rest, ok := strings.CutPrefix(key, "request.auth.claims"); ok {
		name, ok := inBrackets(rest)
		if !ok {
			return lost, true
		}
		return t.http(claim(name)), true
	}
	if rest, ok := strings.CutPrefix(key, "experimental."); ok && strings.HasPrefix(rest, "envoy.filters.") {
		filter, name, ok := strings.Cut(strings.TrimSuffix(rest, "]"), "[")
		if !ok {
			return lost, true
		}
		return metadata(filter, name), true
	}
	return nil, false
}

func inBrackets(s string) (string, bool) {
	if len(s) < 2 || s[0] != '[' || s[len(s)-1] != ']' {
		return "", false
	}
	return s[1 : len(s)-1], true
}

// text reads Istio's wildcards: first `*` alone, which is star, then one at the front, then one at the end. Any other is a
// character.
func text(v string, star sem.Op, fold bool) sem.Pattern {
	switch {
	case v == "*":
		return sem.Pattern{Op: star}
	case strings.HasPrefix(v, "*"):
		return sem.Pattern{Op: sem.Suffix, Text: v[1:], Fold: fold}
	case strings.HasSuffix(v, "*"):
		return sem.Pattern{Op: sem.Prefix, Text: v[:len(v)-1], Fold: fold}
	}
	return sem.Pattern{Op: sem.Exact, Text: v, Fold: fold}
}

func is(a sem.Attr, parts ...sem.Pattern) *sem.Expr {
	m := sem.Matcher{Attr: a}
	copy(m.Parts[:], parts)
	return sem.Is(m)
}

// values matches the values of an attribute of one part.
func values(a sem.Attr, star sem.Op, fold bool) matching {
	return func(v string) (*sem.Expr, error) { return is(a, text(v, star, fold)), nil }
}

var (
	host   = values(sem.Attr{Kind: sem.Host}, sem.Present, true)
	method = values(sem.Attr{Kind: sem.Method}, sem.Present, false)
)

// header matches a header of HTTP, or one of the pseudo headers that have another name elsewhere.
func header(name string) matching {
	name = strings.ToLower(name)
	switch name {
	case ":authority", "host":
		return values(sem.Attr{Kind: sem.Host}, sem.Present, false)
	case ":method":
		return values(sem.Attr{Kind: sem.Method}, sem.Present, false)
	case ":path":
		return func(string) (*sem.Expr, error) {
			return nil, notModelled("is compared with the path and its query: use paths")
		}
	}
	a := sem.Attr{Kind: sem.Header, Name: name}
	if !token(strings.TrimPrefix(name, ":")) {
		return func(string) (*sem.Expr, error) { return is(a, sem.Pattern{Op: sem.Never}), nil }
	}
	return values(a, sem.Present, false)
}

// token reports whether s can be the name of a header.
func token(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'z') && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}

// claim matches a claim of the token by the text between the outer brackets of its key: `a][b` is b within a.
func claim(name string) matching {
	switch name {
	case "iss":
		return func(v string) (*sem.Expr, error) { return tokenOf(text(v, sem.NonEmpty, false), sem.Pattern{}), nil }
	case "sub":
		return func(v string) (*sem.Expr, error) { return tokenOf(sem.Pattern{}, text(v, sem.NonEmpty, false)), nil }
	}
	return values(sem.Attr{Kind: sem.Claim, Name: name}, sem.NonEmpty, false)
}

func tokenOf(iss, sub sem.Pattern) *sem.Expr { return is(sem.Attr{Kind: sem.Token}, iss, sub) }

// requestPrincipal matches issuer and subject, which the last slash divides.
func requestPrincipal(v string) (*sem.Expr, error) {
	exact := func(s string) sem.Pattern { return sem.Pattern{Op: sem.Exact, Text: s} }
	some := sem.Pattern{Op: sem.NonEmpty}
	iss, sub, cut := v, "", false
	if i := strings.LastIndexByte(v, '/'); i >= 0 {
		iss, sub, cut = v[:i], v[i+1:], true
	}
	switch {
	case v == "*":
		return tokenOf(some, some), nil
	case strings.HasPrefix(v, "*") && cut:
		return tokenOf(text(iss, sem.NonEmpty, false), exact(sub)), nil
	case strings.HasPrefix(v, "*"):
		return tokenOf(some, text(v, sem.NonEmpty, false)), nil
	case strings.HasSuffix(v, "*") && cut && sub == "*":
		return tokenOf(exact(iss), some), nil
	case strings.HasSuffix(v, "*") && cut:
		return tokenOf(exact(iss), sem.Pattern{Op: sem.Prefix, Text: sub[:len(sub)-1]}), nil
	case strings.HasSuffix(v, "*"):
		return tokenOf(text(v, sem.NonEmpty, false), some), nil
	}
	return tokenOf(exact(iss), exact(sub)), nil
}

// metadata matches what a filter left: a value in brackets an element of a list, another one a string. A string and a list are
// two attributes.
func metadata(filter, key string) matching {
	name := filter + "[" + key + "]"
	return func(v string) (*sem.Expr, error) {
		if strings.HasPrefix(v, "[") && strings.HasSuffix(v, "]") {
			return is(sem.Attr{Kind: sem.MetadataList, Name: name}, text(strings.Trim(v, "[]"), sem.NonEmpty, false)), nil
		}
		return is(sem.Attr{Kind: sem.Metadata, Name: name}, text(v, sem.NonEmpty, false)), nil
	}
}
