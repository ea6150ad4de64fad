package resolve

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/rawpath"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// path checks a path pattern. What RBAC compares is the normalised path without query and fragment (istio-semantics 2.7, 9).
func (r *resolver) path(s *scope, it *ast.Item) bool {
	v := it.Text
	if ordinary(v) {
		return true
	}
	bad := func(format string, args ...any) bool {
		d := r.report(s, diag.BadPath, it, format, args...)
		switch n := normalPath(v); {
		case n == v || n == "" || !printable(n) || wildcards(n) || v[0] != '/' && dotSegment(v):
		case strings.ContainsAny(v, "?#"): // it would mean more than was written
			d.Advise("write %q if every query is meant", n)
		default:
			d.Fix(s.span(it), strconv.Quote(n), "as a proxy compares it")
		}
		return false
	}
	switch {
	case v == "":
		return bad("an empty path matches no request")
	case v == "*":
		return true
	case !printable(v) || strings.ContainsAny(v, "\"<>^`|\\ ") || !ascii(v):
		bad("path %q holds a character that a proxy sees only percent-encoded, so it would never match", v)
		method, rest, _ := strings.Cut(v, " ")
		switch d := &r.diags[len(r.diags)-1]; {
		case registered[method] && strings.HasPrefix(rest, "/"):
			d.Fixes = nil
			d.Fix(s.span(it), method+" "+strconv.Quote(rest), "a method stands before its path, without quotes")
		case expression.MatchString(v):
			d.Fixes = nil
			d.Note("a path is no regular expression").Advise("write what begins a path as \"/a/*\", and one segment of any name as in \"/a/{*}/b\"")
		case angled.MatchString(v):
			d.Fixes = nil
			d.Fix(s.span(it), strconv.Quote(angled.ReplaceAllString(v, "/{*}")), "a segment of any name is written {*}")
		}
		return false
	case strings.ContainsAny(v, "?#"):
		return bad("path %q has a query or a fragment, and paths are compared without them", v)
	case registered[v]:
		r.report(s, diag.QuotedMethod, it, "%q is a method in quotes, and would be taken for a path", v).Respell(s.span(it), v, "write it without quotes")
		return false
	case registered[strings.ToUpper(v)]: // with a slash it would be a path
		up := strings.ToUpper(v)
		r.report(s, diag.QuotedMethod, it, "%q is a method in quotes and not in capitals, and would be taken for a path", v).
			Fix(s.span(it), up, "write the method %s without quotes", up).
			Fix(s.span(it), strconv.Quote("/"+v), "or, for the path, begin it with a slash")
		return false
	case v[0] != '/' && v[0] != '*':
		return bad("path %q does not start with a slash, so it would never match", v)
	case normalPath(v) == "":
		return bad("path %q holds a NUL, and proxies refuse such a request", v)
	case !dotSegment(v) && normalPath(v) != v:
		return bad("path %q escapes a character that proxies write plainly before they compare, so it would never match", v)
	case strings.ContainsAny(v, "{}"):
		return r.template(s, it)
	case dotSegment(v):
		return bad("path %q has a dot segment, which proxies remove before they compare, so it would never match", v)
	case wildcards(v):
		d := r.report(s, diag.LiteralWildcard, it, "path %q holds a * that Istio takes literally", v)
		d.Note("a wildcard is `*` alone, at the start or at the end of the path")
		switch t := templateOf(v); {
		case strings.Trim(v, "/*") == "":
			d.Fix(s.span(it), `"*"`, "every path")
		case strings.HasSuffix(v, "/**") && !wildcards(v[:len(v)-1]):
			d.Fix(s.span(it), strconv.Quote(v[:len(v)-1]), "all that lies below")
		case t != "":
			d.Fix(s.span(it), strconv.Quote(t), "a template: {*} is one segment, {**} any number of them")
		}
	case strings.HasSuffix(v, "*") && v[0] == '/' && !strings.HasSuffix(v, "/*"):
		lit := strings.TrimSuffix(v, "*")
		r.report(s, diag.OpenPrefix, it, "path %q also matches %q", v, lit+"x").
			Note("the wildcard does not stop at a slash").
			Advise("write %q, %q if only what lies below is meant", strings.TrimSuffix(lit, "."), strings.TrimSuffix(lit, ".")+"/*")
		if bare, dot := strings.CutSuffix(lit, "."); dot {
			r.diags[len(r.diags)-1].Note("a path is no regular expression: the dot is a dot, so it does not match %q", bare+"/x")
		}
	case strings.Contains(v, "/:") && placeholder.MatchString(v):
		part := placeholder.FindString(v)
		r.report(s, diag.LiteralWildcard, it, "path %q holds the segment %q that Istio takes literally", v, part[1:]).
			Note("a segment of any name is written {*}, and has no name itself").
			Fix(s.span(it), strconv.Quote(placeholder.ReplaceAllString(v, "/{*}")), "a template")
	}
	return true
}

// ordinary reports whether a path, or a prefix that ends in a slash, has nothing in it that path looks for.
func ordinary(v string) bool {
	if rest, ok := strings.CutSuffix(v, "/*"); ok {
		v = v[:len(rest)+1]
	}
	if v == "" || v[0] != '/' {
		return false
	}
	for i := range len(v) {
		c := v[i]
		if c != '/' && c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// placeholder is a segment as routers of other systems name one: /users/:id.
var placeholder, angled = regexp.MustCompile(`/:[A-Za-z_][A-Za-z0-9_]*`), regexp.MustCompile(`/<[A-Za-z0-9_:]+>`)

// expression is what a regular expression has, and no path.
var expression = regexp.MustCompile(`[\^|]|\\[dws./]`)

// templateOf writes a path with stars for segments as a template; "" when that is none.
func templateOf(v string) string {
	segs := strings.Split(v, "/")
	for i, seg := range segs {
		switch {
		case seg == "**" || seg == "*" && i == len(segs)-1:
			segs[i] = "{**}"
		case seg == "*":
			segs[i] = "{*}"
		}
	}
	if t := strings.Join(segs, "/"); templateFault(t) == "" {
		return t
	}
	return ""
}

// normalPath writes a path pattern as a proxy compares it: in its normal form, without query and fragment, with a slash in front.
// Of what a wildcard begins, dot segments stay: nobody knows what is above them. What holds a NUL has none: it is "".
func normalPath(v string) string {
	if i := strings.IndexAny(v, "?#"); i >= 0 {
		v = v[:i]
	}
	path, star := strings.CutPrefix(v, "*")
	if star && dotSegment(v) || path == "" {
		return v
	}
	open := path[0] != '/' && path[0] != '\\'
	n, ok := rawpath.Normal(hideBraces.Replace(path))
	if !ok {
		return ""
	}
	if n = showBraces.Replace(n); !star {
		return n
	}
	if open {
		n = n[1:]
	}
	return "*" + n
}

// The braces of a template are no characters of a path. No path has an escaped NUL, so one stands for them.
var (
	hideBraces = strings.NewReplacer("{", "\x00(", "}", "\x00)")
	showBraces = strings.NewReplacer("%00(", "{", "%00)", "}")
)

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func dotSegment(v string) bool {
	for seg := range strings.SplitSeq(v, "/") {
		if seg == "." || seg == ".." {
			return true
		}
	}
	return false
}

func (r *resolver) template(s *scope, it *ast.Item) bool {
	v := it.Text
	bad := templateFault(v)
	if bad == "" {
		return true
	}
	d := r.report(s, diag.BadTemplate, it, "path template %q %s", v, bad).Note("{*} is one segment, {**} is any number of them, and both stand alone between slashes")
	segs := strings.Split(v, "/")
	for i, seg := range segs {
		if name, ok := strings.CutPrefix(seg, "{"); ok && strings.HasSuffix(name, "}") && seg != "{**}" && !strings.ContainsAny(name[:len(name)-1], "{}*") {
			segs[i] = "{*}" // a named parameter, as other systems write it
		} else if seg == "*" {
			segs[i] = "{*}"
			if i == len(segs)-1 {
				segs[i] = "{**}"
			}
		}
	}
	if t := strings.Join(segs, "/"); t != v && templateFault(t) == "" {
		d.Fix(s.span(it), strconv.Quote(t), "a segment of a template has no name")
	}
	return false
}

// templateFault checks a path template as Istio and Envoy do together: a leading slash, no empty segment, whole-segment
// operators, nothing but literals after {**}. It returns "" or what is wrong, worded to follow the quoted value.
func templateFault(v string) string {
	bad := ""
	deep := false
	for seg := range strings.SplitSeq(strings.TrimSuffix(strings.TrimPrefix(v, "/"), "/"), "/") {
		switch {
		case seg == "{*}" || seg == "{**}":
			if deep {
				bad = "has an operator after {**}"
			}
			deep = deep || seg == "{**}"
		case strings.ContainsAny(seg, "{}"):
			bad = "has a segment that is neither {*}, {**} nor plain"
		case seg == "":
			bad = "has an empty segment"
		case strings.Trim(seg, sem.PathClass) != "" || strings.Contains(seg, "*"):
			bad = "mixes templates with characters or wildcards that they do not have"
		case seg == "." || seg == "..":
			bad = "has a dot segment, which proxies remove before they compare"
		}
	}
	if !strings.HasPrefix(v, "/") {
		bad = "does not start with a slash"
	}
	return bad
}
