package sem

import "slices"

// Attrs adds the attributes that an expression tests to a set.
func (x *Expr) Attrs(into map[Attr]bool) {
	if x.op == opTest {
		into[x.test.Attr] = true
	}
	for _, y := range x.list {
		y.Attrs(into)
	}
}

// Given returns functions that fix what is known of requests: the expression that is left says what the others must be. An
// attribute that a request does not name stays open. One function remembers what it has made of an expression.
func Given(r Request) func(*Expr) *Expr {
	return rewrite(func(m *Matcher) (value, decided bool) {
		v, fixed := r[m.Attr]
		return fixed && matches(*m, v), fixed
	})
}

// rewrite returns functions that put constants in the places of tests that are decided, and leave out what that decides. What
// comes out as a constant is True or False itself.
func rewrite(decide func(*Matcher) (value, decided bool)) func(*Expr) *Expr {
	known := map[*Expr]*Expr{}
	var fix func(*Expr) *Expr
	fix = func(x *Expr) *Expr {
		if y, ok := known[x]; ok {
			return y
		}
		y := x
		switch x.op {
		case opTest:
			if value, decided := decide(&x.test); decided {
				y = False
				if value {
					y = True
				}
			}
		case opNot:
			switch z := fix(x.list[0]); {
			case z.constant(true):
				y = False
			case z.constant(false):
				y = True
			case z != x.list[0]:
				y = Not(z)
			}
		default:
			switch y = x.each(fix); {
			case y.constant(true):
				y = True
			case y.constant(false):
				y = False
			}
		}
		known[x] = y
		return y
	}
	return fix
}

// each makes an And or an Or of what f makes of its members.
func (x *Expr) each(f func(*Expr) *Expr) *Expr {
	and := x.op == opAnd
	list := make([]*Expr, 0, len(x.list))
	same := true
	for _, y := range x.list {
		z := f(y)
		same = same && z == y
		switch {
		case z.constant(and): // adds nothing
			continue
		case z.constant(!and):
			return z
		}
		list = append(list, z)
	}
	switch {
	case same && len(list) == len(x.list):
		return x
	case and:
		return And(list...)
	}
	return Or(list...)
}

// constant reports whether an expression is True, or False.
func (x *Expr) constant(value bool) bool {
	if value {
		return x.op == opAnd && len(x.list) == 0
	}
	return x.op == opOr && len(x.list) == 0
}

// Unnamed holds for the values of an attribute that no test of some expressions matches, but for tests of its presence.
func Unnamed(a Attr, list ...*Expr) *Expr {
	tests := tests(a, list)
	return Not(Or(slices.DeleteFunc(tests, func(x *Expr) bool { return x.test.presence() })...))
}

// tests are those of an attribute in some expressions.
func tests(a Attr, list []*Expr) (tests []*Expr) {
	seen := map[*Expr]bool{}
	var gather func(*Expr)
	gather = func(x *Expr) {
		if seen[x] {
			return
		}
		seen[x] = true
		if x.op == opTest && x.test.Attr == a {
			tests = append(tests, x)
		}
		for _, y := range x.list {
			gather(y)
		}
	}
	for _, x := range list {
		gather(x)
	}
	return tests
}

// Unlisted is a value of an attribute that no test of some expressions matches, a named one if that can be, or, where there is
// none, one of the cheapest.
func Unlisted(a Attr, limits Limits, named map[Kind][]Value, list ...*Expr) (Value, error) {
	none := Not(Or(tests(a, list)...))
	space, err := NewSpace(limits, nil, named, none)
	if err != nil {
		return Value{}, err
	}
	set, err := space.Set(none)
	if err != nil {
		return Value{}, err
	}
	d, err := space.Any(set)
	if err == nil && d == nil {
		if set, err = space.Set(True); err == nil {
			d, err = space.Any(set)
		}
	}
	if err != nil {
		return Value{}, err
	}
	if v, ok := d.Request[a]; ok {
		return v, nil
	}
	return Value{Absent: true}, nil
}
