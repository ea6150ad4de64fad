package check

import (
	"net/url"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/rawpath"
)

// spelling is a request path that a server may take for another one: as it is sent, and as a proxy compares it.
type spelling struct{ sent, seen string }

// spell makes a spelling of what a client sends. The proxy normalises as Istio has it by default.
func spell(sent string) spelling {
	seen, _ := rawpath.Base.Seen(sent, rawpath.HTTP1)
	return spelling{sent, seen}
}

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

// spellings lists other spellings of what a pattern matches, those that the pattern matches as well among them: paths that some
// server takes for one that it matches.
func spellings(pattern string) []spelling {
	c, ok := concretePath(pattern)
	if !ok && pattern != "/" {
		return nil
	}
	var out []spelling
	for _, sent := range c.respelled(pattern) {
		if s := spell(sent); s.seen != "" && taken(pattern, s.seen) {
			out = append(out, s)
		}
	}
	return out
}

// respelled writes a path of a pattern otherwise: in each way that some server reads away, at the segment that is the pattern's own.
func (c *concrete) respelled(pattern string) (out []string) {
	add := func(s ...string) { out = append(out, s...) }
	if pattern == "/" {
		return []string{"//", "/;x", "/%20", "/x/..%2F"}
	}
	s, i, last := c.segments[c.at], c.at, c.at == len(c.segments)-1
	if i > 0 {
		add(c.with(0, 0, ""))
	}
	add(c.with(i, i, ""))
	joined := func(by string) {
		switch {
		case !last && c.segments[i+1] != "":
			add(c.with(i, i+2, s+by+c.segments[i+1]))
		case i > 0:
			add(c.with(i-1, i+1, c.segments[i-1]+by+s))
		}
	}
	joined("%2F")
	add(c.with(i, i+1, s+";x"))
	if other := otherCase(s, c.suffix); other != s {
		add(c.with(i, i+1, other))
	}
	if last {
		add(c.with(i, i+1, s+"%20"))
	}
	add(c.with(i, i, "x", "%2e%2e;"))
	switch {
	case last:
		add(c.String() + "/")
	case strings.HasSuffix(pattern, "/"):
		add(strings.TrimSuffix(c.String(), "/"), c.String()+"/")
	}
	if j := slices.IndexFunc(strings.Split(strings.TrimPrefix(pattern, "/"), "/"), func(s string) bool { return strings.HasPrefix(s, "{") }); j >= 0 {
		add(c.with(j, j+1, "[")) // outside the class of a template, and left as it is
	}
	joined("%5C")
	add(c.with(i, i+1, "x", "..%2F"+s))
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
	var sent []string
	rest := strings.TrimPrefix(c.String(), "/")
	switch lit := strings.Trim(allowed, "*"); {
	case strings.HasSuffix(allowed, "/{*}"): // one segment, as long as nobody decodes it
		dir := strings.ReplaceAll(strings.TrimSuffix(allowed, "{*}"), "{*}", "y")
		if strings.ContainsAny(dir, "{}") {
			break
		}
		sent = append(sent, dir+strings.Repeat("..%2F", strings.Count(dir, "/")-1)+strings.ReplaceAll(rest, "/", "%2F"))
	case strings.ContainsAny(allowed, "{}"):
	case strings.HasSuffix(allowed, "*"):
		dir := "/" + strings.Trim(lit, "/")
		sent = append(sent, dir+strings.Repeat("/%2e%2e;", strings.Count(dir, "/"))+"/"+rest)
	case strings.HasPrefix(allowed, "*") && !strings.Contains(lit, "/"):
		sent = append(sent, c.with(c.at, c.at+1, c.segments[c.at]+";x")+";x"+lit)
	}
	var out []spelling
	for _, sent := range sent {
		if s := spell(sent); s.seen != "" && ir.MatchPath(allowed, s.seen) && taken(pattern, s.seen) {
			out = append(out, s)
		}
	}
	return out
}

// taken reports whether a server with some habit takes a path, as a proxy hands it on, for one that a pattern matches.
func taken(pattern, path string) bool {
	for i := range habits {
		if matchesAsRead(pattern, habits[i].read(path)) {
			return true
		}
	}
	return false
}

// habits are ways in which servers read paths more generously than a proxy compares them.
var habits = []struct {
	name string
	read func(path string) string
}{
	{"ignores case", func(p string) string { return p }}, // as paths that are read are compared
	{"collapses slashes", func(p string) string {
		for strings.Contains(p, "//") {
			p = strings.ReplaceAll(p, "//", "/")
		}
		return p
	}},
	{"decodes escapes", func(p string) string { return withoutDots(decoded(p)) }},
	{"decodes escapes, and takes backslashes for slashes", func(p string) string { return withoutDots(strings.ReplaceAll(decoded(p), `\`, "/")) }},
	{"decodes escapes, and drops spaces at the end", func(p string) string { return strings.TrimRight(decoded(p), " ") }},
	{"cuts off parameters", func(p string) string {
		segments := strings.Split(p, "/")
		for i := range segments {
			segments[i], _, _ = strings.Cut(segments[i], ";")
		}
		return withoutDots(strings.Join(segments, "/"))
	}},
	{"ignores a slash at the end", func(p string) string { return strings.TrimSuffix(p, "/") }},
	{"adds a slash at the end", func(p string) string { return strings.TrimSuffix(p, "/") + "/" }},
}

// matchesAsRead matches as a reader of the pattern takes it: in any case, and a segment of a template may hold anything.
func matchesAsRead(pattern, path string) bool {
	pattern, path = strings.ToLower(pattern), strings.ToLower(path)
	if strings.Contains(pattern, "{") {
		path = strings.Map(func(r rune) rune {
			if r == '/' || strings.ContainsRune(sem.PathClass, r) {
				return r
			}
			return '_'
		}, path)
	}
	return ir.MatchPath(pattern, path)
}

// decoded is a path with its escapes decoded, once.
func decoded(p string) string {
	if out, err := url.PathUnescape(p); err == nil {
		return out
	}
	return p
}

// withoutDots resolves the dot segments of a path.
func withoutDots(p string) string {
	if !strings.Contains(p, "/.") {
		return p
	}
	var out []string
	segments := strings.Split(strings.TrimPrefix(p, "/"), "/")
	for i, s := range segments {
		switch s {
		case "..":
			out = out[:max(0, len(out)-1)]
			fallthrough
		case ".":
			if i == len(segments)-1 {
				out = append(out, "")
			}
		default:
			out = append(out, s)
		}
	}
	return "/" + strings.Join(out, "/")
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

// Spellings are the requests whose path a server may take for what a pattern matches: the pattern itself in any case, the spellings that
// a proxy tells apart from it, and, where it is such a spelling itself, the plain path behind it and the other spellings of that.
func Spellings(p string) *sem.Expr {
	if p == "*" {
		return onPath(sem.Pattern{Op: sem.NonEmpty})
	}
	var out []*sem.Expr
	for _, p := range append(behind(p), p) {
		switch {
		case strings.ContainsAny(p, "{}"):
			out = append(out, onPath(sem.Pattern{Op: sem.Template, Text: p}))
		case strings.HasPrefix(p, "*"):
			out = append(out, onPath(sem.Pattern{Op: sem.Suffix, Fold: true, Text: p[1:]}))
		case strings.HasSuffix(p, "*"):
			out = append(out, onPath(sem.Pattern{Op: sem.Prefix, Fold: true, Text: p[:len(p)-1]}))
		default:
			out = append(out, onPath(sem.Pattern{Op: sem.Exact, Fold: true, Text: p}))
		}
		for _, s := range spellings(p) {
			out = append(out, onPath(sem.Pattern{Op: sem.Exact, Fold: true, Text: s.seen}))
		}
		out = append(out, wide(p)...)
	}
	return sem.Or(out...)
}

func onPath(p sem.Pattern) *sem.Expr {
	return sem.Is(sem.Matcher{Attr: sem.Attr{Kind: sem.Path}, Parts: [3]sem.Pattern{p}})
}

// wide are sets of spellings, in any case: each separator doubled or escaped, alone and with all others, and any parameter at each
// segment.
func wide(pattern string) (out []*sem.Expr) {
	if !strings.HasPrefix(pattern, "/") || pattern == "/" || pattern == "/*" || pattern == "/{**}" {
		return nil
	}
	deep := strings.HasSuffix(pattern, "*") || strings.Contains(pattern, "{**}")
	segments := strings.Split(anySegment.Replace(pattern[1:]), "/")
	// set adds what a glob matches, of so many slashes where the pattern has a certain number of them and slashes is not 0.
	set := func(glob string, slashes int) {
		x := onPath(sem.Pattern{Op: sem.Glob, Fold: true, Text: glob})
		if strings.Contains(glob, "*") && !deep && slashes > 0 {
			x = sem.And(x, sem.Not(onPath(sem.Pattern{Op: sem.Glob, Text: strings.Repeat("/*", slashes+1)})))
		}
		if strings.HasSuffix(pattern, "/{*}") { // which holds a byte at least
			x = sem.And(x, sem.Not(onPath(sem.Pattern{Op: sem.Suffix, Text: "/"})))
		}
		out = append(out, x)
	}
	n := len(segments)
	plain := "/" + strings.Join(segments, "/")
	if strings.Contains(pattern, "{") {
		set(plain, n)
	}
	for i, s := range segments {
		before, after := "/"+strings.Join(segments[:i], "/"), strings.Join(segments[i:], "/")
		if i == 0 {
			set("//"+after, n+1)
			set("/%2f"+after, n)
		} else {
			set(before+"//"+after, n+1)
			set(before+"%2f"+after, n-1)
			set(before+"%5c"+after, n-1)
		}
		if s != "" && !strings.HasSuffix(s, "*") {
			with := slices.Clone(segments)
			with[i] += ";*"
			set("/"+strings.Join(with, "/"), n)
		}
	}
	if n > 2 {
		set("//"+strings.Join(segments, "//"), 2*n)
		set("/"+strings.Join(segments, "%2f"), 1)
		set("/"+strings.Join(segments, "%5c"), 1)
	}
	return out
}

// anySegment makes globs of templates.
var anySegment = strings.NewReplacer("{*}", "*", "{**}", "*")

// behind lists the patterns of what a server with all habits takes the paths of a pattern for: /admin for /admin;x and /x/..%2Fadmin.
// Before a wildcard at its start nobody knows what stands.
func behind(pattern string) []string {
	lit, star := strings.CutSuffix(pattern, "*")
	if !strings.HasPrefix(pattern, "/") {
		return nil
	}
	plain := lit
	for _, h := range habits {
		plain = h.read(plain)
	}
	if lit != "/" && !strings.HasSuffix(lit, "/") {
		plain = strings.TrimSuffix(plain, "/") // that a habit adds
	}
	plain, ok := rawpath.Normal(hideBraces.Replace(plain))
	plain = showBraces.Replace(plain)
	switch {
	case !ok || plain == lit || strings.ContainsAny(plain, "?#"):
		return nil
	case star && strings.Contains(lit[strings.LastIndexByte(lit, '/'):], ";"): // of a parameter, which has an end
		return []string{plain, plain + "/*"}
	case star:
		return []string{plain + "*"}
	}
	return []string{plain}
}

// The braces of a template are no characters of a path.
var (
	hideBraces = strings.NewReplacer("{", "%7B(", "}", "%7B)")
	showBraces = strings.NewReplacer("%7B(", "{", "%7B)", "}")
)
