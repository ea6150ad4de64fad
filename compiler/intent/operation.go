package intent

import (
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/lang/ast"
)

// operation reads an operation, or its complement: all of its parts, any value of each.
func (m mode) operation(o *ir.Operation, negated bool) *sem.Expr {
	var parts []*sem.Expr
	http := m != connection && m != absent
	if o.HTTP() {
		parts = append(parts, truth(http != negated))
	}
	if o.Speaks == ir.TCPTraffic {
		parts = append(parts, truth(http == negated))
	}
	add := func(kind sem.Kind, list []string, value func(string) sem.Pattern) {
		if len(list) > 0 {
			parts = append(parts, m.test(values(sem.Attr{Kind: kind}, list, value), negated))
		}
	}
	add(sem.Method, o.Methods, present)
	add(sem.Path, o.Paths, path)
	add(sem.Host, o.Hosts, folded)
	if len(o.Ports) > 0 {
		parts = append(parts, literal(isPort(o.Ports), negated))
	}
	if negated {
		return or(parts...)
	}
	return and(parts...)
}

func values(a sem.Attr, list []string, value func(string) sem.Pattern) *sem.Expr {
	out := make([]*sem.Expr, len(list))
	for i, v := range list {
		out[i] = is(a, value(v))
	}
	return or(out...)
}

// test is a test of an attribute that only HTTP requests have, or its complement.
func (m mode) test(x *sem.Expr, negated bool) *sem.Expr {
	switch {
	case m.fails():
		return sem.False
	case m == absent:
		return truth(negated)
	}
	return literal(x, negated)
}

func literal(x *sem.Expr, negated bool) *sem.Expr {
	if negated {
		return not(x)
	}
	return x
}

func truth(b bool) *sem.Expr {
	if b {
		return sem.True
	}
	return sem.False
}

// pattern reads the wildcards of strings: `*` alone, at the start or at the end; any other star is a character. star is what
// one alone asks for.
func pattern(v string, star sem.Op) sem.Pattern {
	switch {
	case v == "*":
		return sem.Pattern{Op: star}
	case strings.HasPrefix(v, "*"):
		return sem.Pattern{Op: sem.Suffix, Text: v[1:]}
	case strings.HasSuffix(v, "*"):
		return sem.Pattern{Op: sem.Prefix, Text: v[:len(v)-1]}
	}
	return sem.Pattern{Op: sem.Exact, Text: v}
}

func present(v string) sem.Pattern  { return pattern(v, sem.Present) }
func nonEmpty(v string) sem.Pattern { return pattern(v, sem.NonEmpty) }

func folded(v string) sem.Pattern {
	p := present(v)
	p.Fold = p.Op != sem.Present
	return p
}

func path(v string) sem.Pattern {
	if strings.Contains(v, "{*}") || strings.Contains(v, "{**}") {
		return sem.Pattern{Op: sem.Template, Text: v}
	}
	return nonEmpty(v)
}

// cond reads a condition or its complement.
func (m mode) cond(c *ir.Cond, negated bool) *sem.Expr {
	switch {
	case c == nil:
		return truth(!negated)
	case c.Op == ir.CondTest:
		return m.condTest(&c.Test, negated)
	case c.Op == ir.CondNot:
		return m.cond(c.List[0], !negated)
	}
	list := make([]*sem.Expr, len(c.List))
	for i, x := range c.List {
		list[i] = m.cond(x, negated)
	}
	if (c.Op == ir.CondAnd) != negated {
		return and(list...)
	}
	return or(list...)
}

// condTest reads a test. `!=` and `not in` ask for an attribute that is present, and different.
func (m mode) condTest(t *ir.Test, negated bool) *sem.Expr {
	test := m.test
	if !t.Kind.HTTP() {
		test = literal
	}
	there, match := attribute(t)
	switch t.Op {
	case ast.Equal, ast.In:
		return test(match, negated)
	case ast.Present:
		return test(there, negated)
	case ast.Absent:
		return test(there, !negated)
	}
	if negated {
		return or(test(there, true), test(match, false))
	}
	return and(test(there, false), test(match, true))
}

// attribute is where the attribute of a test is present, and where it has one of the values.
func attribute(t *ir.Test) (there, match *sem.Expr) {
	if t.Kind == ir.AttrDestination {
		return sem.True, values(sem.Attr{Kind: sem.DestIP}, t.Values, block)
	}
	a, part, star := attr(t)
	one := func(v string) *sem.Expr {
		var parts [3]sem.Pattern
		parts[part] = pattern(v, star)
		return is(a, parts[:]...)
	}
	list := make([]*sem.Expr, len(t.Values))
	for i, v := range t.Values {
		list[i] = one(v)
	}
	return one("*"), or(list...)
}

// attr is the attribute that a test reads, the part of it, and what a star alone asks for.
func attr(t *ir.Test) (a sem.Attr, part int, star sem.Op) {
	star = sem.NonEmpty // an empty string cannot be told from none
	switch t.Kind {
	case ir.AttrSNI:
		a.Kind = sem.SNI
	case ir.AttrMetadata:
		a = sem.Attr{Kind: sem.Metadata, Name: strings.TrimPrefix(t.Key, "experimental.")}
	case ir.AttrHeader:
		a, star = sem.Attr{Kind: sem.Header, Name: inBrackets(t.Key)}, sem.Present
		if a.Name == "host" { // which proxies know as the authority; not folded here
			a = sem.Attr{Kind: sem.Host}
		}
	case ir.AttrAudience:
		a = sem.Attr{Kind: sem.Claim, Name: "aud"}
	case ir.AttrPresenter:
		a = sem.Attr{Kind: sem.Claim, Name: "azp"}
	case ir.AttrClaim:
		a = sem.Attr{Kind: sem.Claim, Name: inBrackets(t.Key)}
		switch a.Name {
		case "iss":
			a = sem.Attr{Kind: sem.Token}
		case "sub":
			a, part = sem.Attr{Kind: sem.Token}, 1
		}
	}
	return a, part, star
}

// inBrackets is the text between the outer brackets of a key: `a][b` for a claim inside another.
func inBrackets(key string) string {
	_, name, _ := strings.Cut(key, "[")
	return strings.TrimSuffix(name, "]")
}
