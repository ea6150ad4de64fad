package sem

import (
	"encoding/binary"
	"slices"
)

// Two expressions that differ by distribution alone, such as one rule of many sources and a rule for each of them, are the same
// union of products: of tests and negated tests that all hold. A product is told to lie in another one by single tests. Like
// normal forms that says nothing of what is not found, but it needs no atoms, of which there may be very many.

// Bounds of products.
const (
	maxProducts = 1 << 16 // of one expression, and literals of them by 8
	maxImplied  = 1 << 22 // pairs of literals that are compared
)

// literal is a test of forms, twice its number, and one more if it is negated.
type literal = int32

// product is the literals that all hold, in order, each once.
type product []literal

// union is a set of products.
type union struct {
	list  []product
	known map[string]bool
}

// sameProducts reports whether each product of two forms is found to lie in one of the other form.
func (f *forms) sameProducts(a, b int32) bool {
	left := maxProducts
	x, ok := f.products(a, &left)
	if !ok {
		return false
	}
	y, ok := f.products(b, &left)
	if !ok {
		return false
	}
	left = maxImplied
	return f.inside(x, y, &left) && f.inside(y, x, &left)
}

// products expands a form, unless there are too many.
func (f *forms) products(n int32, left *int) (union, bool) {
	out := union{known: map[string]bool{}}
	switch members := f.members[n]; f.ops[n] {
	case opTest:
		out.add(product{2 * members[0]})
	case opNot:
		out.add(product{2*members[0] + 1})
	case opOr:
		for _, m := range members {
			x, ok := f.products(m, left)
			if *left -= len(x.list); !ok || *left < 0 {
				return out, false
			}
			for _, p := range x.list {
				out.add(p)
			}
		}
	case opAnd:
		var fixed product // of members that are literals
		var rest []union
		for _, m := range members {
			x, ok := f.products(m, left)
			if !ok {
				return out, false
			}
			if len(x.list) == 1 {
				fixed = append(fixed, x.list[0]...)
			} else {
				rest = append(rest, x)
			}
		}
		out.add(with(fixed, nil))
		for _, x := range rest {
			next := union{known: map[string]bool{}}
			for _, p := range out.list {
				for _, q := range x.list {
					r := with(p, q)
					if *left -= 1 + len(r)/8; *left < 0 {
						return out, false
					}
					next.add(r)
				}
			}
			out = next
		}
	}
	return out, true
}

// with is the product of two.
func with(p, q product) product {
	r := slices.Concat(p, q)
	slices.Sort(r)
	return slices.Compact(r)
}

func (p product) key() string {
	text := make([]byte, 0, 4*len(p))
	for _, l := range p {
		text = binary.LittleEndian.AppendUint32(text, uint32(l))
	}
	return string(text)
}

func (u *union) add(p product) {
	if k := p.key(); !u.known[k] {
		u.known[k] = true
		u.list = append(u.list, p)
	}
}

// inside reports whether each product of x is found to be empty, or to lie in one of y.
func (f *forms) inside(x, y union, left *int) bool {
	for _, p := range x.list {
		if y.known[p.key()] || f.never(p, left) {
			continue
		}
		if !slices.ContainsFunc(y.list, func(q product) bool { return f.within(p, q, left) }) {
			return false
		}
	}
	return true
}

// within reports whether surely all that p holds for is in q.
func (f *forms) within(p, q product, left *int) bool {
	for _, m := range q {
		*left -= len(p)
		if *left < 0 || !slices.ContainsFunc(p, func(l literal) bool { return f.implies(l, m) }) {
			return false
		}
	}
	return true
}

// never reports whether surely a product holds for nothing.
func (f *forms) never(p product, left *int) bool {
	for i, l := range p {
		if *left -= i; *left < 0 {
			return false
		}
		if slices.ContainsFunc(p[:i], func(m literal) bool { return f.implies(l, m^1) }) {
			return true
		}
	}
	return false
}

// implies reports whether surely m holds wherever l does.
func (f *forms) implies(l, m literal) bool {
	if l == m {
		return true
	}
	a, b := f.matchers[l/2], f.matchers[m/2]
	if a.Attr != b.Attr {
		return false
	}
	negated, both := l%2 == 1, l%2 == m%2
	switch {
	case both && negated:
		return a.covers(b)
	case both:
		return b.covers(a)
	case negated: // it may be absent
		return false
	}
	return !shapeOf(a.Attr.Kind).list && a.apart(b) // a list may have another element
}
