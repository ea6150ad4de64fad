package sem

import "slices"

// How many elements a list has is asked by Several alone: no other matcher tells a list of two from a list of one that passes the same
// tests. It is asked to say that there are no such lists, of all requests that a question is about (Alone), or, part by part, of some
// (Cases). An attribute without them is split by its elements, and not by what they can be together.

// partitionAlone splits the lists of an attribute that have one element at most.
func partitionAlone(a Attr, ms []Matcher, union []int32, named []Value, limit int) (*atoms, error) {
	ms = slices.Clone(ms)
	for i := range ms {
		if ms[i].Parts[0].Op == Several {
			ms[i].Parts[0] = Pattern{Op: Never}
		}
	}
	t, class, err := plant(a, ms, union, named, limit)
	if err != nil {
		return nil, err
	}
	return t.atoms(class), nil
}

// Alone is what an expression says of how many elements lists have, wherever it holds: the universe of questions about what is in it.
func Alone(x *Expr) *Expr {
	var all []*Expr
	conjuncts(x, func(x *Expr) {
		if _, is := x.alone(); is {
			all = append(all, x)
		}
	})
	if len(all) == 0 {
		return True
	}
	return And(all...)
}

// Cases returns expressions of which x is the union. Where x says of some requests that their lists have one element at most, one of
// them says so of all of its requests, and another one is about the others.
func Cases(x *Expr) []*Expr {
	var all []*Expr
	conjuncts(x, func(y *Expr) { all = append(all, y) })
	i := slices.IndexFunc(all, func(y *Expr) bool {
		return y.op == opOr && slices.ContainsFunc(y.list, func(z *Expr) bool { return !Alone(z).constant(true) })
	})
	if i < 0 {
		return []*Expr{x}
	}
	var out []*Expr
	for _, y := range all[i].list {
		part := slices.Clone(all)
		part[i] = y
		out = append(out, Cases(And(part...))...)
	}
	return out
}

// alone is the attribute of which an expression says that its list has one element at most.
func (x *Expr) alone() (Attr, bool) {
	if x.op != opNot || x.list[0].op != opTest || x.list[0].test.Parts[0].Op != Several {
		return Attr{}, false
	}
	return x.list[0].test.Attr, true
}
