package lower

import (
	"net/netip"
	"strings"
)

// A value of an Istio list is a pattern: "*", "*suffix", "prefix*", exact, or for paths a template. The functions here decide
// inclusion and disjointness of two patterns where that can be read off the text; what they cannot decide they answer with
// false, which only ever leaves a redundant value in the output.

type shape uint8

const (
	exact shape = iota
	prefix
	suffix
	anyValue
	template
)

// split returns the shape of a pattern and its literal part, tested in Istio's order (istio-semantics 2.2).
func split(f field, p string) (shape, string) {
	switch {
	case f == ports || f == ipBlocks || f == remoteIPBlocks:
		return exact, p
	case f == paths && (strings.Contains(p, "{*}") || strings.Contains(p, "{**}")):
		return template, p
	case p == "*":
		return anyValue, ""
	case strings.HasPrefix(p, "*"):
		return suffix, p[1:]
	case strings.HasSuffix(p, "*"):
		return prefix, p[:len(p)-1]
	}
	return exact, p
}

// covers reports whether every value that b matches is matched by a.
func covers(f field, a, b string) bool {
	if a == b {
		return true
	}
	switch f {
	case ports:
		return false
	case ipBlocks, remoteIPBlocks:
		pa, oka := block(a)
		pb, okb := block(b)
		return oka && okb && pa.Bits() <= pb.Bits() && pa.Contains(pb.Addr())
	case requestPrincipals:
		return coversSubject(a, b)
	}
	if strings.IndexByte(a, '*') < 0 {
		return false // exact: covers itself alone
	}
	sa, la := split(f, a)
	sb, lb := split(f, b)
	switch sa {
	case anyValue:
		return true
	case prefix:
		switch sb {
		case exact, prefix:
			return strings.HasPrefix(lb, la)
		case template:
			return strings.HasPrefix(lb[:strings.IndexByte(lb, '{')], la)
		}
	case suffix:
		return (sb == exact || sb == suffix) && strings.HasSuffix(lb, la)
	}
	return false
}

// coversSubject compares request principals: issuer and subject are split at the last slash, and a subject ends in "*" or is
// exact; "*" asks for a token with both.
func coversSubject(a, b string) bool {
	if a == "*" {
		return true
	}
	i, j := strings.LastIndexByte(a, '/'), strings.LastIndexByte(b, '/')
	if i < 0 || j < 0 || a[:i] != b[:j] || !strings.HasSuffix(a, "*") {
		return false
	}
	return strings.HasPrefix(strings.TrimSuffix(b[j:], "*"), strings.TrimSuffix(a[i:], "*"))
}

// disjoint reports whether no value is matched by both.
func disjoint(f field, a, b string) bool {
	switch f {
	case ports:
		return a != b
	case ipBlocks, remoteIPBlocks:
		pa, oka := block(a)
		pb, okb := block(b)
		return oka && okb && !pa.Overlaps(pb)
	case requestPrincipals:
		return false
	}
	sa, la := split(f, a)
	sb, lb := split(f, b)
	if sa != suffix && sb != suffix {
		ra, oka := telling(f, la)
		rb, okb := telling(f, lb)
		if !oka || !okb {
			return false
		}
		la, lb = ra, rb
	}
	if sa > sb {
		sa, la, sb, lb = sb, lb, sa, la
	}
	switch {
	case sa == exact && sb == exact:
		return la != lb
	case sa == exact && sb == prefix, sa == prefix && sb == prefix:
		return !strings.HasPrefix(la, lb) && !(sa == prefix && strings.HasPrefix(lb, la))
	case sa == exact && sb == suffix, sa == suffix && sb == suffix:
		return !strings.HasSuffix(la, lb) && !(sa == suffix && strings.HasSuffix(lb, la))
	}
	return false
}

// telling is the part of an exact value or a prefix by which two of them are told apart. Istio rewrites the trust domain of
// a principal to every alias of the mesh's own, so two that differ in nothing else may be one caller. ok is false where
// nothing is left to compare.
func telling(f field, lit string) (rest string, ok bool) {
	if f != principals {
		return lit, true
	}
	_, rest, ok = strings.Cut(lit, "/")
	return rest, ok
}

func block(s string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err == nil
}
