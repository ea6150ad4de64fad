package sem

import (
	"slices"
	"strings"
)

// Assume returns functions that simplify expressions where x holds: one that is true, or false, of every request that x holds
// for becomes True or False, as far as single tests tell. Elsewhere the result may differ. It takes time with the lengths of
// the expressions, so that questions which need no Space are answered without one. One function remembers what it has made
// of an expression.
func Assume(x *Expr) func(*Expr) *Expr {
	known := x.regions()
	return rewrite(func(t *Matcher) (value, decided bool) {
		for i := range known {
			if known[i].attr == t.Attr {
				return known[i].decides(t)
			}
		}
		return false, false
	})
}

// region is what is known of an attribute: one of some matchers holds, or it is absent where that can be.
type region struct {
	attr   Attr
	any    []*Matcher
	absent bool
}

// maxRegion bounds the matchers of a region. More are taken to tell nothing.
const maxRegion = 64

// regions is what an expression says of single attributes, each once. It may say more.
func (x *Expr) regions() []region {
	switch x.op {
	case opTest:
		return []region{{attr: x.test.Attr, any: []*Matcher{&x.test}}}
	case opNot:
		if y := x.list[0]; y.op == opTest && y.test.presence() {
			return []region{{attr: y.test.Attr, absent: true}}
		}
	case opAnd:
		var out []region
		for _, y := range x.list {
			for _, r := range y.regions() {
				switch i := slices.IndexFunc(out, func(o region) bool { return o.attr == r.attr }); {
				case i < 0:
					out = append(out, r)
				case r.size() < out[i].size():
					out[i] = r
				}
			}
		}
		return out
	case opOr:
		return either(x.list)
	}
	return nil
}

// either is what is known of an attribute by every one of some expressions that can hold at all.
func either(list []*Expr) []region {
	var out []region
	first := true
	for _, y := range list {
		if y.constant(false) {
			continue
		}
		known := y.regions()
		if first {
			first = false
			for i := range known {
				known[i].any = slices.Clip(known[i].any)
			}
			out = known
			continue
		}
		n := 0
		for _, o := range out {
			i := slices.IndexFunc(known, func(r region) bool { return r.attr == o.attr })
			if i < 0 || len(o.any)+len(known[i].any) > maxRegion {
				continue
			}
			out[n] = region{o.attr, append(o.any, known[i].any...), o.absent || known[i].absent}
			n++
		}
		if out = out[:n]; n == 0 {
			return nil
		}
	}
	return out
}

// size orders regions of one attribute: those that are likely to tell more come first.
func (r *region) size() int {
	n := 2 * len(r.any)
	for _, m := range r.any {
		for _, p := range m.Parts {
			if p.Op != Any && p.Op != Exact {
				n++
			}
		}
		if m.presence() {
			n += 2 * maxRegion
		}
	}
	if r.absent {
		n++
	}
	return n
}

// decides tells whether a test of the attribute holds for all values of a region, or for none.
func (r *region) decides(t *Matcher) (value, decided bool) {
	if shapeOf(t.Attr.Kind).list && len(r.any) > 0 { // another element may pass
		return true, !r.absent && !slices.ContainsFunc(r.any, func(m *Matcher) bool { return !t.covers(m) })
	}
	all, none := !r.absent, true
	for _, m := range r.any {
		all = all && t.covers(m)
		none = none && t.apart(m)
	}
	return all, all != none && (len(r.any) > 0 || r.absent)
}

// presence reports whether a matcher holds for every value that is there.
func (m *Matcher) presence() bool {
	for _, p := range m.Parts[:shapeOf(m.Attr.Kind).parts] {
		if p.Op != Any && (p.Op != Present || m.Attr.Kind == Token) {
			return false
		}
	}
	return true
}

// covers reports whether a matcher surely holds for every value that another one of the same attribute holds for.
func (m *Matcher) covers(o *Matcher) bool {
	for i := range shapeOf(m.Attr.Kind).parts {
		p, q := &m.Parts[i], &o.Parts[i]
		switch {
		case p.Op == Any || *p == *q:
		case p.Op == Present && (q.Op != Any || m.Attr.Kind != Token):
		case q.Op == Exact && !q.Fold && matchPart(*p, q.Text):
		case p.Op == Prefix && q.Op == Prefix && p.Fold == q.Fold && strings.HasPrefix(q.folded(), p.folded()):
		case p.Op == Suffix && q.Op == Suffix && p.Fold == q.Fold && strings.HasSuffix(q.folded(), p.folded()):
		default:
			return false
		}
	}
	return true
}

// apart reports whether surely no value passes two matchers of one attribute, each of which tests one value.
func (m *Matcher) apart(o *Matcher) bool {
	for i := range shapeOf(m.Attr.Kind).parts {
		if p, q := &m.Parts[i], &o.Parts[i]; p.apart(q) || q.apart(p) {
			return true
		}
	}
	return false
}

// apart reports whether surely no part that is there passes two patterns. It looks for what its own operation tells.
func (p *Pattern) apart(q *Pattern) bool {
	switch {
	case p.Op == Exact && !p.Fold && q.Op != Any:
		return !matchPart(*q, p.Text)
	case p.Op == Exact && q.Op == Exact:
		return lower(p.Text) != lower(q.Text)
	case p.Op == Prefix && q.Op == Prefix:
		a, b := lower(p.Text), lower(q.Text)
		return !strings.HasPrefix(a, b) && !strings.HasPrefix(b, a)
	case p.Op == Range && q.Op == Range:
		return p.Hi < q.Lo || q.Hi < p.Lo
	}
	return false
}

// folded is the text of a pattern as it is compared.
func (p *Pattern) folded() string {
	if p.Fold {
		return lower(p.Text)
	}
	return p.Text
}
