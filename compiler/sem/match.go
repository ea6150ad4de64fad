package sem

import (
	"net/netip"
	"strconv"
	"strings"
)

// Holds reports whether an expression holds for a request. An attribute that the request does not name is taken as absent.
func (x *Expr) Holds(r Request) bool {
	switch x.op {
	case opAnd:
		for _, y := range x.list {
			if !y.Holds(r) {
				return false
			}
		}
		return true
	case opOr:
		for _, y := range x.list {
			if y.Holds(r) {
				return true
			}
		}
		return false
	case opNot:
		return !x.list[0].Holds(r)
	}
	v, named := r[x.test.Attr]
	return named && matches(x.test, v)
}

// matches evaluates a matcher by its definition. It shares nothing with the atoms but the reading of blocks and templates.
func matches(m Matcher, v Value) bool {
	if v.Absent {
		return false
	}
	switch m.Attr.Kind {
	case Header, Claim, MetadataList:
		if m.Parts[0].Op == Several {
			return len(v.Parts) > 1
		}
		for _, e := range v.Parts {
			if matchPart(m.Parts[0], e) {
				return true
			}
		}
		return false
	case Peer:
		return len(v.Parts) == 3 && matchPart(m.Parts[0], v.Parts[0]) && matchPart(m.Parts[1], v.Parts[1]) && matchPart(m.Parts[2], v.Parts[2])
	case Token:
		for i := range v.Missing {
			if v.Missing[i] {
				if m.Parts[i].Op != Any {
					return false
				}
			} else if i >= len(v.Parts) || !matchPart(m.Parts[i], v.Parts[i]) {
				return false
			}
		}
		return true
	}
	return len(v.Parts) == 1 && matchPart(m.Parts[0], v.Parts[0])
}

// matchPart evaluates a pattern on a present part.
func matchPart(p Pattern, s string) bool {
	switch p.Op {
	case Any, Present:
		return true
	case NonEmpty:
		return s != ""
	case Template:
		return MatchTemplate(p.Text, s)
	case Block:
		block, err := parseBlock(p.Text)
		a, err2 := netip.ParseAddr(s)
		return err == nil && err2 == nil && block.Contains(a)
	case Range:
		n, err := strconv.Atoi(s)
		return err == nil && p.Lo <= n && n <= p.Hi
	}
	text := p.Text
	if p.Fold {
		text, s = lower(text), lower(s)
	}
	switch p.Op {
	case Exact:
		return s == text
	case Prefix:
		return strings.HasPrefix(s, text)
	case Suffix:
		return strings.HasSuffix(s, text)
	case Glob:
		return matchGlob(text, s)
	}
	return false
}

// matchGlob takes the leftmost place of each literal between two stars, which leaves most to the next.
func matchGlob(glob, s string) bool {
	first, rest, star := strings.Cut(glob, "*")
	if !star {
		return s == glob
	}
	s, ok := strings.CutPrefix(s, first)
	for ok {
		var literal string
		if literal, rest, star = strings.Cut(rest, "*"); !star {
			return strings.HasSuffix(s, literal)
		}
		_, s, ok = strings.Cut(s, literal)
	}
	return false
}

// lower folds ASCII letters, and nothing else, as proxies do.
func lower(s string) string {
	for i := 0; i < len(s); i++ {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if 'A' <= b[i] && b[i] <= 'Z' {
					b[i] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

// parseBlock reads an address or a CIDR block. Bits of the host are of no meaning.
func parseBlock(text string) (netip.Prefix, error) {
	if !strings.Contains(text, "/") {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return netip.Prefix{}, err
		}
		return a.WithZone("").Prefix(a.BitLen())
	}
	p, err := netip.ParsePrefix(text)
	return p.Masked(), err
}

// PathClass is what one segment of a path template may hold, and a literal segment beside an operator (istio-semantics 2.6).
const PathClass = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~%!$&'()+,;:@="

// MatchTemplate reports whether a path matches a template that has passed its check: operators that are whole segments,
// nothing but literals after {**}.
func MatchTemplate(template, path string) bool {
	for {
		i := strings.IndexByte(template, '{')
		if i < 0 {
			return template == path
		}
		rest, ok := strings.CutPrefix(path, template[:i])
		if !ok {
			return false
		}
		if tail, deep := strings.CutPrefix(template[i:], "{**}"); deep {
			middle, ok := strings.CutSuffix(rest, tail)
			return ok && strings.Trim(middle, PathClass+"/") == ""
		}
		end := strings.IndexByte(rest, '/')
		if end < 0 {
			end = len(rest)
		}
		if end == 0 || strings.Trim(rest[:end], PathClass) != "" {
			return false
		}
		template, path = strings.TrimPrefix(template[i:], "{*}"), rest[end:]
	}
}

// checkTemplate reports whether MatchTemplate's condition is met.
func checkTemplate(template string) bool {
	deep := false
	for segment := range strings.SplitSeq(template, "/") {
		switch {
		case !strings.ContainsAny(segment, "{}"):
		case deep || segment != "{*}" && segment != "{**}":
			return false
		case segment == "{**}":
			deep = true
		}
	}
	return true
}
