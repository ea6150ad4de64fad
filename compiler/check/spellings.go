package check

import (
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/sem"
)

// spelling is a request path that a server may take for another one: as it is sent, and as a proxy compares it. The proxy has
// resolved dot segments and unreserved escapes by then, and nothing else (istio-semantics 9).
type spelling struct{ sent, seen string }

// concrete is one path of a pattern, with the segment that its spellings change.
type concrete struct {
	segments []string
	at       int
	suffix   bool // the pattern is a suffix, so only the end of the segment is its own
}

func (c *concrete) String() string { return "/" + strings.Join(c.segments, "/") }

// with returns the path with some segments in place of those from i to j.
func (c *concrete) with(i, j int, segments ...string) string {
	out := concrete{segments: slices.Concat(c.segments[:i], segments, c.segments[j:])}
	return out.String()
}

// concretePath returns a path that a pattern matches. ok is false where the pattern has no segment of its own to spell.
func concretePath(pattern string) (c concrete, ok bool) {
	lit := pattern
	switch {
	case strings.HasPrefix(pattern, "*"):
		c.suffix, lit = true, "/x"+pattern[1:]
	case strings.HasSuffix(pattern, "/*"):
		lit = pattern[:len(pattern)-1] + "y"
	case strings.HasSuffix(pattern, "*"):
		lit = pattern[:len(pattern)-1]
	}
	own := strings.Split(strings.TrimPrefix(pattern, "/"), "/")
	c.segments = strings.Split(strings.TrimPrefix(lit, "/"), "/")
	c.at = -1
	for i, s := range c.segments {
		switch {
		case s == "{*}" || s == "{**}":
			c.segments[i] = "y"
		case s == "" || i < len(own) && own[i] == "*" || c.suffix && i == 0 && strings.HasPrefix(pattern, "*/"):
		default:
			c.at = i
		}
	}
	return c, c.at >= 0 && pattern != "*"
}

// spellings lists other spellings of what a pattern matches, those that the pattern matches as well among them.
func spellings(pattern string) []spelling {
	var out []spelling
	add := func(s string) { out = append(out, spelling{s, s}) }
	if pattern == "/" {
		add("//")
		add("/;x")
		return out
	}
	c, ok := concretePath(pattern)
	if !ok {
		return nil
	}
	s, i, last := c.segments[c.at], c.at, c.at == len(c.segments)-1
	add(c.with(i, i, ""))
	switch {
	case !last && c.segments[i+1] != "":
		add(c.with(i, i+2, s+"%2F"+c.segments[i+1]))
	case i > 0:
		add(c.with(i-1, i+1, c.segments[i-1]+"%2F"+s))
	}
	add(c.with(i, i+1, s+";x"))
	if other := otherCase(s, c.suffix); other != s {
		add(c.with(i, i+1, other))
	}
	if last {
		add(c.with(i, i+1, s+"%20"))
	}
	out = append(out, spelling{c.with(i, i, "x", "%2e%2e;"), c.with(i, i, "x", "..;")})
	switch {
	case last:
		add(c.String() + "/")
	case strings.HasSuffix(pattern, "/"):
		add(strings.TrimSuffix(c.String(), "/"))
	}
	if j := slices.IndexFunc(strings.Split(strings.TrimPrefix(pattern, "/"), "/"), func(s string) bool { return strings.HasPrefix(s, "{") }); j >= 0 {
		add(c.with(j, j+1, "[")) // outside the class of a template, and left as it is
	}
	return out
}

// through lists spellings of what a pattern matches that any allow with another pattern lets through.
func through(pattern, allowed string) []spelling {
	c, ok := concretePath(pattern)
	if !ok {
		return nil
	}
	if dir, deep := strings.CutSuffix(allowed, "{**}"); deep && !strings.Contains(dir, "{") {
		allowed = dir + "*"
	}
	switch lit := strings.Trim(allowed, "*"); {
	case strings.ContainsAny(allowed, "{}"):
	case strings.HasSuffix(allowed, "*"):
		dir := "/" + strings.Trim(lit, "/")
		up := strings.Count(dir, "/")
		rest := strings.TrimPrefix(c.String(), "/")
		return []spelling{{dir + strings.Repeat("/%2e%2e;", up) + "/" + rest, dir + strings.Repeat("/..;", up) + "/" + rest}}
	case strings.HasPrefix(allowed, "*") && !strings.Contains(lit, "/"):
		s := c.with(c.at, c.at+1, c.segments[c.at]+";x") + ";x" + lit
		return []spelling{{s, s}}
	}
	return nil
}

// otherCase changes the case of the first letter, or of the last.
func otherCase(s string, last bool) string {
	b := []byte(s)
	for k := range b {
		if last {
			k = len(b) - 1 - k
		}
		if c := b[k] | 0x20; c >= 'a' && c <= 'z' {
			b[k] ^= 0x20
			break
		}
	}
	return string(b)
}

// hostSpellings lists other spellings of an exact host: with a trailing dot, and with a port. Patterns have none here; a
// suffix has a warning of its own where it is written.
func hostSpellings(host string) []spelling {
	name, port, hasPort := strings.Cut(host, ":")
	switch {
	case strings.ContainsAny(host, "*["):
		return nil
	case hasPort:
		name += ".:" + port
		return []spelling{{name, name}}
	}
	return []spelling{{name + ".", name + "."}, {name + ":80", name + ":80"}}
}

// Spellings are the paths that a server may take for what a pattern matches: the pattern itself in any case, and the
// spellings that a proxy tells apart from it.
func Spellings(p string) []sem.Pattern {
	var out []sem.Pattern
	switch {
	case strings.ContainsAny(p, "{}"):
		out = append(out, sem.Pattern{Op: sem.Template, Text: p})
	case p == "*":
		return []sem.Pattern{{Op: sem.NonEmpty}}
	case strings.HasPrefix(p, "*"):
		out = append(out, sem.Pattern{Op: sem.Suffix, Fold: true, Text: p[1:]})
	case strings.HasSuffix(p, "*"):
		out = append(out, sem.Pattern{Op: sem.Prefix, Fold: true, Text: p[:len(p)-1]})
	default:
		out = append(out, sem.Pattern{Op: sem.Exact, Fold: true, Text: p})
	}
	for _, s := range spellings(p) {
		out = append(out, sem.Pattern{Op: sem.Exact, Text: s.seen})
	}
	return out
}
