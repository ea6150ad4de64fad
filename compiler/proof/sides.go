package proof

import (
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/sem"
)

// box says what may differ in a request.
func (w *World) box(namespace string, r sem.Request, sides []sem.Side) string {
	var out []string
	for i := range sides {
		if text := w.side(namespace, r[sides[i].Attr], &sides[i]); text != "" {
			out = append(out, text)
		}
	}
	return strings.Join(out, ", and ")
}

// most is how many values of one attribute a line has.
const most = 4

// side says what one attribute may be: nothing, where the request has its only value.
func (w *World) side(namespace string, has sem.Value, s *sem.Side) string {
	what := noun(s.Attr)
	if len(s.Values) == 1 && s.Values[0].Absent {
		return "" // the request says it
	}
	if !s.Said {
		var some []string
		for _, v := range s.Values {
			if said := w.value(namespace, s.Attr, v); len(some) < most && said != w.value(namespace, s.Attr, has) {
				some = append(some, said)
			}
		}
		if len(s.Values) <= 1 || len(some) == 0 {
			return ""
		}
		return "some other values of " + what + ", such as " + and(some)
	}
	if len(s.Is) == 1 && len(s.Not) == 0 && !s.Absent && !s.Unlisted && exact(s.Is[0]) {
		return "" // the request says it
	}
	var b strings.Builder
	switch {
	case len(s.Is) == 0 && s.Unlisted:
		b.WriteString("any " + what + " that nothing names")
	case len(s.Is) == 0:
		b.WriteString("any " + what)
	case s.Attr.Kind == sem.Path && len(s.Is) == 1 && s.Is[0].Parts[0].Op == sem.Prefix && strings.HasSuffix(s.Is[0].Parts[0].Text, "/"):
		b.WriteString("any path under " + strconv.Quote(s.Is[0].Parts[0].Text))
	case slices.ContainsFunc(s.Is, func(m sem.Matcher) bool { return !exact(m) }):
		b.WriteString("any " + what + " of " + w.matchers(namespace, s.Is, "and"))
	default:
		if len(s.Is) > 1 && s.Attr.Name == "" {
			what += "s"
		}
		b.WriteString(what + " " + w.matchers(namespace, s.Is, either(s.Attr)))
	}
	if len(s.Not) > 0 {
		b.WriteString(" but " + w.matchers(namespace, s.Not, "and"))
	}
	if len(s.Is) > 0 && s.Unlisted && !onlyAbsent(s) {
		b.WriteString(", or one that nothing names")
	}
	if s.Absent && !(len(s.Is) == 0 && s.Unlisted) {
		b.WriteString(", or none")
	}
	return b.String()
}

// onlyAbsent reports whether absence is all that a side has beside what its matchers match.
func onlyAbsent(s *sem.Side) bool {
	return len(s.Values) < most && !slices.ContainsFunc(s.Values, func(v sem.Value) bool {
		r := sem.Request{s.Attr: v}
		return !v.Absent && !slices.ContainsFunc(s.Is, func(m sem.Matcher) bool { return sem.Is(m).Holds(r) })
	})
}

// exact reports whether a matcher matches one value alone.
func exact(m sem.Matcher) bool {
	for i, p := range m.Parts {
		switch {
		case i >= parts(m.Attr):
			return true
		case p.Op == sem.Exact && !p.Fold, p.Op == sem.Range && p.Lo == p.Hi:
		default:
			return false
		}
	}
	return true
}

// parts is how many parts the values of an attribute have.
func parts(a sem.Attr) int {
	switch a.Kind {
	case sem.Peer:
		return 3
	case sem.Token:
		return 2
	}
	return 1
}

// value says one value by itself.
func (w *World) value(namespace string, a sem.Attr, v sem.Value) string {
	switch {
	case a.Kind == sem.Peer:
		return w.caller(namespace, v)
	case v.Absent || len(v.Parts) == 0:
		return "none"
	case a.Kind == sem.Token:
		return token(v)
	case a.Kind == sem.Method || a.Kind == sem.Port:
		return v.Parts[0]
	}
	return quoted(v.Parts)
}

// either joins values of an attribute. One that has a name is not put in the plural, and has one of them at a time.
func either(a sem.Attr) string {
	if a.Name != "" {
		return "or"
	}
	return "and"
}

// matchers lists patterns as the language writes them, with a word before the last one.
func (w *World) matchers(namespace string, list []sem.Matcher, word string) string {
	var out []string
	for _, m := range list[:min(len(list), most)] {
		out = append(out, w.matcher(namespace, m))
	}
	if n := len(list) - most; n > 0 {
		return strings.Join(out, ", ") + " " + word + " " + strconv.Itoa(n) + " more"
	}
	return joined(out, word)
}

func (w *World) matcher(namespace string, m sem.Matcher) string {
	p := m.Parts
	switch m.Attr.Kind {
	case sem.Peer:
		free := func(i int) bool { return p[i].Op == sem.Any || p[i].Op == sem.NonEmpty || p[i].Op == sem.Present }
		ours := p[0].Op == sem.Exact && p[0].Text == w.mesh.TrustDomain
		switch {
		case free(0) && free(1) && free(2):
			return "authenticated"
		case exact(m):
			return w.caller(namespace, sem.Value{Parts: []string{p[0].Text, p[1].Text, p[2].Text}})
		case ours && p[1].Op == sem.Exact && free(2):
			return p[1].Text + "/*"
		case free(1) && free(2):
			return "trust-domain " + strconv.Quote(pattern(p[0]))
		case free(0) && free(2):
			return "namespace " + strconv.Quote(pattern(p[1]))
		}
		return "principal " + strconv.Quote(pattern(p[0])+"/ns/"+pattern(p[1])+"/sa/"+pattern(p[2]))
	case sem.Token: // a part that is not tested may be missing
		switch {
		case p[0].Op == sem.Any && p[1].Op == sem.Any:
			return "any issuer"
		case p[1].Op == sem.Any:
			return "issuer " + strconv.Quote(pattern(p[0]))
		case p[0].Op == sem.Any && (p[1].Op == sem.NonEmpty || p[1].Op == sem.Present):
			return "those with a subject"
		case p[0].Op == sem.Any:
			return "subject " + strconv.Quote(pattern(p[1]))
		}
		return strconv.Quote(pattern(p[0]) + "/" + pattern(p[1]))
	case sem.Method:
		if p[0].Op == sem.Exact {
			return p[0].Text
		}
	case sem.Port:
		return pattern(p[0])
	}
	return strconv.Quote(pattern(p[0]))
}

func pattern(p sem.Pattern) string {
	switch p.Op {
	case sem.Prefix:
		return p.Text + "*"
	case sem.Suffix:
		return "*" + p.Text
	case sem.Range:
		if p.Lo == p.Hi {
			return strconv.Itoa(p.Lo)
		}
		return strconv.Itoa(p.Lo) + " to " + strconv.Itoa(p.Hi)
	case sem.Any, sem.Present, sem.NonEmpty:
		return "*"
	}
	return p.Text
}

// and lists words.
func and(list []string) string { return joined(list, "and") }

func joined(list []string, word string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " " + word + " " + list[len(list)-1]
}
