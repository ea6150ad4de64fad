package plane

import (
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/sem"
)

// glob is a pattern of a whole identity: bytes, and wildcards.
type glob []int16

const (
	star    int16 = 256 + iota // any text
	segment                    // any text without slashes
)

func (g glob) text(s string) glob {
	for i := range len(s) {
		g = append(g, int16(s[i]))
	}
	return g
}

// maxSplits bounds the ways to lay a pattern over an identity, maxWild the wildcards of one.
const (
	maxSplits = 1 << 12
	maxWild   = 16
)

// splitter collects the ways to lay a pattern over the parts of an identity.
type splitter struct {
	found [][3]sem.Pattern
	steps int
	odd   bool // a part has a wildcard and a literal `*`
}

// whole matches identities, with a prefix that they all have, by a pattern.
func whole(g glob, prefix string) (*sem.Expr, error) {
	wild := 0
	for _, c := range g {
		if c >= star {
			wild++
		}
	}
	if wild > maxWild {
		return nil, notModelled("has too many wildcards")
	}
	var s splitter
	s.literal(g, prefix, func(g glob) { s.parts(g, 0, [3]sem.Pattern{}) })
	if s.steps > maxSplits || s.odd {
		return nil, notModelled("can be laid over an identity in too many ways")
	}
	or := make([]*sem.Expr, 0, len(s.found))
	for i, p := range s.found {
		covered := func(other [3]sem.Pattern) bool { return covers(other, p) }
		if slices.ContainsFunc(s.found[:i], covered) || slices.ContainsFunc(s.found[i+1:], func(q [3]sem.Pattern) bool { return covers(q, p) && !covers(p, q) }) {
			continue
		}
		or = append(or, is(peer, p[:]...))
	}
	if len(or) == 0 {
		return nobody, nil
	}
	return sem.Or(or...), nil
}

// covers reports, for what is plain to see, whether all that b matches is matched by a.
func covers(a, b [3]sem.Pattern) bool {
	for i := range a {
		if a[i].Op != sem.Any && a[i] != b[i] {
			return false
		}
	}
	return true
}

// parts lays a pattern over the parts from n on, and the words between them.
func (s *splitter) parts(g glob, n int, p [3]sem.Pattern) {
	if n == 2 {
		if s.part(g, &p[n]) {
			s.found = append(s.found, p)
		}
		return
	}
	for i := 0; i <= len(g); i++ {
		wild := i < len(g) && g[i] >= star
		if i < len(g) && !wild && g[i] != '/' { // the word behind the part begins with a slash
			continue
		}
		head := g[:i]
		if wild {
			head = g[:i+1]
		}
		if s.part(head, &p[n]) {
			s.literal(g[i:], []string{"/ns/", "/sa/"}[n], func(rest glob) { s.parts(rest, n+1, p) })
		}
		if i < len(g) && !wild {
			return // no part holds a slash
		}
	}
}

// literal calls next with what is left of a pattern behind a word, for each way to lay it over the word.
func (s *splitter) literal(g glob, word string, next func(glob)) {
	if s.steps++; s.steps > maxSplits {
		return
	}
	if word == "" {
		next(g)
		return
	}
	if len(g) == 0 {
		return
	}
	if c := g[0]; c >= star {
		s.literal(g[1:], word, next)
		if c == star || word[0] != '/' {
			s.literal(g, word[1:], next)
		}
	} else if c == int16(word[0]) {
		s.literal(g[1:], word[1:], next)
	}
}

// part makes the pattern of one part; it reports false where that holds a slash, which no part does.
func (s *splitter) part(g glob, p *sem.Pattern) bool {
	var b strings.Builder
	wild, literal := 0, false
	for i, c := range g {
		switch {
		case c < star:
			if c == '/' {
				return false
			}
			literal = literal || c == '*'
			b.WriteByte(byte(c))
		case i == 0 || g[i-1] < star:
			b.WriteByte('*')
			wild++
		}
	}
	t := b.String()
	front, back := wild > 0 && g[0] >= star, wild > 0 && g[len(g)-1] >= star
	switch {
	case wild == 0:
		*p = exact(t)
	case t == "*":
		*p = sem.Pattern{}
	case wild == 1 && front:
		*p = sem.Pattern{Op: sem.Suffix, Text: t[1:]}
	case wild == 1 && back:
		*p = sem.Pattern{Op: sem.Prefix, Text: t[:len(t)-1]}
	default:
		s.odd = s.odd || literal
		*p = sem.Pattern{Op: sem.Glob, Text: t}
	}
	return true
}
