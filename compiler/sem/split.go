package sem

import "slices"

// Split returns expressions of which x is the union: one for each member of the longest alternative in it, or x alone where there
// is none. Each has less tests than x, so what is too much for one Space may be asked part by part.
func Split(x *Expr) []*Expr {
	x = x.straight(false, map[straightened]*Expr{})
	lengths := map[*Expr]int{}
	n := x.longest(lengths)
	if n < 2 {
		return []*Expr{x}
	}
	return x.split(n, lengths)
}

// straightened is an expression, or its complement.
type straightened struct {
	x       *Expr
	negated bool
}

// straight is an expression, or its complement, that negates nothing but tests.
func (x *Expr) straight(negated bool, known map[straightened]*Expr) *Expr {
	k := straightened{x, negated}
	if y := known[k]; y != nil {
		return y
	}
	y := x
	switch x.op {
	case opTest:
		if negated {
			y = Not(x)
		}
	case opNot:
		y = x.list[0].straight(!negated, known)
	default:
		list := make([]*Expr, len(x.list))
		for i, z := range x.list {
			list[i] = z.straight(negated, known)
		}
		if y = And(list...); (x.op == opOr) != negated {
			y = Or(list...)
		}
	}
	known[k] = y
	return y
}

// longest is the length of the longest alternative in an expression. It notes that of all expressions on the way.
func (x *Expr) longest(known map[*Expr]int) int {
	if n, seen := known[x]; seen {
		return n
	}
	n := 0
	if x.op == opOr {
		n = len(x.list)
	}
	if x.op == opAnd || x.op == opOr {
		for _, y := range x.list {
			n = max(n, y.longest(known))
		}
	}
	known[x] = n
	return n
}

// split makes one expression for each member of an alternative of length n. What stands around it is the same in all of them:
// that takes unions to unions.
func (x *Expr) split(n int, lengths map[*Expr]int) []*Expr {
	if x.op == opOr && len(x.list) == n {
		return x.list
	}
	i := slices.IndexFunc(x.list, func(y *Expr) bool { return lengths[y] == n })
	parts := slices.Clone(x.list[i].split(n, lengths))
	for j, part := range parts {
		list := slices.Clone(x.list)
		list[i] = part
		if parts[j] = And(list...); x.op == opOr {
			parts[j] = Or(list...)
		}
	}
	return parts
}
